"""What a card says of a candidate beyond its text, and what the pages of a run say of all of them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.selectors.cards import candidate_card, feeling_of
from campaigns.selectors.run import candidate_get_for
from campaigns.selectors.run_progress import run_progress
from campaigns.services.tweak import candidate_tweak
from generation.models import Candidate, GenerationRun
from tests.campaigns.copy_makers import make_run, write_candidates
from tests.people import Cast

TEXT = "Stay dry in any weather at 320 g"


def written(cast: Cast, **values: Any) -> Candidate:
    return write_candidates(make_run(cast), [TEXT], **values)[0]


def page(cast: Cast, run: GenerationRun, rest: str = "") -> str:
    return cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/runs/{run.pk}/{rest}").content.decode()


def test_it_says_what_the_text_leads_with(cast: Cast) -> None:
    candidate = written(cast)
    candidate.item.plan = {"leads": [["water column", "10000", "mm"], ["weight", "320", "g"]], "turn": 0}
    candidate.item.save()
    shown = page(cast, candidate.item.run)
    assert "Leads with:" in shown and "<b>water column, weight</b>" in shown
    candidate.item.plan = {"leads": [["Feature", "moisture-wicking", ""], ["Material", "linen", ""]], "turn": 0}
    candidate.item.save()
    assert "<b>moisture-wicking, Material</b>" in page(cast, candidate.item.run)
    candidate.item.plan = {"leads": [], "turn": 0, "about": "It folds to 6 cm and fits behind a car seat. " * 2}
    candidate.item.save()
    assert "<b>It folds to 6 cm and fits behind a car seat. It folds to 6 …</b>" in page(cast, candidate.item.run)
    candidate.item.plan = {}
    candidate.item.save()
    assert "Leads with:" not in page(cast, candidate.item.run)


def test_it_says_how_the_text_is_felt_where_a_scorer_was_at_hand(cast: Cast) -> None:
    shown = page(cast, written(cast, sentiment=[0.05, 0.15, 0.8]).item.run)
    assert "Felt as positive, 80 %" in shown and 'class="feeling-positive" x="20.0" width="80.0"' in shown
    assert "Felt as" not in page(cast, written(cast).item.run)


@pytest.mark.parametrize(
    ("probabilities", "code", "percent"),
    [([0.7, 0.2, 0.1], "negative", 70), ([0.1, 0.8, 0.1], "neutral", 80), ([0.1, 0.1, 0.8], "positive", 80)],
)
def test_the_likeliest_feeling_gives_the_name(probabilities: list[float], code: str, percent: int) -> None:
    feeling = feeling_of(probabilities)
    assert feeling is not None and (feeling.code, feeling.percent) == (code, percent)
    assert sum(width for _code, _start, width in feeling.parts) == pytest.approx(100)
    assert next(start for _code, start, _width in feeling.parts) == 0


@pytest.mark.parametrize("nothing", [None, [], [1.0]])
def test_without_three_probabilities_nothing_is_felt(nothing: list[float] | None) -> None:
    assert feeling_of(nothing) is None


def test_it_warns_of_a_text_that_already_ran(cast: Cast) -> None:
    shown = page(cast, written(cast, nearest={"text": "Dry at <320 g>", "likeness": 0.957}).item.run)
    assert "Close to a text that already ran (96 %)" in shown and "Dry at &lt;320 g&gt;" in shown
    assert "already ran" not in page(cast, written(cast).item.run)


def test_it_warns_of_a_text_for_another_segment_of_the_run(cast: Cast) -> None:
    near = {"text": "Dry at <320 g>", "likeness": 0.957, "segment": True}
    shown = page(cast, written(cast, nearest=near).item.run)
    assert "Close to a text of this run for another segment (96 %)" in shown and "Dry at &lt;320 g&gt;" in shown
    assert "already ran" not in shown


def test_it_says_which_engine_wrote_it_where_several_wrote(cast: Cast) -> None:
    run = make_run(cast)
    engine = {"backend": "torch", "numbers": "bfloat16", "device": "cpu", "torch": "2.9"}
    write_candidates(run, [TEXT], engine=engine)
    assert "torch · bfloat16 · cpu" not in page(cast, run), "the page of the run says it of all"
    write_candidates(run, ["Keep dry"], engine={"backend": "remote", "model": "gemma"})
    shown = page(cast, run)
    assert "<b>torch · bfloat16 · cpu</b>" in shown and "<b>remote · gemma</b>" in shown


def test_it_links_to_the_runs_that_were_asked_for_from_it(cast: Cast) -> None:
    candidate = written(cast)
    child, _new = candidate_tweak(actor=cast.copywriter, candidate=candidate, tweak="calmer")
    card = candidate_card(candidate_get_for(workspace=cast.workspace, pk=candidate.pk))
    assert card.children == [(child.pk, "Calmer")]
    shown = page(cast, candidate.item.run)
    assert "Asked for from this:" in shown and f"/runs/{child.pk}/" in shown


def test_the_run_says_how_many_were_written_passed_and_chosen_and_why_others_were_not(cast: Cast) -> None:
    run = make_run(cast)
    write_candidates(run, [TEXT, "Dry at 99 g", "The best jacket", "Only $49"])
    GenerationRun.objects.filter(pk=run.pk).update(outputs=6)  # three passed, of which one was chosen
    run.refresh_from_db()
    progress = run_progress(run)
    assert (progress.outputs, progress.passed, progress.produced) == (6, 3, 1)
    shown = page(cast, run)
    for number, words in ((6, "written"), (3, "passed the checks"), (1, "chosen of those")):
        assert f'<b class="tnum">{number}</b> {words}' in shown
    assert '<b class="tnum">2</b> claims what no fact supports' in shown
    assert '<b class="tnum">1</b> contains an absolute term' in shown


def test_the_page_of_an_item_says_the_same_of_the_item(cast: Cast) -> None:
    run = make_run(cast)
    write_candidates(run, [TEXT, "Dry at 99 g", "The best jacket", "Only $49"])
    item = run.items.get()
    assert item.dropped == {"unsupported": 2, "absolute_term": 1}
    shown = page(cast, run, f"candidates/?item={item.pk}")
    for number, words in ((4, "written"), (1, "passed the checks"), (1, "chosen of those"), (2, "claims what no fact")):
        assert f'<b class="tnum">{number}</b> {words}' in shown
    assert "passed the checks" not in page(cast, run, "candidates/")


def test_dropped_texts_can_be_looked_at_with_what_was_found_in_them(cast: Cast) -> None:
    run = make_run(cast)
    write_candidates(run, [TEXT])
    here = f"candidates/?item={run.items.get().pk}"
    assert "dropped texts" not in page(cast, run, here)
    write_candidates(run, ["Dry at 99 g <i>"])
    shown = page(cast, run, here)
    assert "Look at some of the dropped texts" in shown and "<i>" not in shown
    assert re.search(r"Dry at <mark[^>]*>99 g</mark> &lt;i&gt;", shown) and "“99 g” is no fact" in shown


def test_the_pages_of_items_say_which_angles_a_model_server_refused(cast: Cast) -> None:
    run = make_run(cast)
    write_candidates(run, [TEXT])
    item = run.items.get()
    angles = [{"leads": [], "turn": turn, "prompt": "…"} for turn in (1, 2, 3)]
    item.plan = {
        "turn": 0,
        "others": angles,
        "refused": {"1": [[0, None]], "2": [[0, 0]]},
        "refusal": "content <filter>",
    }
    item.save()
    for rest in ("items/", f"candidates/?item={item.pk}"):
        shown = page(cast, run, rest)
        assert "The model server refused 1 of 4 angles of this text." in shown and "content &lt;filter&gt;" in shown
    item.plan = {"turn": 0, "others": angles}
    item.save()
    for rest in ("items/", f"candidates/?item={item.pk}"):
        assert "The model server refused" not in page(cast, run, rest)


def test_the_number_of_queries_of_a_page_does_not_grow_with_candidates(cast: Cast) -> None:
    def queries(count: int) -> int:
        run = make_run(cast, name=f"Of {count}", count=20)
        for candidate in write_candidates(run, [f"Stay dry in weather {chr(97 + n)}" for n in range(count)]):
            candidate_tweak(actor=cast.copywriter, candidate=candidate, tweak="like")
        with CaptureQueriesContext(connection) as caught:
            page(cast, run)
        return len(caught)

    assert queries(12) == queries(2)
