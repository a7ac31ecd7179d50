"""The first start makes one admin, one workspace and the demonstration; the password is shown once."""

from __future__ import annotations

import threading
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from copystudio.models import Event, Membership, Role, User, Workspace
from copystudio.services.bootstrap import admin_reset, bootstrap
from copystudio.services.workspace import workspace_create
from generation.models import ModelVersion
from tests.copystudio.accounts.signing_in import sign_in
from tests.people import PASSWORD, Cast, person


def test_it_makes_an_admin_who_can_sign_in_and_two_workspaces(db: None) -> None:
    first = bootstrap()
    assert first is not None
    admin = User.objects.get(email=first.email)
    roles = dict(Membership.objects.filter(user=admin).values_list("workspace__slug", "role"))
    assert roles == {"my-shop": "admin", "demo": "admin"}
    assert sign_in(first.email, first.password).is_in
    assert first.password not in admin.password and first.password not in str(list(Event.objects.values()))


def test_without_the_demonstration_there_is_one_workspace(db: None, settings: Any) -> None:
    settings.DEMO_LOADER = ""
    assert bootstrap() is not None
    assert list(Workspace.objects.values_list("slug", flat=True)) == ["my-shop"]


def test_a_second_start_does_nothing(db: None, settings: Any) -> None:
    settings.DEMO_LOADER = ""
    bootstrap()
    before = User.objects.values().get()
    assert bootstrap() is None
    assert User.objects.values().get() == before and Workspace.objects.count() == 1


def test_a_studio_with_people_is_left_alone(cast: Cast) -> None:
    assert bootstrap() is None
    assert not User.objects.filter(email="admin@example.com").exists()


def test_a_start_that_fails_leaves_nothing(db: None, settings: Any) -> None:
    settings.DEMO_LOADER = "tests.copystudio.test_first_start.broken_demo"
    with pytest.raises(RuntimeError):
        bootstrap()
    assert not User.objects.exists() and not Workspace.objects.exists()


def broken_demo(*, admin: User) -> None:
    raise RuntimeError("half-way")


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_two_first_starts_at_once_make_one_admin(settings: Any) -> None:
    settings.DEMO_LOADER = ""
    barrier, answers = threading.Barrier(4), []

    def start() -> None:
        try:
            barrier.wait(timeout=30)
            answers.append(bootstrap())
        finally:
            connection.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(answers) == 4 and len([answer for answer in answers if answer is not None]) == 1
    assert User.objects.count() == Workspace.objects.count() == 1


def test_a_lost_admin_password_is_replaced_from_the_machine(cast: Cast) -> None:
    out = StringIO()
    call_command("studio_admin", stdout=out)
    email, password = out.getvalue().split()
    assert email == cast.admin.email
    assert sign_in(email, password).is_in and not sign_in(email, PASSWORD).is_in


def test_the_invented_admins_of_a_demonstration_are_never_the_first_admin(db: None) -> None:
    invented = User.objects.create_user(email="a-invented@example.com", name="Invented")
    workspace = workspace_create(actor=None, slug="demo", name="Demo", admin=invented, is_demo=True)
    with pytest.raises(LookupError):
        admin_reset()
    real = person("real")
    Membership.objects.create(workspace=workspace, user=real, role=Role.ADMIN)
    assert admin_reset().email == real.email


def test_an_admin_of_several_workspaces_is_found_once(cast: Cast) -> None:
    Membership.objects.create(workspace=cast.elsewhere, user=cast.admin, role=Role.ADMIN)
    assert admin_reset().email == cast.admin.email


def test_without_any_admin_the_command_says_what_to_do(db: None) -> None:
    with pytest.raises(CommandError, match="make run"):
        call_command("studio_admin")


def test_a_new_workspace_has_channels_a_model_and_its_event(cast: Cast) -> None:
    channels = cast.workspace.channels.all()
    assert channels.count() > 15 and not channels.filter(is_current=False).exists()
    assert ModelVersion.objects.get(workspace=cast.workspace).status == "active"
    event = Event.objects.get(workspace=cast.workspace, verb="workspace.create")
    assert event.actor is None and event.object_id == cast.workspace.pk


def test_every_workspace_signs_with_a_key_of_its_own(cast: Cast) -> None:
    assert len(cast.workspace.signing_key) >= 60
    assert cast.workspace.signing_key != cast.elsewhere.signing_key
