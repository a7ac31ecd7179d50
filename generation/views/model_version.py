"""Model versions: the list, the model card, and which of them writes."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError
from copystudio.forms import add_errors
from copystudio.http import is_fragment, redirect, render
from copystudio.models import Role, Workspace
from generation.engine import starter
from generation.forms.registry import PromoteForm, RollBackForm, VersionFilter
from generation.models import ModelVersion
from generation.models.model_version import TRANSITIONS
from generation.selectors.base_fetch import fetches_open
from generation.selectors.comparison import comparison_of, measured_versions
from generation.selectors.evaluation import evaluations_of, figures_of, gate_rows, newest_measured
from generation.selectors.figures import history_chart
from generation.selectors.registry import (
    active_version,
    bases,
    best_loss,
    data_rows,
    gate_count,
    history_of,
    training_run_of,
    version_events,
    version_get_for,
    version_rows,
    versions,
)
from generation.selectors.training import scope_name, settings_of
from generation.services.evaluation import evaluation_start
from generation.services.registry import (
    former_version,
    model_version_delete,
    model_version_promote,
    model_version_retire,
    model_version_roll_back,
)

MOST_EVALUATIONS = 10
ROWS = "generation/model/partials/rows.html"


@require_safe
@workspace_view(Role.VIEWER)
def model_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    found = VersionFilter(request.GET, queryset=versions(workspace), workspace=workspace)
    page = Paginator(found.qs, settings.PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"filter": found, "page": page, "rows": version_rows(page.object_list)}
    if not is_fragment(request):
        context |= _around(request, workspace)
    return render(request, "generation/model/list.html", context, fragment=ROWS)


def _around(request: WorkspaceRequest, workspace: Workspace) -> dict[str, object]:
    """What stands on the list's page around the list."""
    active = active_version(workspace)
    return {
        "active": version_rows([active])[0] if active else None,
        "former": former_version(workspace),
        "bases": bases(workspace),
        "fetches": fetches_open(workspace),
        "is_admin": request.membership.covers(Role.ADMIN),
    }


@require_safe
@workspace_view(Role.VIEWER)
def model_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """The model card."""
    return _card(request, version_get_for(workspace=workspace, pk=pk))


def _card(request: WorkspaceRequest, version: ModelVersion, promotion: PromoteForm | None = None) -> HttpResponse:
    evaluations = list(evaluations_of(version)[:MOST_EVALUATIONS])
    newest = newest_measured([version]).get(version.pk)
    measured = version.evaluations.select_related("version", "against").get(pk=newest.pk) if newest else None
    children = version.children.select_related("language_model").order_by("number")
    parent, run, config = version.parent, training_run_of(version), version.lineage.get("config") or {}
    gates = gate_count(newest, is_open=any(one.is_open for one in evaluations))
    is_outdated = measured is not None and measured.against != active_version(version.workspace)
    form = promotion or PromoteForm()
    form.fields["reason"].required = is_outdated or not gates.all_passed  # the service decides; the page says so before
    context = {
        "nav": "generation:model_list",
        "version": version,
        "config": config,
        "settings": settings_of(config) if config else [],
        "data": data_rows(version),
        "training_run": run,
        "scope": scope_name(run) if run else "",
        "history": history_chart(history_of(version)),
        "loss": best_loss(version),
        "parent": parent,
        "children": children,
        "events": version_events(version),
        "evaluations": evaluations,
        "evaluation": measured,
        "figures": figures_of(measured) if measured else None,
        "gates": gate_rows(measured.results.get("gates", ())) if measured else [],
        "gate_count": gates,
        "is_outdated": is_outdated,
        "is_gemma": version.language_model.licence == starter.LICENCE,
        "licence_notice": starter.licence_notice(get_language() or "en"),
        "may": {verb for verb, (before, _after) in TRANSITIONS.items() if version.status in before},
        "is_admin": request.membership.covers(Role.ADMIN),
        "form": form,
    }
    if context["is_admin"]:
        context |= _compared(request, version)
    return render(request, "generation/model/detail.html", context, status=422 if promotion else 200)


def _compared(request: WorkspaceRequest, version: ModelVersion) -> dict[str, object]:
    """The versions that this one can be compared with, where it was measured itself, and the chosen one beside it."""
    measured = list(measured_versions(version.workspace))
    others = [one for one in measured if one != version]
    wanted = request.GET.get("with", "")
    number = int(wanted) if wanted.isdecimal() and len(wanted) < 18 else 0
    return {
        "comparable": others if version in measured else [],
        "comparison": comparison_of(version, number) if wanted else None,
    }


@require_POST
@workspace_view(Role.ADMIN)
def model_promote(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    version = version_get_for(workspace=workspace, pk=pk)
    form = PromoteForm(request.POST)
    if form.is_valid():
        try:
            model_version_promote(actor=request.user, version=version, reason=form.cleaned_data["reason"])
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Version %(number)d writes from now on.") % {"number": version.number})
            return _to(request, version)
    return _card(request, version, form)


@require_POST
@workspace_view(Role.ADMIN)
def model_roll_back(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    form = RollBackForm(request.POST, workspace=workspace)
    if not form.is_valid():
        raise InvalidInputError(_("The form does not say which version is left. Reload the page and look again."))
    leaving = form.cleaned_data["leaving"]
    version = model_version_roll_back(actor=request.user, workspace=workspace, leaving=leaving)
    messages.success(request, _("Version %(number)d writes again.") % {"number": version.number})
    return redirect(request, reverse("generation:model_list", args=[workspace.slug]))


@require_POST
@workspace_view(Role.ADMIN)
def model_retire(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    version = model_version_retire(actor=request.user, version=version_get_for(workspace=workspace, pk=pk))
    messages.success(request, _("Version %(number)d is retired.") % {"number": version.number})
    return _to(request, version)


@require_POST
@workspace_view(Role.ADMIN)
def model_delete(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    version = model_version_delete(actor=request.user, version=version_get_for(workspace=workspace, pk=pk))
    messages.success(request, _("The files of version %(number)d are deleted.") % {"number": version.number})
    return redirect(request, reverse("generation:model_list", args=[workspace.slug]))


@require_POST
@workspace_view(Role.ADMIN)
def model_measure(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    evaluation = evaluation_start(actor=request.user, version=version_get_for(workspace=workspace, pk=pk))
    return redirect(request, reverse("generation:evaluation_detail", args=[workspace.slug, evaluation.pk]))


def _to(request: WorkspaceRequest, version: ModelVersion) -> HttpResponse:
    return redirect(request, reverse("generation:model_detail", args=[version.workspace.slug, version.pk]))
