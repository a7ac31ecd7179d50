"""The first page of a workspace."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from campaigns.models import Variant
from campaigns.selectors.dashboard import (
    RECENT_DAYS,
    SHOWN,
    recent_day,
    running_campaigns,
    sent_back_to,
    steps,
    waiting_for,
    with_reasons,
)
from campaigns.selectors.results import workspace_totals
from campaigns.selectors.run import runs
from campaigns.selectors.variant import variants
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.http import render
from copystudio.models import Role, Workspace


@require_safe
@workspace_view(Role.VIEWER)
def dashboard(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    role = Role(request.membership.role)
    waiting = waiting_for(user=request.user, role=role, workspace=workspace)
    sent_back = sent_back_to(user=request.user, workspace=workspace)
    to_do = steps(workspace)
    context = {
        "waiting": waiting[:SHOWN],
        "waiting_count": waiting.count(),
        "sent_back": with_reasons(list(sent_back[:SHOWN])),
        "sent_back_count": sent_back.count(),
        "in_review_count": variants(workspace).filter(status=Variant.Status.IN_REVIEW).count(),
        "served_count": variants(workspace).filter(approved_revision__isnull=False).count(),
        "recent": workspace_totals(workspace, since=recent_day()),
        "recent_days": RECENT_DAYS,
        "running": running_campaigns(workspace),
        "runs": runs(workspace)[:SHOWN],
        "steps": to_do,
        "steps_done": sum(step.done for step in to_do),
    }
    return render(request, "campaigns/dashboard/dashboard.html", context)
