"""A variant's way through review: submitted, sent back or approved, retired and brought back.

Every verb locks the row, then checks permission and state, and writes its review event in the same transaction. What is
served is ``approved_revision``: an edit opens a new review and leaves it in place.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.models import Variant
from campaigns.models.review import ReviewVerb
from campaigns.permissions import approval_refusal
from campaigns.services.copy_check import blocking_findings, variant_findings
from campaigns.services.variant import delivery_changed, revision_of, step_begin, step_record, text_check
from copystudio.errors import ConflictError, InvalidInputError, NotPermittedError
from copystudio.models import User

MOST_REASON = 2000


def variant_submit(*, actor: User, variant: Variant) -> Variant:
    """Hand the text to review. Opens a new review cycle."""
    with transaction.atomic():
        current, before, target = step_begin(actor=actor, variant=variant, verb=ReviewVerb.SUBMIT)
        text_check(text=revision_of(current).text, channel=current.channel)
        current.status = target
        current.review_cycle += 1
        current.save(update_fields=["status", "review_cycle", "updated_at"])
        step_record(variant=current, verb=ReviewVerb.SUBMIT, actor=actor, revision=revision_of(current), before=before)
        return current


def variant_withdraw(*, actor: User, variant: Variant) -> Variant:
    """Take the text back out of review."""
    with transaction.atomic():
        current, before, target = step_begin(actor=actor, variant=variant, verb=ReviewVerb.WITHDRAW)
        current.status = target
        current.save(update_fields=["status", "updated_at"])
        step_record(
            variant=current, verb=ReviewVerb.WITHDRAW, actor=actor, revision=revision_of(current), before=before
        )
        return current


def _check_read(*, variant: Variant, sha256: str, review_cycle: int) -> None:
    if revision_of(variant).sha256 != sha256 or variant.review_cycle != review_cycle:
        raise ConflictError(_("The text changed after you opened it. Read it again before you decide."))


def variant_approve(*, actor: User, variant: Variant, sha256: str, review_cycle: int, reason: str = "") -> Variant:
    """Approve the very bytes that were read: the hash and the review cycle must be those on the row.

    Where the rules find something blocking, ``reason`` says why it may be published all the same; it is kept with the
    verdict. Raises NotPermittedError for the author and where an author is unknown, ConflictError where the text
    changed, InvalidInputError where a reason is needed and missing.
    """
    with transaction.atomic():
        current, before, target = step_begin(actor=actor, variant=variant, verb=ReviewVerb.APPROVE)
        _check_read(variant=current, sha256=sha256, review_cycle=review_cycle)
        if (refusal := approval_refusal(actor=actor, variant=current)) is not None:
            raise NotPermittedError(refusal)
        overridden = _overridden(variant=current, reason=reason)
        current.status = target
        current.approved_revision = current.current_revision
        current.save(update_fields=["status", "approved_revision", "updated_at"])
        step_record(
            variant=current,
            verb=ReviewVerb.APPROVE,
            actor=actor,
            revision=revision_of(current),
            before=before,
            reason=reason.strip() if overridden else "",
            data={"overridden": overridden} if overridden else {},
        )
        delivery_changed(current.workspace)
        return current


def _overridden(*, variant: Variant, reason: str) -> list[dict[str, str]]:
    """The blocking findings of the text by today's facts and words, each by its key and excerpt; they need a reason."""
    found = blocking_findings(variant_findings(variant, revision_of(variant).text))
    if found and not reason.strip():
        message = _("Say why this text may be published although the rules would block it, or ask for changes.")
        raise InvalidInputError(fields={"reason": [message]})
    if len(reason) > MOST_REASON:
        raise InvalidInputError(fields={"reason": [_("Keep the reason under 2,000 characters.")]})
    return [{"finding": finding["message_key"], "excerpt": finding["excerpt"]} for finding in found]


def variant_request_changes(*, actor: User, variant: Variant, sha256: str, review_cycle: int, reason: str) -> Variant:
    """Send the text back with a reason. What was approved before stays served."""
    with transaction.atomic():
        current, before, target = step_begin(actor=actor, variant=variant, verb=ReviewVerb.REQUEST_CHANGES)
        _check_read(variant=current, sha256=sha256, review_cycle=review_cycle)
        if not reason.strip():
            raise InvalidInputError(fields={"reason": [_("Say what should change, so that the author can act.")]})
        if len(reason) > MOST_REASON:
            raise InvalidInputError(fields={"reason": [_("Keep the reason under 2,000 characters.")]})
        current.status = target
        current.save(update_fields=["status", "updated_at"])
        step_record(
            variant=current,
            verb=ReviewVerb.REQUEST_CHANGES,
            actor=actor,
            revision=revision_of(current),
            before=before,
            reason=reason,
        )
        return current


def variant_retire(*, actor: User, variant: Variant, reason: str = "") -> Variant:
    """Take the copy out of use: it is served no longer."""
    with transaction.atomic():
        current, before, target = step_begin(actor=actor, variant=variant, verb=ReviewVerb.RETIRE)
        current.status = target
        current.approved_revision = None
        current.save(update_fields=["status", "approved_revision", "updated_at"])
        step_record(
            variant=current,
            verb=ReviewVerb.RETIRE,
            actor=actor,
            revision=revision_of(current),
            before=before,
            reason=reason[:MOST_REASON],
        )
        delivery_changed(current.workspace)
        return current


def variant_restore(*, actor: User, variant: Variant) -> Variant:
    """Bring retired copy back as a draft; it has to be reviewed again."""
    with transaction.atomic():
        current, before, target = step_begin(actor=actor, variant=variant, verb=ReviewVerb.RESTORE)
        current.status = target
        current.review_cycle += 1
        current.save(update_fields=["status", "review_cycle", "updated_at"])
        step_record(variant=current, verb=ReviewVerb.RESTORE, actor=actor, revision=revision_of(current), before=before)
        return current
