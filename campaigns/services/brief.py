"""Writing briefs, and starting generation runs from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product as combinations
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.models import (
    AudienceSegment,
    Brief,
    BriefChannel,
    BriefItem,
    BriefRun,
    BriefSegment,
    Campaign,
    CampaignStatus,
    Channel,
    Product,
)
from campaigns.models.brief import MAX_PER_ITEM
from campaigns.selectors.brief import brief_channels, brief_estimate, brief_segments
from campaigns.selectors.catalogue import products_matching
from campaigns.services.copy_check import check_data
from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import InvalidInputError, Text, TransitionError
from copystudio.models import Role, User
from copystudio.services.events import event_record
from generation.engine.config import ChannelView, CopyBrief, Fact, Interest, Language, SegmentView
from generation.models import GenerationRun
from generation.services.run import MAX_TEXTS, ItemRequest, run_create

# What the prompt gets of a product: small models lose the thread of long ones.
MOST_FACTS = 40
MOST_DESCRIPTION = 2000
FILTER_KEYS = frozenset({"q", "category", "vendor", "tag", "price_min", "price_max", "skus", "language"})


@dataclass(frozen=True)
class BriefData:
    """What a person fills in. ``product_filter`` is read by ``selectors.catalogue.products_matching``."""

    name: str
    language: str
    channels: Sequence[Channel]
    segments: Sequence[AudienceSegment] = ()
    product_filter: dict[str, Any] = field(default_factory=dict)
    tone: str = ""
    must_words: Sequence[str] = ()
    never_words: Sequence[str] = ()
    instructions: str = ""
    count: int = 4


def brief_save(*, actor: User, campaign: Campaign, brief: Brief | None = None, data: BriefData) -> Brief:
    """Create a brief, or change one. Raises InvalidInputError with fields, TransitionError once the campaign is finished."""
    _check(campaign=campaign, data=data)
    try:
        with transaction.atomic():
            owner = _open_campaign(actor=actor, campaign=campaign)
            if brief is None:
                row, verb = Brief(workspace=owner.workspace, campaign=owner, created_by=actor), "brief.create"
            else:
                row, verb = locked(Brief, pk=brief.pk, campaign=owner), "brief.change"
            for name in ("name", "language", "tone", "instructions", "count"):
                setattr(row, name, getattr(data, name))
            row.must_words, row.never_words = list(data.must_words), list(data.never_words)
            row.product_filter = {
                key: value for key, value in data.product_filter.items() if value not in (None, "", [])
            }
            row.save()
            _choose(brief=row, data=data)
            event_record(actor=actor, workspace=owner.workspace, verb=verb, target=row)
            return row
    except IntegrityError as error:
        if "campaigns_brief_name" not in str(error):
            raise
        raise InvalidInputError(fields={"name": [_("This campaign already has a brief of this name.")]}) from None


def _open_campaign(*, actor: User, campaign: Campaign) -> Campaign:
    """The campaign, locked and not finished. Every write below a campaign locks it first."""
    owner = locked(Campaign, pk=campaign.pk)
    require(actor=actor, workspace=owner.workspace, role=Role.COPYWRITER)
    if owner.status == CampaignStatus.FINISHED:
        raise TransitionError(_("The campaign is finished."))
    return owner


def _check(*, campaign: Campaign, data: BriefData) -> None:
    wrong: dict[str, list[Text]] = {}
    if not data.channels:
        wrong["channels"] = [_("Choose at least one channel.")]
    for name in ("channels", "segments"):
        if any(part.workspace_id != campaign.workspace_id for part in getattr(data, name)):
            wrong[name] = [_("This belongs to another workspace.")]
    if data.language not in dict(settings.LANGUAGES):
        wrong["language"] = [_("Choose one of the languages.")]
    if not 1 <= data.count <= MAX_PER_ITEM:
        wrong["count"] = [_("Between 1 and %(most)d.") % {"most": MAX_PER_ITEM}]
    if unknown := set(data.product_filter) - FILTER_KEYS:
        raise ValueError(f"unknown product filter: {', '.join(sorted(unknown))}")
    both = {word.casefold() for word in data.must_words} & {word.casefold() for word in data.never_words}
    if both:
        wrong["never_words"] = [_("“%(word)s” is also a must word.") % {"word": min(both)}]
    if wrong:
        raise InvalidInputError(fields=wrong)


def _choose(*, brief: Brief, data: BriefData) -> None:
    """Replace the brief's segments and channels by those chosen now."""
    of_brief = {"workspace_id": brief.workspace_id, "brief": brief}
    BriefSegment.objects.filter(brief=brief).delete()
    BriefChannel.objects.filter(brief=brief).delete()
    BriefSegment.objects.bulk_create(BriefSegment(segment=segment, **of_brief) for segment in data.segments)
    BriefChannel.objects.bulk_create(BriefChannel(channel=channel, **of_brief) for channel in data.channels)


@dataclass(frozen=True)
class BriefPart:
    """What one item of a run is about."""

    product: Product
    segment: AudienceSegment | None
    channel: Channel


def brief_generate(*, actor: User, brief: Brief) -> tuple[GenerationRun, bool]:
    """Start a run over product × segment × channel. Returns it and whether it is new.

    Pressing again while an equal run is open, also many times at once, gives that run. Raises TransitionError for a
    finished campaign, InvalidInputError where nothing matches or too much, BusyError without an active model.
    """
    with transaction.atomic():
        campaign = _open_campaign(actor=actor, campaign=brief.campaign)
        current = Brief.objects.get(pk=brief.pk)
        current.campaign = campaign
        _check_size(current)
        parts = _parts(current)
        items = [ItemRequest(payload=item_payload(brief=current, part=part), count=current.count) for part in parts]
        run, is_new = run_create(
            actor=actor, workspace=campaign.workspace, label=f"{campaign.name} · {current.name}"[:200], items=items
        )
        if is_new:
            brief_run = BriefRun.objects.create(workspace=campaign.workspace, brief=current, run=run)
            ids = run.items.order_by("position").values_list("pk", flat=True)
            BriefItem.objects.bulk_create(
                BriefItem(
                    workspace_id=campaign.workspace_id,
                    brief_run=brief_run,
                    item_id=item_id,
                    product=part.product,
                    segment=part.segment,
                    channel=part.channel,
                )
                for item_id, part in zip(ids, parts, strict=True)
            )
            event_record(
                actor=actor, workspace=campaign.workspace, verb="brief.generate", target=current, data={"run": run.pk}
            )
        return run, is_new


def _check_size(brief: Brief) -> None:
    size = brief_estimate(brief)
    if not size.products:
        raise InvalidInputError(_("No product matches this brief. Widen its product filter, or import products first."))
    if not size.channels:
        raise InvalidInputError(_("The brief has no channel. Edit it and choose at least one."))
    if size.too_many:
        raise InvalidInputError(
            _(
                "This brief asks for %(total)d texts; at most %(most)d in one run. Narrow its products, segments or channels."
            )
            % {"total": size.texts, "most": MAX_TEXTS}
        )


def _parts(brief: Brief) -> list[BriefPart]:
    products = (
        products_matching(brief.workspace, brief.product_filter).prefetch_related("facts").order_by("title", "pk")
    )
    segments: list[AudienceSegment | None] = [*brief_segments(brief)] or [None]
    return [BriefPart(*one) for one in combinations(products, segments, brief_channels(brief))]


def item_payload(*, brief: Brief, part: BriefPart) -> dict[str, Any]:
    """What the prompt is made of, and under "check" what a text is checked against.

    The brief's number stands among it: two briefs that ask for the same are still two runs.
    """
    check = check_data(
        channel=part.channel,
        language=brief.language,
        campaign=brief.campaign,
        product=part.product,
        segment=part.segment,
        must_words=brief.must_words,
        never_words=brief.never_words,
        instructions=brief.instructions,
    )
    brand = brief.campaign.brand
    wanted = CopyBrief(
        product_title=part.product.title,
        product_description=part.product.description[:MOST_DESCRIPTION],
        facts=tuple(
            Fact(fact.attribute, fact.value, fact.unit)
            for fact in list(part.product.facts.all())[:MOST_FACTS]
            if fact.attribute.strip() and fact.value.strip()
        ),
        brand_name=brand.name if brand else "",
        brand_voice=brand.voice if brand else "",
        segment=_segment_view(part.segment),
        channel=ChannelView(
            key=part.channel.key,
            name=part.channel.name_zh if brief.language == Language.ZH_HANS else part.channel.name_en,
            unit=part.channel.unit,
            limit=part.channel.hard_limit,
        ),
        language=Language(brief.language),
        tone=_tone(brief, part.segment),
        must_words=tuple(check["must_words"]),
        never_words=tuple(check["never_words"]),
        instructions=brief.instructions,
    )
    return {**wanted.to_dict(), "check": {**check, "brief": brief.pk}}


def _tone(brief: Brief, segment: AudienceSegment | None) -> str:
    """The nearest word counts: the brief's tone, else the segment's, else the brand's."""
    brand = brief.campaign.brand
    return brief.tone or (segment.tone if segment else "") or (brand.tone if brand else "")


def _segment_view(segment: AudienceSegment | None) -> SegmentView | None:
    if segment is None:
        return None
    return SegmentView(
        name=segment.name,
        description=segment.description,
        interests=tuple(
            Interest(one["name"], float(one["weight"])) for one in segment.interests if one["name"].strip()
        ),
        words=tuple(word for word in segment.words if word.strip()),
        avoid_words=tuple(word for word in segment.avoid_words if word.strip()),
        tone=segment.tone,
    )
