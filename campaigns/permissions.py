"""Who may do what with campaigns and copy: the predicates that services enforce and pages show, the same ones for both."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, CampaignStatus, Variant
from campaigns.models.campaign import TRANSITIONS as CAMPAIGN_TRANSITIONS
from campaigns.models.review import ReviewVerb
from campaigns.models.variant import TRANSITIONS
from copystudio.errors import Text
from copystudio.models import Membership, Role, User

CAMPAIGN_ROLE = Role.APPROVER
LEAST_ROLE: dict[str, Role] = {
    ReviewVerb.EDIT: Role.COPYWRITER,
    ReviewVerb.SUBMIT: Role.COPYWRITER,
    ReviewVerb.WITHDRAW: Role.COPYWRITER,
    ReviewVerb.REQUEST_CHANGES: Role.APPROVER,
    ReviewVerb.APPROVE: Role.APPROVER,
    ReviewVerb.RETIRE: Role.COPYWRITER,
    ReviewVerb.RESTORE: Role.COPYWRITER,
}


def campaign_verbs(*, role: Role, campaign: Campaign) -> list[str]:
    """The steps of a campaign's life that this role can take now, in the order of the transition table."""
    if not role.covers(CAMPAIGN_ROLE):
        return []
    return [verb for verb, (sources, _target) in CAMPAIGN_TRANSITIONS.items() if campaign.status in sources]


def may_write(*, member: Membership, campaign: Campaign | None) -> bool:
    """Whether this member can bring copy into the campaign: a finished one takes no more. None where a run has no brief."""
    is_finished = campaign is not None and campaign.status == CampaignStatus.FINISHED
    return member.covers(Role.COPYWRITER) and not is_finished


def least_role(*, variant: Variant, verb: str) -> Role:
    """The role that a verb needs. Taking away what is served is the approver's business, drafts are the writer's."""
    if verb == ReviewVerb.RETIRE and variant.approved_revision_id is not None:
        return Role.APPROVER
    return LEAST_ROLE[verb]


def verbs_possible(*, role: Role, variant: Variant) -> set[str]:
    """The verbs that a role may use in the variant's present state; pages show exactly these.

    Who wrote the text is another question: ``approval_refusal``.
    """
    return {
        verb
        for verb, (sources, _target) in TRANSITIONS.items()
        if variant.status in sources and role.covers(least_role(variant=variant, verb=verb))
    }


def contributors(variant: Variant) -> set[int | None]:
    """Everybody who wrote a revision since the last approved one; None stands for somebody unknown."""
    since = variant.approved_revision.number if variant.approved_revision else 0
    return set(variant.revisions.filter(number__gt=since).values_list("author_id", flat=True))


def approval_refusal(*, actor: User, variant: Variant) -> Text | None:
    """Why this person cannot approve this text whatever their role, or None: pages and the service ask the same."""
    authors = contributors(variant)
    if not authors or None in authors:
        return _("Nobody knows who wrote this text, so it cannot be approved. Write it anew.")
    if actor.pk in authors:
        return _("You wrote this text. Somebody else has to approve it.")
    return None


def may_approve(*, actor: User, variant: Variant) -> bool:
    """Whether nothing about who wrote the text stands against this person's approval (the role apart)."""
    return approval_refusal(actor=actor, variant=variant) is None
