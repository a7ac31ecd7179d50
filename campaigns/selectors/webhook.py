"""Reading webhooks and their messages."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from campaigns.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from campaigns.models.webhook import TEST_EVENT
from copystudio.db import JobStatus
from copystudio.errors import Text
from copystudio.models import Workspace

EVENTS: dict[str, Text] = {**dict(WebhookEvent.choices), TEST_EVENT: _("Test")}
REASONS: dict[str, Text] = {
    "address": _("The address was refused."),
    "timeout": _("No answer in time."),
    "connection": _("The receiver could not be reached."),
    "refused": _("The receiver did not take it."),
    "gone": _("The receiver wants no more messages (410), so the webhook is out of use."),
    "given_up": _("Given up after the last try."),
    "attempts": _("Given up after the last try."),
    "endpoint_off": _("The webhook was out of use."),
}


def webhooks(workspace: Workspace) -> QuerySet[WebhookEndpoint]:
    """The workspace's webhooks, those in use first, with ``last_at`` of the newest message."""
    newest = WebhookDelivery.objects.filter(endpoint=OuterRef("pk")).order_by("-id").values("created_at")[:1]
    return (
        WebhookEndpoint.objects.filter(workspace=workspace)
        .annotate(last_at=Subquery(newest))
        .order_by("-is_active", "-id")
    )


def webhook_get_for(*, workspace: Workspace, pk: int) -> WebhookEndpoint:
    """Raises Http404 where the workspace has no such webhook."""
    endpoint = webhooks(workspace).filter(pk=pk).first()
    if endpoint is None:
        raise Http404
    return endpoint


def deliveries(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """The messages to a webhook, newest first."""
    return WebhookDelivery.objects.filter(endpoint=endpoint, workspace_id=endpoint.workspace_id).order_by("-id")


def delivery_get_for(*, workspace: Workspace, pk: int) -> WebhookDelivery:
    """Raises Http404 where the workspace has no such message."""
    delivery = WebhookDelivery.objects.select_related("endpoint").filter(workspace=workspace, pk=pk).first()
    if delivery is None:
        raise Http404
    return delivery


def event_label(event: str) -> str:
    return str(EVENTS.get(event, event))


def delivery_reason(delivery: WebhookDelivery) -> str:
    """Why a message has not arrived, or not yet; empty where there is nothing to say."""
    return str(REASONS.get(delivery.error_code, delivery.error_code))


def may_retry(delivery: WebhookDelivery) -> bool:
    """Whether a message can be sent again now: it was given up, or waits for another try."""
    waits = delivery.status == JobStatus.QUEUED and delivery.attempt > 0
    return waits or delivery.status in (JobStatus.FAILED, JobStatus.CANCELLED)
