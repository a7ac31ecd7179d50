"""Objects for tests. States are reached through the real services, with their history."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import count
from typing import Any

from campaigns.models import (
    ApiClient,
    AudienceSegment,
    Brand,
    Campaign,
    Channel,
    Placement,
    Product,
    Scope,
    Variant,
    VariantStatus,
)
from campaigns.services.audience import segment_save
from campaigns.services.brand import brand_save
from campaigns.services.campaign import campaign_move, campaign_save
from campaigns.services.client import client_create
from campaigns.services.placement import placement_assign, placement_create
from campaigns.services.product import ProductData, product_save
from campaigns.services.review import variant_approve, variant_request_changes, variant_retire, variant_submit
from campaigns.services.variant import revision_of, variant_write
from tests.people import Cast

numbers = count(1)


def make_product(cast: Cast, **values: Any) -> Product:
    n = next(numbers)
    data = {
        "sku": f"SKU-{n}",
        "title": f"Rain jacket {n}",
        "description": "A light jacket for wet days.",
        "category": "Outdoor",
        "vendor": "Northway",
        "language": "en",
        "currency": "USD",
        "price": Decimal("79.00"),
        "was_price": Decimal("99.00"),
        "facts": [("weight", "320", "g"), ("water column", "10000", "mm")],
    }
    return product_save(actor=cast.copywriter, workspace=cast.workspace, data=ProductData(**{**data, **values}))


def make_brand(cast: Cast, **values: Any) -> Brand:
    return brand_save(actor=cast.copywriter, workspace=cast.workspace, **{"name": f"Brand {next(numbers)}", **values})


def make_segment(cast: Cast, **values: Any) -> AudienceSegment:
    data = {
        "name": f"Hikers {next(numbers)}",
        "description": "People who walk in the hills at weekends.",
        "interests": [{"name": "weight", "weight": 0.9}],
    }
    return segment_save(actor=cast.copywriter, workspace=cast.workspace, **{**data, **values})


def make_campaign(cast: Cast, *, running: bool = False, **values: Any) -> Campaign:
    data = {"name": f"Campaign {next(numbers)}", "brand": None}
    campaign = campaign_save(actor=cast.copywriter, workspace=cast.workspace, **{**data, **values})
    return campaign_move(actor=cast.approver, campaign=campaign, verb="launch") if running else campaign


def channel(cast: Cast, key: str = "email_subject") -> Channel:
    return Channel.objects.get(workspace=cast.workspace, key=key, is_current=True)


def make_variant(
    cast: Cast,
    *,
    status: str = VariantStatus.DRAFT,
    text: str = "Stay dry at 320 g",
    campaign: Campaign | None = None,
    channel_key: str = "email_subject",
    **values: Any,
) -> Variant:
    """A variant by the copywriter in ``status``; where approved, the approver approved it."""
    variant = variant_write(
        actor=cast.copywriter,
        campaign=campaign or make_campaign(cast),
        text=text,
        channel=channel(cast, channel_key),
        language=values.pop("language", "en"),
        **values,
    )
    if status == VariantStatus.RETIRED:
        return variant_retire(actor=cast.copywriter, variant=variant)
    if status == VariantStatus.DRAFT:
        return variant
    variant = variant_submit(actor=cast.copywriter, variant=variant)
    read = {"sha256": revision_of(variant).sha256, "review_cycle": variant.review_cycle}
    if status == VariantStatus.APPROVED:
        return variant_approve(actor=cast.approver, variant=variant, **read)
    if status == VariantStatus.CHANGES_REQUESTED:
        return variant_request_changes(actor=cast.approver, variant=variant, reason="Too vague.", **read)
    return variant


def make_placement(cast: Cast, *, variant: Variant | None = None, **values: Any) -> Placement:
    """A placement for e-mail subjects by the approver, serving ``variant`` where given."""
    n = next(numbers)
    data = {"slug": f"place-{n}", "name": f"Place {n}", "channel": channel(cast), "fallback_text": ""}
    placement = placement_create(actor=cast.approver, workspace=cast.workspace, **{**data, **values})
    return placement_assign(actor=cast.approver, placement=placement, variant=variant) if variant else placement


def make_client(cast: Cast, *, scopes: Iterable[str] = tuple(Scope.values), **values: Any) -> tuple[ApiClient, str]:
    """An API client by the admin, with its clear key."""
    name = values.pop("name", f"Shop {next(numbers)}")
    return client_create(actor=cast.admin, workspace=cast.workspace, name=name, scopes=scopes, **values)
