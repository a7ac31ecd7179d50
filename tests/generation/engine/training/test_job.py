"""From a base folder and data to an adapter folder, by one process or by two."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from generation.engine.adapters import check_adapter
from generation.engine.errors import ModelFolderError, TrainingError, TrainingStoppedError
from generation.engine.loader import load
from generation.engine.manifest import content_hash
from generation.engine.training.adapter_folder import Lineage, read_lineage
from generation.engine.training.distributed import World
from generation.engine.training.job import TrainingJob
from generation.engine.training.trainer import TrainingData
from tests.generation.engine.training.conftest import QUICK

Make = Callable[..., TrainingJob]
SHORT = replace(QUICK, epochs=1)


@pytest.fixture
def root(tmp_path: Path, model_root: Path) -> Path:
    shutil.copytree(model_root / "tiny", tmp_path / "models" / "tiny")
    return tmp_path / "models"


@pytest.fixture
def make_job(root: Path, tmp_path: Path, data: TrainingData) -> Make:
    def make(name: str = "adapter", **values: Any) -> TrainingJob:
        lineage = Lineage("tiny", content_hash(root / "tiny"), "brief-1", "d" * 64, {}, SHORT.to_dict(), "rev")
        given = {
            "model_root": root,
            "base": root / "tiny",
            "work": tmp_path / "work" / name,
            "target": root / name,
            "data": data,
            "config": SHORT,
            "lineage": lineage,
        }
        return TrainingJob(**{**given, **values})

    return make


def on_step(*_: object) -> bool:
    return False


def test_it_leaves_a_whole_adapter_that_can_be_loaded(root: Path, make_job: Make) -> None:
    result, digest = make_job().run(on_step)
    check_adapter(root / "adapter", root, sha256=digest)
    lineage = read_lineage(root / "adapter")
    assert lineage["state"]["step"] == lineage["state"]["steps"] == result.steps == 4
    assert lineage["state"]["best_loss"] == result.state.best_loss
    assert lineage["state"]["held_out"] == result.held_out
    plain, adapted = (load(root / "tiny", model_root=root, adapter=one, threads=1) for one in (None, root / "adapter"))
    ids = torch.tensor([plain.tokenizer.encode("a soft warm lamp")])
    with torch.inference_mode():
        assert not torch.allclose(plain.model(input_ids=ids).logits, adapted.model(input_ids=ids).logits)


def test_the_same_again_gives_the_same_bytes(root: Path, make_job: Make) -> None:
    """Three times, as M8 wants it."""
    digests = {make_job(name).run(on_step)[1] for name in ("first", "second", "third")}
    assert len(digests) == 1
    assert make_job("other", config=replace(SHORT, seed=5)).run(on_step)[1] not in digests


@pytest.mark.parametrize("stop_at", [1, 2, 3, 4])
def test_stopped_and_resumed_is_uninterrupted(root: Path, make_job: Make, stop_at: int) -> None:
    whole = make_job("whole").run(on_step)[1]
    with pytest.raises(TrainingStoppedError):
        make_job().run(lambda progress, model: progress.step == stop_at)
    assert not (root / "adapter").exists()
    assert make_job().run(on_step)[1] == whole


def test_a_finished_training_is_finished_again_without_a_step(make_job: Make) -> None:
    first = make_job().run(on_step)[1]
    heard: list[object] = []
    again = make_job().run(lambda *what: bool(heard.append(what)))[1]
    assert again == first and not heard


def test_the_caller_may_ask_the_model_in_training_for_samples(make_job: Make) -> None:
    from generation.engine.backends.torch import TorchBackend
    from generation.engine.config import Prompt, SamplingConfig

    prompt, config = Prompt("a warm lamp:", "\n"), SamplingConfig(max_new_tokens=8)
    texts: list[str] = []

    def sample(progress: Any, model: Any) -> bool:
        texts.extend(one.text for one in TorchBackend(model).generate([prompt], config, [1]))
        return False

    plain = make_job("plain").run(on_step)[1]
    assert make_job().run(sample)[1] == plain, "asking changes nothing"
    assert len(texts) == 4 and all(texts)


def test_a_base_of_other_content_does_not_go_on_from_the_checkpoints(make_job: Make) -> None:
    with pytest.raises(TrainingStoppedError):
        make_job().run(lambda progress, model: progress.step == 2)
    job = make_job()
    with pytest.raises(TrainingError, match="another training"):
        replace(job, lineage=replace(job.lineage, base_sha256="x" * 64)).run(on_step)


def test_it_goes_on_from_a_parent_and_only_from_a_harmless_one(root: Path, tmp_path: Path, make_job: Make) -> None:
    make_job("parent").run(on_step)
    child = make_job("child", parent=root / "parent").run(on_step)[0]
    parent = read_lineage(root / "parent")["state"]
    assert child.state.history[0]["held_out"] == pytest.approx(parent["best_loss"], rel=0.05)
    shutil.copytree(root / "parent", tmp_path / "outside")
    with pytest.raises(ModelFolderError, match="not a folder inside"):
        make_job("stray", parent=root / ".." / "outside").run(on_step)
    (root / "parent" / "evil.py").write_text("x")
    with pytest.raises(ModelFolderError, match="without code"):
        make_job("evil", parent=root / "parent").run(on_step)


@pytest.mark.parametrize("change", [{"rank": 8}, {"alpha": 16.0}, {"rank": 8, "alpha": 16.0}])
def test_a_parent_of_another_rank_or_scale_would_begin_as_another_model(
    root: Path, make_job: Make, change: dict[str, Any]
) -> None:
    make_job("parent").run(on_step)
    (root / "parent" / "training.json").unlink()  # what its settings say is enough
    job = make_job("child", parent=root / "parent", config=replace(SHORT, **change))
    with pytest.raises(TrainingError, match="this parent has rank 4 and alpha 8, the settings have"):
        job.run(on_step)
    assert not job.work.exists()


def test_a_parent_over_another_base_is_refused_where_it_says_so(root: Path, make_job: Make) -> None:
    make_job("parent").run(on_step)
    job = make_job("child", parent=root / "parent")
    other = replace(job, lineage=replace(job.lineage, base_sha256="x" * 64))
    with pytest.raises(TrainingError, match="parent: this parent was trained over another base than tiny"):
        other.run(on_step)
    assert not job.work.exists()
    (root / "parent" / "training.json").unlink()
    other.run(on_step)


def test_alone_a_process_is_the_whole_world() -> None:
    world = World()
    assert world.is_first and world.size == 1 and world.share([1, 2, 3]) == [1, 2, 3]
    assert world.any(True) and not world.any(False) and world.agree(7)
    assert World.join() == world


def test_shares_are_apart_and_together_everything() -> None:
    shares = [World(rank=rank, size=3).share(range(10)) for rank in range(3)]
    assert sorted(item for share in shares for item in share) == list(range(10))
    assert {len(share) for share in shares} == {3, 4}
