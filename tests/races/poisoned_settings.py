"""The studio's settings with a check of copy that kills the worker process over one product (see test_workers.py)."""

from copystudio.settings import *  # noqa: F403

GENERATION_CHECK = "tests.races.poison.checker"
