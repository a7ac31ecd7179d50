"""Telling people what happened: the bell in the header always, an e-mail where they want one."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import NotPermittedError
from copystudio.models import Membership, Notification, Outbox, Role, User, Workspace
from copystudio.models.notification import PATH_HERE
from copystudio.selectors.notification import notification_sentence, sentences
from copystudio.services.jobs import outbox_ring

EMAIL_TASK = "copystudio.notification_email"
READ_KEPT, KEPT = timedelta(days=90), timedelta(days=365)
PRUNE_BATCH = 1000
log = logging.getLogger(__name__)


# -- telling ---------------------------------------------------------------------------------------------------------


def notify(
    *, workspace: Workspace, people: Iterable[User], code: str, params: dict[str, Any], url: str
) -> list[Notification]:
    """Tell each of ``people`` once, in the caller's transaction; whoever is no active member of the workspace is left out.

    ``code`` names a sentence of ``NOTIFICATION_SENTENCES``, ``params`` (JSON) fills its named places, ``url`` is the page
    on this site that it leads to. Raises ValueError for a sentence that could not be read later, or a URL elsewhere.
    Mails are rung after the commit, as jobs are. Returns the rows, by id.
    """
    _refuse_nonsense(code, params, url)
    wanted = {person.pk for person in people}
    with transaction.atomic():
        members = list(
            Membership.objects.filter(workspace=workspace, user__in=wanted, user__is_active=True)
            .select_related("user")
            .order_by("id")
        )
        told = Notification.objects.bulk_create(
            Notification(workspace=workspace, person=member.user, code=code, params=params, url=url)
            for member in members
        )
        if settings.EMAIL.host:
            _ring([row for row in told if row.person.email_notifications])
    return told


def _refuse_nonsense(code: str, params: dict[str, Any], url: str) -> None:
    known = sentences()
    if code not in known:
        raise ValueError(f"no sentence for {code!r}: NOTIFICATION_SENTENCES names none")
    try:
        str(known[code]) % params
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the sentence of {code!r} cannot be filled: {error}") from None
    if not re.fullmatch(PATH_HERE, url):
        raise ValueError(f"{url!r} is not a path of this site")


def _ring(rows: list[Notification]) -> None:
    """Put a doorbell for each into the outbox, and ring them after the commit."""
    bells = Outbox.objects.bulk_create(
        Outbox(workspace_id=row.workspace_id, task=EMAIL_TASK, object_id=row.pk) for row in rows
    )
    transaction.on_commit(partial(_ring_all, bells))


def _ring_all(bells: list[Outbox]) -> None:
    """With the broker away nobody waits for more than the first: the sweeper rings the rest."""
    for bell in bells:
        if not outbox_ring(bell):
            return


# -- reading ---------------------------------------------------------------------------------------------------------
# What somebody has read changes nothing for anybody else, so no audit log has it.


def notification_read(*, actor: User, notification: Notification) -> Notification:
    """Mark one of the own as read; a second time changes nothing. Raises NotPermittedError for somebody else's."""
    with transaction.atomic():
        current = locked(Notification, pk=notification.pk)
        if current.person_id != actor.pk:
            raise NotPermittedError
        if current.is_unread:
            Notification.objects.filter(pk=current.pk).update(read_at=Now())
            current.refresh_from_db(fields=["read_at"])
        return current


def notifications_read_all(*, actor: User, workspace: Workspace, upto: int) -> int:
    """Mark the own unread ones as read, as far as the person has seen them: up to the id ``upto``. Returns how many."""
    with transaction.atomic():
        require(actor=actor, workspace=workspace, role=Role.VIEWER)
        unread = Notification.objects.filter(workspace=workspace, person=actor, read_at__isnull=True, pk__lte=upto)
        return unread.update(read_at=Now())


# -- forgetting ------------------------------------------------------------------------------------------------------


def notifications_prune(*, most: int = 20_000) -> int:
    """Delete what was read more than ``READ_KEPT`` ago, and everything older than ``KEPT``, read or not.

    Goes in batches of ``PRUNE_BATCH``, each a transaction of its own, up to ``most`` rows: what is left waits for the
    next call. Rows that others hold are passed over, so two calls at once do not wait for each other. Returns how many.
    """
    old = Q(read_at__lt=Now() - READ_KEPT) | Q(created_at__lt=Now() - KEPT)
    gone = 0
    while gone < most:
        with transaction.atomic():
            rows = Notification.objects.select_for_update(skip_locked=True).filter(old).order_by("id")
            batch = list(rows.values_list("pk", flat=True)[: min(PRUNE_BATCH, most - gone)])
            Notification.objects.filter(pk__in=batch).delete()
        gone += len(batch)
        if len(batch) < PRUNE_BATCH:
            break
    return gone


# -- e-mail ----------------------------------------------------------------------------------------------------------


def notification_email(*, notification_id: int) -> bool:
    """Mail one notification; whether a mail went out. Safe to run twice, and at once.

    At most once, on purpose: the bell is the truth and the mail a copy of it, so one lost in a crash costs little, and
    one that comes again and again costs trust. The row is claimed in a transaction of its own, which ends before the mail
    server is told anything, and the claim is never taken back: after a broken send nobody knows whether the mail is out.
    A mail server that is away is noticed before: connecting raises OSError while nothing is claimed, and the task comes
    back. Nothing is sent without a mail server, nor to people who left, switched mails off, or have read it already.
    """
    if not settings.EMAIL.host or not _to_mail(notification_id).exists():
        return False
    server: BaseEmailBackend = get_connection()
    server.open()
    try:
        notification = _claim(notification_id)
        return notification is not None and _send(_message(notification), server)
    finally:
        server.close()


def _to_mail(pk: int) -> QuerySet[Notification]:
    return Notification.objects.filter(
        pk=pk,
        emailed_at__isnull=True,
        read_at__isnull=True,
        person__is_active=True,
        person__email_notifications=True,
        person__memberships__workspace=F("workspace"),
    )


def _claim(pk: int) -> Notification | None:
    with transaction.atomic():
        rows = _to_mail(pk).select_related("person", "workspace")
        notification = rows.select_for_update(skip_locked=True, of=("self",)).first()
        if notification is not None:
            Notification.objects.filter(pk=pk).update(emailed_at=Now())
        return notification


def _send(message: EmailMessage, server: BaseEmailBackend) -> bool:
    """Hand the mail over; SMTP's refusals are OSErrors too."""
    try:
        return bool(server.send_messages([message]))
    except OSError as error:
        log.warning("mail to %s was not sent: %s", ", ".join(message.to), error)
        return False


def _message(notification: Notification) -> EmailMessage:
    """Plain text in the person's language, or in the application's first one where theirs is not known."""
    person, workspace = notification.person, notification.workspace
    with translation.override(person.language or settings.LANGUAGE_CODE):
        context = {
            "person": person,
            "workspace": workspace,
            "sentence": notification_sentence(notification),
            "link": _absolute(notification.url),
            "list_link": _absolute(reverse("studio:notification_list", args=[workspace.slug])),
            "profile_link": _absolute(reverse("studio:profile")),
        }
        subject = render_to_string("copystudio/notification/subject.txt", context)
        body = render_to_string("copystudio/notification/email.txt", context)
    return EmailMessage(
        subject=" ".join(subject.split()),  # a header is one line
        body=body,
        to=[person.email],
        headers={"Auto-Submitted": "auto-generated"},  # RFC 3834: no out-of-office note comes back
    )


def _absolute(path: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"
