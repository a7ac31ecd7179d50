"""The programs that make up a running studio, each as one command line."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from copystudio.embedded.process import Launch
from copystudio.supervisor.config import Config, python


@dataclass(frozen=True)
class Program:
    """``needs_model``: not started before the starter model is ready."""

    name: str
    args: list[str]
    needs_model: bool = False
    orphaned: signal.Signals = signal.SIGTERM
    nice: int = 0

    def launch(self, config: Config) -> Launch:
        return Launch(
            args=self.args, env=config.environment, cwd=str(config.root), orphaned=self.orphaned, nice=self.nice
        )


@dataclass(frozen=True)
class Plan:
    """What one start runs: ``model`` beside everything, ``setup`` before the rest, ``programs`` until the end."""

    setup: Program
    model: Program
    programs: list[Program]


def plan(config: Config) -> Plan:
    prepare = [python(), "manage.py", "studio_prepare", "--only"]
    return Plan(
        setup=Program("setup", [*prepare, "database"]),
        model=Program("model", [*prepare, "model"], nice=5),
        programs=programs(config),
    )


def programs(config: Config) -> list[Program]:
    """Web, workers and schedule. That only one of them computes at a time is the workers' own business (a lock)."""
    return [
        web(config),
        worker("default", config.default_workers),
        worker("generation", 1, needs_model=True),
        worker("training", 1, "--max-tasks-per-child", "1", needs_model=True),  # frees torch's memory after each job
        Program(
            "beat",
            [*_celery("beat"), "--scheduler", "celery.beat:Scheduler", "--pidfile=", "-l", "WARNING"],
        ),
    ]


def web(config: Config) -> Program:
    args = [python(), "-m", "granian", "--interface", "wsgi", "--no-ws"]
    args += ["--host", config.host, "--port", str(config.port)]
    args += ["--workers", str(config.web_workers), "--blocking-threads", str(config.web_threads)]
    args += ["--respawn-failed-workers", "--workers-kill-timeout", "2", "--log-level", "warning"]
    return Program("web", [*args, "copystudio.wsgi:application"])


def worker(queue: str, concurrency: int, *more: str, needs_model: bool = False) -> Program:
    """A Celery worker of one queue: prefork, the only pool in which time limits work, and without the chatter between
    workers. SIGQUIT ends it without waiting for the task: the job's row brings the work back.
    """
    options = ["-Q", queue, "-n", f"{queue}@%h", "-P", "prefork", "-c", str(concurrency), "-l", "INFO", *more]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return Program(queue, [*_celery("worker"), *options, *quiet], needs_model=needs_model, orphaned=signal.SIGQUIT)


def _celery(command: str) -> list[str]:
    return [python(), "-m", "celery", "-q", "-A", "copystudio.celery:app", command]
