"""What `make run` reads from the environment, and the environment that its programs get."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from copystudio.embedded.places import Places, places
from copystudio.embedded.process import MARK
from copystudio.env import Env

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Config:
    """``own_database`` and ``own_broker`` say whether the embedded servers are wanted."""

    root: Path
    where: Places
    host: str
    port: int
    web_workers: int
    web_threads: int
    default_workers: int
    own_database: bool
    own_broker: bool
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        name = "localhost" if self.host in {"127.0.0.1", "::1", "0.0.0.0", "::"} else self.host  # noqa: S104
        return f"http://{f'[{name}]' if ':' in name else name}:{self.port}"

    @property
    def secret_key_file(self) -> Path:
        return self.where.var / "secret_key"

    @property
    def model_root(self) -> Path:
        return Path(self.environment.get("MODEL_ROOT") or self.where.var / "models")


def read_config(source: Mapping[str, str]) -> Config:
    """The configuration. Raises ImproperlyConfigured, naming the variable, on a value that cannot be meant."""
    env = Env(source)
    where = places(env.folder("STUDIO_VAR", ROOT / "var"))
    own_database = not env.text("DATABASE_URL")
    own_broker = not (env.text("BROKER_URL") and env.text("CACHE_URL"))
    port = env.integer("STUDIO_PORT", 8000, least=1, most=65535)
    return Config(
        root=ROOT,
        where=where,
        host=env.text("STUDIO_HOST", "127.0.0.1"),
        port=port,
        web_workers=env.integer("STUDIO_WEB_WORKERS", 1, least=1, most=64),
        web_threads=env.integer("STUDIO_WEB_THREADS", min(8, 2 * (os.cpu_count() or 1) + 1), least=1, most=128),
        default_workers=env.integer("STUDIO_DEFAULT_WORKERS", 2, least=2, most=64),
        own_database=own_database,
        own_broker=own_broker,
        environment=_environment(source, where, port),
    )


def _environment(source: Mapping[str, str], where: Places, port: int) -> dict[str, str]:
    """Everything that was set, with the embedded servers filled in. An empty variable counts as not set."""
    given = {name: value for name, value in source.items() if value or not name.startswith("STUDIO_")}
    defaults = {
        "DJANGO_SETTINGS_MODULE": "copystudio.settings",
        "DATABASE_URL": where.database_url,
        "BROKER_URL": where.broker_url,
        "CACHE_URL": where.cache_url,
        "STUDIO_VAR": str(where.var),
        "STUDIO_PUBLIC_URL": f"http://localhost:{port}",
    }
    merged = {**given, **{name: value for name, value in defaults.items() if not given.get(name)}}
    merged["PYTHONUNBUFFERED"] = "1"
    merged[MARK] = str(where.var)
    if os.geteuid() == 0:  # the workers accept JSON only, so Celery's warning about root does not apply
        merged["PYTHONWARNINGS"] = ",".join(
            filter(None, [given.get("PYTHONWARNINGS", ""), "ignore:You're running the worker with superuser"])
        )
    return merged


def python() -> str:
    return sys.executable
