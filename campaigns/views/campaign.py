"""Campaigns: list, detail with results, form, and the steps of their life."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.campaign import CampaignFilter, CampaignForm
from campaigns.models import Campaign
from campaigns.permissions import campaign_verbs, may_write
from campaigns.selectors.brief import briefs_of
from campaigns.selectors.campaign import campaign_events, campaign_get_for, campaigns_with_counts
from campaigns.selectors.charts import METRICS, campaign_chart
from campaigns.selectors.results import campaign_results, campaign_totals
from campaigns.selectors.run import runs
from campaigns.selectors.sentences import event_sentence
from campaigns.selectors.variant import variants
from campaigns.services.campaign import campaign_move as move
from campaigns.services.campaign import campaign_save
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError, Text
from copystudio.forms import add_errors
from copystudio.http import redirect, render
from copystudio.models import Role, Workspace

MOVED: dict[str, Text] = {
    "launch": gettext_lazy("The campaign is running."),
    "pause": gettext_lazy("The campaign is paused."),
    "resume": gettext_lazy("The campaign is running again."),
    "finish": gettext_lazy("The campaign is finished."),
}
SHOWN = 10


def campaign_url(campaign: Campaign, workspace: Workspace) -> str:
    return reverse("campaigns:campaign_detail", args=[workspace.slug, campaign.pk])


@require_safe
@workspace_view(Role.VIEWER)
def campaign_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    found = CampaignFilter(request.GET, queryset=campaigns_with_counts(workspace), request=request)
    page = Paginator(found.qs, settings.PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"filter": found, "page": page}
    return render(request, "campaigns/campaign/list.html", context, fragment="campaigns/campaign/partials/table.html")


@require_safe
@workspace_view(Role.VIEWER)
def campaign_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """The campaign with its results, copy, briefs and history; the fragment is the chart of another metric."""
    campaign = campaign_get_for(workspace=workspace, pk=pk)
    metric = request.GET.get("metric", "")
    metric = metric if metric in METRICS else "click_rate"
    results = Paginator(campaign_results(campaign), SHOWN).get_page(request.GET.get("page"))
    copy = variants(workspace).filter(campaign=campaign)
    context = {
        "campaign": campaign,
        "verbs": campaign_verbs(role=Role(request.membership.role), campaign=campaign),
        "may_write": may_write(member=request.membership, campaign=campaign),
        "metric_tabs": [
            {"key": key, "label": name, "url": f"?metric={key}", "active": key == metric}
            for key, (name, _format) in METRICS.items()
        ],
        "chart": campaign_chart(campaign, metric),
        "totals": campaign_totals(campaign),
        "results": results,
        "copy": copy.order_by("-id")[:SHOWN],
        "copy_count": copy.count(),
        "briefs": briefs_of(campaign),
        "runs": runs(workspace).filter(brief_run__brief__campaign=campaign)[:5],
        "history": [
            {
                "text": event_sentence(event.verb),
                "actor": event.actor,
                "at": event.created_at,
                "detail": event.data.get("note", ""),
            }
            for event in campaign_events(campaign)[:SHOWN]
        ],
    }
    return render(
        request, "campaigns/campaign/detail.html", context, fragment="campaigns/campaign/partials/results.html"
    )


@require_http_methods(["GET", "POST"])
@workspace_view(Role.COPYWRITER)
def campaign_create(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    return _form(request, workspace, None)


@require_http_methods(["GET", "POST"])
@workspace_view(Role.COPYWRITER)
def campaign_edit(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    return _form(request, workspace, campaign_get_for(workspace=workspace, pk=pk))


def _form(request: WorkspaceRequest, workspace: Workspace, campaign: Campaign | None) -> HttpResponse:
    initial = CampaignForm.initial_of(campaign) if campaign else None
    form = CampaignForm(request.POST or None, workspace=workspace, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            saved = campaign_save(actor=request.user, workspace=workspace, campaign=campaign, **form.cleaned_data)
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("The campaign is saved."))
            return redirect(request, campaign_url(saved, workspace))
    context = {"form": form, "campaign": campaign}
    return render(request, "campaigns/campaign/form.html", context, status=422 if form.errors else 200)


@require_POST
@workspace_view(Role.APPROVER)
def campaign_move(request: WorkspaceRequest, workspace: Workspace, pk: int, verb: str) -> HttpResponse:
    """Launch, pause, resume or finish; the URL configuration names the verb."""
    campaign = campaign_get_for(workspace=workspace, pk=pk)
    move(actor=request.user, campaign=campaign, verb=verb)
    messages.success(request, str(MOVED[verb]))
    return redirect(request, campaign_url(campaign, workspace))
