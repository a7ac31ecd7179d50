"""``python -m copystudio.supervisor.probe``: exit status 0 while the web process answers. For container health checks."""

from __future__ import annotations

import os
import sys

from copystudio.supervisor.config import read_config
from copystudio.supervisor.welcome import answers

if __name__ == "__main__":
    sys.exit(0 if answers(read_config(os.environ)) else 1)
