"""People and their roles. Accounts are made by admins; nobody signs up."""

from __future__ import annotations

import secrets

from allauth.usersessions.models import UserSession
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import InvalidInputError, TransitionError
from copystudio.models import Membership, Role, User, Workspace
from copystudio.services.events import event_record


def password_generate() -> str:
    """A one-time password of 96 random bits in groups that can be read aloud."""
    return "-".join(secrets.token_hex(3) for _group in range(4))


def member_add(
    *, actor: User, workspace: Workspace, email: str, name: str, role: Role
) -> tuple[Membership, str | None]:
    """Add a person. Returns the one-time password where the account is new, or nobody's member any more and so new
    again: it is shown once and never again.
    """
    try:
        with transaction.atomic():
            require(actor=actor, workspace=workspace, role=Role.ADMIN)
            user = User.objects.select_for_update().filter(email=email.lower()).first()
            password = None
            if user is None:
                password = password_generate()
                user = User.objects.create_user(email=email, password=password, name=name)
            elif not user.memberships.exists() and not user.is_superuser:  # theirs opens every workspace
                password = password_generate()
                _renew(user, password)
            membership = Membership.objects.create(workspace=workspace, user=user, role=role)
            event_record(actor=actor, workspace=workspace, verb="member.add", target=membership, data={"role": role})
            return membership, password
    except IntegrityError as error:
        if not any(name in str(error) for name in ("copystudio_membership_once", "copystudio_user")):
            raise
        raise InvalidInputError(fields={"email": [_("This person is a member already.")]}) from None


def _renew(user: User, password: str) -> None:
    """Let somebody in with a new password, and nobody with the old one."""
    user.set_password(password)
    user.is_active = True
    user.save(update_fields=["password", "is_active"])
    for session in UserSession.objects.filter(user=user):
        session.end()


def sign_out_for_good(user: User) -> None:
    """Nobody's member any more: signed out everywhere, until somebody adds them again, and then no superuser."""
    user.is_active = user.is_superuser = False
    user.save(update_fields=["is_active", "is_superuser"])
    for session in UserSession.objects.filter(user=user):
        session.end()


def _keep_an_admin(*, workspace: Workspace, leaving: Membership) -> None:
    admins = Membership.objects.select_for_update().filter(workspace=workspace, role=Role.ADMIN)
    if not [admin for admin in admins if admin.pk != leaving.pk]:
        raise TransitionError(_("A workspace needs at least one admin. Make somebody else admin first."))


def member_change_role(*, actor: User, membership: Membership, role: Role) -> Membership:
    """Give a member another role; the last admin stays admin."""
    with transaction.atomic():
        workspace = locked(Workspace, children=True, pk=membership.workspace_id)
        current = locked(Membership, pk=membership.pk)
        require(actor=actor, workspace=workspace, role=Role.ADMIN)
        if current.role == Role.ADMIN and role != Role.ADMIN:
            _keep_an_admin(workspace=workspace, leaving=current)
        before, current.role = current.role, role
        current.save(update_fields=["role", "updated_at"])
        event_record(
            actor=actor, workspace=workspace, verb="member.role", target=current, data={"from": before, "to": role}
        )
        return current


def member_remove(*, actor: User, membership: Membership) -> None:
    """Take a person out of the workspace; who has no other workspace is signed out everywhere and cannot sign in."""
    with transaction.atomic():
        workspace = locked(Workspace, children=True, pk=membership.workspace_id)
        current = locked(Membership, pk=membership.pk)
        require(actor=actor, workspace=workspace, role=Role.ADMIN)
        if current.role == Role.ADMIN:
            _keep_an_admin(workspace=workspace, leaving=current)
        event_record(actor=actor, workspace=workspace, verb="member.remove", target=current)
        user = current.user
        current.delete()
        if not user.memberships.exists():
            sign_out_for_good(user)


def member_reset_password(*, actor: User, membership: Membership) -> str:
    """A new one-time password for somebody who lost theirs. Only for people of this workspace alone."""
    with transaction.atomic():
        current = locked(Membership, pk=membership.pk)
        require(actor=actor, workspace=current.workspace, role=Role.ADMIN)
        user = locked(User, pk=current.user_id)
        if user.memberships.exclude(pk=current.pk).exists():
            raise TransitionError(_("This person belongs to other workspaces too; they have to reset it by e-mail."))
        if user.is_superuser:  # an admin of one workspace would read all of them with it
            raise TransitionError(_("This person is a superuser; they have to reset it by e-mail."))
        password = password_generate()
        _renew(user, password)
        event_record(actor=actor, workspace=current.workspace, verb="member.password", target=current)
        return password
