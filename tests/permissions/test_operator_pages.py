"""The Django admin is there for superusers alone, and no request of it but its lists' actions changes anything."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.urls import reverse

from generation.models import Evaluation, ModelVersion
from tests.people import Cast, person
from tests.permissions.routes import ROUTES, Operator
from tests.permissions.test_matrix import FOUND, METHODS, ORDER, SIGN_IN, send
from tests.permissions.world import World, make_world

PAGES = [pytest.param(name, id=name) for name, row in ROUTES.items() if isinstance(row, Operator)]


@pytest.fixture
def world(cast: Cast) -> World:
    found = make_world(cast)
    version = ModelVersion.objects.filter(workspace=cast.workspace).earliest("pk")
    Evaluation.objects.create(workspace=cast.workspace, version=version, status="succeeded")
    return found


def kwargs_of(route: str) -> dict[str, Any]:
    """The app, or the first row of the table that the route names."""
    values: dict[str, Any] = {}
    for name in FOUND[route]:
        if name == "object_id":
            values[name] = apps.get_model("generation", route.split("_")[1])._default_manager.earliest("pk").pk
        else:
            values[name] = "generation"
    return values


@pytest.mark.parametrize("route", PAGES)
def test_only_superusers_find_them(world: World, route: str) -> None:
    row, url = ROUTES[route], reverse(route, kwargs=kwargs_of(route))
    operator = person("operator")
    operator.is_superuser = True
    operator.save()
    people = {name: getattr(world.cast, name) for name in ("stranger", *ORDER)}
    for name, user in {"anonymous": None, "operator": operator, **people}.items():
        for method in METHODS:
            response, changed = send(world.cast.client(user), method, url)
            where = f"{route} {method} as {name}: {response.status_code}"
            assert not changed, where
            if name == "anonymous":
                assert response.status_code == 302 and response["Location"].startswith(f"{SIGN_IN}?next="), where
            elif name != "operator":
                assert response.status_code == 404, where
            else:
                allowed = row.empty if method == "POST" else 200
                assert response.status_code == (allowed if method in row.methods else 405), where


def test_a_key_of_the_api_opens_none(world: World) -> None:
    for route in ROUTES:
        if isinstance(ROUTES[route], Operator):
            url = reverse(route, kwargs=kwargs_of(route))
            for key in world.keys.values():
                assert send(world.cast.client(None), "GET", url, key)[0].status_code == 302, route


def test_a_superuser_who_was_taken_out_finds_them_no_more(world: World) -> None:
    admin = world.cast.admin
    client = world.cast.client(admin)
    admin.is_superuser = True
    admin.save()
    assert client.get("/admin/").status_code == 200
    admin.is_superuser = False
    admin.save()
    assert client.get("/admin/").status_code == 404
    admin.is_superuser, admin.is_active = True, False
    admin.save()
    assert client.get("/admin/").status_code == 302
