"""What every page shows around its content: the workspace, the way to the others, and the navigation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from copystudio import __version__
from copystudio.models import Membership, Role, User, Workspace
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
        ],
    ),
    (
        _("Write"),
        [
            (_("Generation runs"), "sparkles", "generation:run_list", Role.VIEWER),
            (_("Review queue"), "list-check", "campaigns:review_queue", Role.VIEWER),
            (_("Variants"), "writing", "campaigns:variant_list", Role.VIEWER),
        ],
    ),
    (
        _("Serve"),
        [
            (_("Placements"), "layout-grid", "campaigns:placement_list", Role.VIEWER),
            (_("API clients"), "key", "campaigns:client_list", Role.ADMIN),
        ],
    ),
    (
        _("Administer"),
        [
            (_("Members"), "users", "studio:member_list", Role.ADMIN),
            (_("Audit log"), "history", "studio:event_list", Role.ADMIN),
        ],
    ),
]


@dataclass(frozen=True)
class NavItem:
    """One link of the side navigation."""

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
    """The navigation of one member; the entry whose URL is the longest beginning of ``path`` is the active one."""
    urls = {name: reverse(name, args=[workspace.slug]) for _label, entries in NAVIGATION for _l, _i, name, _r in entries}
    current = max((url for url in urls.values() if path.startswith(url)), key=len, default="")
    sections = []
    for heading, entries in NAVIGATION:
        items = [
            NavItem(label, icon, urls[name], urls[name] == current)
            for label, icon, name, least in entries
            if role.covers(least)
        ]
        if items:
            sections.append(NavSection(heading, items))
    return sections


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of ``base.html``. At most one query, and only where a page shows the list of workspaces.

    ``nav_workspace``, ``nav_role`` (both None outside a workspace), ``nav_workspaces`` (memberships of the person) and
    ``nav_items`` (sections of the navigation). The view helper sets ``request.membership``.
    """
    membership: Membership | None = getattr(request, "membership", None)
    user = getattr(request, "user", None)
    signed_in = isinstance(user, User) or bool(user and user.is_authenticated)
    context: dict[str, Any] = {
        "nav_workspace": None,
        "nav_role": None,
        "nav_items": [],
        "nav_workspaces": SimpleLazyObject(lambda: list(memberships_of(user)) if signed_in else []),
        "languages": settings.LANGUAGES,
        "version": __version__,
    }
    if membership is not None:
        role, workspace = Role(membership.role), membership.workspace
        context |= {
            "nav_workspace": workspace,
            "nav_role": role,
            "nav_items": SimpleLazyObject(lambda: sections_for(workspace, role, request.path)),
        }
    return context
