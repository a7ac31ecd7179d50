"""Adding a person to a workspace."""

from __future__ import annotations

import re
from typing import Any

import pytest

from copystudio.errors import InvalidInputError, NotPermittedError
from copystudio.models import Event, Membership, Role, User
from copystudio.services.member import member_add, member_remove, password_generate
from tests.copystudio.accounts.signing_in import sign_in
from tests.people import PASSWORD, Cast

URL = "/w/shop/members/new/"
TYPED = {"email": "New@Example.com", "name": "Ada New", "role": "copywriter"}


def send(cast: Cast, **values: str) -> Any:
    return cast.client(cast.admin).post(URL, {**TYPED, **values})


def shown_password(response: Any) -> str:
    found = re.search(r"[0-9a-f]{6}(-[0-9a-f]{6}){3}", response.content.decode())
    assert found is not None
    return found[0]


def test_somebody_new_gets_a_one_time_password_that_works(cast: Cast) -> None:
    response = send(cast)
    assert response.status_code == 200 and response["Cache-Control"] == "private, no-store"
    person = User.objects.get(email="new@example.com")
    assert person.name == "Ada New"
    assert Membership.objects.get(user=person).role == Role.COPYWRITER
    assert sign_in("NEW@example.com", shown_password(response)).is_in


def test_the_password_is_kept_only_as_a_hash_and_shown_only_once(cast: Cast) -> None:
    password = shown_password(send(cast))
    person = User.objects.get(email="new@example.com")
    assert password not in person.password
    for path in ("/w/shop/members/", "/w/shop/events/"):
        assert password not in cast.client(cast.admin).get(path).content.decode()
    assert password not in str(list(Event.objects.values()))


def test_it_writes_its_event(cast: Cast) -> None:
    send(cast)
    event = Event.objects.get(verb="member.add")
    assert (event.actor, event.data) == (cast.admin, {"role": "copywriter"})


def test_somebody_who_has_an_account_keeps_their_password(cast: Cast) -> None:
    response = send(cast, email=cast.stranger.email)
    assert response.status_code == 303
    assert Membership.objects.filter(workspace=cast.workspace, user=cast.stranger).exists()
    cast.stranger.refresh_from_db()
    assert cast.stranger.check_password(PASSWORD) and cast.stranger.name != "Ada New"


def test_somebody_who_was_removed_comes_back_with_a_new_password(cast: Cast) -> None:
    member_remove(actor=cast.admin, membership=Membership.objects.get(user=cast.viewer))
    response = send(cast, email=cast.viewer.email)
    assert not sign_in(cast.viewer.email, PASSWORD).is_in
    assert sign_in(cast.viewer.email, shown_password(response)).is_in


def test_somebody_without_a_password_gets_none_through_another_workspace(cast: Cast) -> None:
    """The invented people of a demonstration belong to it: nobody else can make themselves a way in."""
    invented = User.objects.create_user(email="invented@example.com", name="Invented")
    Membership.objects.create(workspace=cast.elsewhere, user=invented, role=Role.ADMIN)
    _membership, password = member_add(
        actor=cast.admin, workspace=cast.workspace, email=invented.email, name="X", role=Role.VIEWER
    )
    invented.refresh_from_db()
    assert password is None and not invented.has_usable_password()


@pytest.mark.parametrize("email", ["shop-viewer@example.com", "SHOP-VIEWER@EXAMPLE.COM"])
def test_a_member_cannot_be_added_again(cast: Cast, email: str) -> None:
    response = send(cast, email=email)
    assert response.status_code == 422 and "email" in response.context["form"].errors
    assert Membership.objects.filter(user=cast.viewer).count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", ""), ("email", "nobody"), ("email", "a\x00@b.example"), ("name", ""), ("role", "owner"), ("role", "")],
)
def test_input_that_breaks_a_rule_is_shown_beside_its_field(cast: Cast, field: str, value: str) -> None:
    response = send(cast, **{field: value})
    assert response.status_code == 422 and field in response.context["form"].errors
    assert not User.objects.filter(name="Ada New").exists()


def test_two_admins_who_add_the_same_person_at_once_end_in_one_person(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(**values: Any) -> User:
        monkeypatch.undo()
        User.objects.create_user(email="new@example.com", password=PASSWORD, name="First")
        return User.objects.create_user(**values)

    monkeypatch.setattr(User.objects, "create_user", late)
    with pytest.raises(InvalidInputError):
        member_add(actor=cast.admin, workspace=cast.workspace, email="new@example.com", name="X", role=Role.VIEWER)


@pytest.mark.parametrize("person", ["viewer", "copywriter", "approver"])
def test_only_admins_may(cast: Cast, person: str) -> None:
    actor = getattr(cast, person)
    assert cast.client(actor).post(URL, TYPED).status_code == 403
    with pytest.raises(NotPermittedError):
        member_add(actor=actor, workspace=cast.workspace, email="new@example.com", name="X", role=Role.ADMIN)
    assert not User.objects.filter(email="new@example.com").exists()


def test_a_stranger_gets_404(cast: Cast) -> None:
    assert cast.client(cast.stranger).post(URL, TYPED).status_code == 404


def test_the_wrong_method_gets_405(cast: Cast) -> None:
    assert cast.client(cast.admin).put(URL).status_code == 405


def test_one_time_passwords_are_long_and_never_the_same() -> None:
    made = {password_generate() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"[0-9a-f]{6}(-[0-9a-f]{6}){3}", password) for password in made)
