"""Reading workspaces, members and the audit log."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404

from copystudio.models import Event, Membership, User, Workspace


def memberships_of(user: User | AnonymousUser) -> QuerySet[Membership]:
    """The person's workspaces, own ones before a demonstration."""
    return (
        Membership.objects.filter(user__pk=user.pk or 0)
        .select_related("workspace")
        .order_by("workspace__is_demo", "workspace__name")
    )


def members(workspace: Workspace) -> QuerySet[Membership]:
    return Membership.objects.filter(workspace=workspace).select_related("user").order_by("user__name", "id")


def member_get_for(*, workspace: Workspace, pk: int) -> Membership:
    membership = members(workspace).filter(pk=pk).first()
    if membership is None:
        raise Http404
    return membership


def events(workspace: Workspace) -> QuerySet[Event]:
    """The audit log, newest first; what a demonstration invents happened before it was recorded."""
    return Event.objects.filter(workspace=workspace).select_related("actor").order_by("-created_at", "-id")
