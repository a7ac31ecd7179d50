"""Preference pairs: what people held to be better than something else for the same brief.

An experiment's winner over its loser belongs here too, once experiments are concluded (``Source.WINNER_OVER_LOSER``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from django.db.models import Exists, OuterRef

from campaigns.models import ReviewEvent
from campaigns.models.review import ReviewVerb
from campaigns.selectors.training_rows import Exclusion, Window, has_line_break, in_chunks, is_invented
from campaigns.selectors.training_texts import ApprovedText, Group
from campaigns.selectors.training_weights import SOURCE_WEIGHT, edit_weight, is_trivial_edit
from copystudio.models import User, Workspace
from generation.engine.training.dataset import PreferencePair, Source


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
    """An approved text over one for the same brief that was sent back and not approved as it stood after that.

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
            reason = against_worse(event.revision.author, event.revision.text, best.text, workspace)
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
    """The last request for changes of each revision in the window, where no approval came after it before the window's end.
    An approval that it took back makes the text no better."""
    approvals = ReviewEvent.objects.filter(
        revision=OuterRef("revision"), verb=ReviewVerb.APPROVE, pk__gt=OuterRef("pk"), created_at__lt=window.until
    )
    requests = ReviewEvent.objects.filter(workspace=workspace, verb=ReviewVerb.REQUEST_CHANGES, **window.lookup())
    standing = requests.exclude(Exists(approvals))
    return list(standing.order_by("revision_id", "-id").distinct("revision_id").values_list("pk", flat=True))


def against_worse(author: User | None, text: str, better: str, workspace: Workspace) -> Exclusion | None:
    """Why this text of the author's makes no pair with the better one; None where it does."""
    if is_invented(author, workspace):
        return Exclusion.DEMONSTRATION
    if has_line_break(text):
        return Exclusion.LINE_BREAKS
    return Exclusion.TRIVIAL_EDIT if is_trivial_edit(text, better) else None


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
