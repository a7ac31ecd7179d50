"""``python -m copystudio.supervisor`` runs everything; with a name it becomes that one program (containers, systemd)."""

from __future__ import annotations

import os
import sys

from django.core.exceptions import ImproperlyConfigured

from copystudio.embedded import EmbeddedError
from copystudio.embedded.process import MARK
from copystudio.supervisor.config import Config, read_config
from copystudio.supervisor.console import Console
from copystudio.supervisor.preflight import check_start, lock_folder
from copystudio.supervisor.programs import plan, programs
from copystudio.supervisor.studio import Studio


def main(arguments: list[str]) -> int:
    console = Console(sys.stdout)
    try:
        config = read_config(os.environ)
        if arguments:
            return become(config, arguments[0])
        os.umask(0o022)
        with lock_folder(config):
            check_start(config)
            return Studio(config, console, plan(config)).run()
    except ImproperlyConfigured as error:
        console.fail(str(error))
        return 2
    except EmbeddedError as error:
        console.fail(str(error), error.hint)
        return 1


def become(config: Config, name: str) -> int:
    """Replace this process by the program ``name``, servers of our own not included."""
    known = {program.name: program for program in programs(config)}
    if name not in known:
        raise EmbeddedError(f"There is no program {name!r}.", hint=f"Use one of {', '.join(known)}.")
    environment = {key: value for key, value in config.environment.items() if key != MARK}
    os.chdir(config.root)
    os.execve(known[name].args[0], known[name].args, environment)  # noqa: S606


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
