"""Brands: list, one brand, forms."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.forms.catalogue import BrandForm
from campaigns.models import Brand
from campaigns.selectors.catalogue import brand_get_for, brands
from campaigns.services.brand import brand_save
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError
from copystudio.forms import add_errors
from copystudio.http import redirect, render
from copystudio.models import Role, Workspace


@require_safe
@workspace_view(Role.VIEWER)
def brand_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    rows = brands(workspace).annotate(campaign_count=Count("campaigns")).order_by("name")
    page = Paginator(rows, settings.PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "campaigns/brand/list.html", {"page": page})


@require_safe
@workspace_view(Role.VIEWER)
def brand_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    brand = brand_get_for(workspace=workspace, pk=pk)
    return render(request, "campaigns/brand/detail.html", {"brand": brand, "campaigns": brand.campaigns.all()[:20]})


@require_http_methods(["GET", "POST"])
@workspace_view(Role.COPYWRITER)
def brand_create(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    return _form(request, workspace, None)


@require_http_methods(["GET", "POST"])
@workspace_view(Role.COPYWRITER)
def brand_edit(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    return _form(request, workspace, brand_get_for(workspace=workspace, pk=pk))


def _form(request: WorkspaceRequest, workspace: Workspace, brand: Brand | None) -> HttpResponse:
    role = Role(request.membership.role)
    form = BrandForm(request.POST or None, workspace=workspace, role=role, instance=brand)
    if request.method == "POST" and form.is_valid():
        try:
            saved = brand_save(actor=request.user, workspace=workspace, brand=brand, **form.cleaned_data)
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved “%(name)s”.") % {"name": saved.name})
            return redirect(request, reverse("campaigns:brand_detail", args=[workspace.slug, saved.pk]))
    context = {"form": form, "brand": brand}
    return render(request, "campaigns/brand/form.html", context, status=422 if form.errors else 200)
