"""Training runs: the list, starting one with a live estimate, watching it, cancelling and resuming."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.db import JobStatus
from copystudio.errors import StudioError
from copystudio.http import is_fragment, redirect, render, stop_polling
from copystudio.models import Role, Workspace
from generation.forms.training import TrainingFilter, TrainingForm
from generation.models import TrainingRun
from generation.selectors.schedule import schedule_state
from generation.selectors.training import (
    count_of,
    evaluation_of,
    loss_chart,
    scope_name,
    settings_of,
    training_get_for,
    training_log,
    training_open,
    training_progress,
    training_runs,
    training_samples,
)
from generation.selectors.training_words import EXAMPLES, MASKED, PAIRS, counted, left_out, training_error
from generation.services import training as services
from generation.services.run_folder import run_folder
from generation.views.training_start import ESTIMATE, asked, form_context, look, looks, start

FORM = "generation/training/start.html"
DETAIL, PROGRESS = "generation/training/detail.html", "generation/training/partials/progress.html"


@require_safe
@workspace_view(Role.APPROVER)
def training_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    found = TrainingFilter(request.GET, queryset=training_runs(workspace), request=request)
    page = Paginator(found.qs, settings.PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "filter": found,
        "page": page,
        "rows": [(run, *count_of(run)) for run in page.object_list],
        "open_run": training_open(workspace),
        "state": schedule_state(workspace),
        "may_change": request.membership.covers(Role.ADMIN),
    }
    return render(request, "generation/training/list.html", context, fragment="generation/training/partials/table.html")


# -- starting --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@workspace_view(Role.ADMIN)
def training_start(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    """The form; a GET with its fields shows what it comes to, for htmx as a fragment; a POST starts the training."""
    here = reverse("generation:training_start", args=[workspace.slug])
    if looks(request):
        return look(request, here)
    if request.method != "POST":
        return render(request, FORM, form_context(asked(request, workspace), workspace), fragment=ESTIMATE)
    form = TrainingForm(request.POST, workspace=workspace)
    started = start(form, actor=request.user, workspace=workspace)
    if started.run is None:
        return render(request, FORM, form_context(form, workspace), status=started.status)
    if not started.is_new:
        messages.info(request, _("This training was started already; here it is."))
    return redirect(request, _url(started.run))


# -- watching --------------------------------------------------------------------------------------------------------


@require_safe
@workspace_view(Role.APPROVER)
def training_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """The page, and what it polls while the run is open: the progress, and of the rest only what has changed."""
    return _detail(request, training_get_for(workspace=workspace, pk=pk))


def _detail(request: WorkspaceRequest, run: TrainingRun, error: StudioError | None = None) -> HttpResponse:
    polled = is_fragment(request) and error is None
    context = _shown(request, run) | {"error": error.message if error else None, "polled": polled}
    if polled:
        context |= _changed(request, context)
    response = render(request, DETAIL, context, fragment=PROGRESS, status=error.status if error else 200)
    return stop_polling(response) if polled and not run.is_open else response


def _shown(request: WorkspaceRequest, run: TrainingRun) -> dict[str, Any]:
    chart = loss_chart(run)
    samples, hidden = training_samples(run, whole=request.GET.get("samples") == "all")
    log, line = training_log(run)
    failed = run.status == JobStatus.FAILED
    return {
        "run": run,
        "progress": training_progress(run),
        "failure": training_error(run.error_code) if failed else None,
        "failure_detail": run.error_params.get("detail", "") if failed else "",
        "chart": chart,
        "samples": samples,
        "hidden": hidden,
        "log": log,
        "point": chart["labels"][-1] if chart else "",
        "sample": samples[0].step if samples else 0,
        "line": line,
        "examples": counted(run.data_counts, EXAMPLES),
        "pairs": counted(run.data_counts, PAIRS),
        "excluded": left_out(run.excluded),
        "masked": run.excluded.get(MASKED, 0),
        "scope": scope_name(run),
        "settings": settings_of(run.config),
        "events": run_folder(run) / "events",
        "evaluation": evaluation_of(run.version) if run.version else None,
        "may_change": request.membership.covers(Role.ADMIN),
    }


def _changed(request: WorkspaceRequest, context: dict[str, Any]) -> dict[str, bool]:
    """Which parts are newer than what the page says it shows; all of them at the end."""
    seen = {name: request.GET.get(name, "") for name in ("point", "sample", "line")}
    ended = not context["run"].is_open
    return {
        "first_point": context["chart"] is not None and not seen["point"],
        "new_points": context["chart"] is not None and str(context["point"]) != seen["point"],
        "new_samples": bool(context["samples"]) and str(context["sample"]) != seen["sample"],
        "new_lines": ended or str(context["line"]) != seen["line"],
    }


@require_POST
@workspace_view(Role.ADMIN)
def training_cancel(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    run = services.training_cancel(actor=request.user, run=training_get_for(workspace=workspace, pk=pk))
    messages.info(request, _("The training is being cancelled. It can be resumed."))
    return redirect(request, _url(run))


@require_POST
@workspace_view(Role.ADMIN)
def training_resume(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Go on from the last checkpoint; what stands against it is shown on the run's page."""
    run = training_get_for(workspace=workspace, pk=pk)
    try:
        services.training_resume(actor=request.user, run=run)
    except StudioError as error:
        if error.code != "conflict":
            raise
        return _detail(request, run, error)
    again = _("The training goes on from its last checkpoint."), _("The training begins again: it had made no step.")
    messages.info(request, again[0] if run.done else again[1])
    return redirect(request, _url(run))


def _url(run: TrainingRun) -> str:
    return reverse("generation:training_detail", args=[run.workspace.slug, run.pk])
