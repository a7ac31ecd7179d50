"""Approved, edited and rejected copy, and its collection, for the tests of training data."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from campaigns.models import Variant
from campaigns.selectors.training_data import Collected, collect
from campaigns.services.review import (
    variant_approve,
    variant_request_changes,
    variant_restore,
    variant_retire,
    variant_submit,
)
from campaigns.services.variant import revision_of, variant_adopt, variant_edit
from generation.models import Candidate
from tests.people import Cast

DRAFT = "Stay dry at 320 g"
EDITED = "Weighs 320 g and keeps the rain out all day"


def collected(cast: Cast, **window: Any) -> Collected:
    values: dict[str, Any] = {"since": None, "until": timezone.now() + dt.timedelta(seconds=1), **window}
    return collect(workspace=cast.workspace, **values)


def approve(cast: Cast, variant: Variant, **values: Any) -> Variant:
    variant = variant_submit(actor=cast.copywriter, variant=variant)
    read = {"sha256": revision_of(variant).sha256, "review_cycle": variant.review_cycle}
    return variant_approve(actor=cast.approver, variant=variant, **read, **values)


def send_back(cast: Cast, variant: Variant) -> Variant:
    variant = variant_submit(actor=cast.copywriter, variant=variant)
    read = {"sha256": revision_of(variant).sha256, "review_cycle": variant.review_cycle}
    return variant_request_changes(actor=cast.approver, variant=variant, reason="Too vague.", **read)


def bring_back(cast: Cast, variant: Variant, reason: str = "") -> Variant:
    """Taken out of use, for the reason, and restored as a draft."""
    variant = variant_retire(actor=cast.approver, variant=variant, reason=reason)
    return variant_restore(actor=cast.copywriter, variant=variant)


def adopt(cast: Cast, candidate: Candidate) -> Variant:
    return variant_adopt(actor=cast.copywriter, candidate=candidate)


def edit(cast: Cast, variant: Variant, text: str) -> Variant:
    number = revision_of(variant).number
    return variant_edit(actor=cast.copywriter, variant=variant, text=text, base_revision=number)
