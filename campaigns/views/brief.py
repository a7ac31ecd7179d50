"""Briefs: form with a live estimate, detail, and starting a generation run."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.brief import BriefForm, BriefScopeForm, filter_words
from campaigns.models import Brief, Campaign
from campaigns.permissions import may_write
from campaigns.selectors.brief import Estimate, brief_channels, brief_estimate, brief_get_for, brief_segments, estimate
from campaigns.selectors.campaign import campaign_get_for
from campaigns.selectors.run import runs_of_brief
from campaigns.selectors.run_forecast import forecast
from campaigns.services import brief as services
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError, StudioError
from copystudio.forms import add_errors
from copystudio.http import redirect, render
from copystudio.models import Role, Workspace

SHOWN = 10


@require_safe
@workspace_view(Role.VIEWER)
def brief_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    return _detail(request, workspace, brief_get_for(workspace=workspace, pk=pk))


def _detail(
    request: WorkspaceRequest, workspace: Workspace, brief: Brief, error: StudioError | None = None
) -> HttpResponse:
    channels, size = brief_channels(brief), brief_estimate(brief)
    context = {
        "brief": brief,
        "campaign": brief.campaign,
        "channels": channels,
        "segments": brief_segments(brief),
        "estimate": size,
        "forecast": forecast(workspace=workspace, size=size, channels=channels, language=brief.language),
        "filter_words": filter_words(brief.product_filter),
        "runs": runs_of_brief(brief)[:SHOWN],
        "may_write": may_write(member=request.membership, campaign=brief.campaign),
        "error": error.message if error else None,
    }
    return render(request, "campaigns/brief/detail.html", context, status=error.status if error else 200)


@require_http_methods(["GET", "POST"])
@workspace_view(Role.COPYWRITER)
def brief_create(request: WorkspaceRequest, workspace: Workspace, campaign_pk: int) -> HttpResponse:
    return _form(request, workspace, campaign_get_for(workspace=workspace, pk=campaign_pk), None)


@require_http_methods(["GET", "POST"])
@workspace_view(Role.COPYWRITER)
def brief_edit(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    brief = brief_get_for(workspace=workspace, pk=pk)
    return _form(request, workspace, brief.campaign, brief)


def _form(request: WorkspaceRequest, workspace: Workspace, campaign: Campaign, brief: Brief | None) -> HttpResponse:
    initial = (
        BriefForm.initial_of(brief)
        if brief
        else {"language": request.user.language, "skus": request.GET.getlist("sku")}
    )
    form = BriefForm(request.POST or None, workspace=workspace, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.brief_save(actor=request.user, campaign=campaign, brief=brief, data=form.to_data())
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("The brief is saved."))
            return redirect(request, reverse("campaigns:brief_detail", args=[workspace.slug, saved.pk]))
    context = {"form": form, "brief": brief, "campaign": campaign, "estimate": _estimate_of(form, workspace, brief)}
    return render(request, "campaigns/brief/form.html", context, status=422 if form.errors else 200)


def _estimate_of(form: BriefForm, workspace: Workspace, brief: Brief | None) -> Estimate:
    """What the form shows before the first change of a field: what was sent and refused, the brief as stored, or all products."""
    if form.is_bound:
        return _estimate_of_scope(form, workspace, form.data.get("language", ""))
    if brief is not None:
        return brief_estimate(brief)
    return estimate(workspace=workspace, product_filter={}, segments=0, channels=0, count=4)


def _estimate_of_scope(form: BriefScopeForm, workspace: Workspace, language: str) -> Estimate:
    """By what is valid of a form that was checked."""
    channels, segments = form.cleaned_data.get("channels") or [], form.cleaned_data.get("segments") or []
    return estimate(
        workspace=workspace,
        product_filter=form.product_filter,
        segments=len(segments),
        channels=len(channels),
        count=form.cleaned_data.get("count") or 0,
        language=language,
    )


@require_safe
@workspace_view(Role.COPYWRITER)
def brief_preview(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    """How many products match and how many texts that makes, while the form is being filled in."""
    form = BriefScopeForm(request.GET, workspace=workspace)
    form.is_valid()
    found = _estimate_of_scope(form, workspace, request.GET.get("language", ""))
    wrong = [name for name in form.errors if name != "channels"]
    context = {"estimate": found, "wrong": [form[name].label for name in wrong if name in form.fields]}
    return render(request, "campaigns/brief/partials/estimate.html", context)


@require_POST
@workspace_view(Role.COPYWRITER)
def brief_generate(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Start a run and go to it; what stands against it is shown on the brief's page."""
    brief = brief_get_for(workspace=workspace, pk=pk)
    try:
        run, is_new = services.brief_generate(actor=request.user, brief=brief)
    except StudioError as error:
        return _detail(request, workspace, brief, error)
    if not is_new:
        messages.info(request, _("This run was started already; here it is."))
    return redirect(request, reverse("campaigns:run_detail", args=[workspace.slug, run.pk]))
