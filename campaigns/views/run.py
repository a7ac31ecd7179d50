"""Generation runs with what they are about, their candidates, and adopting one."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from campaigns.forms.run import RunFilter
from campaigns.selectors.cards import cards_of
from campaigns.selectors.run import (
    candidate_get_for,
    run_get_for,
    run_items,
    run_progress,
    runs,
)
from campaigns.selectors.run import (
    run_candidates as candidates_of,
)
from campaigns.selectors.sentences import drop_reason, run_error
from campaigns.services.variant import variant_adopt
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.db import JobStatus
from copystudio.http import is_fragment, redirect, render, stop_polling
from copystudio.models import Role, Workspace
from copystudio.services.jobs import job_cancel
from generation.models import GenerationRun

LIVE_CANDIDATES = 24


@require_safe
@workspace_view(Role.VIEWER)
def run_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    found = RunFilter(request.GET, queryset=runs(workspace), request=request)
    page = Paginator(found.qs, settings.PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"filter": found, "page": page}
    return render(request, "campaigns/run/list.html", context, fragment="campaigns/run/partials/table.html")


@require_safe
@workspace_view(Role.VIEWER)
def run_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """The page, and the fragment that it polls while the run is open."""
    run = run_get_for(workspace=workspace, pk=pk)
    brief_run, progress = getattr(run, "brief_run", None), run_progress(run)
    context = {
        "run": run,
        "brief": brief_run.brief if brief_run else None,
        "progress": progress,
        "dropped": [(drop_reason(code), count) for code, count in progress.dropped],
        "page": Paginator(run_items(run), settings.PAGE_SIZE).get_page(request.GET.get("page")),
        "failure": run_error(run.error_code) if run.status == JobStatus.FAILED else None,
        "failure_detail": run.error_params.get("detail", ""),
        "may_write": request.membership.covers(Role.COPYWRITER),
        "polled": is_fragment(request),
        **_live(run, after=0),
    }
    response = render(request, "campaigns/run/detail.html", context, fragment="campaigns/run/partials/progress.html")
    return stop_polling(response) if is_fragment(request) and not run.is_open else response


@require_safe
@workspace_view(Role.VIEWER)
def run_live(request: WorkspaceRequest, workspace: Workspace, pk: int, after: int) -> HttpResponse:
    """The candidates that came since the one numbered ``after``, and the element that asks again."""
    run = run_get_for(workspace=workspace, pk=pk)
    context = {"run": run, "may_write": request.membership.covers(Role.COPYWRITER), **_live(run, after=after)}
    return render(request, "campaigns/run/partials/live.html", context)


def _live(run: GenerationRun, *, after: int) -> dict[str, object]:
    """The next candidates of the live list; it ends after 24, where the paginated list takes over."""
    shown = candidates_of(run).filter(pk__lte=after).count() if after else 0
    room = max(0, LIVE_CANDIDATES - shown)
    found = list(candidates_of(run).filter(pk__gt=after)[:room])
    more = candidates_of(run).count() > shown + len(found)
    last = found[-1].pk if found else after
    return {
        "cards": cards_of(found),
        "last": last,
        "more": more,
        "is_live": run.is_open and shown + len(found) < LIVE_CANDIDATES,
    }


@require_safe
@workspace_view(Role.VIEWER)
def run_candidates(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """All candidates of the run, or with ``?item=`` those of one product, segment and channel."""
    run = run_get_for(workspace=workspace, pk=pk)
    rows, chosen = candidates_of(run), None
    if item := request.GET.get("item"):
        chosen = run_items(run).filter(item_id=int(item)).first() if item.isdecimal() and len(item) < 18 else None
        if chosen is None:
            raise Http404
        rows = rows.filter(item_id=chosen.item_id)
    order = "-fluency" if request.GET.get("sort") == "fluency" else "pk"
    page = Paginator(rows.order_by(order, "pk"), LIVE_CANDIDATES).get_page(request.GET.get("page"))
    context = {
        "run": run,
        "item": chosen,
        "page": page,
        "cards": cards_of(page.object_list),
        "sort": request.GET.get("sort", ""),
        "may_write": request.membership.covers(Role.COPYWRITER),
    }
    return render(request, "campaigns/run/candidates.html", context, fragment="campaigns/run/partials/candidates.html")


@require_POST
@workspace_view(Role.COPYWRITER)
def run_cancel(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    run = run_get_for(workspace=workspace, pk=pk)
    job_cancel(actor=request.user, job=run)
    messages.info(request, _("The run is being cancelled. Texts that came so far stay."))
    return redirect(request, reverse("campaigns:run_detail", args=[workspace.slug, run.pk]))


@require_POST
@workspace_view(Role.COPYWRITER)
def candidate_adopt(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Make a variant of a candidate; the fragment is what stands in the button's place then."""
    candidate = candidate_get_for(workspace=workspace, pk=pk)
    variant = variant_adopt(actor=request.user, candidate=candidate)
    if is_fragment(request):
        return render(request, "campaigns/run/partials/adopted.html", {"candidate": candidate, "variant": variant})
    messages.success(request, _("Adopted as a draft."))
    return redirect(request, reverse("campaigns:variant_detail", args=[workspace.slug, variant.pk]))
