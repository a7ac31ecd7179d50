"""A candidate's run and position are its item's: the database copies them, and the migration did for those from before."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction

from generation.models import Candidate
from tests.campaigns.copy_makers import make_brief, make_candidate, make_run
from tests.people import Cast

migration = import_module("generation.migrations.0010_candidate_run")


def test_they_are_copied_whatever_the_writer_says(cast: Cast) -> None:
    other = make_run(cast, brief=make_brief(cast, name="Other"))
    candidate = make_candidate(cast)
    again = Candidate.objects.get(pk=candidate.pk)
    again.pk, again.slot, again.sha256, again.run, again.position = None, 1, "0" * 64, other, 77
    again.save(force_insert=True)
    again.refresh_from_db()
    for one in (candidate, again):
        assert (one.run_id, one.position) == (one.item.run_id, one.item.position) != (other.pk, 77)


def test_those_from_before_are_filled_in_and_still_never_change(cast: Cast) -> None:
    candidate = make_candidate(cast)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE generation_candidate ALTER run_id DROP NOT NULL, ALTER position DROP NOT NULL")
        cursor.execute("ALTER TABLE generation_candidate DISABLE TRIGGER append_only")
        cursor.execute("UPDATE generation_candidate SET run_id = NULL, position = NULL")
        cursor.execute("ALTER TABLE generation_candidate ENABLE TRIGGER append_only")
        cursor.execute(migration.FILL)
    candidate.refresh_from_db()
    assert (candidate.run_id, candidate.position) == (candidate.item.run_id, candidate.item.position)
    with pytest.raises(IntegrityError), transaction.atomic():
        Candidate.objects.filter(pk=candidate.pk).update(position=8)
