"""Giving a member another role."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from copystudio.access import role_in
from copystudio.errors import NotPermittedError, TransitionError
from copystudio.models import Event, Membership, Role
from copystudio.services.member import member_change_role
from tests.people import Cast, make_cast


def membership(cast: Cast, person: str) -> Membership:
    return Membership.objects.get(workspace=cast.workspace, user=getattr(cast, person))


def url(member: Membership, slug: str = "shop") -> str:
    return f"/w/{slug}/members/{member.pk}/role/"


def test_it_works_from_the_next_request_on(cast: Cast) -> None:
    viewer = cast.client(cast.viewer)
    assert viewer.get("/w/shop/brands/new/").status_code == 403
    response = cast.client(cast.admin).post(url(membership(cast, "viewer")), {"role": "copywriter"})
    assert response.status_code == 303 and response["Location"] == "/w/shop/members/"
    assert viewer.get("/w/shop/brands/new/").status_code == 200


def test_it_writes_its_event_with_both_roles(cast: Cast) -> None:
    cast.client(cast.admin).post(url(membership(cast, "viewer")), {"role": "approver"})
    event = Event.objects.get(verb="member.role")
    assert (event.actor, event.data) == (cast.admin, {"from": "viewer", "to": "approver"})


def test_the_last_admin_stays_admin(cast: Cast) -> None:
    response = cast.client(cast.admin).post(url(membership(cast, "admin")), {"role": "viewer"})
    assert response.status_code == 409
    assert "at least one admin" in response.content.decode()
    assert role_in(cast.admin, cast.workspace) == Role.ADMIN
    assert not Event.objects.filter(verb="member.role").exists()


def test_with_a_second_admin_the_first_may_step_back_and_is_not_sent_to_a_page_they_cannot_see(cast: Cast) -> None:
    member_change_role(actor=cast.admin, membership=membership(cast, "approver"), role=Role.ADMIN)
    response = cast.client(cast.admin).post(url(membership(cast, "admin")), {"role": "viewer"}, follow=True)
    assert response.status_code == 200
    assert role_in(cast.admin, cast.workspace) == Role.VIEWER


@pytest.mark.parametrize("role", ["", "owner", "ADMIN"])
def test_a_role_that_does_not_exist_is_refused(cast: Cast, role: str) -> None:
    assert cast.client(cast.admin).post(url(membership(cast, "viewer")), {"role": role}).status_code == 422
    assert role_in(cast.viewer, cast.workspace) == Role.VIEWER


@pytest.mark.parametrize("person", ["viewer", "copywriter", "approver"])
def test_only_admins_may_and_nobody_raises_themselves(cast: Cast, person: str) -> None:
    own = membership(cast, person)
    assert cast.client(getattr(cast, person)).post(url(own), {"role": "admin"}).status_code == 403
    with pytest.raises(NotPermittedError):
        member_change_role(actor=getattr(cast, person), membership=own, role=Role.ADMIN)
    assert role_in(getattr(cast, person), cast.workspace) == Role(person)


def test_a_stranger_gets_404_here_and_in_a_workspace_of_their_own(cast: Cast) -> None:
    member = membership(cast, "viewer")
    for slug in ("shop", cast.elsewhere.slug):
        assert cast.client(cast.stranger).post(url(member, slug), {"role": "admin"}).status_code == 404
    with pytest.raises(NotPermittedError):
        member_change_role(actor=cast.stranger, membership=member, role=Role.ADMIN)


def test_the_wrong_method_gets_405(cast: Cast) -> None:
    assert cast.client(cast.admin).get(url(membership(cast, "viewer"))).status_code == 405


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_two_admins_who_take_the_role_from_each_other_at_once_leave_one() -> None:
    for turn in range(5):
        cast = make_cast(f"shop{turn}")
        first, second = membership(cast, "admin"), membership(cast, "approver")
        member_change_role(actor=cast.admin, membership=second, role=Role.ADMIN)
        barrier, answers = threading.Barrier(2), []

        def step(
            actor: object, target: Membership, barrier: threading.Barrier = barrier, answers: list = answers
        ) -> None:
            try:
                barrier.wait(timeout=30)
                member_change_role(actor=actor, membership=target, role=Role.VIEWER)  # type: ignore[arg-type]
                answers.append("changed")
            except (TransitionError, NotPermittedError) as error:
                answers.append(error.code)
            finally:
                connection.close()

        threads = [
            threading.Thread(target=step, args=(cast.admin, second)),
            threading.Thread(target=step, args=(cast.approver, first)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert sorted(answers) == ["changed", "not_permitted"]
        assert Membership.objects.filter(workspace=cast.workspace, role=Role.ADMIN).count() == 1
