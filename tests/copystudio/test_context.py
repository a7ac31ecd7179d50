"""What the navigation shows to whom, and that it costs at most one query."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from copystudio.context import navigation, page_of, sections_for
from copystudio.models import Membership, Role, Workspace

WORKSPACE = Workspace(slug="shop", name="Shop")


def names(role: Role, path: str = "/") -> list[str]:
    return [item.name for section in sections_for(WORKSPACE, role, path) for item in section.items]


def test_only_admins_see_members_keys_and_the_audit_log() -> None:
    admin = {"studio:member_list", "studio:event_list", "campaigns:client_list"}
    assert admin <= set(names(Role.ADMIN))
    for role in (Role.VIEWER, Role.COPYWRITER, Role.APPROVER):
        assert not admin & set(names(role))


@pytest.mark.parametrize(
    ("path", "active"),
    [
        ("/w/shop/", ["campaigns:dashboard"]),
        ("/w/shop/products/7/", ["campaigns:product_list"]),
        ("/w/shop/members/", ["studio:member_list"]),
        ("/account/", []),
    ],
)
def test_the_entry_of_the_present_page_is_marked(path: str, active: list[str]) -> None:
    items = [item for section in sections_for(WORKSPACE, Role.ADMIN, path) for item in section.items]
    assert [item.name for item in items if item.active] == active


def test_strangers_get_an_empty_navigation_without_a_query(
    db: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    request = RequestFactory().get("/accounts/login/")
    request.user = AnonymousUser()
    with django_assert_num_queries(0):
        context = navigation(request)
        assert context["nav_workspace"] is None
        assert list(context["nav_items"]) == []
        assert list(context["nav_workspaces"]) == []


def test_a_member_costs_one_query(cast: Any, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    request: Any = RequestFactory().get("/w/x/")
    request.membership = Membership.objects.select_related("workspace", "user").filter(role=Role.ADMIN)[0]
    request.user = request.membership.user
    with django_assert_num_queries(1):
        context = navigation(request)
        assert list(context["nav_workspaces"]) and list(context["nav_workspaces"])
        assert list(context["nav_items"])
        assert context["nav_role"] is Role.ADMIN


@pytest.mark.parametrize(
    ("referer", "here"),
    [
        ("http://testserver/w/shop/models/4/?page=2", "/w/shop/models/4/?page=2"),
        ("https://elsewhere.example/w/shop/", "/"),
        ("", "/"),
    ],
)
def test_from_a_refused_form_the_way_back_is_the_page_with_the_form(referer: str, here: str) -> None:
    """Its own address may take nothing but forms."""
    refused = RequestFactory().post("/w/shop/models/4/promote/", headers={"Referer": referer})
    assert page_of(refused) == here
    assert page_of(RequestFactory().get("/w/shop/?q=a")) == "/w/shop/?q=a"
