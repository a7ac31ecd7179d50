"""Products: list, one product, forms."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.catalogue import ProductFilter, ProductForm
from campaigns.models import Product
from campaigns.selectors.catalogue import product_get_for, products
from campaigns.services.product import product_archive, product_save
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError
from copystudio.forms import add_errors
from copystudio.http import redirect, render
from copystudio.models import Role, Workspace


@require_safe
@workspace_view(Role.VIEWER)
def product_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    filters = ProductFilter(request.GET, queryset=products(workspace), workspace=workspace)
    page = Paginator(filters.qs, settings.PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "filter": filters}
    return render(request, "campaigns/product/list.html", context, fragment="campaigns/product/partials/rows.html")


@require_safe
@workspace_view(Role.VIEWER)
def product_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    product = product_get_for(workspace=workspace, pk=pk)
    variants = product.variants.select_related("channel", "current_revision").order_by("-id")[:10]
    context = {"product": product, "prices": product.prices.all()[:30], "variants": variants}
    return render(request, "campaigns/product/detail.html", context)


@require_http_methods(["GET", "POST"])
@workspace_view(Role.COPYWRITER)
def product_create(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    return _form(request, workspace, None)


@require_http_methods(["GET", "POST"])
@workspace_view(Role.COPYWRITER)
def product_edit(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    return _form(request, workspace, product_get_for(workspace=workspace, pk=pk))


def _form(request: WorkspaceRequest, workspace: Workspace, product: Product | None) -> HttpResponse:
    form = ProductForm(request.POST or None, product=product)
    if request.method == "POST" and form.is_valid():
        try:
            saved = product_save(actor=request.user, workspace=workspace, product=product, data=form.to_data())
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved “%(name)s”.") % {"name": saved.title})
            return redirect(request, reverse("campaigns:product_detail", args=[workspace.slug, saved.pk]))
    context = {"form": form, "product": product}
    return render(request, "campaigns/product/form.html", context, status=422 if form.errors else 200)


@require_POST
@workspace_view(Role.COPYWRITER)
def product_set_archived(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    product = product_get_for(workspace=workspace, pk=pk)
    if request.POST.get("archived") not in {"0", "1"}:
        raise InvalidInputError
    archived = request.POST["archived"] == "1"
    product_archive(actor=request.user, product=product, archived=archived)
    messages.success(request, _("Archived.") if archived else _("Back on sale."))
    return redirect(request, reverse("campaigns:product_detail", args=[workspace.slug, product.pk]))
