"""What the API says about runs and candidates, as JSON values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from campaigns.selectors.run_progress import ServerAway, item_counts, run_progress
from campaigns.selectors.sentences import finding_sentence, run_error, server_trouble
from copystudio.db import JobStatus
from generation.models import Candidate, GenerationRun


def run_entry(run: GenerationRun) -> dict[str, Any]:
    """A run of ``selectors.run.runs`` in a list; no query."""
    brief_run = getattr(run, "brief_run", None)  # a run need not come from a brief
    brief = brief_run.brief if brief_run else None
    return {
        "id": run.pk,
        "status": str(run.status),
        "paused": run.is_paused,
        "label": run.label,
        "campaign": {"id": brief.campaign.pk, "name": brief.campaign.name} if brief else None,
        "brief": {"id": brief.pk, "name": brief.name} if brief else None,
        "requested": run.total,
        "produced": run.done,
        "created_at": moment(run.created_at),
        "started_at": moment(run.started_at),
        "finished_at": moment(run.finished_at),
    }


def run_body(run: GenerationRun) -> dict[str, Any]:
    """All that is known of a run; four or five queries."""
    progress, items = run_progress(run), item_counts(run)
    return {
        **run_entry(run),
        "requested": progress.requested,
        "produced": progress.produced,
        "model": str(run.model_version),
        "items": items.total,
        "items_finished": items.total - items.unfinished,
        "dropped": dict(progress.dropped),
        "texts_per_minute": round(progress.per_minute, 2) if progress.per_minute is not None else None,
        "seconds_left": round(progress.remaining.total_seconds(), 1) if progress.remaining is not None else None,
        "runs_ahead": progress.ahead,
        "server_away": _away(progress.away),
        "cancel_requested": run.cancel_requested_at is not None,
        "error": _error(run),
    }


def _away(away: ServerAway | None) -> dict[str, str | None] | None:
    if away is None:
        return None
    return {"code": away.code, "title": server_trouble(away.code), "retry_at": moment(away.until)}


def _error(run: GenerationRun) -> dict[str, str] | None:
    if run.status != JobStatus.FAILED:
        return None
    title, advice = run_error(run.error_code)
    return {"code": run.error_code, "title": title, "advice": advice}


def candidate_body(candidate: Candidate, beside: Sequence[Candidate] = ()) -> dict[str, Any]:
    """A candidate of ``selectors.run.candidates``, and those of ``selectors.beside.texts_beside``; no query."""
    about = getattr(candidate.item, "brief_item", None)  # a run need not come from a brief
    adopted = candidate.adopted  # type: ignore[attr-defined]
    return {
        "id": candidate.pk,
        "text": candidate.text,
        "reviewed_by_human": False,
        "variant": adopted[0].pk if adopted else None,
        "product": {"sku": about.product.sku, "title": about.product.title} if about else None,
        "segment": about.segment.slug if about and about.segment else None,
        "channel": about.channel.key if about else None,
        "goes_with": [one.pk for one in beside],
        "language": candidate.item.payload.get("language", ""),
        "fluency": candidate.fluency,
        "length": candidate.length,
        "findings": [finding_body(finding) for finding in candidate.findings],
        "created_at": moment(candidate.created_at),
    }


def finding_body(finding: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": finding["message_key"],
        **{name: finding[name] for name in ("severity", "start", "end", "excerpt")},
        "detail": finding_sentence(finding),
    }


def moment(value: dt.datetime | None) -> str | None:
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z") if value else None
