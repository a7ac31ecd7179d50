"""The items and texts of a run, of which there may be tens of thousands: filtered, sorted, page by page."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.http import Http404

from campaigns.models import AudienceSegment, BriefItem, Channel, Variant
from campaigns.selectors.run import candidates
from campaigns.selectors.run_progress import STATES, ItemCounts
from copystudio.paging import KeyPaginator
from generation.models import Candidate, GenerationItem, GenerationRun

ITEMS, TEXTS = 25, 24  # a page
EVERYBODY = "everybody"  # instead of a segment's number: copy that was written for no segment
ORDERS = {
    "": ("position", "slot"),
    "fluency": ("-fluency", "pk"),
    "long": ("-length", "pk"),
    "short": ("length", "pk"),
}


@dataclass(frozen=True)
class Wanted:
    """Which texts of a run are wanted; empty values say nothing.

    q        the product's title or SKU contains it
    segment  number of a segment, or EVERYBODY
    show     "findings", "clean", "adopted" or "open" (not adopted)
    """

    q: str = ""
    segment: str = ""
    channel: str = ""
    show: str = ""
    item: int | None = None

    @property
    def is_of_all_items(self) -> bool:
        """Whether every item is wanted."""
        return not (self.q or self.segment or self.channel or self.item is not None)

    def parts(self) -> Q:
        """The part that is about the item, as a filter over brief items."""
        found = Q()
        if self.item is not None:
            found &= Q(item=self.item)
        if self.q:
            found &= Q(product__title__icontains=self.q) | Q(product__sku__icontains=self.q)
        if self.segment:
            found &= Q(segment__isnull=True) if self.segment == EVERYBODY else Q(segment=int(self.segment))
        if self.channel:
            found &= Q(channel=int(self.channel))
        return found


# -- items -----------------------------------------------------------------------------------------------------------


def item_pages(run: GenerationRun, *, state: str, counts: ItemCounts) -> KeyPaginator:
    """The run's items in the order in which they are written; ``state`` is a key of STATES, or empty for all."""
    rows = GenerationItem.objects.filter(run=run).filter(STATES.get(state, Q()))
    keys = rows.order_by("position").values_list("pk", flat=True)
    return KeyPaginator(keys, _items, ITEMS, counts.of(state))


def _items(keys: list[int]) -> list[GenerationItem]:
    rows = GenerationItem.objects.filter(pk__in=keys).order_by("position").defer("payload", "prompt", "lost")
    return list(rows.select_related("brief_item__product", "brief_item__segment", "brief_item__channel"))


def part_get_for(*, run: GenerationRun, item: int) -> BriefItem:
    """What an item of the run is about; Http404 where there is none of that number in it."""
    rows = BriefItem.objects.filter(brief_run__run=run, workspace_id=run.workspace_id)
    part = rows.select_related("item", "product", "segment", "channel").filter(item=item).first()
    if part is None:
        raise Http404
    return part


@dataclass(frozen=True)
class Scope:
    """For whom and where a run writes: what its results can be narrowed to."""

    segments: tuple[AudienceSegment | None, ...]
    channels: tuple[Channel, ...]
    columns: tuple[tuple[int | None, int], ...]


def run_scope(run: GenerationRun) -> Scope:
    """Segments by name (None, everybody, first), channels by key, and which go together."""
    rows = BriefItem.objects.filter(brief_run__run=run, workspace_id=run.workspace_id)
    pairs = set(rows.order_by().values_list("segment_id", "channel_id").distinct())
    found = AudienceSegment.objects.filter(workspace_id=run.workspace_id, pk__in={one for one, _two in pairs if one})
    named: list[AudienceSegment | None] = [*found.order_by("name", "pk")]
    segments = tuple([None, *named] if any(one is None for one, _two in pairs) else named)
    used = Channel.objects.filter(workspace_id=run.workspace_id, pk__in={two for _one, two in pairs})
    channels = tuple(used.order_by("platform", "key"))
    columns = tuple(
        (segment.pk if segment else None, channel.pk)
        for segment in segments
        for channel in channels
        if (segment.pk if segment else None, channel.pk) in pairs
    )
    return Scope(segments, channels, columns)


# -- texts -----------------------------------------------------------------------------------------------------------


def result_rows(run: GenerationRun, wanted: Wanted) -> QuerySet[Candidate]:
    """Nothing but the candidates' own indexes is read where neither the product, segment nor channel is asked for."""
    rows = Candidate.objects.filter(run=run)
    if not wanted.is_of_all_items:
        rows = rows.filter(item__in=_brief_items(run, wanted).values("item"))
    adopted = Exists(Variant.objects.filter(candidate=OuterRef("pk")))
    shown = {"findings": ~Q(findings=[]), "clean": Q(findings=[]), "adopted": Q(adopted), "open": ~Q(adopted)}
    return rows.filter(shown.get(wanted.show, Q()))


def _brief_items(run: GenerationRun, wanted: Wanted) -> QuerySet[BriefItem]:
    rows = BriefItem.objects.filter(brief_run__run=run, workspace_id=run.workspace_id)
    return rows.filter(wanted.parts())


def result_pages(run: GenerationRun, wanted: Wanted, *, sort: str) -> KeyPaginator:
    """The texts that are wanted; ``sort`` is a key of ORDERS, and the order of the items for any other."""

    def read(keys: list[int]) -> list[Candidate]:
        found = {row.pk: row for row in candidates(run.workspace).filter(pk__in=keys)}
        return [found[key] for key in keys]

    keys = result_rows(run, wanted).order_by(*ORDERS.get(sort, ORDERS[""])).values_list("pk", flat=True)
    return KeyPaginator(keys, read, TEXTS, _how_many(run, wanted))


# what is shown: the few that it leaves out
REST = {"clean": "findings", "open": "adopted"}


def _how_many(run: GenerationRun, wanted: Wanted) -> int:
    """From the sums of the run or of its items; texts are counted only where they are few, those with findings or adopted."""
    if wanted.show and wanted.show not in REST:
        return result_rows(run, wanted).count()
    if rest := REST.get(wanted.show):
        return max(0, _how_many(run, replace(wanted, show="")) - _how_many(run, replace(wanted, show=rest)))
    if wanted.is_of_all_items:
        return run.done
    return int(_brief_items(run, wanted).aggregate(texts=Sum("item__produced", default=0))["texts"])


def first_texts(run: GenerationRun, wanted: Wanted) -> QuerySet[Candidate, int]:
    """Numbers of the best wanted text of each item that nobody has adopted a text of, in the order of the items."""
    taken = Variant.objects.filter(workspace_id=run.workspace_id, candidate__run=run).values("candidate__position")
    rows = result_rows(run, wanted).exclude(position__in=taken)
    return rows.order_by("position", "slot").distinct("position").values_list("pk", flat=True)
