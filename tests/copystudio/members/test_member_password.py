"""A new one-time password for a member who lost theirs."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession

from copystudio.errors import NotPermittedError
from copystudio.models import Event, Membership, Role
from copystudio.services.member import member_add, member_reset_password
from tests.copystudio.accounts.signing_in import sign_in
from tests.copystudio.members.test_member_add import shown_password
from tests.people import PASSWORD, Cast


def membership(cast: Cast, person: str) -> Membership:
    return Membership.objects.get(workspace=cast.workspace, user=getattr(cast, person))


def url(member: Membership, slug: str = "shop") -> str:
    return f"/w/{slug}/members/{member.pk}/password/"


def test_it_works_the_old_one_does_not_and_every_session_ends(cast: Cast) -> None:
    browser = sign_in(cast.viewer.email, PASSWORD)
    response = cast.client(cast.admin).post(url(membership(cast, "viewer")))
    assert response.status_code == 200 and response["Cache-Control"] == "private, no-store"
    assert browser.client.get("/w/shop/").status_code == 302
    assert not UserSession.objects.filter(user=cast.viewer).exists()
    assert not sign_in(cast.viewer.email, PASSWORD).is_in
    assert sign_in(cast.viewer.email, shown_password(response)).is_in


def test_it_writes_its_event_without_the_password(cast: Cast) -> None:
    password = shown_password(cast.client(cast.admin).post(url(membership(cast, "viewer"))))
    event = Event.objects.get(verb="member.password")
    assert event.actor == cast.admin
    assert password not in str(Event.objects.values().get(pk=event.pk))


def test_the_password_of_somebody_who_belongs_elsewhere_too_is_not_this_admins_to_change(cast: Cast) -> None:
    member_add(actor=cast.stranger, workspace=cast.elsewhere, email=cast.viewer.email, name="", role=Role.VIEWER)
    assert cast.client(cast.admin).post(url(membership(cast, "viewer"))).status_code == 409
    assert sign_in(cast.viewer.email, PASSWORD).is_in


def test_an_admin_may_reset_the_own_one_and_sees_it(cast: Cast) -> None:
    browser = sign_in(cast.admin.email, PASSWORD)
    response = browser.client.post(url(membership(cast, "admin")))
    assert response.status_code == 200
    assert browser.client.get("/w/shop/").status_code == 302
    assert sign_in(cast.admin.email, shown_password(response)).is_in


@pytest.mark.parametrize("person", ["viewer", "copywriter", "approver"])
def test_only_admins_may(cast: Cast, person: str) -> None:
    member = membership(cast, "second_approver")
    assert cast.client(getattr(cast, person)).post(url(member)).status_code == 403
    with pytest.raises(NotPermittedError):
        member_reset_password(actor=getattr(cast, person), membership=member)


def test_a_stranger_gets_404_here_and_in_a_workspace_of_their_own(cast: Cast) -> None:
    member = membership(cast, "viewer")
    for slug in ("shop", cast.elsewhere.slug):
        assert cast.client(cast.stranger).post(url(member, slug)).status_code == 404


def test_the_wrong_method_gets_405_so_that_no_link_can_do_it(cast: Cast) -> None:
    assert cast.client(cast.admin).get(url(membership(cast, "viewer"))).status_code == 405
    assert sign_in(cast.viewer.email, PASSWORD).is_in
