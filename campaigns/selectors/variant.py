"""Reading variants: lists, one variant with its history, and what this person may do with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.http import Http404

from campaigns.models import ReviewEvent, Revision, Variant
from campaigns.models.review import ReviewVerb
from campaigns.permissions import approval_refusal, verbs_possible
from copystudio.errors import Text
from copystudio.models import Role, User, Workspace


def variants(workspace: Workspace) -> QuerySet[Variant]:
    """With everything that a row of a list shows."""
    return Variant.objects.filter(workspace=workspace).select_related(
        "campaign", "channel", "segment", "product", "current_revision__author", "approved_revision"
    )


def variant_get_for(*, workspace: Workspace, pk: int) -> Variant:
    """The variant with what its page shows; Http404 where there is none of that number in this workspace."""
    variant = (
        variants(workspace)
        .select_related("campaign__brand", "brief", "candidate__item__run__model_version__language_model")
        .filter(pk=pk)
        .first()
    )
    if variant is None:
        raise Http404
    return variant


def revisions(variant: Variant) -> QuerySet[Revision]:
    return variant.revisions.select_related("author").order_by("-number")


def revision_get_for(*, variant: Variant, number: int) -> Revision:
    revision = revisions(variant).filter(number=number).first()
    if revision is None:
        raise Http404
    return revision


def last_request(variant: Variant) -> ReviewEvent | None:
    """The latest wish for changes, while it is unanswered: the text was not submitted again since."""
    if variant.status not in (Variant.Status.CHANGES_REQUESTED, Variant.Status.DRAFT):
        return None
    answers = [ReviewVerb.REQUEST_CHANGES, ReviewVerb.SUBMIT]
    events = variant.review_events.filter(verb__in=answers).select_related("actor").order_by("-id")
    event = events.first()
    return event if event is not None and event.verb == ReviewVerb.REQUEST_CHANGES else None


def review_queue(workspace: Workspace) -> QuerySet[Variant]:
    """What waits for a verdict, the longest waiting first; ``submitted_at`` and ``submitted_by_id`` say since when."""
    submissions = ReviewEvent.objects.filter(variant=OuterRef("pk"), verb=ReviewVerb.SUBMIT).order_by("-id")
    return (
        variants(workspace)
        .filter(status=Variant.Status.IN_REVIEW)
        .annotate(
            submitted_at=Subquery(submissions.values("created_at")[:1]),
            submitted_by=Subquery(submissions.values("actor__name")[:1]),
        )
        .order_by("submitted_at", "pk")
    )


def decidable_by(rows: QuerySet[Variant], user: User) -> QuerySet[Variant]:
    """Those of ``rows`` that the person did not write: what ``approval_refusal`` would not stop, as a database filter."""
    not_approvable = Revision.objects.filter(
        Q(variant__approved_revision__isnull=True) | Q(number__gt=F("variant__approved_revision__number")),
        Q(author=user) | Q(author__isnull=True),
        variant=OuterRef("pk"),
    )
    return rows.filter(~Exists(not_approvable))


@dataclass(frozen=True)
class Actions:
    """What a person may do with a variant now. ``refusal`` says why an approver cannot approve this very text."""

    verbs: frozenset[str]
    refusal: Text | None

    @property
    def edit(self) -> bool:
        return ReviewVerb.EDIT in self.verbs

    @property
    def submit(self) -> bool:
        return ReviewVerb.SUBMIT in self.verbs

    @property
    def withdraw(self) -> bool:
        return ReviewVerb.WITHDRAW in self.verbs

    @property
    def retire(self) -> bool:
        return ReviewVerb.RETIRE in self.verbs

    @property
    def restore(self) -> bool:
        return ReviewVerb.RESTORE in self.verbs

    @property
    def request_changes(self) -> bool:
        return ReviewVerb.REQUEST_CHANGES in self.verbs

    @property
    def approve(self) -> bool:
        """Whether the button is shown at all; with a ``refusal`` it is shown disabled, with the reason."""
        return ReviewVerb.APPROVE in self.verbs


def variant_actions(*, actor: User, role: Role, variant: Variant) -> Actions:
    """The verbs that the services would not refuse, by the services' own predicates."""
    verbs = frozenset(verbs_possible(role=role, variant=variant))
    refusal = approval_refusal(actor=actor, variant=variant) if ReviewVerb.APPROVE in verbs else None
    return Actions(verbs, refusal)


def neighbours(rows: Sequence[int], pk: int) -> tuple[int | None, int | None]:
    """The ids before and after ``pk`` in the queue; after the last comes None. An id that left the queue has the first as next."""
    if pk not in rows:
        return None, (rows[0] if rows else None)
    index = rows.index(pk)
    return (rows[index - 1] if index else None), (rows[index + 1] if index + 1 < len(rows) else None)
