"""Settings of a test run: those of the product, on servers that belong to the run."""

import os

from tests import servers

os.environ["STUDIO_STAGE"] = "test"
servers.ensure()

from copystudio.settings import *  # noqa: E402, F403 (after the servers are known)

# A workspace of a test has one version: a base that nothing loads unless the test makes one.
STARTER_MODEL = "tiny"

# Every test makes six people; Argon2 would take longer than the rest of the test.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Every client of a test loads the middleware anew, which would look at all static files each time.
WHITENOISE_AUTOREFRESH = True
