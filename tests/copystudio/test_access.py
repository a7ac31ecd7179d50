"""Roles: who covers whom, as it stands in the database at this moment."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import Client

from copystudio.access import membership_get_for, require, role_in
from copystudio.errors import NotPermittedError
from copystudio.models import Membership, Role, User, Workspace
from tests.people import Cast, person

ORDER = [Role.VIEWER, Role.COPYWRITER, Role.APPROVER, Role.ADMIN]


@pytest.mark.parametrize("have", ORDER)
@pytest.mark.parametrize("needed", ORDER)
def test_each_role_includes_the_ones_before_it(have: Role, needed: Role) -> None:
    assert have.covers(needed) is (ORDER.index(have) >= ORDER.index(needed))
    assert have.can_write is (have != Role.VIEWER)
    assert have.can_approve is (have in {Role.APPROVER, Role.ADMIN})


def test_a_service_is_told_who_may_and_who_may_not(cast: Cast) -> None:
    assert require(actor=cast.approver, workspace=cast.workspace, role=Role.COPYWRITER) == Role.APPROVER
    for actor in (cast.viewer, cast.stranger, User(pk=2**40)):
        with pytest.raises(NotPermittedError):
            require(actor=actor, workspace=cast.workspace, role=Role.COPYWRITER)


def test_a_switched_off_person_has_no_role(cast: Cast) -> None:
    User.objects.filter(pk=cast.admin.pk).update(is_active=False)
    assert role_in(cast.admin, cast.workspace) is None
    with pytest.raises(Http404):
        membership_get_for(cast.admin, "shop")


def test_a_role_counts_as_it_stands_now_and_not_as_it_was_read(cast: Cast) -> None:
    Membership.objects.filter(user=cast.admin).update(role=Role.VIEWER)
    with pytest.raises(NotPermittedError):
        require(actor=cast.admin, workspace=cast.workspace, role=Role.ADMIN)


@pytest.mark.parametrize("slug", ["shop-elsewhere", "nowhere", "Shop", ""])
def test_whoever_is_no_member_does_not_learn_whether_a_workspace_exists(cast: Cast, slug: str) -> None:
    with pytest.raises(Http404):
        membership_get_for(cast.viewer, slug)
    with pytest.raises(Http404):
        membership_get_for(AnonymousUser(), slug)


def test_the_database_knows_only_these_roles_and_one_for_each_person(cast: Cast) -> None:
    member = Membership.objects.filter(user=cast.viewer)
    with pytest.raises(IntegrityError), transaction.atomic():
        member.update(role="owner")
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(workspace=cast.workspace, user=cast.viewer, role=Role.ADMIN)


def test_two_accounts_never_differ_only_in_capitals(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email=cast.viewer.email.upper(), name="Double")


class TestHome:
    def test_it_leads_straight_into_the_only_workspace(self, cast: Cast) -> None:
        assert cast.client(cast.viewer).get("/")["Location"] == "/w/shop/"

    def test_it_offers_the_own_workspaces_and_no_other(self, cast: Cast) -> None:
        second = Workspace.objects.create(slug="second", name="Second shop")
        Workspace.objects.create(slug="third", name="Third shop")
        Membership.objects.create(workspace=second, user=cast.viewer, role=Role.VIEWER)
        html = cast.client(cast.viewer).get("/").content.decode()
        assert "/w/shop/" in html and "/w/second/" in html
        assert "Third shop" not in html and cast.elsewhere.name not in html

    def test_without_a_workspace_it_says_whom_to_ask(self, db: None) -> None:
        client = Client()
        client.force_login(person("lonely"))
        assert "You belong to no workspace" in client.get("/").content.decode()

    def test_nobody_is_sent_to_the_sign_in_page(self, db: None) -> None:
        assert Client().get("/")["Location"] == "/accounts/login/?next=/"
