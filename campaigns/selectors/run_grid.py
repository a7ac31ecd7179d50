"""A run's results side by side: a row for each product, a column for each segment and channel."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Min

from campaigns.models import BriefItem, Product
from campaigns.selectors.cards import Card, candidate_card
from campaigns.selectors.run import candidates
from campaigns.selectors.run_results import Scope, Wanted
from copystudio.paging import KeyPaginator
from generation.models import Candidate, GenerationRun

PRODUCTS = 8  # a page
WIDE = 6  # with more columns than this, one channel at a time


@dataclass(frozen=True)
class Cell:
    """One item. ``candidate`` and ``card`` are its best text, None where none came; ``others`` counts the further ones."""

    item: int
    column: str
    candidate: Candidate | None
    card: Card | None
    others: int


@dataclass(frozen=True)
class Row:
    product: Product
    cells: tuple[Cell | None, ...]


def grid_columns(scope: Scope, channel: str) -> tuple[tuple[int | None, int], ...]:
    """The columns of one channel, or of all where ``channel`` is empty."""
    return tuple(one for one in scope.columns if not channel or one[1] == int(channel))


def grid_channel(scope: Scope, asked: str) -> str:
    """The channel that is shown: the one asked for, else the first one where all would be too wide."""
    known = {str(channel.pk) for channel in scope.channels}
    if asked in known or not scope.channels:
        return asked if asked in known else ""
    return str(scope.channels[0].pk) if len(scope.columns) > WIDE else ""


def column_names(scope: Scope, columns: tuple[tuple[int | None, int], ...], everybody: str) -> list[str]:
    segments = {one.pk if one else None: one.name if one else everybody for one in scope.segments}
    channels = {one.pk: one.name for one in scope.channels}
    several = len({channel for _segment, channel in columns}) > 1
    return [f"{segments[one]} · {channels[two]}" if several else segments[one] for one, two in columns]


def grid_pages(
    run: GenerationRun, wanted: Wanted, columns: tuple[tuple[int | None, int], ...], names: list[str]
) -> KeyPaginator:
    """Rows of products in the order in which they are written."""
    parts = BriefItem.objects.filter(brief_run__run=run, workspace_id=run.workspace_id)
    products = parts.filter(wanted.parts()).order_by().values("product").annotate(first=Min("item")).order_by("first")

    def read(keys: list[int]) -> list[Row]:
        return _rows(run, keys, columns, names)

    return KeyPaginator(products.values_list("product", flat=True), read, PRODUCTS)


def _rows(
    run: GenerationRun, products: list[int], columns: tuple[tuple[int | None, int], ...], names: list[str]
) -> list[Row]:
    shown = set(columns)
    parts = BriefItem.objects.filter(brief_run__run=run, product__in=products).values_list(
        "product_id", "segment_id", "channel_id", "item_id", "item__produced"
    )
    places: dict[tuple[int, int | None, int], tuple[int, int]] = {
        (product, segment, channel): (item, produced)
        for product, segment, channel, item, produced in parts
        if (segment, channel) in shown
    }
    items = [item for item, _produced in places.values()]
    best = candidates(run.workspace).filter(item__in=items).order_by("item_id", "slot").distinct("item_id")
    found = {one.item_id: one for one in best}
    titles = Product.objects.filter(workspace_id=run.workspace_id).in_bulk(products)

    def cell(product: int, column: tuple[int | None, int], name: str) -> Cell | None:
        if (product, *column) not in places:
            return None
        item, produced = places[(product, *column)]
        text = found.get(item)
        return Cell(item, name, text, candidate_card(text) if text else None, max(0, produced - 1))

    return [
        Row(titles[one], tuple(cell(one, column, name) for column, name in zip(columns, names, strict=True)))
        for one in products
    ]
