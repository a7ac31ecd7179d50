"""Base folders, versions and evaluations for the tests of their pages. Figures come from the engine, over scripted texts."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils import timezone

from copystudio.db import JobStatus
from copystudio.services.jobs import job_claim, job_end
from generation.engine.config import Language
from generation.engine.evaluation.evaluate import evaluate
from generation.engine.evaluation.gates import all_passed
from generation.engine.evaluation.items import EvalItem, PreferenceItem
from generation.engine.evaluation.result import Evaluation as Measured
from generation.engine.evaluation.side_by_side import side_by_side
from generation.models import Evaluation, LanguageModel, ModelVersion
from generation.services.evaluation import evaluation_queue
from generation.services.measuring import compared, difference_dict, gate_dict, judged
from generation.services.registry import next_number
from tests.generation.engine.evaluation.evaluation_maker import Scripted, brief, item, judge
from tests.people import Cast

ITEMS = 24
LOOKS = ("light", "soft", "calm", "bold", "neat", "snug", "warm", "quiet", "quick", "smart", "cosy", "strong")
ZH_LOOKS = ("轻盈", "柔软", "安静", "利落", "整洁", "贴身", "温暖", "低调", "轻快", "聪明", "舒适", "结实")
HISTORY = [
    {"step": 0, "loss": None, "held_out": 2.9},
    {"step": 60, "loss": 2.3, "held_out": 2.125},
    {"step": 120, "loss": 1.9, "held_out": 2.25},
]
LINEAGE = {
    "base_name": "tiny",
    "data_sha256": "d" * 64,
    "data_counts": {"starter": 1900, "approved": 80, "edit_over_draft": 20},
    "config": {"rank": 16, "learning_rate": 0.0004, "seed": 7, "time_budget": None},
    "code_revision": "c" * 40,
    "history": HISTORY,
}


def write_base(root: Path, name: str, **config: Any) -> Path:
    """A folder as a base model's, with eight numbers for weights."""
    folder = root / name
    folder.mkdir(parents=True)
    about = {"architectures": ["Gemma3ForCausalLM"], "num_hidden_layers": 1, "vocab_size": 4, **config}
    (folder / "config.json").write_text(json.dumps(about), encoding="utf-8")
    header = json.dumps({"weight": {"dtype": "F32", "shape": [2, 4], "data_offsets": [0, 32]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(32))
    return folder


def make_version(cast: Cast, *, status: str = "staged", **values: Any) -> ModelVersion:
    """A trained version over the workspace's base; without files of an adapter, so that nothing has to lie on disk."""
    base = values.pop("language_model", None) or LanguageModel.objects.filter(workspace=cast.workspace).earliest("pk")
    if status == "active":
        ModelVersion.objects.filter(workspace=cast.workspace, status="active").update(status="retired")
        values.setdefault("promoted_at", timezone.now())
    data = {"number": next_number(cast.workspace), "name": "Autumn", "prompt_template": "brief-1", "lineage": LINEAGE}
    return ModelVersion.objects.create(
        workspace=cast.workspace, language_model=base, status=status, created_by=cast.admin, **{**data, **values}
    )


def make_evaluation(cast: Cast, version: ModelVersion, *, good: bool = True) -> Evaluation:
    """Finished, against the active version, as the worker ends one; a bad version breaks limits and claims too much."""
    evaluation = evaluation_queue(version=version, actor=cast.admin)
    claimed = job_claim(Evaluation, evaluation.pk)
    assert claimed is not None
    names = [name for name in ("new", "active", "base") if name != "active" or evaluation.against is not None]
    found = {name: measured(good)[name] for name in names}
    gates, pairs = judged(found), side_by_side(items(), _texts(found), 20, seed=evaluation.seed)
    Evaluation.objects.filter(pk=evaluation.pk).update(
        items=ITEMS,
        results={
            **{name: one.to_dict() for name, one in found.items()},
            "differences": {name: [difference_dict(one) for one in rows] for name, rows in compared(found).items()},
            "gates": [gate_dict(one) for one in gates],
        },
        samples=[
            {"brief": one.brief.to_dict(), "texts": [{"of": name, "text": text} for name, text in texts.items()]}
            for one, texts in pairs
        ],
        passed=all_passed(gates),
    )
    job_end(claimed, JobStatus.SUCCEEDED)
    evaluation.refresh_from_db()
    return evaluation


def _texts(found: dict[str, Measured]) -> dict[str, Sequence[Sequence[str]]]:
    return {"new": found["new"].texts, "other": found.get("active", found["base"]).texts}


@lru_cache
def items() -> list[EvalItem]:
    """Half English, half Chinese, for two segments."""
    found = []
    for number in range(ITEMS):
        language = Language.ZH_HANS if number % 2 else Language.EN
        look = (ZH_LOOKS if number % 2 else LOOKS)[number // 2]
        reference = f"{look}保暖，只有480g" if number % 2 else f"Warm, {look} and dry at 480 g"
        segment = "Hikers" if number < ITEMS // 2 else "Parents"
        found.append(item(f"i{number}", reference, segment, language=language))
    return found


@lru_cache
def measured(good: bool) -> dict[str, Measured]:
    return {
        "new": _evaluated("new", 1.1 if good else 2.4, _good if good else _bad),
        "active": _evaluated("active", 1.5, _fair),
        "base": _evaluated("base", 2.2, _bad),
    }


def _evaluated(name: str, nats: float, write: Any) -> Measured:
    asked = items()
    texts = {one.id: [write(number, one)] for number, one in enumerate(asked)}
    losses = {one.reference: (nats * 8 + number / 50, 8) for number, one in enumerate(asked)}
    chosen = [PreferenceItem(brief(), f"Warm at 480 g {look}", f"Buy it {look}!") for look in LOOKS]
    writer = Scripted(texts, losses, name=name)
    return evaluate(writer, asked, judge=judge, seed=3, preferences=chosen, forgetting=asked[:6])


def _good(number: int, asked: EvalItem) -> str:
    return asked.reference.replace("dry", "ready").replace("保暖", "很保暖")


def _fair(number: int, asked: EvalItem) -> str:
    return asked.reference + ("！" if number % 3 == 0 else "")


def _bad(number: int, asked: EvalItem) -> str:
    if number % 8 == 7:
        return ""
    return f"Buy it now! {asked.reference} sorry" * (1 + number % 2)
