"""Webhooks (admins only): list, new, edit, new secret, in and out of use, messages. A secret is on one page, once."""

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

from campaigns.forms.webhook import WebhookForm
from campaigns.models import WebhookDelivery, WebhookEndpoint
from campaigns.selectors.webhook import (
    deliveries,
    delivery_get_for,
    delivery_reason,
    event_label,
    may_retry,
    webhook_get_for,
    webhooks,
)
from campaigns.services.webhook import (
    delivery_retry,
    webhook_change,
    webhook_create,
    webhook_rotate,
    webhook_switch,
    webhook_test,
)
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.db import JobStatus
from copystudio.errors import InvalidInputError
from copystudio.forms import add_errors
from copystudio.http import redirect, render
from copystudio.models import Role, Workspace


@require_safe
@workspace_view(Role.ADMIN)
def webhook_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    page = Paginator(webhooks(workspace), settings.PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [{"endpoint": endpoint, "events": [event_label(event) for event in endpoint.events]} for endpoint in page]
    return render(request, "campaigns/webhook/list.html", {"page": page, "rows": rows})


@require_safe
@workspace_view(Role.ADMIN)
def webhook_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    endpoint = webhook_get_for(workspace=workspace, pk=pk)
    page = Paginator(deliveries(endpoint), settings.PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "endpoint": endpoint,
        "events": [event_label(event) for event in endpoint.events],
        "page": page,
        "rows": [row_of(delivery, endpoint) for delivery in page],
    }
    return render(request, "campaigns/webhook/detail.html", context)


def row_of(delivery: WebhookDelivery, endpoint: WebhookEndpoint) -> dict[str, object]:
    waits = delivery.status == JobStatus.QUEUED and delivery.attempt > 0
    return {
        "delivery": delivery,
        "event": event_label(delivery.event),
        "state": ("warning", _("To be tried again")) if waits else (delivery.status, delivery.get_status_display()),
        "waits": waits,
        "reason": delivery_reason(delivery),
        "may_retry": endpoint.is_active and may_retry(delivery),
    }


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_variables("secret")
@workspace_view(Role.ADMIN)
def webhook_create_view(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            endpoint, secret = webhook_create(actor=request.user, workspace=workspace, **form.cleaned_data)
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            return _secret_page(request, endpoint, secret)
    return render(request, "campaigns/webhook/form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@workspace_view(Role.ADMIN)
def webhook_edit(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    endpoint = webhook_get_for(workspace=workspace, pk=pk)
    form = WebhookForm(request.POST or None, initial={"url": endpoint.url, "events": endpoint.events})
    if request.method == "POST" and form.is_valid():
        try:
            webhook_change(actor=request.user, endpoint=endpoint, **form.cleaned_data)
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            return _back(request, workspace, pk)
    context = {"form": form, "endpoint": endpoint}
    return render(request, "campaigns/webhook/form.html", context, status=422 if form.errors else 200)


@require_POST
@never_cache
@sensitive_variables("secret")
@workspace_view(Role.ADMIN)
def webhook_rotate_view(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    endpoint, secret = webhook_rotate(actor=request.user, endpoint=webhook_get_for(workspace=workspace, pk=pk))
    return _secret_page(request, endpoint, secret)


def _secret_page(request: WorkspaceRequest, endpoint: WebhookEndpoint, secret: str) -> HttpResponse:
    """The only page that ever shows the secret, so it comes as the answer itself."""
    return render(request, "campaigns/webhook/secret.html", {"endpoint": endpoint, "secret": secret})


@require_POST
@workspace_view(Role.ADMIN)
def webhook_disable(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    webhook_switch(actor=request.user, endpoint=webhook_get_for(workspace=workspace, pk=pk), active=False)
    messages.success(request, _("The webhook gets no messages from now on."))
    return _back(request, workspace, pk)


@require_POST
@workspace_view(Role.ADMIN)
def webhook_enable(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    webhook_switch(actor=request.user, endpoint=webhook_get_for(workspace=workspace, pk=pk), active=True)
    messages.success(request, _("The webhook is in use again."))
    return _back(request, workspace, pk)


@require_POST
@workspace_view(Role.ADMIN)
def webhook_test_view(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    webhook_test(actor=request.user, endpoint=webhook_get_for(workspace=workspace, pk=pk))
    messages.info(request, _("A test is on its way. Load the page again in a moment to see what came of it."))
    return _back(request, workspace, pk)


@require_POST
@workspace_view(Role.ADMIN)
def delivery_retry_view(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    delivery = delivery_retry(actor=request.user, delivery=delivery_get_for(workspace=workspace, pk=pk))
    messages.info(request, _("The message is sent again now."))
    return _back(request, workspace, delivery.endpoint_id)


def _back(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    return redirect(request, reverse("campaigns:webhook_detail", args=[workspace.slug, pk]))
