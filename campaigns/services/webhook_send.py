"""Telling webhooks: a message is written where a run ends, and a worker sends it until somebody has taken it."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.models import WebhookDelivery, WebhookEndpoint
from campaigns.models.webhook import MOST_KEPT
from campaigns.services.webhook_address import Target, target_of
from campaigns.services.webhook_sign import headers_of
from copystudio import __version__
from copystudio.db import JobStatus, locked
from copystudio.errors import InvalidInputError
from copystudio.models import User
from copystudio.services.events import event_record
from copystudio.services.jobs import LeaseLostError, job_claim, job_end, job_kept, job_later, job_ring, job_still_mine
from generation.models import GenerationRun

# Seconds between one try and the next: 23 hours and 36 minutes in all, then the message is given up.
PAUSES = (5, 60, 300, 1800, 7200, 18000, 28800, 28800)
GONE = 410  # the receiver says that it wants no more
MOST_READ = 4096  # bytes of an answer
READ_SECONDS = 2.0  # for its body, once the status is there
log = logging.getLogger(__name__)


# -- writing ---------------------------------------------------------------------------------------------------------


def run_ended(run: GenerationRun) -> None:
    """Queue a message to every webhook that is told of this end (``settings.GENERATION_ENDED``)."""
    event = f"run.{run.status}"
    endpoints = WebhookEndpoint.objects.filter(workspace_id=run.workspace_id, is_active=True, events__contains=[event])
    for endpoint in endpoints.order_by("pk"):
        message_queue(endpoint=endpoint, event=event, data=run_data(run), run=run)


def run_data(run: GenerationRun) -> dict[str, Any]:
    """What a message says of a run: enough to know which and how it ended; the rest is asked for with a key."""
    brief_run = getattr(run, "brief_run", None)  # a run need not come from a brief
    return {
        "id": run.pk,
        "status": str(run.status),
        "label": run.label,
        "brief": brief_run.brief_id if brief_run else None,
        "campaign": brief_run.brief.campaign_id if brief_run else None,
        "requested": run.total,
        "produced": run.done,
        "error": run.error_code or None,
        "url": f"{settings.PUBLIC_URL.rstrip('/')}/api/v1/runs/{run.pk}",
    }


def message_queue(
    *,
    endpoint: WebhookEndpoint,
    event: str,
    data: dict[str, Any],
    run: GenerationRun | None = None,
    actor: User | None = None,
) -> WebhookDelivery:
    """Write a message and ring for it, in the caller's transaction."""
    now = timezone.now().isoformat(timespec="seconds").replace("+00:00", "Z")
    body = json.dumps({"type": event, "timestamp": now, "data": data}, ensure_ascii=False, separators=(",", ":"))
    delivery = WebhookDelivery.objects.create(
        workspace_id=endpoint.workspace_id,
        created_by=actor,
        endpoint=endpoint,
        run=run,
        event=event,
        message_id=f"msg_{uuid.uuid4().hex}",
        body=body,
        max_attempts=len(PAUSES) + 1,
    )
    job_ring(delivery)
    return delivery


# -- sending ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reply:
    """What came back; ``code`` says why nothing did."""

    status: int | None = None
    text: str = ""
    code: str = ""

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def webhook_deliver(*, delivery_id: int) -> None:
    """Try a message once, if it is due. Safe to call twice: whoever holds the lease sends."""
    delivery = job_claim(WebhookDelivery, delivery_id)
    if delivery is None:
        return
    endpoint = WebhookEndpoint.objects.get(pk=delivery.endpoint_id)
    try:
        if not endpoint.is_active:
            job_end(delivery, JobStatus.CANCELLED, code="endpoint_off")
            return
        with job_kept(delivery):
            reply = send(endpoint=endpoint, delivery=delivery)
        _note(delivery, reply)
    except LeaseLostError:
        log.warning("webhook message %s was taken over by another worker", delivery.pk)


def _note(delivery: WebhookDelivery, reply: Reply) -> None:
    """Write down what came of a try, under its fence: taken, to be tried again, or given up."""
    kept = {"response_status": reply.status, "response_body": reply.text}
    with transaction.atomic():
        endpoint = locked(WebhookEndpoint, children=True, pk=delivery.endpoint_id)  # first, as everywhere
        row = job_still_mine(delivery)
        if reply.taken:
            WebhookDelivery.objects.filter(pk=row.pk).update(**kept)
            job_end(delivery, JobStatus.SUCCEEDED)
        elif reply.status == GONE or delivery.attempt >= delivery.max_attempts:
            WebhookDelivery.objects.filter(pk=row.pk).update(**kept)
            code = "gone" if reply.status == GONE else "given_up"
            job_end(delivery, JobStatus.FAILED, code=code, params={"reason": reply.code})
            if reply.status == GONE:
                _gone(endpoint)
        else:
            pause = timedelta(seconds=PAUSES[delivery.attempt - 1])
            job_later(delivery, next_attempt_at=Now() + pause, error_code=reply.code or "refused", **kept)


def _gone(endpoint: WebhookEndpoint) -> None:
    """Take a webhook out of use whose receiver wants no more messages. Its row is locked."""
    if endpoint.is_active:
        endpoint.is_active = False
        endpoint.save(update_fields=["is_active", "updated_at"])
        data = {"status": GONE}
        event_record(actor=None, workspace=endpoint.workspace, verb="webhook.disable", target=endpoint, data=data)


def send(*, endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> Reply:
    """Send a message once. Never raises for what the network or the receiver does."""
    try:
        target = target_of(endpoint.url)
    except InvalidInputError as error:
        return Reply(text=" ".join(str(text) for texts in error.fields.values() for text in texts), code="address")
    body = delivery.body.encode("utf-8")
    now = timezone.now()
    in_force = [endpoint.secret]
    if endpoint.former_secret and endpoint.former_until and endpoint.former_until > now:
        in_force.append(endpoint.former_secret)
    headers = {
        "Host": target.host_header,
        "Content-Type": "application/json",
        "User-Agent": f"CopyStudio/{__version__}",
        **headers_of(
            secrets_in_force=in_force, message_id=delivery.message_id, timestamp=int(now.timestamp()), body=body
        ),
    }
    try:
        return asyncio.run(_post(target, headers, body))
    except TimeoutError:
        return Reply(code="timeout")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        code = "timeout" if isinstance(error, httpx.TimeoutException) else "connection"
        return Reply(text=_plain(f"{type(error).__name__}: {error}"), code=code)


async def _post(target: Target, headers: dict[str, str], body: bytes) -> Reply:
    """One POST to the checked address, with the certificate of the name; redirects are not followed."""
    async with (
        asyncio.timeout(settings.WEBHOOK_SECONDS),
        httpx.AsyncClient(timeout=settings.WEBHOOK_SECONDS, follow_redirects=False, trust_env=False) as client,
    ):
        extensions = {"sni_hostname": target.host}
        request = client.build_request("POST", target.url, headers=headers, content=body, extensions=extensions)
        response = await client.send(request, stream=True)
        said = await _read(response)
    return Reply(status=response.status_code, text=_plain(said.decode("utf-8", errors="replace")))


async def _read(response: httpx.Response) -> bytes:
    """The beginning of what the receiver says. Its status counts, so one that is slow to say more is not waited for."""
    said = b""
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for chunk in response.aiter_raw():
                said += chunk
                if len(said) >= MOST_READ:
                    break
    except (TimeoutError, httpx.HTTPError):
        log.info("a webhook's answer broke off")
    finally:
        await response.aclose()
    return said[:MOST_READ]


def _plain(text: str) -> str:
    """What is kept of an answer; PostgreSQL has no NUL."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").strip()[:MOST_KEPT]
