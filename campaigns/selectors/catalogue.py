"""Reading products, brands, segments and channels."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from campaigns.models import AudienceSegment, Brand, Channel, Product
from copystudio.errors import Text
from copystudio.models import Workspace
from generation.models import ModelVersion


def products(workspace: Workspace) -> QuerySet[Product]:
    return Product.objects.filter(workspace=workspace)


def product_get_for(*, workspace: Workspace, pk: int) -> Product:
    """The product with its facts; Http404 where there is none in this workspace."""
    product = products(workspace).prefetch_related("facts").filter(pk=pk).first()
    if product is None:
        raise Http404
    return product


def products_matching(workspace: Workspace, wanted: dict[str, Any]) -> QuerySet[Product]:
    """The products on sale that a brief's ``product_filter`` means; unknown keys and empty values say nothing."""
    rows = products(workspace).filter(status=Product.Status.ACTIVE)
    if text := str(wanted.get("q") or "").strip():
        rows = rows.filter(search(text))
    for key in ("category", "vendor", "language"):
        if value := wanted.get(key):
            rows = rows.filter(**{key: value})
    if tag := wanted.get("tag"):
        rows = rows.filter(tags__contains=[tag])
    if skus := wanted.get("skus"):
        rows = rows.filter(sku__in=list(skus)[:2000])
    if (least := _decimal(wanted.get("price_min"))) is not None:
        rows = rows.filter(price__gte=least)
    if (most := _decimal(wanted.get("price_max"))) is not None:
        rows = rows.filter(price__lte=most)
    return rows


def search(text: str) -> Q:
    """Title, SKU or vendor contains the text: works for Chinese, which has no word breaks to index by."""
    return Q(title__icontains=text) | Q(sku__icontains=text) | Q(vendor__icontains=text)


def _decimal(value: object) -> Decimal | None:
    if value in (None, ""):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def categories(workspace: Workspace) -> list[str]:
    """The categories in use, by name."""
    return list(
        products(workspace)
        .exclude(category="")
        .order_by("category")
        .values_list("category", flat=True)
        .distinct()[:500]
    )


def vendors(workspace: Workspace) -> list[str]:
    return list(
        products(workspace).exclude(vendor="").order_by("vendor").values_list("vendor", flat=True).distinct()[:500]
    )


def brands(workspace: Workspace) -> QuerySet[Brand]:
    return Brand.objects.filter(workspace=workspace)


def brand_get_for(*, workspace: Workspace, pk: int) -> Brand:
    brand = brands(workspace).select_related("model_version__language_model").filter(pk=pk).first()
    if brand is None:
        raise Http404
    return brand


def versions_to_choose(workspace: Workspace) -> QuerySet[ModelVersion]:
    """The model versions that may write for a brand: those whose files are there."""
    rows = ModelVersion.objects.filter(workspace=workspace).exclude(status=ModelVersion.Status.DELETED)
    return rows.select_related("language_model").order_by("-number")


def version_kept(*, version: ModelVersion) -> Text | None:
    """Why the version may not be deleted (``settings.MODEL_VERSION_KEPT``); None where no brand writes with it."""
    names = Brand.objects.filter(model_version=version).order_by("name").values_list("name", flat=True)[:5]
    if not names:
        return None
    return _("Brands write with this version: %(names)s. Choose another one on their pages first.") % {
        "names": ", ".join(names)
    }


def segments(workspace: Workspace) -> QuerySet[AudienceSegment]:
    return AudienceSegment.objects.filter(workspace=workspace)


def segment_get_for(*, workspace: Workspace, pk: int) -> AudienceSegment:
    segment = segments(workspace).filter(pk=pk).first()
    if segment is None:
        raise Http404
    return segment


def channels(workspace: Workspace) -> QuerySet[Channel]:
    """The channels as they are now, without their former versions."""
    return Channel.objects.filter(workspace=workspace, is_current=True)


def channel_get_for(*, workspace: Workspace, pk: int) -> Channel:
    channel = Channel.objects.filter(workspace=workspace, pk=pk).first()
    if channel is None:
        raise Http404
    return channel
