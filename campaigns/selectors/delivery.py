"""What a web process holds to answer the shop: the approved text of every placement and the API keys of a workspace."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from campaigns.models import ApiClient, CampaignStatus, Placement, Variant
from copystudio.models import Workspace

log = logging.getLogger(__name__)

# The visible label is part of the delivered content: it speaks the language of the copy, not that of the reader.
AI_LABELS = {"en": "Generated with AI", "zh-hans": "AI生成"}


@dataclass(frozen=True, slots=True)
class Arm:
    """One side of a placement: one approved revision. There is one arm now; an experiment gives a placement several."""

    variant: int
    revision: int
    text: str
    sha256: str
    language: str
    product: str | None
    segment: str | None
    ai: Mapping[str, Any]
    etag: str

    def fits(self, *, product: str | None, segment: str | None, language: str | None) -> bool:
        """Whether the copy may answer this request; copy about no product (for no segment) fits all of them."""
        return (
            (language is None or language == self.language)
            and (product is None or self.product is None or product == self.product)
            and (segment is None or self.segment is None or segment == self.segment)
        )


@dataclass(frozen=True, slots=True)
class Slot:
    """A placement as the decision needs it."""

    placement: int
    slug: str
    channel: str
    arms: tuple[Arm, ...]
    fallback_text: str


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """An API key that is in force, or will be for a while."""

    client: int
    scopes: frozenset[str]
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None

    def valid_at(self, now: dt.datetime) -> bool:
        return not any(end is not None and end <= now for end in (self.expires_at, self.revoked_at))


@dataclass(frozen=True, slots=True)
class Payload:
    """Everything the decision path reads. ``keys`` is by the SHA-256 of the clear key, ``slots`` by placement name."""

    workspace: int
    slug: str
    version: int
    signing_key: str = field(repr=False)
    keys: Mapping[str, KeyEntry] = field(repr=False)
    slots: Mapping[str, Slot] = field(repr=False)


def ai_statement(variant: Variant) -> dict[str, Any]:
    """Whether a model made the text, as a label for people and as metadata for machines.

    ``aigc`` follows the metadata of GB 45438-2025 (Label 1: generated); ``mode`` is the word that the response header
    ``AI-Disclosure`` carries.
    """
    if not variant.is_ai_made:
        return {
            "generated": False,
            "label": None,
            "metadata": {"mode": "none", "reviewed_by_human": True, "aigc": None},
        }
    return {
        "generated": True,
        "label": {"text": AI_LABELS.get(variant.language, AI_LABELS["en"]), "language": variant.language},
        "metadata": {
            "mode": "ai-originated",
            "reviewed_by_human": True,
            "aigc": {"Label": "1", "ContentProducer": "Copy Studio", "ProduceID": str(variant.approved_revision_id)},
        },
    }


def _etag(*parts: object) -> str:
    """Weak, because the exposure token in the body differs with every answer while the copy is the same."""
    return f'W/"{hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]}"'


def arm_of(placement: Placement) -> Arm | None:
    """What a placement serves now: the approved revision of its variant, while the campaign runs."""
    variant = placement.variant
    if variant is None or variant.approved_revision is None or variant.campaign.status != CampaignStatus.RUNNING:
        return None
    revision = variant.approved_revision
    if hashlib.sha256(revision.text.encode("utf-8")).hexdigest() != revision.sha256:
        log.error("revision %s is not served: its text does not match its SHA-256", revision.pk)
        return None
    return Arm(
        variant=variant.pk,
        revision=revision.pk,
        text=revision.text,
        sha256=revision.sha256,
        language=variant.language,
        product=variant.product.sku if variant.product else None,
        segment=variant.segment.slug if variant.segment else None,
        ai=ai_statement(variant),
        etag=_etag(placement.pk, variant.pk, revision.pk, revision.sha256, variant.is_ai_made, variant.language),
    )


def slot_of(placement: Placement) -> Slot:
    arm = arm_of(placement)
    return Slot(
        placement=placement.pk,
        slug=placement.slug,
        channel=placement.channel.key,
        arms=(arm,) if arm else (),
        fallback_text=placement.fallback_text,
    )


def fallback_etag(slot: Slot) -> str:
    return _etag(slot.placement, "fallback", slot.fallback_text)


def placements_with_copy(workspace_id: int) -> QuerySet[Placement]:
    return Placement.objects.filter(workspace_id=workspace_id).select_related(
        "channel",
        "variant__approved_revision",
        "variant__campaign",
        "variant__product",
        "variant__segment",
    )


def version_read(workspace_id: int) -> int | None:
    """The workspace's delivery version in the database, None where the workspace is gone."""
    return Workspace.objects.filter(pk=workspace_id).values_list("delivery_version", flat=True).first()


def payload_read(workspace_id: int) -> Payload | None:
    """Read a workspace's payload. The version is read first: a change in between is then noticed at the next check."""
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    if workspace is None:
        return None
    now = timezone.now()
    clients = ApiClient.objects.filter(workspace_id=workspace_id).filter(
        Q(revoked_at__isnull=True) | Q(revoked_at__gt=now), Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    )
    return Payload(
        workspace=workspace.pk,
        slug=workspace.slug,
        version=workspace.delivery_version,
        signing_key=workspace.signing_key,
        keys={
            client.key_hash: KeyEntry(
                client=client.pk,
                scopes=frozenset(client.scopes),
                expires_at=client.expires_at,
                revoked_at=client.revoked_at,
            )
            for client in clients
        },
        slots={placement.slug: slot_of(placement) for placement in placements_with_copy(workspace_id)},
    )


def key_home(key_hash: str) -> int | None:
    """The workspace that a key belongs to, whatever the key's state."""
    return ApiClient.objects.filter(key_hash=key_hash).values_list("workspace_id", flat=True).first()
