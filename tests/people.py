"""The cast of every test: one person for each role, and a stranger who runs another workspace."""

from __future__ import annotations

from dataclasses import dataclass

from django.test import Client

from copystudio.models import Membership, Role, User, Workspace
from copystudio.services.workspace import workspace_create

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Cast:
    """``workspace`` belongs to the first five; ``stranger`` is admin of ``elsewhere`` and no member here."""

    workspace: Workspace
    elsewhere: Workspace
    viewer: User
    copywriter: User
    approver: User
    admin: User
    second_approver: User
    stranger: User

    def client(self, user: User | None) -> Client:
        """A browser in which ``user`` is signed in; nobody for None."""
        client = Client()
        if user is not None:
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client


def person(name: str) -> User:
    return User.objects.create_user(email=f"{name}@example.com", password=PASSWORD, name=name.replace("-", " ").title())


def make_cast(slug: str = "shop") -> Cast:
    admin, stranger = person(f"{slug}-admin"), person(f"{slug}-stranger")
    workspace = workspace_create(actor=None, slug=slug, name="Shop", admin=admin)
    elsewhere = workspace_create(actor=None, slug=f"{slug}-elsewhere", name="Elsewhere", admin=stranger)
    others = {}
    for name, role in {
        "viewer": Role.VIEWER,
        "copywriter": Role.COPYWRITER,
        "approver": Role.APPROVER,
        "second_approver": Role.APPROVER,
    }.items():
        others[name] = person(f"{slug}-{name.replace('_', '-')}")
        Membership.objects.create(workspace=workspace, user=others[name], role=role)
    return Cast(workspace=workspace, elsewhere=elsewhere, admin=admin, stranger=stranger, **others)
