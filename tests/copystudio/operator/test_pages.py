"""The pages of the Django admin carry the headers of every other page, and nothing that the policy would stop."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from generation.models import Evaluation, ModelVersion
from tests.copystudio.test_headers import assert_safe
from tests.people import Cast
from tests.permissions.routes import ROUTES, Operator
from tests.permissions.test_operator_pages import kwargs_of
from tests.permissions.world import make_world

PAGES = [name for name, row in ROUTES.items() if isinstance(row, Operator) and name != "admin:jsi18n"]


def test_every_page_is_safe_in_both_languages(cast: Cast) -> None:
    make_world(cast)
    version = ModelVersion.objects.filter(workspace=cast.workspace).earliest("pk")
    Evaluation.objects.create(workspace=cast.workspace, version=version, status="succeeded")
    cast.admin.is_superuser = True
    cast.admin.save()
    client = cast.client(cast.admin)
    for language in ("en", "zh-hans"):
        client.cookies["cs_language"] = language
        for route in PAGES:
            response = client.get(reverse(route, kwargs=kwargs_of(route)))
            assert_safe(response)
            html = response.content.decode()
            assert not re.search(r"<script(?![^>]*\bsrc=)", html) and "<style" not in html, route
            assert not re.search(r"\s(style|on[a-z]+)=", html), route
            assert ("回到工作台" in html) == (language == "zh-hans"), route


@pytest.mark.parametrize("path", ["", "generation/", "generation/modelversion/", "generation/modelversion/1/change/"])
def test_refusals_are_safe_too(cast: Cast, path: str) -> None:
    for user in (None, cast.admin):
        assert_safe(cast.client(user).get(f"/admin/{path}"))
