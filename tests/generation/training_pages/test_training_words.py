"""Every code that training stores has words."""

from __future__ import annotations

import pytest

from campaigns.selectors.training_rows import Exclusion
from generation.engine.training.dataset import Source
from generation.selectors.training_words import (
    EXAMPLES,
    EXCLUDED,
    MASKED,
    PAIRS,
    duration_text,
    left_out,
    line_sentence,
)


def test_every_source_and_every_exclusion_has_a_name() -> None:
    assert set(EXAMPLES) | set(PAIRS) == set(Source) and not set(EXAMPLES) & set(PAIRS)
    assert {reason.value for reason in Exclusion} <= set(EXCLUDED)


def test_masked_texts_are_not_left_out() -> None:
    assert left_out({MASKED: 4, "no_product": 1, "over_limit": 2, "trivial_edit": 0, "a_new_one": 3}) == [
        ("a new one", 3),
        (str(EXCLUDED["over_limit"]), 2),
        (str(EXCLUDED["no_product"]), 1),
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (59.4, "59 seconds"),
        (60, "1 minute"),
        (754, "13 minutes"),
        (7199, "2 hours"),
        (7260, "2 hours 1 minute"),
        (90_000, "25 hours"),
    ],
)
def test_a_duration_is_as_coarse_as_an_estimate(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_a_line_of_a_later_release_is_shown_as_it_is() -> None:
    assert line_sentence("cooled_down", {"x": 1}) == "cooled down"
    assert line_sentence("frozen", {}) == "frozen"
