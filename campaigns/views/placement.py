"""Placements: list, detail with what is served now, forms, and choosing the copy."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.placement import AssignableFilter, AssignForm, PlacementForm
from campaigns.models import Placement
from campaigns.selectors.placement import (
    assignable,
    counts_today,
    placement_get_for,
    placements,
    served_now,
    standing_of,
    variant_get_for_placement,
)
from campaigns.services.placement import placement_assign, placement_change, placement_create
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError
from copystudio.forms import add_errors
from copystudio.http import redirect, render
from copystudio.models import Role, Workspace


def _detail_url(workspace: Workspace, placement: Placement) -> str:
    return reverse("campaigns:placement_detail", args=[workspace.slug, placement.pk])


@require_safe
@workspace_view(Role.VIEWER)
def placement_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    page = Paginator(placements(workspace), settings.PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [(placement, served_now(placement), standing_of(placement)) for placement in page]
    return render(request, "campaigns/placement/list.html", {"page": page, "rows": rows})


@require_safe
@workspace_view(Role.VIEWER)
def placement_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    placement = placement_get_for(workspace=workspace, pk=pk)
    found = AssignableFilter(request.GET, queryset=assignable(placement), request=request)
    context = {
        "placement": placement,
        "arm": served_now(placement),
        "standing": standing_of(placement),
        "counts": counts_today(placement),
        "filter": found,
        "page": Paginator(found.qs, 10).get_page(request.GET.get("page")),
        "address": request.build_absolute_uri(reverse("api:decide")),
    }
    rows = "campaigns/placement/partials/assignable.html"
    return render(request, "campaigns/placement/detail.html", context, fragment=rows)


@require_http_methods(["GET", "POST"])
@workspace_view(Role.APPROVER)
def placement_create_view(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    form = PlacementForm(request.POST or None, workspace=workspace)
    if request.method == "POST" and form.is_valid():
        try:
            placement = placement_create(actor=request.user, workspace=workspace, **form.cleaned_data)
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved “%(name)s”.") % {"name": placement.name})
            return redirect(request, _detail_url(workspace, placement))
    status = 422 if form.errors else 200
    return render(request, "campaigns/placement/form.html", {"form": form, "placement": None}, status=status)


@require_http_methods(["GET", "POST"])
@workspace_view(Role.APPROVER)
def placement_edit(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    placement = placement_get_for(workspace=workspace, pk=pk)
    initial = PlacementForm.initial_of(placement)
    form = PlacementForm(request.POST or None, workspace=workspace, placement=placement, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            placement_change(actor=request.user, placement=placement, **form.cleaned_data)
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved “%(name)s”.") % {"name": form.cleaned_data["name"]})
            return redirect(request, _detail_url(workspace, placement))
    status = 422 if form.errors else 200
    return render(request, "campaigns/placement/form.html", {"form": form, "placement": placement}, status=status)


@require_POST
@workspace_view(Role.APPROVER)
def placement_assign_view(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    placement = placement_get_for(workspace=workspace, pk=pk)
    form = AssignForm(request.POST)
    if not form.is_valid():
        raise InvalidInputError(_("Choose the copy to serve."))
    number = form.cleaned_data["variant"]
    variant = variant_get_for_placement(placement=placement, pk=number) if number else None
    placement_assign(actor=request.user, placement=placement, variant=variant)
    message = _("This copy is served from now on.") if variant else _("The fallback text is served from now on.")
    messages.success(request, message)
    return redirect(request, _detail_url(workspace, placement))
