"""A generation run: one request to a model version, as a job row, with its items and their candidates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from copystudio.db import Job
from generation.engine.angles import Span, angle_of
from generation.engine.config import FEATURE
from generation.models.model_version import ModelVersion

Engine = dict[str, Any]
_SHOWN = 60  # characters of a sentence that leads


def engines_apart(engines: Iterable[Engine]) -> list[Engine]:
    """Each once, as it was last: another batch size or version makes no other engine."""
    found: dict[tuple[Any, ...], Engine] = {}
    for engine in engines:
        key = tuple(engine.get(name) for name in ("backend", "model", "numbers", "device"))
        found.pop(key, None)
        found[key] = engine
    return list(found.values())


def in_turn(engine: Engine) -> list[Engine]:
    """The engines that a block's field holds, the last one last."""
    last = dict(engine)
    return [*last.pop("before", ()), last] if last else []


class GenerationRun(Job):
    """What somebody asked for. It is worked on in blocks, by as many workers as there are: its lease says that one of
    them does, and its counters are theirs together."""

    task = "generation.run"
    on_end = "generation.services.run_end.run_ended"

    model_version = models.ForeignKey(ModelVersion, on_delete=models.RESTRICT, related_name="runs")
    label = models.CharField(_("what for"), max_length=200)
    seed = models.PositiveBigIntegerField()
    sampling = models.JSONField(default=dict)
    # what wrote: backend, number format, versions, batch size; of the worker that took the run up last. Each block has its own
    engine = models.JSONField(default=dict, blank=True)
    # SHA-256 of everything that was asked for: an equal open request is the same run, not a second one
    request_hash = models.CharField(max_length=64)
    # the candidate that this run was asked for from, and what was to be different about it
    parent = models.ForeignKey(
        "generation.Candidate", null=True, blank=True, on_delete=models.SET_NULL, related_name="children_runs"
    )
    tweak = models.CharField(max_length=20, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    # when a block of it was last taken: runs take turns by that
    served_at = models.DateTimeField(null=True, blank=True)
    outputs = models.PositiveBigIntegerField(default=0)
    tokens = models.PositiveBigIntegerField(default=0)
    # of a model server, in the currency of its prices
    cost = models.DecimalField(max_digits=14, decimal_places=6, default=0)
    # how long workers wrote on it, each one's time added up: pauses, waiting and loading the model not counted
    seconds = models.FloatField(default=0)
    # what its items dropped, by reason: the sum of theirs, so that no page has to add up thousands
    dropped = models.JSONField(default=dict, blank=True)

    class Meta(Job.Meta):
        verbose_name = _("generation run")
        ordering = ["-id"]
        indexes = [
            *Job.Meta.indexes,
            models.Index(fields=["workspace", "-id"], name="generation_run_recent"),
            models.Index(fields=["created_by", "served_at"], name="generation_run_served"),
        ]
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["workspace", "request_hash"],
                condition=Q(status__in=["queued", "running"]),
                name="generation_run_open_once",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None and self.is_open

    @property
    def engines(self) -> list[Engine]:
        """What wrote it: the last one last, the others in no order."""
        found = self.blocks.exclude(engine={}).order_by("engine").distinct().values_list("engine", flat=True)
        return engines_apart([*(one for engine in found for one in in_turn(engine)), *filter(None, [self.engine])])


class GenerationBlock(Job):
    """Some items of a run: what one worker takes at a time. No doorbell rings for it, it rings for the run."""

    run = models.ForeignKey(GenerationRun, on_delete=models.CASCADE, related_name="blocks")
    number = models.PositiveIntegerField()
    # what wrote it, as at the run; where another engine wrote texts of it before, that is in the list "before"
    engine = models.JSONField(default=dict, blank=True)

    due = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())  # one that waits for a model server says until when

    class Meta(Job.Meta):
        verbose_name = _("generation block")
        ordering = ["number"]
        indexes = [
            models.Index(
                fields=["run", "number"], name="generation_block_open", condition=Q(status__in=["queued", "running"])
            )
        ]
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(fields=["workspace", "run", "number"], name="generation_block_number"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number}"

    @property
    def engines(self) -> list[Engine]:
        """What wrote it, the last one last."""
        return in_turn(self.engine)

    def engine_after(self, engine: Engine) -> Engine:
        """What is kept where ``engine`` takes the block up: those that wrote texts of it stay."""
        *before, last = engines_apart([*(self.engines if self.done else ()), engine])
        return {**last, "before": before} if before else last


class GenerationItem(models.Model):
    """One prompt of a run: how many texts were asked for, how many came, what was dropped and why."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(GenerationRun, on_delete=models.CASCADE, related_name="items")
    block = models.ForeignKey(GenerationBlock, null=True, blank=True, on_delete=models.SET_NULL, related_name="items")
    position = models.PositiveIntegerField()
    # the brief as the engine reads it (CopyBrief.to_dict) and what the checks need
    payload = models.JSONField()
    requested = models.PositiveSmallIntegerField()
    # position of the item that leads where several fields are read together, for each of them: their texts of one slot go
    # with each other; null for an item that stands alone
    group = models.PositiveIntegerField(null=True, blank=True)
    produced = models.PositiveSmallIntegerField(default=0)
    # outputs that were written for it; the next try begins after them
    outputs = models.PositiveIntegerField(default=0)
    passed = models.PositiveIntegerField(default=0)
    dropped = models.JSONField(default=dict)
    # some of those that were dropped (Lost.to_dict), to look at
    lost = models.JSONField(default=list, blank=True)
    finished = models.BooleanField(default=False)
    # why it failed by itself; the other items of the run go on
    error = models.CharField(max_length=500, blank=True)
    # which facts lead (Plan.to_dict) and what the model read (Prompt.text), for the first angle; "others" in the plan has both
    # for further angles: outputs take turns among them; "refused" has, by place, the outputs that an angle did not get, "refusal"
    # what the model server said to that last
    plan = models.JSONField(default=dict, blank=True)
    prompt = models.TextField(blank=True)

    class Meta:
        verbose_name = _("generation item")
        ordering = ["position"]
        indexes = [
            models.Index(fields=["run", "position"], name="generation_item_unfinished", condition=Q(finished=False)),
            models.Index(
                fields=["run", "position"],
                include=["id", "requested", "produced", "finished"],
                name="generation_item_in_order",
            ),
            models.Index(fields=["run", "position"], name="generation_item_failed", condition=~Q(error="")),
            models.Index(fields=["run", "group"], name="generation_item_group", condition=Q(group__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "run", "position"], name="generation_item_position"),
            models.CheckConstraint(condition=Q(produced__lte=F("requested")), name="generation_item_not_over"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.position}"

    @property
    def dropped_total(self) -> int:
        return sum(self.dropped.values())

    @property
    def leads(self) -> list[list[str]]:
        """What leads, for each angle from which it was written."""
        found: list[list[str]] = []
        for place, angle in enumerate((self.plan, *self.plan.get("others", []))):
            leads = _named(angle)
            if leads and leads not in found and (0, None) not in self.refused.get(place, ()):
                found.append(leads)
        return found

    @property
    def refused(self) -> dict[int, list[Span]]:
        """Of angles whose prompt a model server refused, by place, the outputs that they did not get."""
        kept = self.plan.get("refused", {})
        return {int(place): [(begin, end) for begin, end in spans] for place, spans in kept.items()}

    @property
    def refusal(self) -> str:
        """What the model server said to the last angle that it refused; empty where it refused none."""
        return str(self.plan.get("refusal", ""))

    @property
    def angles_refused(self) -> int:
        """Of how many angles outputs were refused."""
        return sum(any(begin != end for begin, end in spans) for spans in self.refused.values())

    @property
    def angles(self) -> int:
        return 1 + len(self.plan.get("others", ()))

    @property
    def led(self) -> list[tuple[int, int]]:
        """Turn and skip of each angle from which it was written, or is to be, or was to be."""
        asked = {"turn": 0, "skip": 0, **self.payload.get("wish", {})}
        angles = ({**asked, **angle} for angle in (self.plan, *self.plan.get("others", [])))
        return [(int(angle["turn"]), int(angle["skip"])) for angle in angles]


class Candidate(models.Model):
    """One raw output that passed the filters. It never changes; the database holds that."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(GenerationItem, on_delete=models.CASCADE, related_name="candidates")
    # the item's: the database copies both when a row comes, so that a list of all texts of a run reads one index
    run = models.ForeignKey(
        GenerationRun, on_delete=models.CASCADE, related_name="candidates", editable=False, db_index=False
    )
    position = models.PositiveIntegerField(editable=False)
    slot = models.PositiveSmallIntegerField()
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    # mean natural-log probability per token under the model, ≤ 0; nearer 0 is more fluent
    fluency = models.FloatField()
    token_count = models.PositiveIntegerField()
    length = models.PositiveIntegerField()
    findings = models.JSONField(default=list)
    # probabilities of negative, neutral and positive; null where no scorer was at hand
    sentiment = models.JSONField(null=True, blank=True)
    # the nearest text that already ran, and how near (0 to 1), or with "segment" the nearest that was written in the same run
    # for another segment; empty where none is near
    nearest = models.JSONField(default=dict, blank=True)
    # the number of its output among the item's, and its seed: with the prompt of its angle they make it again
    draw = models.PositiveIntegerField(default=0)
    seed = models.PositiveBigIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField()
    # what wrote it, as at the run but for the batch size; empty for those from before it was kept
    engine = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("candidate")
        ordering = ["item_id", "slot"]
        indexes = [
            models.Index(fields=["run", "position", "slot"], include=["id"], name="generation_candidate_in_order"),
            models.Index(fields=["run", "-fluency", "id"], name="generation_candidate_fluent"),
            models.Index(fields=["run", "length", "id"], name="generation_candidate_by_length"),
            models.Index(
                fields=["run", "position", "slot"],
                include=["id"],
                name="generation_candidate_found",
                condition=~Q(findings=[]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "item", "slot"], name="generation_candidate_slot"),
            models.UniqueConstraint(fields=["workspace", "item", "sha256"], name="generation_candidate_text_once"),
            models.CheckConstraint(condition=Q(fluency__lte=0), name="generation_candidate_fluency_negative"),
            models.CheckConstraint(condition=~Q(text=""), name="generation_candidate_not_empty"),
        ]

    def __str__(self) -> str:
        return self.text[:80]

    @property
    def leads(self) -> list[str]:
        """What its text was planned to lead with."""
        return _named(self._angle)

    @property
    def turn(self) -> int:
        """The turn of its angle: which facts led."""
        return self.item.led[self._place][0]

    @property
    def skip(self) -> int:
        """How many facts its angle passed over behind the first that led."""
        return self.item.led[self._place][1]

    @property
    def prompt(self) -> str:
        """What the model read for it."""
        return str(self._angle.get("prompt", self.item.prompt))

    @property
    def _place(self) -> int:
        """Of its angle among those of the item."""
        return angle_of(self.draw, self.item.angles, self.item.refused)

    @property
    def _angle(self) -> dict[str, Any]:
        return [self.item.plan, *self.item.plan.get("others", [])][self._place]


def _named(angle: Mapping[str, Any]) -> list[str]:
    """The attributes that lead, what has no name of its own by what it says; without facts the sentence that is quoted first."""
    leads = [value if attribute in FEATURE else attribute for attribute, value, *_rest in angle.get("leads", [])]
    return leads or [Truncator(about).chars(_SHOWN) for about in [angle.get("about", "")] if about]
