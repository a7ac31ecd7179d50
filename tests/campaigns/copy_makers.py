"""Briefs, runs and candidates for tests. Candidates are stored as the worker stores a batch, without a model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from campaigns.models import Brief, Campaign
from campaigns.services.brief import BriefData, brief_generate, brief_save
from campaigns.services.candidate_check import checker
from campaigns.services.copy_check import check_text
from copystudio.db import JobStatus
from copystudio.services.jobs import job_claim, job_end
from generation.engine.config import Check
from generation.engine.filling import Lost
from generation.models import Candidate, GenerationItem, GenerationRun
from tests import factories
from tests.people import Cast


def brief_data(cast: Cast, **values: Any) -> BriefData:
    data: dict[str, Any] = {"name": "Autumn", "language": "en", "channels": [factories.channel(cast)], "count": 3}
    return BriefData(**{**data, **values})


def make_brief(cast: Cast, *, campaign: Campaign | None = None, **values: Any) -> Brief:
    campaign = campaign or factories.make_campaign(cast)
    return brief_save(actor=cast.copywriter, campaign=campaign, data=brief_data(cast, **values))


def make_run(cast: Cast, *, brief: Brief | None = None, **values: Any) -> GenerationRun:
    """A queued run; with products where the workspace has none."""
    if not cast.workspace.products.exists():
        factories.make_product(cast)
    run, _is_new = brief_generate(actor=cast.copywriter, brief=brief or make_brief(cast, **values))
    return run


def write_candidates(
    run: GenerationRun,
    texts: Sequence[str],
    *,
    item: GenerationItem | None = None,
    marked_only: bool = False,
    **values: Any,
) -> list[Candidate]:
    """What a worker would have stored of these outputs: checked, in order, counted with the item and with the run.

    With ``marked_only`` as before such were dropped: a claim without support or a missing must word is a finding. ``values`` are
    further ones of the candidates.
    """
    item = item or run.items.get()
    check = checker(item.payload)
    for text in texts:
        verdict = check(text)
        item.outputs += 1
        if marked_only and verdict.drop_reason in {"unsupported", "must_word_missing"}:
            verdict = Check(length=verdict.length, findings=check_text(text, item.payload["check"]))
        text = verdict.text or text
        if verdict.drop_reason:
            item.lost.append(Lost(verdict.drop_reason, text, verdict.findings).to_dict())
            for row in (item, run):
                row.dropped[verdict.drop_reason] = row.dropped.get(verdict.drop_reason, 0) + 1
            continue
        Candidate.objects.create(
            workspace_id=run.workspace_id,
            item=item,
            slot=item.produced,
            text=text,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            fluency=-1.5,
            token_count=8,
            length=verdict.length,
            findings=verdict.findings,
            attempt=1,
            **values,
        )
        item.produced += 1
        run.done += 1
        item.passed += 1
    item.save()
    GenerationRun.objects.filter(pk=run.pk).update(done=run.done, dropped=run.dropped)
    return list(item.candidates.order_by("slot"))


def finish(run: GenerationRun, status: JobStatus = JobStatus.SUCCEEDED, **error: Any) -> GenerationRun:
    """End the run as a worker does."""
    claimed = job_claim(GenerationRun, run.pk)
    assert claimed is not None
    return job_end(claimed, status, **error)


def make_candidate(
    cast: Cast, text: str = "Stay dry at 320 g", *, marked_only: bool = False, **values: Any
) -> Candidate:
    return write_candidates(make_run(cast, **values), [text], marked_only=marked_only)[0]
