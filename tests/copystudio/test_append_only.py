"""The audit log, candidates, revisions and reviews never change: the database itself refuses."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, models, transaction

from campaigns.models import ReviewEvent, Revision
from copystudio.models import Event
from generation.models import Candidate
from tests import factories
from tests.people import Cast
from tests.permissions.world import make_world

TABLES = [Event, Candidate, Revision, ReviewEvent]


@pytest.fixture
def filled(cast: Cast) -> Cast:
    make_world(cast)
    factories.make_variant(cast, status="approved")
    return cast


def never_change(model: type[models.Model], sql: str) -> None:
    before = list(model._default_manager.order_by("pk").values())
    assert before
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert list(model._default_manager.order_by("pk").values()) == before


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model.__name__)
def test_no_row_is_updated_by_anybody(filled: Cast, model: type[models.Model]) -> None:
    never_change(model, f"UPDATE {model._meta.db_table} SET created_at = now()")
    never_change(model, f"UPDATE {model._meta.db_table} SET workspace_id = workspace_id")


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model.__name__)
def test_no_row_is_deleted_by_anybody(filled: Cast, model: type[models.Model]) -> None:
    never_change(model, f"DELETE FROM {model._meta.db_table}")


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model.__name__)
def test_even_where_a_demonstration_is_removed_no_row_is_updated(filled: Cast, model: type[models.Model]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL copystudio.erasing = 'on'")
        never_change(model, f"UPDATE {model._meta.db_table} SET created_at = now()")


def test_a_workspace_that_is_no_demonstration_cannot_be_deleted_at_all(filled: Cast) -> None:
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        filled.workspace.delete()


def test_an_object_with_history_cannot_be_deleted_behind_its_back(filled: Cast) -> None:
    variant = factories.make_variant(filled)
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        variant.campaign.delete()


def test_a_person_who_wrote_something_cannot_be_deleted(filled: Cast) -> None:
    with pytest.raises(models.ProtectedError):
        filled.copywriter.delete()


def test_permission_to_erase_ends_with_its_transaction(filled: Cast) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('copystudio.erasing', true)")
        assert cursor.fetchone()[0] in {None, ""}
