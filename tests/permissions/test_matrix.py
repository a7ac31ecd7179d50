"""Every route × method × person: what the reference in ``routes`` says is what happens, and a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from campaigns.models import ReviewEvent, Scope
from copystudio.models import Event
from tests.people import Cast
from tests.permissions.routes import ACCOUNT_OPEN, ACCOUNT_SIGNED_IN, ROUTES, Api, Described, Mine, Open, Own, Page
from tests.permissions.world import World, make_world

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ORDER = ("viewer", "copywriter", "approver", "admin")
SIGN_IN = "/accounts/login/"


def walk(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, set[str]]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            own = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            outer = set(pattern.pattern.converters)
            yield from ((name, names | outer) for name, names in walk(pattern, own))
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}", set(pattern.pattern.regex.groupindex)


FOUND = dict(walk(get_resolver()))


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    known = set(ROUTES) | ACCOUNT_OPEN | ACCOUNT_SIGNED_IN
    assert set(FOUND) - known == set(), "routes without a row"
    assert known - set(FOUND) == set(), "rows without a route"


@pytest.fixture
def world(cast: Cast) -> World:
    return make_world(cast)


def send(client: Client, method: str, url: str, key: str = "") -> tuple[HttpResponse, bool]:
    """The answer, and whether the audit log grew; whatever was changed is undone."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    client.raise_request_exception = False
    point = transaction.savepoint()
    before = Event.objects.count() + ReviewEvent.objects.count()
    response = client.generic(method, url, headers=headers)
    after = Event.objects.count() + ReviewEvent.objects.count()
    transaction.savepoint_rollback(point)
    return response, after != before


def allowed(response: HttpResponse) -> bool:
    to_sign_in = response.status_code in {302, 303} and response["Location"].startswith(SIGN_IN)
    return response.status_code not in {401, 403, 404, 405} and response.status_code < 500 and not to_sign_in


def expected_of_page(row: Page, person: str) -> int | None:
    """The status that a person gets, None where the page is theirs."""
    if person in {"anonymous", "key"}:
        return 302
    if person == "stranger":
        return 404
    return None if ORDER.index(person) >= ORDER.index(row.role) else 403


PAGES = [pytest.param(name, id=name) for name, row in ROUTES.items() if isinstance(row, Page)]


@pytest.mark.parametrize("route", PAGES)
def test_pages(world: World, route: str) -> None:
    row = ROUTES[route]
    assert isinstance(row, Page)
    url = reverse(route, kwargs=world.kwargs(route, FOUND[route]))
    for person in ("anonymous", "key", "stranger", *ORDER):
        user = getattr(world.cast, person, None)
        for method in METHODS:
            key = world.keys[Scope.DECIDE] if person == "key" else ""
            response, changed = send(world.cast.client(user), method, url, key)
            where = f"{route} {method} as {person}: {response.status_code}"
            if method not in row.methods:
                assert response.status_code == 405, where
                assert not changed, where
                continue
            wanted = expected_of_page(row, person)
            if wanted is None:
                assert allowed(response), where
            else:
                assert response.status_code == wanted, where
                assert not changed, where
                if wanted == 302:
                    assert response["Location"].startswith(SIGN_IN), where


MINE = [pytest.param(name, id=name) for name, row in ROUTES.items() if isinstance(row, Mine)]


@pytest.mark.parametrize("route", MINE)
def test_what_belongs_to_one_member_is_there_for_nobody_else(world: World, route: str) -> None:
    url = reverse(route, kwargs=world.kwargs(route, FOUND[route]))
    for person in ("anonymous", "key", "stranger", *ORDER):
        for method in METHODS:
            key = world.keys[Scope.DECIDE] if person == "key" else ""
            response, changed = send(world.cast.client(getattr(world.cast, person, None)), method, url, key)
            where = f"{route} {method} as {person}: {response.status_code}"
            if method not in ROUTES[route].methods:
                assert response.status_code == 405, where
            elif person == "viewer":
                assert allowed(response), where
            elif person in {"anonymous", "key"}:
                assert response.status_code == 302 and response["Location"].startswith(SIGN_IN), where
            else:
                assert response.status_code == 404, where
            assert not changed or person == "viewer", where


APIS = [pytest.param(name, id=name) for name, row in ROUTES.items() if isinstance(row, Api)]


@pytest.mark.parametrize("route", APIS)
def test_api(world: World, route: str) -> None:
    row = ROUTES[route]
    assert isinstance(row, Api)
    url = reverse(route, kwargs=world.kwargs(route, FOUND[route]))
    for method in METHODS:
        for scope, key in world.keys.items():
            response, changed = send(Client(), method, url, key)
            where = f"{route} {method} with {scope}: {response.status_code}"
            if scope != row.scope:
                assert response.status_code in {403, 405}, where
            elif method not in row.methods:
                assert response.status_code == 405, where
            else:
                assert allowed(response) or response.status_code == 404, where
            assert not (changed and scope != row.scope), where
        for person in ("anonymous", "stranger", *ORDER):
            client = world.cast.client(getattr(world.cast, person, None))
            response, changed = send(client, method, url)
            assert response.status_code in {401, 405}, f"{route} {method} as {person}: {response.status_code}"
            assert not changed


def test_the_description_is_for_members_and_keys(world: World) -> None:
    for route, row in ROUTES.items():
        if not isinstance(row, Described):
            continue
        for method in METHODS:
            anonymous, _ = send(Client(), method, reverse(route))
            assert anonymous.status_code in ({401} if method in row.methods else {401, 405}), method
            for person in ("stranger", *ORDER):
                response, _ = send(world.cast.client(getattr(world.cast, person)), method, reverse(route))
                wanted = {200} if method in row.methods else {403, 405}  # 403: no CSRF token
                assert response.status_code in wanted, f"{route} {method} as {person}: {response.status_code}"
            for key in world.keys.values():
                response, _ = send(Client(), method, reverse(route), key)
                assert response.status_code in ({200} if method in row.methods else {405}), method


def test_pages_of_the_own_account_need_a_sign_in(world: World) -> None:
    for route, row in ROUTES.items():
        if not isinstance(row, Own):
            continue
        for method in METHODS:
            for person in ("anonymous", "stranger", *ORDER):
                response, _ = send(world.cast.client(getattr(world.cast, person, None)), method, reverse(route))
                where = f"{route} {method} as {person}: {response.status_code}"
                if method not in row.methods:
                    assert response.status_code == 405, where
                elif person == "anonymous":
                    assert response.status_code == 302, where
                    assert response["Location"].startswith(SIGN_IN), where
                else:
                    assert allowed(response), where


def test_open_pages_are_open_and_only_by_their_methods(world: World) -> None:
    for route, row in ROUTES.items():
        if not isinstance(row, Open):
            continue
        for method in METHODS:
            response, changed = send(Client(), method, reverse(route))
            where = f"{route} {method}: {response.status_code}"
            if method in row.methods:
                assert allowed(response) or response.status_code == 400, where
            else:
                assert response.status_code == 405, where
            assert not changed, where


@pytest.mark.parametrize("route", sorted(ACCOUNT_SIGNED_IN))
def test_account_pages_need_a_sign_in(world: World, route: str) -> None:
    response, _ = send(Client(), "GET", reverse(route))
    assert response.status_code == 302 and response["Location"].startswith(SIGN_IN)


def test_nobody_signs_up_by_themselves(world: World) -> None:
    data = {"email": "new@example.com", "password1": "long enough words", "password2": "long enough words"}
    response = Client().post(reverse("account_signup"), data)
    assert b"account_signup" not in response.content
    from copystudio.models import User

    assert not User.objects.filter(email="new@example.com").exists()
