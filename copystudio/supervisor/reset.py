"""``make reset``: delete everything that this machine's studio keeps. Refused while it runs."""

from __future__ import annotations

import os
import shutil
import sys

from copystudio.embedded import EmbeddedError
from copystudio.supervisor.config import read_config
from copystudio.supervisor.console import Console
from copystudio.supervisor.preflight import lock_folder


def main() -> int:
    console = Console(sys.stdout)
    try:
        config = read_config(os.environ)
        with lock_folder(config):
            for folder in {config.where.run, config.where.base, config.where.var}:
                shutil.rmtree(folder, ignore_errors=True)
    except EmbeddedError as error:
        console.fail(str(error), error.hint)
        return 1
    console.say(f"Deleted {config.where.var}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
