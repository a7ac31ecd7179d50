"""A task that outlasts any test, for killing its worker."""

import os
import time
from pathlib import Path

from copystudio.celery import app


@app.task(name="tests.sleep")
def sleep_for_ever(pid_file: str) -> None:
    Path(pid_file).write_text(str(os.getpid()))
    time.sleep(600)
