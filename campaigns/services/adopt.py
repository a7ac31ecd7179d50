"""Adopting many candidates of a run at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext_lazy as _

from campaigns.models import BriefRun, Campaign, CampaignStatus, ReviewEvent, Revision, Variant
from campaigns.models.review import ReviewVerb
from campaigns.services.variant import step_of, text_check, text_sha256
from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import InvalidInputError, TransitionError
from copystudio.models import Event, Role, User
from copystudio.services.events import event_record
from generation.models import Candidate, GenerationRun

AT_ONCE = 200  # variants of one transaction: the campaign is not locked for long
MOST = 5000  # of one call


@dataclass(frozen=True)
class Adopted:
    """How many variants were made, how many candidates had one already, and how many texts cannot be copy any more."""

    made: int = 0
    there: int = 0
    refused: int = 0

    def __add__(self, other: Adopted) -> Adopted:
        return Adopted(self.made + other.made, self.there + other.there, self.refused + other.refused)


def candidates_adopt(*, actor: User, run: GenerationRun, candidates: Sequence[int]) -> Adopted:
    """Make a draft of each of these candidates of the run, by their numbers; one that has a variant keeps it.

    At most AT_ONCE in one transaction: what is made stays when a later part is refused, and adopting again makes the
    rest. Raises InvalidInputError for numbers of other runs, TransitionError where the campaign is finished.
    """
    if not candidates:
        raise InvalidInputError(_("No text is chosen."))
    if len(candidates) > MOST:
        raise InvalidInputError(_("At most %(most)d texts at once.") % {"most": MOST})
    once, done = tuple(dict.fromkeys(candidates)), Adopted()
    for start in range(0, len(once), AT_ONCE):
        done += _adopt(actor, run, once[start : start + AT_ONCE])
    return done


def _adopt(actor: User, run: GenerationRun, numbers: tuple[int, ...]) -> Adopted:
    brief_run = BriefRun.objects.filter(run=run, workspace_id=run.workspace_id).select_related("brief").first()
    if brief_run is None:
        raise TransitionError(_("This run belongs to no brief."))
    with transaction.atomic():
        campaign = locked(Campaign, pk=brief_run.brief.campaign_id)
        require(actor=actor, workspace=campaign.workspace, role=Role.COPYWRITER)
        if campaign.status == CampaignStatus.FINISHED:
            raise TransitionError(_("The campaign is finished."))
        rows = _rows(run, numbers)
        if len(rows) < len(numbers):
            raise InvalidInputError(_("Some of these texts are no texts of this run."))
        taken = set(Variant.objects.filter(candidate__in=numbers).values_list("candidate_id", flat=True))
        new = [row for row in rows if row.pk not in taken]
        fitting = [row for row in new if _is_copy(row)]
        if fitting:
            _make(actor, campaign, brief_run, fitting)
            event_record(
                actor=actor,
                workspace=campaign.workspace,
                verb="generationrun.adopt",
                target=run,
                data={"variants": len(fitting), "candidates": [row.pk for row in fitting]},
            )
        return Adopted(len(fitting), len(rows) - len(new), len(new) - len(fitting))


def _rows(run: GenerationRun, numbers: tuple[int, ...]) -> list[Candidate]:
    """Those that are texts of the run, in the order of its items; ``language`` is the one that each was asked for in."""
    rows = Candidate.objects.filter(pk__in=numbers, item__run=run, workspace_id=run.workspace_id)
    about = ("item__brief_item__product", "item__brief_item__segment", "item__brief_item__channel")
    return list(
        rows.filter(item__brief_item__isnull=False)
        .select_related(*about)
        .defer("item__payload", "item__plan", "item__prompt")
        .annotate(language=KeyTextTransform("language", "item__payload"))
        .order_by("item__position", "slot")
    )


def _is_copy(candidate: Candidate) -> bool:
    try:
        text_check(text=candidate.text, channel=candidate.item.brief_item.channel)
    except InvalidInputError:
        return False
    return True


def _make(actor: User, campaign: Campaign, brief_run: BriefRun, rows: list[Candidate]) -> None:
    """What ``variant_adopt`` writes for one, for all of them: variant, first revision, both events."""
    workspace = campaign.workspace
    variants = Variant.objects.bulk_create(
        Variant(
            workspace=workspace,
            campaign=campaign,
            brief=brief_run.brief,
            product=row.item.brief_item.product,
            segment=row.item.brief_item.segment,
            channel=row.item.brief_item.channel,
            language=row.language or brief_run.brief.language,  # type: ignore[attr-defined]
            candidate=row,
            is_ai_made=True,
        )
        for row in rows
    )
    revisions = Revision.objects.bulk_create(
        Revision(
            workspace=workspace,
            variant=variant,
            number=1,
            text=row.text,
            sha256=text_sha256(row.text),
            author=actor,
        )
        for variant, row in zip(variants, rows, strict=True)
    )
    for variant, revision in zip(variants, revisions, strict=True):
        variant.current_revision = revision
    Variant.objects.bulk_update(variants, ["current_revision"])
    steps = [
        step_of(variant=variant, verb=ReviewVerb.ADOPT, actor=actor, revision=revision, before="")
        for variant, revision in zip(variants, revisions, strict=True)
    ]
    Event.objects.bulk_create([event for event, _step in steps])
    ReviewEvent.objects.bulk_create([step for _event, step in steps])
