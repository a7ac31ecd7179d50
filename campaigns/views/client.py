"""API clients (admins only): list, new, replace the key, revoke. A clear key is on one page, once."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.client import ClientForm, RotateForm
from campaigns.models import ApiClient, Scope
from campaigns.selectors.client import client_get_for, clients
from campaigns.services.client import client_create, client_revoke, client_rotate, is_revoked, may_rotate
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError
from copystudio.forms import add_errors
from copystudio.http import redirect, render
from copystudio.models import Role, Workspace


@require_safe
@workspace_view(Role.ADMIN)
def client_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    page = Paginator(clients(workspace), settings.PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [
        {
            "client": client,
            "status": status_of(client),
            "scopes": [label_of(scope) for scope in client.scopes],
            "may_rotate": may_rotate(client),
            "may_revoke": not is_revoked(client),
        }
        for client in page
    ]
    return render(request, "campaigns/client/list.html", {"page": page, "rows": rows})


def status_of(client: ApiClient) -> tuple[str, str]:
    """Name of the badge and its label."""
    if is_revoked(client):
        return "revoked", _("Revoked")
    if client.revoked_at is not None:
        return "warning", _("Being replaced")
    return ("active", _("In force")) if may_rotate(client) else ("expired", _("Expired"))


def label_of(scope: str) -> str:
    return str(Scope(scope).label) if scope in Scope.values else scope


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_variables("key")
@workspace_view(Role.ADMIN)
def client_create_view(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    form = ClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            client, key = client_create(
                actor=request.user,
                workspace=workspace,
                name=data["name"],
                scopes=data["scopes"],
                expires_at=form.expires_at(),
            )
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            return _key_page(request, client, key)
    return render(request, "campaigns/client/form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_variables("key")
@workspace_view(Role.ADMIN)
def client_rotate_view(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    client = client_get_for(workspace=workspace, pk=pk)
    form = RotateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        new, key = client_rotate(actor=request.user, client=client, overlap=form.overlap_time())
        return _key_page(request, new, key)
    context = {"form": form, "client": client, "possible": may_rotate(client)}
    return render(request, "campaigns/client/rotate.html", context, status=422 if form.errors else 200)


def _key_page(request: WorkspaceRequest, client: ApiClient, key: str) -> HttpResponse:
    """The only page that ever shows the key: nothing keeps it, so it comes as the answer itself."""
    return render(request, "campaigns/client/key.html", {"client": client, "key": key})


@require_POST
@workspace_view(Role.ADMIN)
def client_revoke_view(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    client = client_revoke(actor=request.user, client=client_get_for(workspace=workspace, pk=pk))
    messages.success(request, _("The key of “%(name)s” is refused from now on.") % {"name": client.name})
    return redirect(request, reverse("campaigns:client_list", args=[workspace.slug]))
