"""Preference pairs from the rules: an approved text over one for the same brief that breaks them.

Both are judged by product, brand and campaign as they are now, and the pair's brief says what they say now. A candidate that
broke a rule when it was written was not stored, so there are two kinds of worse texts: what people wrote themselves, and
candidates that came with a warning or were asked for before product, words or dates changed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OrderBy, OuterRef, Q, QuerySet, Window
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, RowNumber

from campaigns.models import ReviewEvent, Revision, Variant
from campaigns.models.review import ReviewVerb
from campaigns.rules.finding import Severity
from campaigns.selectors import training_rows
from campaigns.selectors.training_pairs import against_worse
from campaigns.selectors.training_rows import Exclusion, in_chunks, written_brief
from campaigns.selectors.training_texts import ApprovedText, Group
from campaigns.selectors.training_weights import SOURCE_WEIGHT, edit_distance
from campaigns.services.copy_check import check_text, variant_data
from copystudio.models import User, Workspace
from generation.engine.training.dataset import PreferencePair, Source
from generation.models import Candidate

MOST_PAIRS = 2  # of a group
MOST_BETTER = 3  # approved texts of a group that are tried
MOST_WORSE = 12  # texts of a group that are checked, the newest of each kind
MOST_CHECKED = 300  # texts of one collection that are checked: some milliseconds each, and a page waits for it
_CHUNK = 50  # groups whose texts are read at once
GRAVE = {Severity.WARNING.value, Severity.BLOCKING.value}
_VARIANT = ("product", "segment", "channel", "language", "campaign", "brief")
_ITEM, _BRIEF = "item__brief_item", "item__brief_item__brief_run__brief"
# what the checks of a candidate were made of
_MADE_OF = (
    f"{_ITEM}__product", f"{_ITEM}__segment", f"{_ITEM}__channel", _BRIEF, f"{_BRIEF}__campaign", f"{_BRIEF}__campaign__brand",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """A text that may break the rules, and whom it is of: its author, or who asked for it."""

    id: str
    text: str
    by: User | None


def clean_over_broken(
    workspace: Workspace,
    window: training_rows.Window,
    approved: Iterable[ApprovedText],
    told: Collection[tuple[str, str]],
    excluded: Counter[Exclusion],
) -> Iterator[PreferencePair]:
    """Of one brief, an approved text in which nothing grave is found over those nearest to it in which something is.

    ``told`` are the worse texts of other pairs, each with its product: they need no second one. Where there is more to
    check than is cheap, the newest copy comes first.
    """
    groups: dict[Group, list[ApprovedText]] = defaultdict(list)
    for text in sorted(approved, key=lambda one: -one.variant):
        groups[text.group].append(text)
    left = MOST_CHECKED
    for chunk in in_chunks(list(groups), _CHUNK):
        worse = _worse(workspace, window, set(chunk))
        variants = _variants([one.variant for group in worse for one in groups[group][:MOST_BETTER]])
        for group in (group for group in chunk if group in worse):
            product = groups[group][0].product
            texts = [one for one in worse[group] if (product, one.text) not in told]
            left -= len(texts) + 1
            if left < 0:
                return
            yield from _of_group(workspace, groups[group][:MOST_BETTER], texts, variants, excluded)


def _of_group(
    workspace: Workspace,
    approved: Sequence[ApprovedText],
    texts: Sequence[Text],
    variants: Mapping[int, Variant],
    excluded: Counter[Exclusion],
) -> Iterator[PreferencePair]:
    if not texts:
        return
    checks = ((one, variant_data(variants[one.variant])) for one in approved)
    better, data = next(((one, data) for one, data in checks if not _is_broken(one.text, data)), (None, {}))
    if better is None:
        return
    broken: list[Text] = []
    for one in texts:
        if not _is_broken(one.text, data):
            continue
        reason = against_worse(one.by, one.text, better.text, workspace)
        if reason is None:
            broken.append(one)
        else:
            excluded[reason] += 1
    brief = written_brief(variants[better.variant])
    if brief is None:
        excluded[Exclusion.EMPTY_BRIEF] += bool(broken)
        return
    for one in sorted(broken, key=lambda one: edit_distance(one.text, better.text))[:MOST_PAIRS]:
        yield PreferencePair(
            id=f"pair/clean/{one.id}",
            brief=brief,
            chosen=better.text,
            rejected=one.text,
            source=Source.CLEAN_OVER_BROKEN,
            product=better.product,
            weight=SOURCE_WEIGHT[Source.CLEAN_OVER_BROKEN],
        )


def _is_broken(text: str, data: Mapping[str, Any]) -> bool:
    return any(finding["severity"] in GRAVE for finding in check_text(text, data))


def _variants(ids: Sequence[int]) -> Mapping[int, Variant]:
    rows = Variant.objects.select_related("product", "segment", "channel", "brief", "campaign__brand")
    return rows.prefetch_related("product__facts").in_bulk(ids)


def _worse(workspace: Workspace, window: training_rows.Window, groups: set[Group]) -> dict[Group, list[Text]]:
    """Texts of these groups that may break a rule and that nobody approved, each once, the newest first."""
    found: dict[Group, dict[str, Text]] = defaultdict(dict)
    for revision in _revisions(workspace, window, groups):
        group = Group.of(revision.variant)
        found[group].setdefault(revision.text, Text(f"revision/{revision.pk}", revision.text, revision.author))
    for row in _candidates(workspace, window, groups):
        about, brief = row.item.brief_item, row.item.brief_item.brief_run.brief
        language: str = row.language  # type: ignore[attr-defined]
        group = Group(about.product_id, about.segment_id, about.channel_id, language, brief.campaign_id, brief.pk)
        found[group].setdefault(row.text, Text(f"candidate/{row.pk}", row.text, row.item.run.created_by))
    return {group: list(texts.values()) for group, texts in found.items() if group in groups}


def _revisions(workspace: Workspace, window: training_rows.Window, groups: Collection[Group]) -> QuerySet[Revision]:
    """What people wrote: all but the candidate as it was adopted."""
    own = Q(number__gt=1) | Q(variant__is_ai_made=False)
    approvals = _approvals(window).filter(revision=OuterRef("pk"))
    rows = Revision.objects.filter(
        own,
        workspace=workspace,
        variant__product__in={group.product for group in groups},
        variant__channel__in={group.channel for group in groups},
        variant__campaign__in={group.campaign for group in groups},
        **window.lookup(),
    )
    newest = _newest(rows.exclude(Exists(approvals)), [f"variant__{name}" for name in _VARIANT])
    return newest.select_related("variant", "author")


def _candidates(workspace: Workspace, window: training_rows.Window, groups: Collection[Group]) -> QuerySet[Candidate]:
    """Those with a finding come first: a change of the product or the campaign makes every older text one to look at."""
    since = (Q(item__run__created_at__lt=F(f"{path}__updated_at")) for path in _MADE_OF)
    approvals = _approvals(window).filter(
        revision__variant__candidate=OuterRef("pk"), revision__sha256=OuterRef("sha256")
    )
    asked = KeyTextTransform("language", "item__payload")
    language = Coalesce(asked, F(f"{_BRIEF}__language"), output_field=models.TextField())
    rows = Candidate.objects.filter(
        reduce(or_, since, ~Q(findings=[])),
        workspace=workspace,
        item__brief_item__product__in={group.product for group in groups},
        item__brief_item__channel__in={group.channel for group in groups},
        item__brief_item__brief_run__brief__in={group.brief for group in groups} - {None},
        **window.lookup(),
    ).annotate(language=language)
    of = [f"{_ITEM}__product", f"{_ITEM}__segment", f"{_ITEM}__channel", "language", _BRIEF]
    is_clean = ExpressionWrapper(Q(findings=[]), models.BooleanField())
    newest = _newest(rows.exclude(Exists(approvals)), of, is_clean.asc())
    about = newest.select_related("item__run__created_by", _BRIEF)
    return about.defer("findings", "item__payload", "item__plan", "item__prompt")


def _approvals(window: training_rows.Window) -> QuerySet[ReviewEvent]:
    return ReviewEvent.objects.filter(verb=ReviewVerb.APPROVE, created_at__lt=window.until)


def _newest(rows: QuerySet[Any], of: Sequence[str], *first: OrderBy) -> QuerySet[Any]:
    place = Window(RowNumber(), partition_by=[F(name) for name in of], order_by=[*first, F("pk").desc()])
    return rows.annotate(place=place).filter(place__lte=MOST_WORSE).order_by("-pk")
