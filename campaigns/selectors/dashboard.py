"""What the first page of a workspace shows: what waits for this person, what runs, and what is still to set up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import AudienceSegment, Brand, Campaign, CampaignStatus, Placement, Product, ReviewEvent, Variant
from campaigns.models.review import ReviewVerb
from campaigns.selectors.campaign import campaigns_with_counts
from campaigns.selectors.results import Counts, campaigns_totals
from campaigns.selectors.variant import decidable_by, review_queue, variants
from copystudio.errors import Text
from copystudio.models import Role, User, Workspace
from generation.models import GenerationRun

RECENT_DAYS = 7
SHOWN = 5


@dataclass(frozen=True)
class Reason:
    """A text that came back from review, and what the approver wrote."""

    variant: Variant
    event: ReviewEvent | None


@dataclass(frozen=True)
class RunningCampaign:
    campaign: Campaign
    total: Counts
    recent: Counts


@dataclass(frozen=True)
class Step:
    """One step on the way from an empty workspace to copy in the shop; ``url_name`` takes the workspace's slug."""

    label: Text
    hint: Text
    url_name: str
    done: bool


def waiting_for(*, user: User, role: Role, workspace: Workspace) -> QuerySet[Variant]:
    """The texts in review that this person could decide about; none for people who may not approve at all."""
    queue = review_queue(workspace)
    return decidable_by(queue, user) if role.covers(Role.APPROVER) else queue.none()


def sent_back_to(*, user: User, workspace: Workspace) -> QuerySet[Variant]:
    """The person's own texts for which changes were asked, the oldest wish first."""
    return (
        variants(workspace)
        .filter(status=Variant.Status.CHANGES_REQUESTED, current_revision__author=user)
        .order_by("updated_at")
    )


def with_reasons(rows: list[Variant]) -> list[Reason]:
    """The latest request for changes beside each text, in two queries for all of them."""
    events = (
        ReviewEvent.objects.filter(variant__in=rows, verb=ReviewVerb.REQUEST_CHANGES)
        .select_related("actor")
        .order_by("id")
    )
    latest = {event.variant_id: event for event in events}
    return [Reason(variant, latest.get(variant.pk)) for variant in rows]


def recent_day() -> dt.date:
    """The first of the last seven days, today included (UTC, as the counters)."""
    return timezone.now().date() - dt.timedelta(days=RECENT_DAYS - 1)


def running_campaigns(workspace: Workspace) -> list[RunningCampaign]:
    """The campaigns that run now, the newest first, with their numbers."""
    rows = list(campaigns_with_counts(workspace).filter(status=CampaignStatus.RUNNING)[:SHOWN])
    total, recent = campaigns_totals(workspace, rows), campaigns_totals(workspace, rows, since=recent_day())
    return [RunningCampaign(row, total.get(row.pk, Counts()), recent.get(row.pk, Counts())) for row in rows]


def steps(workspace: Workspace) -> list[Step]:
    """The way to the first served text, each step with whether it is done."""

    def has(rows: QuerySet[Product] | QuerySet[Brand] | QuerySet[Variant]) -> bool:
        return rows.filter(workspace=workspace).exists()

    served = Placement.objects.filter(workspace=workspace, variant__approved_revision__isnull=False)
    return [
        Step(_("Import products"), _("A file from your shop: CSV, Excel, XML or JSON lines."), "campaigns:import_list", has(Product.objects.all())),
        Step(_("Describe a brand"), _("How it speaks, and the words it must and must never use."), "campaigns:brand_list", has(Brand.objects.all())),
        Step(_("Describe an audience segment"), _("Who they are and what they care about."), "campaigns:segment_list", AudienceSegment.objects.filter(workspace=workspace).exists()),
        Step(_("Plan a campaign and brief it"), _("Which products, for whom, in which channels."), "campaigns:campaign_list", GenerationRun.objects.filter(workspace=workspace).exists()),
        Step(_("Approve a text"), _("Nobody approves their own: a second person has to read it."), "campaigns:review_queue", has(Variant.objects.filter(approved_revision__isnull=False))),
        Step(_("Serve it"), _("A placement hands the approved text to your shop."), "campaigns:placement_list", served.exists()),
    ]  # fmt: skip
