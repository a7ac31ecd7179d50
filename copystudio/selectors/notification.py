"""Reading notifications: whose they are, how many are unread, and what they say."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import F, QuerySet
from django.db.models.lookups import IsNull
from django.http import Http404
from django.utils.module_loading import import_string

from copystudio.errors import Text
from copystudio.models import Notification, User, Workspace

MANY_UNREAD = 100  # the bell counts no further


def sentences() -> dict[str, Text]:
    """Every sentence by its code: the dictionaries that ``NOTIFICATION_SENTENCES`` names, by dotted path.

    Raises ImproperlyConfigured where two of them claim one code.
    """
    found: dict[str, Text] = {}
    for path in getattr(settings, "NOTIFICATION_SENTENCES", []):
        more: Mapping[str, Text] = import_string(path)
        if twice := found.keys() & more.keys():
            raise ImproperlyConfigured(f"{path} claims sentences of another app: {', '.join(sorted(twice))}.")
        found |= more
    return found


def notification_sentence(notification: Notification) -> str:
    """What a notification says, in the language now active; a code of another release is shown as it is."""
    known = sentences()
    if notification.code not in known:
        return notification.code
    try:
        return str(known[notification.code]) % notification.params
    except (KeyError, TypeError, ValueError):
        return notification.code


def notifications_of(*, person: User, workspace: Workspace) -> QuerySet[Notification]:
    """The person's own notifications, unread ones first, then newest first."""
    own = Notification.objects.filter(workspace=workspace, person=person)
    return own.order_by(IsNull(F("read_at"), False), "-id")


def notification_get_for(*, person: User, workspace: Workspace, pk: int) -> Notification:
    """One of the person's own. Raises Http404 for everybody else's."""
    notification = notifications_of(person=person, workspace=workspace).filter(pk=pk).first()
    if notification is None:
        raise Http404
    return notification


def unread_count(*, person: User, workspace: Workspace) -> int:
    """How many the person has not read, ``MANY_UNREAD`` at most. One query, over the index of unread rows."""
    unread = Notification.objects.filter(workspace=workspace, person=person, read_at__isnull=True)
    return unread[:MANY_UNREAD].count()
