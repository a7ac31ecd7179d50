"""Who may do what: the one place where roles are compared. Views, API, services and templates all ask here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse

from copystudio.errors import NotPermittedError
from copystudio.models import Membership, Role, User, Workspace

P = ParamSpec("P")


def membership_get_for(user: User | AnonymousUser, slug: str) -> Membership:
    """The person's membership of a workspace. Raises Http404: whoever is no member does not learn that it exists."""
    membership = (
        Membership.objects.select_related("workspace", "user")
        .filter(workspace__slug=slug, user__pk=user.pk or 0, user__is_active=True)
        .first()
    )
    if membership is None:
        raise Http404
    return membership


def role_in(actor: User, workspace: Workspace) -> Role | None:
    """The person's role in the workspace as it stands in the database now; None for strangers."""
    role = Membership.objects.filter(workspace=workspace, user=actor, user__is_active=True).values_list(
        "role", flat=True
    )
    found = role.first()
    return Role(found) if found else None


def require(*, actor: User, workspace: Workspace, role: Role) -> Role:
    """Raise NotPermittedError unless the actor has at least ``role``; every service that writes calls this."""
    have = role_in(actor, workspace)
    if have is None or not have.covers(role):
        raise NotPermittedError
    return have


class WorkspaceRequest(HttpRequest):
    """A request of a signed-in member: what ``workspace_view`` hands to the views."""

    user: User
    membership: Membership


def workspace_view(
    role: Role,
) -> Callable[[Callable[Concatenate[WorkspaceRequest, Workspace, P], HttpResponse]], Callable[..., HttpResponse]]:
    """Make ``view(request, workspace, …)`` out of the URL's workspace slug, for members with at least ``role``."""

    def decorate(
        view: Callable[Concatenate[WorkspaceRequest, Workspace, P], HttpResponse],
    ) -> Callable[..., HttpResponse]:
        @wraps(view)
        def wrapper(request: WorkspaceRequest, workspace: str, **kwargs: Any) -> HttpResponse:
            membership = membership_get_for(request.user, workspace)
            request.membership = membership
            if not membership.covers(role):
                raise NotPermittedError
            return view(request, membership.workspace, **kwargs)  # type: ignore[call-arg]

        return login_required(wrapper)

    return decorate
