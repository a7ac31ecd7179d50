"""How much evidence counts: the score interval against published values, bounds, and what an edit is."""

from __future__ import annotations

import pytest

from campaigns.selectors.training_weights import (
    Shown,
    click_factor,
    edit_distance,
    edit_weight,
    is_trivial_edit,
    wilson_lower,
)
from tests.timing import timed


@pytest.mark.parametrize(
    ("clicks", "impressions", "lower"),
    [(81, 263, 0.2553), (15, 148, 0.0624), (0, 20, 0.0), (1, 29, 0.0061)],
)
def test_the_lower_end_is_that_of_newcombes_table_of_1998(clicks: int, impressions: int, lower: float) -> None:
    assert wilson_lower(clicks, impressions) == pytest.approx(lower, abs=5e-5)


@pytest.mark.parametrize(("clicks", "impressions"), [(-1, 5), (6, 5), (0, 0)])
def test_what_is_no_rate_is_refused(clicks: int, impressions: int) -> None:
    with pytest.raises(ValueError, match="no rate"):
        wilson_lower(clicks, impressions)


def test_a_text_far_above_its_campaign_reaches_the_most() -> None:
    assert click_factor(Shown(1000, 400), Shown(10_000, 500)) == 1.5


def test_a_text_between_gets_what_is_sure() -> None:
    factor = click_factor(Shown(10_000, 800), Shown(20_000, 1200))
    assert factor == pytest.approx(1 + 0.5 * (wilson_lower(800, 10_000) / 0.06 - 1))
    assert 1.1 < factor < 1.2


@pytest.mark.parametrize(
    ("own", "peers"),
    [
        (Shown(199, 199), Shown(1000, 10)),
        (Shown(1000, 10), Shown(1000, 10)),
        (Shown(1000, 0), Shown(2000, 100)),
        (Shown(1000, 0), Shown(1000, 0)),
        (Shown(0, 0), Shown(0, 0)),
    ],
)
def test_few_impressions_average_and_worse_texts_get_no_more(own: Shown, peers: Shown) -> None:
    assert click_factor(own, peers) == 1.0


def test_more_clicks_than_impressions_are_all_of_them() -> None:
    assert click_factor(Shown(300, 900), Shown(3000, 900)) == 1.5


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Stay dry at 320 g", "Stay dry, at 320 g."),
        ("轻至320克，雨天不愁", "轻至３２０克。雨天不愁！"),
        ("Stay  dry", " Stay dry "),
        ("It's light", "It’s light"),
    ],
)
def test_spacing_punctuation_and_width_are_trivial(before: str, after: str) -> None:
    assert is_trivial_edit(before, after)
    assert edit_distance(before, after) == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1.5 l", "15 l"),
        ("20% off", "20 off"),
        ("dry", "Dry"),
        ("轻至320克", "轻至302克"),
        ("¥99", "$99"),
        ("hat 🎩", "hat"),
    ],
)
def test_numbers_signs_and_words_are_not(before: str, after: str) -> None:
    assert not is_trivial_edit(before, after)


def test_a_weight_grows_with_the_edit_and_stays_within_its_bounds() -> None:
    before = "Stay dry on every walk at 320 g"
    small, large = edit_weight(before, "Stay dry on each walk at 320 g"), edit_weight(before, "Stay home at 320 g")
    assert 0.5 < small < large < 1.5
    assert edit_weight(before, "轻装上路") == 1.5


def test_weights_are_multiples_of_a_twentieth() -> None:
    weight = edit_weight("one two three four five six seven", "one two three four five six eight")
    assert weight * 20 == pytest.approx(round(weight * 20))


def test_a_text_that_repeats_itself_for_pages_is_compared_within_two_seconds() -> None:
    with timed() as watch:
        assert edit_distance("a b " * 5000, "b a c " * 5000) < 1
    assert watch.seconds < 2, "half a second, and on a slow machine more"
