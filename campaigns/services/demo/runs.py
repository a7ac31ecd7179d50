"""The demonstration's generation runs: those written out in full, and one for each other brief from its drafts."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from campaigns.models import Brief, BriefItem, BriefRun
from campaigns.rules import limits
from campaigns.services.brief_payload import BriefPart, item_payload
from campaigns.services.copy_check import check_text
from campaigns.services.demo.content import LANGUAGES, both, moment, read
from campaigns.services.demo.scene import Scene
from campaigns.services.variant import text_sha256
from copystudio.db import JobStatus
from copystudio.models import User
from generation.models import Candidate, GenerationItem, GenerationRun, ModelVersion


@dataclass
class PastRun:
    """One finished run of a brief, as it will be written."""

    brief: str
    label: str
    actor: User
    ended: dt.datetime
    seconds: int
    seed: int
    sampling: dict[str, Any]
    items: list[dict[str, Any]] = field(default_factory=list)


def load_runs(scene: Scene, campaign: dict[str, Any]) -> None:
    """Write the runs of a campaign, and note which candidate became which variant."""
    written = {row["brief"]: row for row in read("candidates")["runs"]}
    for brief in campaign["briefs"]:
        own = [row for row in campaign["variants"] if row["brief"] == brief["key"] and row["model_draft"]]
        if brief["key"] in written:
            _store(scene, _told(scene, written[brief["key"]]))
            own = [row for row in own if row["key"] not in scene.candidates]
        if own:
            _store(scene, _guessed(scene, campaign, brief, own))


def _told(scene: Scene, row: dict[str, Any]) -> PastRun:
    started = moment(scene.now, row)
    return PastRun(
        brief=row["brief"],
        label=both(row, "label"),
        actor=scene.people[row["requested_by"]],
        ended=started + dt.timedelta(seconds=row["duration_seconds"]),
        seconds=row["duration_seconds"],
        seed=row["seed"],
        sampling=row["sampling"],
        items=row["items"],
    )


def _guessed(scene: Scene, campaign: dict[str, Any], brief: dict[str, Any], rows: list[dict[str, Any]]) -> PastRun:
    """The run that the drafts of a brief must have come from: an hour before the first of them was adopted."""
    first = min((row["history"][0] for row in rows), key=lambda step: moment(scene.now, step))
    place = ("product", "segment", "channel", "language")
    rows = sorted(rows, key=lambda row: tuple(row[name] for name in place))
    run = PastRun(
        brief=brief["key"],
        label=" · ".join([both(campaign, "name"), brief["name_" + LANGUAGES[brief["language"]]]]),
        actor=scene.people[first["actor"]],
        ended=moment(scene.now, first) - dt.timedelta(hours=1),
        seconds=20 * len(rows),
        seed=len(rows),
        sampling={},
    )
    for position, (_, group) in enumerate(groupby(rows, key=lambda row: tuple(row[name] for name in place))):
        drafts = list(group)
        candidates = [
            {
                "slot": slot,
                "text": row["model_draft"],
                "mean_logprob": row["model_draft_mean_logprob"],
                "token_count": row["model_draft_token_count"],
                "variant": row["key"],
            }
            for slot, row in enumerate(drafts)
        ]
        about = {name: drafts[0][name] for name in place}
        run.items.append(
            {"position": position, "requested": len(drafts), "dropped": {}, "candidates": candidates, **about}
        )
    return run


def _store(scene: Scene, past: PastRun) -> None:
    brief = scene.briefs[past.brief]
    total = sum(len(item["candidates"]) for item in past.items)
    started = past.ended - dt.timedelta(seconds=past.seconds)
    run = GenerationRun.objects.create(
        workspace=scene.workspace,
        created_by=past.actor,
        model_version=ModelVersion.objects.get(workspace=scene.workspace, number=1),
        label=past.label[:200],
        seed=past.seed,
        sampling=past.sampling,
        request_hash=text_sha256(past.label),
        status=JobStatus.SUCCEEDED,
        attempt=1,
        fence=1,
        done=total,
        total=sum(item["requested"] for item in past.items),
        dropped=dict(sum((Counter(item["dropped"]) for item in past.items), Counter())),
        started_at=started,
        finished_at=past.ended,
    )
    GenerationRun.objects.filter(pk=run.pk).update(created_at=started, updated_at=past.ended)
    brief_run = BriefRun.objects.create(workspace=scene.workspace, brief=brief, run=run)
    for row in past.items:
        _item(scene, brief, brief_run, row, past.ended)


def _item(scene: Scene, brief: Brief, brief_run: BriefRun, row: dict[str, Any], ended: dt.datetime) -> None:
    part = BriefPart(
        scene.products[row["product"], row["language"]], scene.segments[row["segment"]], scene.channels[row["channel"]]
    )
    payload = item_payload(brief=brief, part=part)
    item = GenerationItem.objects.create(
        workspace=scene.workspace,
        run=brief_run.run,
        position=row["position"],
        payload=payload,
        requested=row["requested"],
        produced=len(row["candidates"]),
        outputs=len(row["candidates"]) + sum(row["dropped"].values()),
        passed=len(row["candidates"]),
        dropped=row["dropped"],
        finished=True,
    )
    BriefItem.objects.create(
        workspace=scene.workspace,
        brief_run=brief_run,
        item=item,
        product=part.product,
        segment=part.segment,
        channel=part.channel,
    )
    for one in row["candidates"]:
        candidate = Candidate.objects.create(
            workspace=scene.workspace,
            item=item,
            slot=one["slot"],
            text=one["text"],
            sha256=text_sha256(one["text"]),
            fluency=one["mean_logprob"],
            token_count=one["token_count"],
            length=limits.measure(one["text"], limits.Unit(part.channel.unit)),
            findings=check_text(one["text"], payload["check"]),
            attempt=1,
            created_at=ended,
        )
        if one["variant"]:
            scene.candidates[one["variant"]] = candidate
