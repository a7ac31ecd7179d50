"""Settings under which messages are extracted into a copy of the sources."""

import os

SECRET_KEY = "extraction"
USE_I18N = True
LOCALE_PATHS = [os.path.join(os.environ["EXTRACTION_ROOT"], "copystudio", "locale")]
