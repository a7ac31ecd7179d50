"""A model server for the remote backend, a clock that only sleeping moves, and an export of the tiny model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from generation.engine.backends.remote import RemoteBackend
from generation.engine.backends.remote_client import RemoteClient
from generation.engine.backends.remote_config import RemoteConfig
from tests.generation.engine.backends.completions_server import KEY, CompletionsServer, serving

if TYPE_CHECKING:
    from generation.engine.backends.openvino import OpenVinoBackend
    from generation.engine.openvino_export import OpenVinoModel

MakeRemote = Callable[..., RemoteBackend]


@dataclass
class Clock:
    """Seconds that pass only where somebody sleeps; those who sleep at once pass them together."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now = max(self.now, self.now + seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def served(loaded: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[CompletionsServer, str]]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(loaded) as found:
        yield found


@pytest.fixture
def server(served: tuple[CompletionsServer, str]) -> CompletionsServer:
    return served[0]


@pytest.fixture
def make_config(served: tuple[CompletionsServer, str]) -> Callable[..., RemoteConfig]:
    def make(**values: Any) -> RemoteConfig:
        settings = {
            "base_url": served[1],
            "model": "tiny",
            "api_key": KEY,
            "backoff": 0.001,
            "read_timeout": 20.0,
            "prompt_price": Decimal("2.50"),
            "completion_price": Decimal("10"),
        }
        return RemoteConfig(**{**settings, **values})

    return make


@pytest.fixture
def make_remote(make_config: Callable[..., RemoteConfig]) -> MakeRemote:
    """A backend that asks the server; `client` are the client's own settings, the rest is configuration."""

    def make(client: dict[str, Any] | None = None, **values: Any) -> RemoteBackend:
        config = make_config(**values)
        return RemoteBackend(config, RemoteClient(config, **(client or {})))

    return make


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def place(model_root: Path, exports: Path) -> Path:
    from generation.engine.openvino_export import export

    return export(model_root / "tiny", None, exports, model_root=model_root)


@pytest.fixture(scope="module")
def compiled(place: Path) -> OpenVinoModel:
    from generation.engine.openvino_export import load_export

    return load_export(place, threads=1)


@pytest.fixture
def quantised(compiled: OpenVinoModel) -> OpenVinoBackend:
    from generation.engine.backends.openvino import OpenVinoBackend

    return OpenVinoBackend(compiled)
