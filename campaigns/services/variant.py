"""The texts of a variant: adopted or written, then edited. Its way through review is in ``campaigns.services.review``.

Every verb locks the row, then checks permission and state, and writes its review event in the same transaction. What is
served is ``approved_revision``: an edit opens a new review and leaves it in place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import (
    AudienceSegment,
    Brief,
    BriefItem,
    Campaign,
    CampaignStatus,
    Channel,
    Product,
    ReviewEvent,
    Revision,
    Variant,
)
from campaigns.models.review import ReviewVerb
from campaigns.models.variant import TRANSITIONS
from campaigns.permissions import least_role
from campaigns.rules import limits
from campaigns.selectors.run import candidate_language
from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import ConflictError, InvalidInputError, TransitionError
from copystudio.models import Event, Role, User, Workspace
from copystudio.services.events import event_of
from generation.models import Candidate

MAX_CHARACTERS = 20_000


def text_sha256(text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, exactly as stored: nothing is trimmed or normalised."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def text_check(*, text: str, channel: Channel) -> None:
    """Raise InvalidInputError where a text cannot be copy for the channel."""
    if not text.strip():
        raise InvalidInputError(fields={"text": [_("Write some text first.")]})
    if len(text) > MAX_CHARACTERS:
        raise InvalidInputError(fields={"text": [_("The text is longer than 20,000 characters.")]})
    if "\x00" in text or any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise InvalidInputError(fields={"text": [_("The text contains characters that cannot be stored.")]})
    length = limits.measure(text, limits.Unit(channel.unit))
    if length > channel.hard_limit:
        raise InvalidInputError(
            fields={
                "text": [
                    _("Too long for %(channel)s: %(length)d %(unit)s, at most %(limit)d.")
                    % {
                        "channel": channel.name,
                        "length": length,
                        "unit": channel.get_unit_display(),
                        "limit": channel.hard_limit,
                    }
                ]
            }
        )


def variant_adopt(*, actor: User, candidate: Candidate) -> Variant:
    """Make a variant of a candidate; adopting twice gives the same variant."""
    brief_item = (
        BriefItem.objects.select_related("brief_run__brief__campaign", "product", "segment", "channel")
        .filter(item=candidate.item_id, workspace=candidate.workspace_id)
        .first()
    )
    if brief_item is None:
        raise TransitionError(_("This candidate belongs to no brief."))
    brief = brief_item.brief_run.brief
    with transaction.atomic():
        campaign = locked(Campaign, pk=brief.campaign_id)
        require(actor=actor, workspace=campaign.workspace, role=Role.COPYWRITER)
        existing = Variant.objects.filter(candidate=candidate).first()
        if existing is not None:
            return existing
        return _create(
            actor=actor,
            campaign=campaign,
            text=candidate.text,
            channel=brief_item.channel,
            language=candidate_language(candidate),
            brief=brief,
            product=brief_item.product,
            segment=brief_item.segment,
            candidate=candidate,
            verb=ReviewVerb.ADOPT,
        )


def variant_write(
    *,
    actor: User,
    campaign: Campaign,
    text: str,
    channel: Channel,
    language: str,
    product: Product | None = None,
    segment: AudienceSegment | None = None,
) -> Variant:
    """A variant written by a person, without a candidate."""
    for part in (channel, product, segment):
        if part is not None and part.workspace_id != campaign.workspace_id:
            raise InvalidInputError(_("This belongs to another workspace."))
    with transaction.atomic():
        campaign = locked(Campaign, pk=campaign.pk)
        require(actor=actor, workspace=campaign.workspace, role=Role.COPYWRITER)
        return _create(
            actor=actor,
            campaign=campaign,
            text=text,
            channel=channel,
            language=language,
            product=product,
            segment=segment,
            verb=ReviewVerb.WRITE,
        )


def _create(
    *,
    actor: User,
    campaign: Campaign,
    text: str,
    channel: Channel,
    language: str,
    verb: ReviewVerb,
    brief: Brief | None = None,
    product: Product | None = None,
    segment: AudienceSegment | None = None,
    candidate: Candidate | None = None,
) -> Variant:
    if campaign.status == CampaignStatus.FINISHED:
        raise TransitionError(_("The campaign is finished."))
    text_check(text=text, channel=channel)
    variant = Variant.objects.create(
        workspace=campaign.workspace,
        campaign=campaign,
        brief=brief,
        product=product,
        segment=segment,
        channel=channel,
        language=language,
        candidate=candidate,
        is_ai_made=candidate is not None,
    )
    revision = _revise(variant=variant, author=actor, text=text)
    variant.save(update_fields=["current_revision", "updated_at"])
    step_record(variant=variant, verb=verb, actor=actor, revision=revision, before="")
    return variant


def _revise(*, variant: Variant, author: User | None, text: str) -> Revision:
    """A new revision as the variant's current one; the caller saves the variant, with whatever else changes."""
    last = variant.revisions.aggregate(last=Max("number"))["last"] or 0
    revision = Revision.objects.create(
        workspace_id=variant.workspace_id,
        variant=variant,
        number=last + 1,
        text=text,
        sha256=text_sha256(text),
        author=author,
    )
    variant.current_revision = revision
    return revision


def step_record(
    *,
    variant: Variant,
    verb: ReviewVerb,
    actor: User,
    revision: Revision,
    before: str,
    reason: str = "",
    data: Mapping[str, Any] = MappingProxyType({}),
) -> ReviewEvent:
    """The step in the variant's own history and, with ``data``, in the audit log of the workspace."""
    event, step = step_of(
        variant=variant, verb=verb, actor=actor, revision=revision, before=before, reason=reason, data=data
    )
    event.save(force_insert=True)
    step.save(force_insert=True)
    return step


def step_of(
    *,
    variant: Variant,
    verb: ReviewVerb,
    actor: User,
    revision: Revision,
    before: str,
    reason: str = "",
    data: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Event, ReviewEvent]:
    """Both rows of a step, unsaved: for who records many at once."""
    event = event_of(
        actor=actor,
        workspace=variant.workspace,
        verb=f"variant.{verb}",
        target=variant,
        data={"revision": revision.number, "sha256": revision.sha256, "review_cycle": variant.review_cycle, **data},
    )
    step = ReviewEvent(
        workspace_id=variant.workspace_id,
        variant=variant,
        revision=revision,
        verb=verb,
        actor=actor,
        from_status=before,
        to_status=variant.status,
        review_cycle=variant.review_cycle,
        reason=reason,
        created_at=timezone.now(),
    )
    return event, step


def step_begin(*, actor: User, variant: Variant, verb: ReviewVerb) -> tuple[Variant, str, str]:
    """Lock, check role, then state. Returns the locked row, its status, and the status that the verb leads to."""
    current = locked(Variant, pk=variant.pk)
    require(actor=actor, workspace=current.workspace, role=least_role(variant=current, verb=verb))
    sources, target = TRANSITIONS[verb]
    if current.status not in sources:
        raise TransitionError(
            _("“%(verb)s” is not possible while the copy is “%(status)s”.")
            % {"verb": ReviewVerb(verb).label, "status": current.get_status_display()}
        )
    return current, current.status, target


def revision_of(variant: Variant) -> Revision:
    """The current revision; every variant has one from the transaction that made it."""
    if variant.current_revision is None:
        raise TransitionError(_("This copy has no text."))
    return variant.current_revision


def variant_edit(*, actor: User, variant: Variant, text: str, base_revision: int) -> Variant:
    """Save a new text. ``base_revision`` is the number of the revision that the person had on screen.

    Raises ConflictError where somebody saved in between: neither text is lost, the screen shows both.
    """
    with transaction.atomic():
        current, before, target = step_begin(actor=actor, variant=variant, verb=ReviewVerb.EDIT)
        if revision_of(current).number != base_revision:
            raise ConflictError(_("Somebody else saved a newer text. Compare both before you save yours."))
        text_check(text=text, channel=current.channel)
        if revision_of(current).text == text:
            return current
        revision = _revise(variant=current, author=actor, text=text)
        current.status = target
        current.review_cycle += 1
        current.save(update_fields=["status", "review_cycle", "current_revision", "updated_at"])
        step_record(variant=current, verb=ReviewVerb.EDIT, actor=actor, revision=revision, before=before)
        return current


def delivery_changed(workspace: Workspace) -> None:
    """Tell every web process, within a second, that what is served changed. Part of the change's transaction."""
    Workspace.objects.filter(pk=workspace.pk).update(delivery_version=F("delivery_version") + 1)
