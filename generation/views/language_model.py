"""Base models: registering one that lies in the model folder, and fetching one from the hub."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError
from copystudio.forms import add_errors
from copystudio.http import is_fragment, redirect, render, stop_polling
from copystudio.models import Role, Workspace
from generation.forms.registry import BaseForm
from generation.models import BaseFetch
from generation.selectors.base_fetch import fetch_get_for, fetch_state, fetches_recent
from generation.selectors.registry import folders
from generation.services.base_fetch import base_fetch_cancel, base_fetch_resume, base_fetch_start
from generation.services.registry import language_model_add

LIVE = "generation/base/partials/fetch_live.html"


@require_http_methods(["GET", "POST"])
@workspace_view(Role.ADMIN)
def base_add(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    found = folders(workspace)
    form = BaseForm(request.POST or None, folders=[one.name for one in found if one.is_usable])
    if request.method == "POST" and form.is_valid():
        hub = form.cleaned_data["hub"]
        try:
            return _fetch(request, workspace, form.cleaned_data) if hub else _add(request, workspace, form.cleaned_data)
        except InvalidInputError as error:
            add_errors(form, error if not hub else _beside_hub(error))
    context = {
        "nav": "generation:model_list",
        "form": form,
        "folders": found,
        "model_root": settings.MODEL_ROOT,
        "fetches": fetches_recent(workspace),
    }
    return render(request, "generation/base/form.html", context, status=422 if form.errors else 200)


def _add(request: WorkspaceRequest, workspace: Workspace, data: dict[str, Any]) -> HttpResponse:
    values = {name: value for name, value in data.items() if name != "hub"}
    model = language_model_add(actor=request.user, workspace=workspace, **values)
    messages.success(request, _("Registered “%(name)s”, with a first version of it.") % {"name": model.name})
    return redirect(request, reverse("generation:model_list", args=[workspace.slug]))


def _fetch(request: WorkspaceRequest, workspace: Workspace, data: dict[str, Any]) -> HttpResponse:
    values = {name: value for name, value in data.items() if name not in ("hub", "folder")}
    fetch, is_new = base_fetch_start(actor=request.user, workspace=workspace, hub_name=data["hub"], **values)
    if not is_new:
        messages.info(request, _("This model is being fetched already; here it is."))
    return redirect(request, _url(fetch))


def _beside_hub(error: InvalidInputError) -> InvalidInputError:
    """What is wrong with a name on the hub stands beside that name."""
    fields = {"hub" if name == "folder" else name: texts for name, texts in error.fields.items()}
    return InvalidInputError(error.message, code=error.code, fields=fields)


@require_safe
@workspace_view(Role.ADMIN)
def fetch_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """The page, and the fragment that it polls while the fetch is open."""
    fetch = fetch_get_for(workspace=workspace, pk=pk)
    context = {
        "nav": "generation:model_list",
        "fetch": fetch,
        "state": fetch_state(fetch),
        "polled": is_fragment(request),
    }
    response = render(request, "generation/base/fetch.html", context, fragment=LIVE)
    return stop_polling(response) if is_fragment(request) and not fetch.is_open else response


@require_POST
@workspace_view(Role.ADMIN)
def fetch_cancel(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    fetch = fetch_get_for(workspace=workspace, pk=pk)
    base_fetch_cancel(actor=request.user, fetch=fetch)
    messages.info(request, _("The fetch is being stopped."))
    return redirect(request, _url(fetch))


@require_POST
@workspace_view(Role.ADMIN)
def fetch_resume(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    fetch = fetch_get_for(workspace=workspace, pk=pk)
    base_fetch_resume(actor=request.user, fetch=fetch)
    return redirect(request, _url(fetch))


def _url(fetch: BaseFetch) -> str:
    return reverse("generation:fetch_detail", args=[fetch.workspace.slug, fetch.pk])
