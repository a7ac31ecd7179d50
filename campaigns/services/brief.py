"""Writing briefs, and starting generation runs from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from itertools import product as combinations
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.models import (
    AudienceSegment,
    Brand,
    Brief,
    BriefChannel,
    BriefItem,
    BriefRun,
    BriefSegment,
    Campaign,
    CampaignStatus,
    Channel,
    Emoji,
    Length,
    Sentiment,
    Style,
)
from campaigns.models.brief import MAX_PER_ITEM
from campaigns.selectors.brief import brief_channels, brief_estimate, brief_segments
from campaigns.selectors.catalogue import products_matching
from campaigns.selectors.ran import ran_texts
from campaigns.services.brief_payload import BriefPart, channel_view, item_payload
from campaigns.services.copy_check import asked_words, clash_text, words_clash
from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import BusyError, InvalidInputError, Text, TransitionError
from copystudio.models import Role, User
from copystudio.services.events import event_record
from generation.engine.config import Language
from generation.engine.plan import most_leads
from generation.models import GenerationRun, ModelVersion
from generation.services.run import MAX_TEXTS, ItemRequest, run_create

FILTER_KEYS = frozenset({"q", "category", "vendor", "tag", "price_min", "price_max", "skus", "language"})


@dataclass(frozen=True)
class BriefData:
    """What a person fills in. ``product_filter`` is read by ``selectors.catalogue.products_matching``.

    ``style``, ``sentiment``, ``length`` and ``emoji`` are values of their choices in ``models.brief``, or empty.
    """

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
    style: str = ""
    sentiment: str = ""
    length: str = ""
    emoji: str = ""


PLAIN = ("name", "language", "style", "tone", "sentiment", "length", "emoji", "instructions", "count")
DIALS = {"style": Style, "sentiment": Sentiment, "length": Length, "emoji": Emoji}


def brief_save(*, actor: User, campaign: Campaign, brief: Brief | None = None, data: BriefData) -> Brief:
    """Create a brief, or change one. Raises InvalidInputError with fields, TransitionError once the campaign is finished."""
    _check(campaign=campaign, data=data)
    try:
        with transaction.atomic():
            owner = open_campaign(actor=actor, campaign=campaign)
            if brief is None:
                row, verb = Brief(workspace=owner.workspace, campaign=owner, created_by=actor), "brief.create"
            else:
                row, verb = locked(Brief, pk=brief.pk, campaign=owner), "brief.change"
            for name in PLAIN:
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


def open_campaign(*, actor: User, campaign: Campaign) -> Campaign:
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
    for name, choices in DIALS.items():
        if getattr(data, name) not in ("", *choices.values):
            wrong[name] = [_("Choose one of the values.")]
    if not 1 <= data.count <= MAX_PER_ITEM:
        wrong["count"] = [_("Between 1 and %(most)d.") % {"most": MAX_PER_ITEM}]
    if unknown := set(data.product_filter) - FILTER_KEYS:
        raise ValueError(f"unknown product filter: {', '.join(sorted(unknown))}")
    if clash := words_clash(data.must_words, data.never_words):
        wrong["never_words"] = [clash_text(clash)]
    if wrong:
        raise InvalidInputError(fields=wrong)


def _choose(*, brief: Brief, data: BriefData) -> None:
    """Replace the brief's segments and channels by those chosen now."""
    of_brief = {"workspace_id": brief.workspace_id, "brief": brief}
    BriefSegment.objects.filter(brief=brief).delete()
    BriefChannel.objects.filter(brief=brief).delete()
    BriefSegment.objects.bulk_create(BriefSegment(segment=segment, **of_brief) for segment in data.segments)
    BriefChannel.objects.bulk_create(BriefChannel(channel=channel, **of_brief) for channel in data.channels)


def brief_generate(*, actor: User, brief: Brief) -> tuple[GenerationRun, bool]:
    """Start a run over product × segment × channel. Returns it and whether it is new.

    Pressing again while an equal run is open, also many times at once, gives that run. Raises TransitionError for a
    finished campaign, InvalidInputError where nothing matches or too much, or where words exclude each other, BusyError
    without a model to write with.
    """
    with transaction.atomic():
        campaign = open_campaign(actor=actor, campaign=brief.campaign)
        current = Brief.objects.get(pk=brief.pk)
        current.campaign = campaign
        _check_size(current)
        _check_words(current)
        parts = _parts(current)
        items = _items(current, parts)
        run, is_new = run_create(
            actor=actor,
            workspace=campaign.workspace,
            label=f"{campaign.name} · {current.name}"[:200],
            items=items,
            version=version_of(campaign.brand),
        )
        if is_new:
            run_link(brief=current, run=run, parts=parts)
            event_record(
                actor=actor, workspace=campaign.workspace, verb="brief.generate", target=current, data={"run": run.pk}
            )
        return run, is_new


def run_link(*, brief: Brief, run: GenerationRun, parts: Sequence[BriefPart]) -> None:
    """Say of a new run, and of each of its items in their order, what it is about. Part of the caller's transaction."""
    brief_run = BriefRun.objects.create(workspace_id=run.workspace_id, brief=brief, run=run)
    ids = run.items.order_by("position").values_list("pk", flat=True)
    BriefItem.objects.bulk_create(
        BriefItem(
            workspace_id=run.workspace_id,
            brief_run=brief_run,
            item_id=item_id,
            product=part.product,
            segment=part.segment,
            channel=part.channel,
        )
        for item_id, part in zip(ids, parts, strict=True)
    )


def version_of(brand: Brand | None) -> ModelVersion | None:
    """The version that was chosen for the brand; None: the workspace's active one. BusyError where it lost its files."""
    version = brand.model_version if brand else None
    if brand and version and version.status == ModelVersion.Status.DELETED:
        raise BusyError(
            _("“%(brand)s” writes with %(version)s, whose files were deleted. Ask an admin to choose another version on the brand's page.")
            % {"brand": brand.name, "version": version}
        )  # fmt: skip
    return version


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


def _check_words(brief: Brief) -> None:
    """No text could keep a must word that holds a never word, whether the brief, its brand or a segment says so."""
    segments: list[AudienceSegment | None] = [*brief_segments(brief)] or [None]
    for segment in segments:
        words = asked_words(
            brand=brief.campaign.brand, segment=segment, must_words=brief.must_words, never_words=brief.never_words
        )
        if clash := words_clash(*words):
            raise InvalidInputError(
                _(
                    "The must word “%(must)s” and the never word “%(never)s” exclude each other, so no text could be kept. Change one of them: in the brief, its brand or its segment."
                )
                % {"must": clash[0], "never": clash[1]}
            )


def _parts(brief: Brief) -> list[BriefPart]:
    products = (
        products_matching(brief.workspace, brief.product_filter).prefetch_related("facts").order_by("title", "pk")
    )
    segments: list[AudienceSegment | None] = [*brief_segments(brief)] or [None]
    return [BriefPart(*one) for one in combinations(products, segments, brief_channels(brief))]


def _items(brief: Brief, parts: Sequence[BriefPart]) -> list[ItemRequest]:
    """Fields of one platform, such as headline and description, are written together: each leads with the facts that the
    ones before it leave."""
    language = Language(brief.language)
    ran = ran_texts(
        workspace=brief.workspace,
        products={part.product for part in parts},
        channels={part.channel for part in parts},
        language=brief.language,
    )
    items: list[ItemRequest] = []
    for _key, fields in groupby(parts, key=lambda part: (part.product.pk, part.segment, part.channel.platform)):
        together, lead, after = list(fields), len(items), 0
        for part in together:
            payload = item_payload(
                brief=brief, part=part, ran=ran.get((part.product.pk, part.channel.key), ()), after=after
            )
            items.append(ItemRequest(payload, brief.count, lead if len(together) > 1 else None))
            view = channel_view(channel=part.channel, language=language, length=brief.length)
            after += most_leads(view, language)
    _note_siblings(items, parts)
    return items


def _note_siblings(items: Sequence[ItemRequest], parts: Sequence[BriefPart]) -> None:
    """Under "siblings" in each payload: the places of the items for the same product and channel, but another segment."""
    places: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, part in enumerate(parts):
        places[part.product.pk, part.channel.pk].append(place)
    for place, (item, part) in enumerate(zip(items, parts, strict=True)):
        if siblings := [other for other in places[part.product.pk, part.channel.pk] if other != place]:
            item.payload["siblings"] = siblings
