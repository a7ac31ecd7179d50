"""The texts that already ran for a product in a channel: new ones must not come near them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce, RowNumber

from campaigns.models import Channel, Product, ReviewEvent, Variant, VariantStatus
from campaigns.models.review import ReviewVerb
from copystudio.models import Workspace

MOST_RAN = 12  # texts that were approved
MOST_DRAFTS = 12  # texts that were not

# product and key of the channel
RanTexts = Mapping[tuple[int, str], list[str]]
# product, key of the channel, text
Rows = Iterable[tuple[int | None, str, str]]


def ran_texts(
    *, workspace: Workspace, products: Iterable[Product], channels: Iterable[Channel], language: str
) -> RanTexts:
    """By product and key of the channel, the texts in that language that are in use or were: up to 12 that were approved,
    those that are served first, then up to 12 drafts; of each the newest first.

    Copy that is not served any more counts with what was approved last. Two queries, whatever the number of products.
    """
    variants = Variant.objects.filter(
        workspace=workspace,
        language=language,
        product__in={product.pk for product in products},
        channel__key__in={channel.key for channel in channels},
    )
    found: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for product, channel, text in chain(_approved(variants), _drafts(variants)):
        if product is not None and text not in found[product, channel]:
            found[product, channel].append(text)
    return found


def _approved(variants: QuerySet[Variant]) -> Rows:
    """What is served, whatever its draft says by now, and of copy that is served no longer what was approved last."""
    approvals = ReviewEvent.objects.filter(variant=OuterRef("pk"), verb=ReviewVerb.APPROVE).order_by("-pk")
    shown = Coalesce("approved_revision__text", Subquery(approvals.values("revision__text")[:1]))
    is_over = Q(approved_revision__isnull=True)
    return _first(variants.annotate(is_over=is_over), shown, MOST_RAN, F("is_over").asc(), F("pk").desc())


def _drafts(variants: QuerySet[Variant]) -> Rows:
    """What is written and not approved: also the new text of copy whose old one is served."""
    is_other = Q(approved_revision__isnull=True) | ~Q(approved_revision=F("current_revision"))
    found = variants.filter(is_other).exclude(status=VariantStatus.RETIRED)
    return _first(found, F("current_revision__text"), MOST_DRAFTS, F("pk").desc())


def _first(variants: QuerySet[Variant], shown: Coalesce | F, most: int, *order: OrderBy) -> Rows:
    """Of each product and channel the first so many that have a text."""
    place = Window(RowNumber(), partition_by=[F("product_id"), F("channel__key")], order_by=order)
    found = variants.annotate(shown=shown).filter(shown__isnull=False).annotate(place=place)
    return found.filter(place__lte=most).order_by(*order).values_list("product_id", "channel__key", "shown")
