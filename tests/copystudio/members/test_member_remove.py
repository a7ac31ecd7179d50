"""Taking a person out of a workspace."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from copystudio.errors import NotPermittedError, TransitionError
from copystudio.models import Event, Membership, Role, User
from copystudio.services.member import member_add, member_change_role, member_remove
from tests import factories
from tests.copystudio.accounts.signing_in import sign_in
from tests.people import PASSWORD, Cast


def membership(cast: Cast, person: str) -> Membership:
    return Membership.objects.get(workspace=cast.workspace, user=getattr(cast, person))


def url(member: Membership, slug: str = "shop") -> str:
    return f"/w/{slug}/members/{member.pk}/remove/"


def test_it_works_and_what_they_wrote_stays(cast: Cast) -> None:
    variant = factories.make_variant(cast)
    response = cast.client(cast.admin).post(url(membership(cast, "copywriter")))
    assert response.status_code == 303
    assert not Membership.objects.filter(workspace=cast.workspace, user=cast.copywriter).exists()
    variant.refresh_from_db()
    assert variant.current_revision is not None and variant.current_revision.author == cast.copywriter


def test_it_writes_its_event(cast: Cast) -> None:
    cast.client(cast.admin).post(url(membership(cast, "viewer")))
    event = Event.objects.get(verb="member.remove")
    assert event.actor == cast.admin and "Viewer" in event.object_label


def test_their_sessions_end_and_they_cannot_sign_in_again(cast: Cast) -> None:
    browsers = [sign_in(cast.viewer.email, PASSWORD) for _ in range(2)]
    assert all(browser.is_in for browser in browsers)
    assert UserSession.objects.filter(user=cast.viewer).count() == 2
    keys = [browser.client.session.session_key for browser in browsers]
    cast.client(cast.admin).post(url(membership(cast, "viewer")))
    assert not UserSession.objects.filter(user=cast.viewer).exists()
    assert not Session.objects.filter(session_key__in=keys).exists()
    for browser in browsers:
        assert browser.client.get("/w/shop/").status_code == 302
    assert not sign_in(cast.viewer.email, PASSWORD).is_in


def test_whoever_belongs_elsewhere_too_keeps_that_and_loses_only_this(cast: Cast) -> None:
    member_add(actor=cast.stranger, workspace=cast.elsewhere, email=cast.viewer.email, name="", role=Role.VIEWER)
    browser = sign_in(cast.viewer.email, PASSWORD)
    cast.client(cast.admin).post(url(membership(cast, "viewer")))
    assert browser.client.get("/w/shop/").status_code == 404
    assert browser.client.get(f"/w/{cast.elsewhere.slug}/").status_code == 200


def test_the_last_admin_stays(cast: Cast) -> None:
    response = cast.client(cast.admin).post(url(membership(cast, "admin")))
    assert response.status_code == 409 and "at least one admin" in response.content.decode()
    with pytest.raises(TransitionError):
        member_remove(actor=cast.admin, membership=membership(cast, "admin"))
    assert User.objects.get(pk=cast.admin.pk).is_active


def test_an_admin_who_leaves_ends_on_a_page_that_works(cast: Cast) -> None:
    member_change_role(actor=cast.admin, membership=membership(cast, "approver"), role=Role.ADMIN)
    response = cast.client(cast.admin).post(url(membership(cast, "admin")), follow=True)
    assert response.status_code == 200
    assert response.request["PATH_INFO"] == "/accounts/login/"


@pytest.mark.parametrize("person", ["viewer", "copywriter", "approver"])
def test_only_admins_may(cast: Cast, person: str) -> None:
    member = membership(cast, "second_approver")
    assert cast.client(getattr(cast, person)).post(url(member)).status_code == 403
    with pytest.raises(NotPermittedError):
        member_remove(actor=getattr(cast, person), membership=member)
    assert Membership.objects.filter(pk=member.pk).exists()


def test_a_stranger_gets_404_here_and_in_a_workspace_of_their_own(cast: Cast) -> None:
    member = membership(cast, "viewer")
    for slug in ("shop", cast.elsewhere.slug):
        assert cast.client(cast.stranger).post(url(member, slug)).status_code == 404
    assert Membership.objects.filter(pk=member.pk).exists()


def test_the_wrong_method_gets_405(cast: Cast) -> None:
    assert cast.client(cast.admin).get(url(membership(cast, "viewer"))).status_code == 405
