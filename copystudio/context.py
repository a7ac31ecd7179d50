"""What every page shows around its content: the workspace, the way to the others, and the navigation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from copystudio import __version__
from copystudio.models import Membership, Role, Workspace
from copystudio.selectors.notification import unread_count
from copystudio.selectors.workspace import memberships_of

# label, icon, URL name, least role; every URL takes the workspace's slug
Entry = tuple[Promise | str, str, str, Role]
NAVIGATION: list[tuple[Promise | str, list[Entry]]] = [
    ("", [(_("Dashboard"), "layout-dashboard", "campaigns:dashboard", Role.VIEWER)]),
    (
        _("Plan"),
        [
            (_("Campaigns"), "target-arrow", "campaigns:campaign_list", Role.VIEWER),
            (_("Products"), "packages", "campaigns:product_list", Role.VIEWER),
            (_("Imports"), "file-import", "campaigns:import_list", Role.VIEWER),
            (_("Brands"), "feather", "campaigns:brand_list", Role.VIEWER),
            (_("Segments"), "users-group", "campaigns:segment_list", Role.VIEWER),
            (_("Channels"), "broadcast", "campaigns:channel_list", Role.VIEWER),
            (_("Service dialogues"), "message-circle", "campaigns:dialogue_list", Role.VIEWER),
        ],
    ),
    (
        _("Write"),
        [
            (_("Generation runs"), "sparkles", "campaigns:run_list", Role.VIEWER),
            (_("Review queue"), "list-check", "campaigns:review_queue", Role.VIEWER),
            (_("Variants"), "writing", "campaigns:variant_list", Role.VIEWER),
        ],
    ),
    (
        _("Serve"),
        [
            (_("Placements"), "layout-grid", "campaigns:placement_list", Role.VIEWER),
            (_("API clients"), "key", "campaigns:client_list", Role.ADMIN),
            (_("Webhooks"), "webhook", "campaigns:webhook_list", Role.ADMIN),
        ],
    ),
    (
        _("Administer"),
        [
            (_("Models"), "robot", "generation:model_list", Role.VIEWER),
            (_("Training"), "book", "generation:training_list", Role.APPROVER),
            (_("Members"), "users", "studio:member_list", Role.ADMIN),
            (_("Audit log"), "history", "studio:event_list", Role.ADMIN),
        ],
    ),
]


@dataclass(frozen=True)
class NavItem:
    """One link of the side navigation; ``name`` is its URL name, which a view may give as ``nav`` to mark it."""

    name: str
    label: Promise | str
    icon: str
    url: str
    active: bool


@dataclass(frozen=True)
class NavSection:
    """Links under one heading; the first section has none."""

    label: Promise | str
    items: list[NavItem]


def sections_for(workspace: Workspace, role: Role, path: str) -> list[NavSection]:
    """The navigation of one member. Active is the entry whose URL begins ``path``.

    The dashboard's URL begins every other one, so it is active only where it is the whole path.
    """
    sections = []
    for heading, entries in NAVIGATION:
        items = []
        for label, icon, name, least in entries:
            if role.covers(least):
                url = reverse(name, args=[workspace.slug])
                active = path == url if name == "campaigns:dashboard" else path.startswith(url)
                items.append(NavItem(name, label, icon, url, active))
        if items:
            sections.append(NavSection(heading, items))
    return sections


def page_of(request: HttpRequest) -> str:
    """The address of the page, to come back to. What answers a form that was refused may have an address that takes only forms:
    that page is the one with the form."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    before = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure()):
        return urlsplit(before)._replace(scheme="", netloc="").geturl()
    return "/"


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of ``base.html``. Two queries at most, each only where a page shows what it asks for.

    ``nav_workspace``, ``nav_role`` (both None outside a workspace), ``nav_workspaces`` (memberships of the person, one
    query), ``nav_here`` (``page_of``), ``nav_items`` (sections of the navigation) and ``nav_unread`` (own unread notifications
    here, one query; 0 outside a workspace). The view helper sets ``request.membership``.
    """
    membership: Membership | None = getattr(request, "membership", None)
    user = getattr(request, "user", AnonymousUser())
    context: dict[str, Any] = {
        "nav_workspace": None,
        "nav_role": None,
        "nav_items": [],
        "nav_unread": 0,
        "nav_workspaces": SimpleLazyObject(lambda: list(memberships_of(user)) if user.is_authenticated else []),
        "languages": settings.LANGUAGES,
        "studio_version": __version__,
        "nav_here": page_of(request),
    }
    if membership is not None:
        role, workspace, person = Role(membership.role), membership.workspace, membership.user
        context |= {
            "nav_workspace": workspace,
            "nav_role": role,
            "nav_items": SimpleLazyObject(lambda: sections_for(workspace, role, request.path)),
            "nav_unread": SimpleLazyObject(lambda: unread_count(person=person, workspace=workspace)),
        }
    return context
