"""The demonstration's campaigns: briefs, the history of each variant, what is served, and how it did."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from campaigns.models import (
    Brief,
    BriefChannel,
    BriefSegment,
    Campaign,
    DailyCount,
    Placement,
    ReviewEvent,
    Revision,
    Variant,
    VariantStatus,
)
from campaigns.models.variant import TRANSITIONS
from campaigns.services.demo.content import LANGUAGES, both, moment, read, sku_in
from campaigns.services.demo.runs import load_runs
from campaigns.services.demo.scene import Scene
from campaigns.services.variant import text_sha256
from copystudio.models import Event

WRITES = {"adopt", "write", "edit"}


def load_campaign(scene: Scene, row: dict[str, Any]) -> Campaign:
    day = scene.now.date()
    campaign = Campaign.objects.create(
        workspace=scene.workspace,
        name=both(row, "name"),
        brand=scene.brands[row["brand"]],
        goal=both(row, "goal", "\n"),
        status=row["status"],
        starts_on=day - dt.timedelta(days=row["starts_days_ago"]),
        ends_on=day - dt.timedelta(days=row["ends_days_ago"]),
        created_by=scene.people[row["history"][0]["actor"]],
    )
    for step in row["history"]:
        Event.objects.create(
            workspace=scene.workspace,
            actor=scene.people[step["actor"]],
            verb=f"campaign.{step['verb']}",
            object_type="campaign",
            object_id=campaign.pk,
            object_label=campaign.name,
            data={"note": both(step, "note")},
            created_at=moment(scene.now, step),
        )
    for brief in row["briefs"]:
        scene.briefs[brief["key"]] = _brief(scene, campaign, brief)
    for place in row["placements"]:
        scene.placements[place["slug"]] = Placement.objects.create(
            workspace=scene.workspace,
            slug=place["slug"],
            name=both(place, "name"),
            channel=scene.channels[place["channel"]],
        )
    load_runs(scene, row)
    variants = {variant["key"]: _variant(scene, campaign, variant) for variant in row["variants"]}
    for place in row["placements"]:
        placement = scene.placements[place["slug"]]
        Placement.objects.filter(pk=placement.pk).update(
            variant=variants[place["variant"]] if place["variant"] else None
        )
    return campaign


def _brief(scene: Scene, campaign: Campaign, row: dict[str, Any]) -> Brief:
    code = LANGUAGES[row["language"]]
    wanted = {**row["product_filter"], "language": row["language"]}
    if "category" in wanted:
        names = {product["category"]: product[f"category_{code}"] for product in read("products")["products"]}
        wanted["category"] = names[wanted["category"]]
    if "skus" in wanted:
        wanted["skus"] = [sku_in(sku, row["language"]) for sku in wanted["skus"]]
    brief = Brief.objects.create(
        workspace=scene.workspace,
        campaign=campaign,
        name=row[f"name_{code}"],
        product_filter=wanted,
        tone=row[f"tone_{code}"][:120],
        language=row["language"],
        must_words=row["must_words"],
        never_words=row["never_words"],
        instructions=row[f"instructions_{code}"],
        count=row["count"],
        created_by=campaign.created_by,
    )
    of_brief = {"workspace": scene.workspace, "brief": brief}
    BriefSegment.objects.bulk_create(BriefSegment(segment=scene.segments[key], **of_brief) for key in row["segments"])
    BriefChannel.objects.bulk_create(BriefChannel(channel=scene.channels[key], **of_brief) for key in row["channels"])
    return brief


def _variant(scene: Scene, campaign: Campaign, row: dict[str, Any]) -> Variant:
    candidate = scene.candidates.get(row["key"])
    variant = Variant.objects.create(
        workspace=scene.workspace,
        campaign=campaign,
        brief=scene.briefs[row["brief"]],
        product=scene.products[row["product"], row["language"]],
        segment=scene.segments[row["segment"]],
        channel=scene.channels[row["channel"]],
        language=row["language"],
        candidate=candidate,
        is_ai_made=candidate is not None,
    )
    _replay(scene, variant, row["history"])
    assert variant.status == row["state"], (row["key"], variant.status)
    if row["daily"]:
        product = scene.products[row["product"], row["language"]]
        _daily(scene, variant, scene.placements[row["placement"]], row["daily"], product.currency)
    return variant


def _replay(scene: Scene, variant: Variant, history: list[dict[str, Any]]) -> None:
    """Let the steps happen again, at their own times, by the transition table of the model."""
    events = []
    for step in history:
        verb, before, when = step["verb"], variant.status, moment(scene.now, step)
        if verb in WRITES:
            number = variant.current_revision.number + 1 if variant.current_revision else 1
            variant.current_revision = Revision.objects.create(
                workspace=scene.workspace,
                variant=variant,
                number=number,
                text=step["text"],
                sha256=text_sha256(step["text"]),
                author=scene.people[step["actor"]],
                created_at=when,
            )
        if verb in TRANSITIONS:
            sources, variant.status = TRANSITIONS[verb]
            assert before in sources, (verb, before)
            variant.review_cycle += verb in {"edit", "submit"}
        if verb == "approve":
            variant.approved_revision = variant.current_revision
        assert variant.current_revision is not None
        events.append(
            ReviewEvent(
                workspace=scene.workspace,
                variant=variant,
                revision=variant.current_revision,
                verb=verb,
                actor=scene.people[step["actor"]],
                from_status="" if verb in {"adopt", "write"} else before,
                to_status=variant.status,
                review_cycle=variant.review_cycle,
                reason=step.get("reason", ""),
                created_at=when,
            )
        )
    variant.save()
    ReviewEvent.objects.bulk_create(events)
    Variant.objects.filter(pk=variant.pk).update(created_at=events[0].created_at, updated_at=events[-1].created_at)
    assert variant.status in VariantStatus.values


def _daily(scene: Scene, variant: Variant, placement: Placement, daily: dict[str, Any], currency: str) -> None:
    first = scene.now.date() - dt.timedelta(days=daily["first_days_ago"])
    for row in daily["rows"]:
        cell: dict[str, Any] = {
            "workspace": scene.workspace,
            "variant": variant,
            "revision": variant.approved_revision or variant.current_revision,
            "placement": placement,
            "day": first + dt.timedelta(days=7 * row["week"] + (row["weekday"] - first.weekday()) % 7),
        }
        scene.counts.append(DailyCount(**cell, impressions=row["impressions"], clicks=row["clicks"]))
        if row["conversions"]:
            sold = {"conversions": row["conversions"], "value": Decimal(row["value"]), "currency": currency}
            scene.counts.append(DailyCount(**cell, **sold))
