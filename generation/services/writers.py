"""The model of a version, loaded once in this process, behind the backend that the settings choose."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

from django.conf import settings

from generation.engine.backends.base import Backend
from generation.engine.backends.breaker import Breaker
from generation.engine.backends.rate_limit import RateLimit
from generation.engine.backends.remote_usage import Meter
from generation.engine.cache import ModelCache, ModelKey
from generation.engine.encoder import CachedEncoder
from generation.engine.errors import ModelFolderError, OpenVinoError, RemoteError
from generation.engine.folders import count_parameters
from generation.engine.sentiment import SentimentHead
from generation.models import ModelVersion
from generation.services.encoder import encoder_open
from generation.services.export import export_give_up, export_of, export_queue, exports_wanted


@dataclass(frozen=True)
class Writer:
    """A backend, and what is kept about it with what it writes."""

    backend: Backend
    about: dict[str, Any]

    @property
    def wrote(self) -> dict[str, Any]:
        """What is kept about it with each text."""
        return {name: value for name, value in self.about.items() if name != "note"}

    @property
    def cost(self) -> Decimal:
        """What it has cost so far, in the currency of the model server's prices."""
        usage = getattr(self.backend, "usage", None)
        return usage.cost if usage is not None else Decimal(0)


# Three brands' models in turn: an export of the starter model takes 0.3 GB, the model in float32 1.1 GB. Of larger ones
# fewer are kept, and one at least.
WRITERS: ModelCache[Writer] = ModelCache(size=3, most_bytes=2 * 1024**3)
_ENCODERS: list[CachedEncoder] = []
_HEADS: list[SentimentHead | None] = []
log = logging.getLogger(__name__)


def writer_of(version: ModelVersion) -> Writer:
    """The version's model. Torch comes in here, in the worker's child. Raises `EngineError` where it cannot be loaded."""
    if not computes_here():
        return _remote(version)
    from generation.engine.gpu import has_gpu

    note = ""
    if exports_wanted() and not has_gpu():
        place, note = export_of(version)
        if place is not None:
            try:
                return export_writer(place)
            except OSError:  # perhaps only now
                log.exception("the copy of %s cannot be read", version)
                note = "export_failed"
            except (ModelFolderError, OpenVinoError) as error:
                note = "export_failed"
                export_give_up(version=version, reason=str(error))
        elif note == "export_pending":
            export_queue(version=version, actor=None)
    writer = base_writer(version.language_model.path, version.adapter_path)
    return replace(writer, about={**writer.about, "note": note}) if note else writer


def export_writer(place: Path) -> Writer:
    """The export that lies in this folder, through OpenVINO, kept in memory beside others."""
    size = sum(path.stat().st_size for path in place.iterdir())
    return WRITERS.get_or_load(ModelKey.of(place), lambda: _openvino(place), size=size)


def _openvino(place: Path) -> Writer:
    from generation.engine.backends.openvino import OpenVinoBackend
    from generation.engine.openvino_export import load_export

    loaded = load_export(place, threads=settings.GENERATION_THREADS)
    about = {"backend": "openvino", "openvino": package_version("openvino"), "numbers": "int8", "device": "cpu"}
    return Writer(OpenVinoBackend(loaded), about)


def base_writer(folder: Path, adapter: Path | None) -> Writer:
    """The model through torch, kept in memory. A base that is there already only changes its adapter, and the writer that had
    the one before writes no more: this is the only place where a kept model changes."""
    from generation.engine.backends.torch import TorchBackend

    def change(writer: Writer) -> Writer | None:
        if not isinstance(writer.backend, TorchBackend):
            return None
        backend = writer.backend.wearing(adapter, Path(settings.MODEL_ROOT))
        return None if backend is None else replace(writer, backend=backend)

    key = ModelKey.of(folder, adapter, settings.GENERATION_NUMBERS)
    size = 4 * sum(count_parameters(path) for path in folder.glob("*.safetensors"))
    return WRITERS.get_or_load(key, lambda: torch_writer(folder, adapter), size=size, change=change)


def computes_here() -> bool:
    """Whether generating takes this machine's cores; a server elsewhere does not."""
    backend = settings.GENERATION_BACKEND
    return backend != "remote" and not (backend == "auto" and settings.MODEL_SERVER["base_url"])


@dataclass(frozen=True)
class Server:
    """A model server: its writers by the name of their model, and what belongs to all of them together."""

    breaker: Breaker
    limits: RateLimit
    meter: Meter = field(default_factory=Meter)
    writers: dict[str, Writer] = field(default_factory=dict)


_SERVERS: dict[str, Server] = {}  # by address


def _remote(version: ModelVersion) -> Writer:
    """The version by its name on the model server. Raises `RemoteError` where the settings name none that can be."""
    from generation.engine.backends.remote import RemoteBackend
    from generation.engine.backends.remote_client import RemoteClient
    from generation.engine.backends.remote_config import RemoteConfig

    server: dict[str, Any] = settings.MODEL_SERVER
    name: str = server["model"] or version.folder or version.language_model.folder
    try:
        config = RemoteConfig(**{**server, "model": name})
    except ValueError as error:
        raise RemoteError(str(error)) from error
    if config.base_url not in _SERVERS:
        _SERVERS[config.base_url] = Server(
            Breaker(config.failures_to_open, config.cool_down),
            RateLimit(config.requests_per_minute, config.tokens_per_minute),
        )
    shared = _SERVERS[config.base_url]
    if name not in shared.writers:
        client = RemoteClient(config, breaker=shared.breaker, limits=shared.limits, meter=shared.meter)
        shared.writers[name] = Writer(
            RemoteBackend(config, client), {"backend": "remote", "server": config.base_url, "model": name}
        )
    return shared.writers[name]


def torch_writer(folder: Path, adapter: Path | None, numbers: str = "") -> Writer:
    """The model through torch in this process; ``numbers`` as ``loader.load`` has it, by default as the settings say."""
    from generation.engine.backends.torch import TorchBackend
    from generation.engine.loader import load

    root = Path(settings.MODEL_ROOT)
    numbers = numbers or settings.GENERATION_NUMBERS.replace("auto", "")
    loaded = load(folder, model_root=root, adapter=adapter, threads=settings.GENERATION_THREADS, numbers=numbers)
    about = {
        "backend": "torch",
        "torch": package_version("torch"),
        "numbers": str(loaded.dtype).removeprefix("torch."),
        "device": loaded.device.type,
    }
    return Writer(TorchBackend(loaded), about)


def sentence_encoder() -> CachedEncoder:
    """The sentence encoder, opened once in this process."""
    if not _ENCODERS:
        _ENCODERS.append(CachedEncoder(encoder_open(with_torch=computes_here(), threads=settings.GENERATION_THREADS)))
    return _ENCODERS[0]


def feelings(texts: Sequence[str]) -> list[tuple[float, float, float] | None]:
    """Probabilities of negative, neutral and positive of each text; None where the shipped head cannot be read."""
    if not _HEADS:
        try:
            _HEADS.append(SentimentHead.load(sentence_encoder()))
        except ModelFolderError as error:
            log.warning("no sentiment is scored: %s", error)
            _HEADS.append(None)
    head = _HEADS[0]
    if head is None or not texts:
        return [None for _text in texts]
    return [(one.negative, one.neutral, one.positive) for one in head.score(texts)]
