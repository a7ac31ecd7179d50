"""A studio whose base is the tiny model and that learns from a few examples, with folders of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generation.engine.manifest import content_hash, sha256_of
from generation.engine.training.adapter_folder import WEIGHTS, Lineage, read_lineage
from generation.models import ModelVersion
from generation.services.registry import next_number
from generation.services.writers import WRITERS
from tests.generation import learning
from tests.people import Cast, make_cast
from tests.tiny_model import make_tiny_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="session")
def tiny_adapter(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that was really trained over the tiny model, once for all tests: copy it before changing it."""
    from generation.engine.training.job import TrainingJob
    from generation.engine.training.trainer import TrainingData

    root = tiny_model.parent
    examples = learning.Learned().corpus
    lineage = Lineage("tiny", content_hash(tiny_model), "brief-1", "0" * 64, {"starter": 24}, {}, "test")
    job = TrainingJob(
        model_root=root,
        base=tiny_model,
        work=tmp_path_factory.mktemp("work"),
        target=root / "adapter",
        data=TrainingData(examples[:20], examples[20:]),
        config=replace(learning.QUICK, threads=1),
        lineage=lineage,
    )
    job.run(lambda progress, model: False)
    return job.target


@pytest.fixture
def learned(settings: Any, tmp_path: Path, tiny_model: Path) -> Iterator[learning.Learned]:
    """What there is to learn from. Heartbeats are put off: a test's rows are seen by no other connection. No model is kept
    from one test to the next, because their folders have the same names."""
    WRITERS.clear()
    settings.MODEL_ROOT, settings.VAR_DIR, settings.STARTER_MODEL = tmp_path / "models", tmp_path / "var", "tiny"
    settings.TRAINING_DATA = "tests.generation.learning.collect"
    settings.TRAINING_SCOPES = "tests.generation.learning.scopes"
    settings.STARTER_CORPUS = "tests.generation.learning.corpus"
    settings.STARTER_READS = "tests.generation.learning.reads"
    settings.TRAINING_THREADS = settings.GENERATION_THREADS = 1
    settings.EVALUATION_ITEMS = 4
    settings.JOB_HEARTBEAT_SECONDS = 120
    shutil.copytree(tiny_model, settings.MODEL_ROOT / "tiny")
    learning.LEARNED = learning.Learned()
    yield learning.LEARNED
    WRITERS.clear()


@pytest.fixture
def shop(learned: learning.Learned, db: None) -> Cast:
    """The cast, in a workspace whose active version is the tiny base alone."""
    return make_cast()


@pytest.fixture
def adapted(shop: Cast, tiny_adapter: Path) -> Callable[..., ModelVersion]:
    """Make a version with a trained adapter of its own folder, staged or as the values say."""

    def make(**values: Any) -> ModelVersion:
        number = next_number(shop.workspace)
        base = learning.base_of(shop)
        folder = Path(shutil.copytree(tiny_adapter, base.path.parent / f"adapter-{number}"))
        lineage = read_lineage(folder)
        data = {
            "workspace": shop.workspace,
            "language_model": base,
            "number": number,
            "name": f"Version {number}",
            "prompt_template": lineage["template"],
            "folder": folder.name,
            "adapter_sha256": sha256_of(folder / WEIGHTS),
            "base_sha256": lineage["base_sha256"],
            "lineage": lineage,
        }
        return ModelVersion.objects.create(**{**data, **values})

    return make
