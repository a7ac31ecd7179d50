"""Pages of long lists are those of a plain paginator, whichever end they are read from."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.paginator import Paginator
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copystudio.models import User
from copystudio.paging import KeyPaginator


@pytest.fixture
def keys(db: None) -> Any:
    User.objects.bulk_create(User(email=f"p{n:02}@example.com", name=f"P{n % 3}") for n in range(23))
    return User.objects.order_by("-name", "pk").values_list("pk", flat=True)


@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize("count", [None, 23])
def test_each_page_is_that_of_a_plain_paginator(keys: Any, number: int, count: int | None) -> None:
    page = KeyPaginator(keys, list, 5, count).get_page(number)
    assert list(page) == list(Paginator(keys, 5).get_page(number))


def test_the_last_page_is_read_from_the_end(keys: Any) -> None:
    with CaptureQueriesContext(connection) as found:
        assert len(KeyPaginator(keys, list, 5, 23).get_page(5)) == 3
    assert len(found) == 1 and "OFFSET" not in found[0]["sql"]


def test_no_rows_are_one_empty_page(db: None) -> None:
    page = KeyPaginator(User.objects.none().order_by("pk").values_list("pk", flat=True), list, 5).get_page(3)
    assert list(page) == [] and page.number == 1
