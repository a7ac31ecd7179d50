"""Setting up webhooks. A clear secret leaves ``webhook_create`` and ``webhook_rotate`` once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from campaigns.models.webhook import TEST_EVENT
from campaigns.services.webhook_address import target_of
from campaigns.services.webhook_send import message_queue
from campaigns.services.webhook_sign import secret_new
from copystudio.access import require
from copystudio.db import JobStatus, locked
from copystudio.errors import InvalidInputError, TransitionError
from copystudio.models import Role, User, Workspace
from copystudio.services.events import event_record
from copystudio.services.jobs import job_resume, job_ring

MOST_ENDPOINTS = 20


def webhook_create(
    *, actor: User, workspace: Workspace, url: str, events: Iterable[str]
) -> tuple[WebhookEndpoint, str]:
    """Make a webhook. Returns it with its secret, which is to be shown once. For admins; looks the host up."""
    require(actor=actor, workspace=workspace, role=Role.ADMIN)  # before the name server is asked
    wanted = _checked(url, events)
    try:
        with transaction.atomic():
            locked(Workspace, children=True, pk=workspace.pk)
            require(actor=actor, workspace=workspace, role=Role.ADMIN)
            if WebhookEndpoint.objects.filter(workspace=workspace).count() >= MOST_ENDPOINTS:
                raise InvalidInputError(_("At most %(most)d webhooks.") % {"most": MOST_ENDPOINTS})
            secret = secret_new()
            endpoint = WebhookEndpoint.objects.create(
                workspace=workspace, url=url, events=wanted, secret=secret, created_by=actor
            )
            event_record(
                actor=actor, workspace=workspace, verb="webhook.create", target=endpoint, data={"events": wanted}
            )
            return endpoint, secret
    except IntegrityError as error:
        raise _once(error) from None


def webhook_change(*, actor: User, endpoint: WebhookEndpoint, url: str, events: Iterable[str]) -> WebhookEndpoint:
    """Change where it goes and what it tells. For admins; looks the host up."""
    require(actor=actor, workspace=endpoint.workspace, role=Role.ADMIN)
    wanted = _checked(url, events)
    try:
        with transaction.atomic():
            row = _locked(actor=actor, endpoint=endpoint)
            data = {"url": [row.url, url], "events": wanted}
            row.url, row.events = url, wanted
            row.save(update_fields=["url", "events", "updated_at"])
            event_record(actor=actor, workspace=row.workspace, verb="webhook.change", target=row, data=data)
            return row
    except IntegrityError as error:
        raise _once(error) from None


def webhook_rotate(*, actor: User, endpoint: WebhookEndpoint) -> tuple[WebhookEndpoint, str]:
    """Give it a new secret; for a day both sign, so that the receiver can change over. For admins."""
    with transaction.atomic():
        row = _locked(actor=actor, endpoint=endpoint)
        row.former_secret, row.secret = row.secret, secret_new()
        row.former_until = timezone.now() + dt.timedelta(seconds=settings.WEBHOOK_OVERLAP_SECONDS)
        row.save(update_fields=["former_secret", "secret", "former_until", "updated_at"])
        data = {"former_until": row.former_until.isoformat()}
        event_record(actor=actor, workspace=row.workspace, verb="webhook.rotate", target=row, data=data)
        return row, row.secret


def webhook_switch(*, actor: User, endpoint: WebhookEndpoint, active: bool) -> WebhookEndpoint:
    """Take it out of use or into use again. Raises TransitionError where it is so already. For admins."""
    with transaction.atomic():
        row = _locked(actor=actor, endpoint=endpoint)
        if row.is_active == active:
            raise TransitionError
        row.is_active = active
        row.save(update_fields=["is_active", "updated_at"])
        verb = "webhook.enable" if active else "webhook.disable"
        event_record(actor=actor, workspace=row.workspace, verb=verb, target=row)
        return row


def webhook_test(*, actor: User, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Queue a message of the type ``webhook.test``. For admins; raises TransitionError for one that is out of use."""
    with transaction.atomic():
        row = _locked(actor=actor, endpoint=endpoint)
        if not row.is_active:
            raise TransitionError(_("This webhook is out of use. Enable it first."))
        event_record(actor=actor, workspace=row.workspace, verb="webhook.test", target=row)
        return message_queue(endpoint=row, event=TEST_EVENT, data={"webhook": row.pk}, actor=actor)


def delivery_retry(*, actor: User, delivery: WebhookDelivery) -> WebhookDelivery:
    """Send a message now: one that was given up begins anew, one that waits for its next try waits no longer.

    For admins. Raises TransitionError for one that arrived or is on its way, or whose webhook is out of use.
    """
    with transaction.atomic():
        endpoint = _locked(actor=actor, endpoint=delivery.endpoint)
        if not endpoint.is_active:
            raise TransitionError(_("This webhook is out of use. Enable it first."))
        row = locked(WebhookDelivery, pk=delivery.pk)
        if row.status == JobStatus.QUEUED:
            event_record(actor=actor, workspace=row.workspace, verb="webhookdelivery.resume", target=row)
            job_ring(row)
        else:
            job_resume(actor=actor, job=row, role=Role.ADMIN)
        WebhookDelivery.objects.filter(pk=row.pk).update(next_attempt_at=Now())
        row.refresh_from_db()
        return row


def _locked(*, actor: User, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    row = locked(WebhookEndpoint, children=True, pk=endpoint.pk)
    require(actor=actor, workspace=row.workspace, role=Role.ADMIN)
    return row


def _checked(url: str, events: Iterable[str]) -> list[str]:
    """The events in the order of their table. Raises InvalidInputError."""
    chosen = {str(event) for event in events}
    if not chosen or not chosen <= set(WebhookEvent.values):
        raise InvalidInputError(fields={"events": [_("Choose at least one event.")]})
    if len(url) > 500:
        raise InvalidInputError(fields={"url": [_("At most 500 characters.")]})
    target_of(url)
    return [event for event in WebhookEvent.values if event in chosen]


def _once(error: IntegrityError) -> Exception:
    if "campaigns_webhook_url" not in str(error):
        return error
    return InvalidInputError(fields={"url": [_("There is already a webhook for this address.")]})
