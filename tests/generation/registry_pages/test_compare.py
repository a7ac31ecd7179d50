"""Any two measured versions beside each other: with differences where they were asked the same, and words where not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generation.models import Evaluation, ModelVersion
from tests.generation.registry_pages.makers import make_evaluation, make_version
from tests.people import Cast, make_cast


@pytest.fixture(autouse=True)
def model_root(settings: Any, tmp_path: Path) -> None:
    settings.MODEL_ROOT = tmp_path


@pytest.fixture
def two(cast: Cast) -> tuple[ModelVersion, ModelVersion]:
    """A good and a bad version, each measured against the active one, neither against the other."""
    good, bad = make_version(cast), make_version(cast)
    make_evaluation(cast, good)
    make_evaluation(cast, bad, good=False)
    return good, bad


def look(cast: Cast, version: ModelVersion, wanted: object = "", user: Any = None) -> Any:
    url = f"/w/{version.workspace.slug}/models/{version.pk}/"
    return cast.client(user or cast.admin).get(url, {"with": wanted} if wanted else {})


def ask_something_else(version: ModelVersion) -> None:
    row = Evaluation.objects.get(version=version)
    for name in {"new", "active", "base"} & set(row.results):
        row.results[name]["fingerprint"] = "f" * 64
    row.save()


def test_two_that_were_never_measured_together_are_compared(cast: Cast, two: Any) -> None:
    good, bad = two
    page = look(cast, good, bad.pk)
    figures = page.context["comparison"].figures
    assert [one.version for one in figures.subjects] == [good, bad] and [one.version for one in figures.against] == [
        bad
    ]
    rows = [row for group in figures.groups for row in group.rows]
    verdicts = {row.differences[0][1].verdict for row in rows if row.differences[0][1]}
    assert len(rows) > 10 and "better" in verdicts
    turned = look(cast, bad, good.pk).context["comparison"].figures
    assert "worse" in {row.differences[0][1].verdict for group in turned.groups for row in group.rows}
    assert "different data" not in page.content.decode()


def test_on_different_data_both_are_shown_without_a_difference(cast: Cast, two: Any) -> None:
    good, bad = two
    ask_something_else(bad)
    page = look(cast, good, bad.pk)
    comparison = page.context["comparison"]
    assert not comparison.is_fair and comparison.figures.against == []
    assert all(len(row.cells) == 2 and not row.differences for group in comparison.figures.groups for row in group.rows)
    assert "evaluated on different data" in page.content.decode()


def test_of_several_evaluations_those_that_asked_the_same_are_taken(cast: Cast, two: Any) -> None:
    good, bad = two
    ask_something_else(bad)
    make_evaluation(cast, bad, good=False)  # newer, and asked what the other was asked
    assert look(cast, good, bad.pk).context["comparison"].is_fair


def test_one_that_was_measured_as_the_active_one_can_be_compared(cast: Cast) -> None:
    active, version = make_version(cast, status="active"), make_version(cast)
    make_evaluation(cast, version)
    assert list(look(cast, version).context["comparable"]) == [active]
    assert look(cast, active, version.pk).context["comparison"].is_fair


def test_only_measured_versions_of_the_workspace_can_be_chosen(cast: Cast, two: Any) -> None:
    good, bad = two
    other = make_cast("elsewhere")
    theirs, never = make_version(other), make_version(cast)
    make_evaluation(other, theirs)
    assert never not in look(cast, good).context["comparable"] and theirs not in look(cast, good).context["comparable"]
    for wanted in (theirs.pk, never.pk, good.pk, "nonsense", "9" * 30):
        assert look(cast, good, wanted).status_code == 404
    assert look(cast, never).context["comparable"] == [] and look(cast, never, bad.pk).status_code == 404


def test_it_is_for_admins(cast: Cast, two: Any) -> None:
    good, bad = two
    page = look(cast, good, bad.pk, cast.approver)
    assert page.status_code == 200 and "compare-with" not in page.content.decode() and "comparison" not in page.context
