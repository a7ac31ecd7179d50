"""Who is a superuser: whom the one with the machine names, and nobody by a role."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from copystudio.errors import TransitionError
from copystudio.models import Membership, User
from copystudio.services.bootstrap import bootstrap
from copystudio.services.member import member_add, member_change_role, member_remove, member_reset_password
from tests.copystudio.accounts.signing_in import form_token, sign_in
from tests.people import PASSWORD, Cast


def superuser(cast: Cast, user: User) -> User:
    call_command("studio_admin", superuser=user.email.upper())
    user.refresh_from_db()
    assert user.is_superuser
    return user


def membership(cast: Cast, user: User) -> Membership:
    return Membership.objects.get(workspace=cast.workspace, user=user)


def test_the_first_admin_and_every_other_one_is_none(db: None, settings: object) -> None:
    first = bootstrap()
    assert first is not None
    assert not User.objects.filter(is_superuser=True).exists()


def test_no_role_makes_one(cast: Cast) -> None:
    member_change_role(actor=cast.admin, membership=membership(cast, cast.viewer), role="admin")
    member_add(actor=cast.admin, workspace=cast.workspace, email="new@example.com", name="New", role="admin")
    assert not User.objects.filter(is_superuser=True).exists()


def test_the_command_lets_somebody_in_and_out(cast: Cast) -> None:
    superuser(cast, cast.admin)
    assert list(User.objects.filter(is_superuser=True)) == [cast.admin]
    call_command("studio_admin", no_superuser=cast.admin.email)
    assert not User.objects.filter(is_superuser=True).exists()
    cast.admin.refresh_from_db()
    assert cast.admin.check_password(PASSWORD), "no password was changed"


def test_the_command_names_an_address_that_nobody_has(cast: Cast) -> None:
    with pytest.raises(CommandError, match=r"nobody@example\.com"):
        call_command("studio_admin", superuser="nobody@example.com")


def test_createsuperuser_works(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", interactive=False, email="op@example.com", name="Op", stdout=StringIO())
    user = User.objects.get(email="op@example.com")
    assert user.is_superuser and not user.memberships.exists()
    assert sign_in("op@example.com", PASSWORD, next_url="/admin/").response["Location"] == "/admin/"


def test_the_way_in_is_the_studios_own_sign_in_page(cast: Cast) -> None:
    superuser(cast, cast.admin)
    browser = sign_in(cast.viewer.email, "wrong password")
    assert browser.client.get("/admin/")["Location"] == "/accounts/login/?next=/admin/"
    assert browser.client.get("/admin/login/").status_code != 200
    page = browser.client.get("/accounts/login/", {"next": "/admin/"}).content.decode()
    assert 'value="/admin/"' in page and form_token(page)


@pytest.mark.parametrize(
    "path", ["login/", "logout/", "password_change/", "autocomplete/", "r/1/1/", "auth/group/add/"]
)
def test_the_pages_of_djangos_own_accounts_are_not_there(cast: Cast, path: str) -> None:
    superuser(cast, cast.admin)
    client = cast.client(cast.admin)
    assert client.get(f"/admin/{path}").status_code == 404
    assert client.post(f"/admin/{path}", {"username": cast.admin.email, "password": PASSWORD}).status_code in {404, 405}


# -- an admin of one workspace does not become one through somebody who is -------------------------------------------


def test_an_admin_of_a_workspace_gets_no_password_of_a_superuser(cast: Cast) -> None:
    superuser(cast, cast.viewer)
    with pytest.raises(TransitionError, match="superuser"):
        member_reset_password(actor=cast.admin, membership=membership(cast, cast.viewer))
    cast.viewer.refresh_from_db()
    assert cast.viewer.check_password(PASSWORD)


def test_adding_a_superuser_who_is_nobodys_member_gives_no_password(cast: Cast) -> None:
    operator = User.objects.create_superuser(email="op@example.com", password=PASSWORD, name="Op")
    _membership, password = member_add(
        actor=cast.admin, workspace=cast.workspace, email="op@example.com", name="Op", role="viewer"
    )
    operator.refresh_from_db()
    assert password is None and operator.check_password(PASSWORD)


def test_who_leaves_the_last_workspace_is_no_superuser_when_added_again(cast: Cast) -> None:
    superuser(cast, cast.viewer)
    member_remove(actor=cast.admin, membership=membership(cast, cast.viewer))
    cast.viewer.refresh_from_db()
    assert not cast.viewer.is_superuser and not cast.viewer.is_active
    _membership, password = member_add(
        actor=cast.admin, workspace=cast.workspace, email=cast.viewer.email, name="", role="viewer"
    )
    cast.viewer.refresh_from_db()
    assert password and not cast.viewer.is_superuser
