"""Preference pairs: what people and rules held to be better than something else for the same brief.

An experiment's winner over its loser belongs here too, once experiments are concluded (``Source.WINNER_OVER_LOSER``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db.models import Exists, OuterRef

from campaigns.models import ReviewEvent
from campaigns.models.review import ReviewVerb
from campaigns.rules.finding import Severity
from campaigns.selectors.training_rows import (
    Exclusion,
    Window,
    against_product,
    has_line_break,
    in_chunks,
    is_invented,
    item_brief,
    product_key,
)
from campaigns.selectors.training_texts import ApprovedText, Group
from campaigns.selectors.training_weights import SOURCE_WEIGHT, edit_weight, is_trivial_edit
from copystudio.models import Workspace
from generation.engine.training.dataset import PreferencePair, Source
from generation.models import Candidate, GenerationItem

MOST_OF_ITEM = 2
GRAVE = {Severity.WARNING.value, Severity.BLOCKING.value}
UNSUPPORTED = "grounding"  # the rule whose findings are claims that no fact bears out


def edit_over_draft(approved: Iterable[ApprovedText], excluded: Counter[Exclusion]) -> Iterator[PreferencePair]:
    """A text that a person made of a candidate, over that candidate; the weight grows with the edit."""
    for text in approved:
        if text.source is not Source.EDITED:
            continue
        if text.is_draft_invented:
            excluded[Exclusion.DEMONSTRATION] += 1
        elif has_line_break(text.draft):
            excluded[Exclusion.LINE_BREAKS] += 1
        elif is_trivial_edit(text.draft, text.text):
            excluded[Exclusion.TRIVIAL_EDIT] += 1
        else:
            yield PreferencePair(
                id=f"pair/edit/{text.revision}",
                brief=text.brief,
                chosen=text.text,
                rejected=text.draft,
                source=Source.EDIT_OVER_DRAFT,
                product=text.product,
                weight=edit_weight(text.draft, text.text),
            )


def over_rejected(
    workspace: Workspace, window: Window, approved: Iterable[ApprovedText], excluded: Counter[Exclusion]
) -> Iterator[PreferencePair]:
    """An approved text over one for the same brief that was sent back and never approved as it stood.

    One pair for each text that was sent back: against the approved text of the same variant, which shows what was asked
    for, else against that of the newest variant.
    """
    groups: dict[Group, list[ApprovedText]] = defaultdict(list)
    for text in approved:
        groups[text.group].append(text)
    ids = _sent_back(workspace, window)
    events = ReviewEvent.objects.select_related("revision__author", "variant").order_by("revision_id")
    for chunk in in_chunks(ids):
        for event in events.filter(pk__in=chunk):
            rivals = groups.get(Group.of(event.variant), [])
            best = max(rivals, key=lambda one: (one.variant == event.variant_id, one.variant), default=None)
            if best is None or (best.variant == event.variant_id and best.draft == event.revision.text):
                continue  # nothing to prefer, or the pair of the edit says it already
            reason = _against_rejected(event, best, workspace)
            if reason is not None:
                excluded[reason] += 1
                continue
            yield PreferencePair(
                id=f"pair/review/{event.revision_id}",
                brief=best.brief,
                chosen=best.text,
                rejected=event.revision.text,
                source=Source.APPROVED_OVER_REJECTED,
                product=best.product,
                weight=SOURCE_WEIGHT[Source.APPROVED_OVER_REJECTED],
            )


def _sent_back(workspace: Workspace, window: Window) -> list[int]:
    """The last request for changes of each revision in the window that nobody approved before its end."""
    of_revision = ReviewEvent.objects.filter(revision=OuterRef("revision"), verb=ReviewVerb.APPROVE)
    requests = ReviewEvent.objects.filter(workspace=workspace, verb=ReviewVerb.REQUEST_CHANGES, **window.lookup())
    never = requests.exclude(Exists(of_revision.filter(created_at__lt=window.until)))
    return list(never.order_by("revision_id", "-id").distinct("revision_id").values_list("pk", flat=True))


def _against_rejected(event: ReviewEvent, best: ApprovedText, workspace: Workspace) -> Exclusion | None:
    if is_invented(event.revision.author, workspace):
        return Exclusion.DEMONSTRATION
    if has_line_break(event.revision.text):
        return Exclusion.LINE_BREAKS
    return Exclusion.TRIVIAL_EDIT if is_trivial_edit(event.revision.text, best.text) else None


def clean_over_broken(workspace: Workspace, window: Window, excluded: Counter[Exclusion]) -> Iterator[PreferencePair]:
    """Of one prompt's candidates, a text without grave findings over one with an unsupported claim."""
    broken = Candidate.objects.filter(
        workspace=workspace, findings__contains=[{"rule": UNSUPPORTED}], **window.lookup()
    )
    ids = broken.order_by("item_id").values_list("item_id", flat=True).distinct()
    items = (
        GenerationItem.objects.order_by("pk")
        .select_related("run__created_by", "brief_item__product")
        .prefetch_related("candidates")
    )
    for chunk in in_chunks(list(ids)):
        for item in items.filter(pk__in=chunk):
            found = _of_item(item, workspace, window)
            if isinstance(found, Exclusion):
                excluded[found] += 1
            else:
                yield from found


def _of_item(item: GenerationItem, workspace: Workspace, window: Window) -> list[PreferencePair] | Exclusion:
    candidates = [one for one in item.candidates.all() if one.created_at < window.until]
    matched = _matched(
        [one for one in candidates if not has_line_break(one.text) and not _has_grave(one)],
        [one for one in candidates if not has_line_break(one.text) and _has_unsupported(one)],
    )
    if not matched:
        return []
    if is_invented(item.run.created_by, workspace):
        return Exclusion.DEMONSTRATION
    about = getattr(item, "brief_item", None)
    product = about.product if about is not None else None
    if (reason := against_product(product)) is not None or product is None:
        return reason or Exclusion.NO_PRODUCT
    brief = item_brief(item)
    if brief is None:
        return Exclusion.EMPTY_BRIEF
    return [
        PreferencePair(
            id=f"pair/clean/{broken.pk}",
            brief=brief,
            chosen=clean.text,
            rejected=broken.text,
            source=Source.CLEAN_OVER_BROKEN,
            product=product_key(product),
            weight=SOURCE_WEIGHT[Source.CLEAN_OVER_BROKEN],
        )
        for clean, broken in matched
    ]


def _has_grave(candidate: Candidate) -> bool:
    return any(finding["severity"] in GRAVE for finding in candidate.findings)


def _has_unsupported(candidate: Candidate) -> bool:
    return any(one["rule"] == UNSUPPORTED and one["severity"] in GRAVE for one in candidate.findings)


def _matched(clean: Sequence[Candidate], broken: Sequence[Candidate]) -> list[tuple[Candidate, Candidate]]:
    """At most two pairs from one angle, each text once, those nearest in fluency first: the claim should make the
    difference."""
    choices = [
        (abs(good.fluency - bad.fluency), good.slot, bad.slot, good, bad)
        for good in clean
        for bad in broken
        if good.turn == bad.turn
    ]
    matched: list[tuple[Candidate, Candidate]] = []
    taken: set[int] = set()
    for _gap, good_slot, bad_slot, good, bad in sorted(choices, key=lambda choice: choice[:3]):
        if len(matched) < MOST_OF_ITEM and not taken & {good_slot, bad_slot}:
            matched.append((good, bad))
            taken |= {good_slot, bad_slot}
    return matched


def consistent(
    pairs: Iterable[PreferencePair], approved: Iterable[ApprovedText], excluded: Counter[Exclusion]
) -> Iterator[PreferencePair]:
    """The pairs whose worse text nobody approved for the same product: no training hears both that it is right and not."""
    good: Mapping[str, set[str]] = defaultdict(set)
    for text in approved:
        good[text.product].add(text.text)
    for pair in pairs:
        if pair.rejected in good.get(pair.product, ()):
            excluded[Exclusion.APPROVED_ELSEWHERE] += 1
        else:
            yield pair
