"""The texts that already ran for a product in a channel: new ones must not come near them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import Exists, F, OuterRef, Q, Window
from django.db.models.functions import RowNumber

from campaigns.models import Channel, Product, ReviewEvent, Variant, VariantStatus
from campaigns.models.review import ReviewVerb
from copystudio.models import Workspace

MOST_RAN = 12

# product and key of the channel
RanTexts = Mapping[tuple[int, str], list[str]]


def ran_texts(
    *, workspace: Workspace, products: Iterable[Product], channels: Iterable[Channel], language: str
) -> RanTexts:
    """By product and key of the channel: up to 12 texts in that language that are in use or were, the newest first.

    A retired one counts where it was approved once. One query, whatever the number of products.
    """
    approved = ReviewEvent.objects.filter(variant=OuterRef("pk"), verb=ReviewVerb.APPROVE)
    newest = Window(RowNumber(), partition_by=[F("product_id"), F("channel__key")], order_by=F("pk").desc())
    rows = (
        Variant.objects.filter(
            ~Q(status=VariantStatus.RETIRED) | Exists(approved),
            workspace=workspace,
            language=language,
            product__in={product.pk for product in products},
            channel__key__in={channel.key for channel in channels},
            current_revision__isnull=False,
        )
        .annotate(place=newest)
        .filter(place__lte=MOST_RAN)
        .order_by("-pk")
        .values_list("product_id", "channel__key", "current_revision__text")
    )
    found: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for product, channel, text in rows:
        if product is not None:
            found[product, channel].append(text)
    return found
