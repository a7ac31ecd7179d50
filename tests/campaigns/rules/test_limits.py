"""Lengths in the units of channels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.rules.finding import Code, Severity
from campaigns.rules.limits import SmsEncoding, Unit, character_budget, check, fitting_length, measure, measure_sms

TEXTS = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("aA1 中文，。“”…€{}😀é\u0301\u200d'-")), max_size=200
)


@pytest.mark.parametrize(
    ("text", "characters", "width", "utf16", "size", "words"),
    [
        ("", 0, 0, 0, 0, 0),
        ("Hello world", 11, 11, 11, 11, 2),
        ("你好，世界", 5, 10, 5, 15, 4),
        ("Wi-Fi 音箱", 8, 10, 8, 12, 3),
        ("😀", 1, 2, 2, 4, 0),
        ("👨\u200d👩\u200d👧", 5, 8, 8, 18, 0),
        ("❤\ufe0f", 2, 2, 2, 6, 0),
        ("ＡＢ", 2, 4, 2, 6, 1),
        ("It’s", 4, 4, 4, 6, 1),
        ("“好”", 3, 6, 3, 9, 1),
        ("e\u0301", 2, 2, 2, 3, 1),
        ("don't stop", 10, 10, 10, 10, 2),
        ("カタカナ", 4, 8, 4, 12, 4),
    ],
)
def test_a_text_has_a_length_in_every_unit(
    text: str, characters: int, width: int, utf16: int, size: int, words: int
) -> None:
    units = (Unit.CHARACTERS, Unit.DISPLAY_WIDTH, Unit.UTF16, Unit.BYTES, Unit.WORDS)
    assert [measure(text, unit) for unit in units] == [characters, width, utf16, size, words]


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", SmsEncoding.GSM7, 0, 0),
        ("a" * 160, SmsEncoding.GSM7, 160, 1),
        ("a" * 161, SmsEncoding.GSM7, 161, 2),
        ("a" * 306, SmsEncoding.GSM7, 306, 2),
        ("a" * 307, SmsEncoding.GSM7, 307, 3),
        ("a" * 350, SmsEncoding.GSM7, 350, 3),
        ("€" * 80, SmsEncoding.GSM7, 160, 1),
        ("€" * 81, SmsEncoding.GSM7, 162, 2),
        ("[~]^{|}\\", SmsEncoding.GSM7, 16, 1),
        ("中" * 70, SmsEncoding.UCS2, 70, 1),
        ("中" * 71, SmsEncoding.UCS2, 71, 2),
        ("中" * 135, SmsEncoding.UCS2, 135, 3),
        ("a" * 69 + "。", SmsEncoding.UCS2, 70, 1),
        ("a" * 70 + "’", SmsEncoding.UCS2, 71, 2),
        ("😀" * 35, SmsEncoding.UCS2, 70, 1),
        ("a" * 152 + "€" * 10, SmsEncoding.GSM7, 172, 2),
        ("€" * 153, SmsEncoding.GSM7, 306, 3),  # 76 to a part: an escape is not split
    ],
)
def test_sms_are_counted_in_parts_of_their_alphabet(
    text: str, encoding: SmsEncoding, units: int, segments: int
) -> None:
    sms = measure_sms(text)
    assert (sms.encoding, sms.units, sms.segments) == (encoding, units, segments)
    assert measure(text, Unit.SMS) == segments
    assert sms.remaining >= 0


@given(text=TEXTS, unit=st.sampled_from(Unit))
def test_a_length_is_never_negative_and_never_longer_than_the_text_could_be(text: str, unit: Unit) -> None:
    assert 0 <= measure(text, unit) <= 4 * len(text)


@given(first=TEXTS, second=TEXTS, unit=st.sampled_from(Unit))
def test_a_text_is_never_shorter_than_its_parts(first: str, second: str, unit: Unit) -> None:
    assert measure(first + second, unit) >= max(measure(first, unit), measure(second, unit))


@given(text=TEXTS, unit=st.sampled_from(Unit), soft=st.integers(1, 60), more=st.integers(0, 60))
def test_a_finding_spans_what_does_not_fit(text: str, unit: Unit, soft: int, more: int) -> None:
    finding = check(text, unit, soft, soft + more)
    if finding is None:
        assert measure(text, unit) <= soft
    else:
        limit = soft + more if finding.code is Code.LENGTH_OVER_HARD else soft
        assert measure(text, unit) > limit
        assert 0 <= finding.start < finding.end == len(text)
        assert measure(text[: finding.start], unit) <= limit < measure(text[: finding.start + 1], unit)
        assert finding.params["limit"] == limit


def test_over_the_hard_limit_blocks_and_over_the_soft_one_warns() -> None:
    assert check("a" * 50, Unit.CHARACTERS, 50, 60) is None
    over_soft, over_hard = check("a" * 51, Unit.CHARACTERS, 50, 60), check("a" * 61, Unit.CHARACTERS, 50, 60)
    assert over_soft is not None and over_soft.severity is Severity.WARNING
    assert over_hard is not None and over_hard.severity is Severity.BLOCKING
    assert over_hard.params == {"unit": "characters", "measured": 61, "limit": 60}


def test_an_sms_finding_names_its_alphabet() -> None:
    finding = check("中" * 80, "sms", 1, 3)
    assert finding is not None
    assert finding.params == {"unit": "sms", "measured": 2, "limit": 1, "encoding": "ucs2", "units": 80}
    assert finding.start == 70


@pytest.mark.parametrize(("soft", "hard"), [(-1, None), (0, None), (None, 0), (None, -5), (60, 50), (True, None)])
def test_nonsense_limits_are_refused(soft: int | None, hard: int | None) -> None:
    with pytest.raises(ValueError, match="limit"):
        check("text", Unit.CHARACTERS, soft, hard)


def test_an_unknown_unit_is_refused() -> None:
    for call in (lambda: measure("text", "pixels"), lambda: check("text", "pixels", 1, 2)):
        with pytest.raises(ValueError, match="pixels"):
            call()


@given(text=TEXTS, unit=st.sampled_from(Unit), limit=st.integers(1, 50))
def test_what_fits_is_the_longest_start_that_does(text: str, unit: Unit, limit: int) -> None:
    length = fitting_length(text, unit, limit)
    assert measure(text[:length], unit) <= limit
    assert length == len(text) or measure(text[: length + 1], unit) > limit


@pytest.mark.parametrize("unit", [unit for unit in Unit if unit is not Unit.WORDS])
@pytest.mark.parametrize(("east_asian", "character"), [(True, "中"), (False, "a")])
@pytest.mark.parametrize("limit", [1, 2, 30, 160])
def test_the_character_budget_fits_its_limit(unit: Unit, east_asian: bool, character: str, limit: int) -> None:
    budget = character_budget(unit, limit, east_asian=east_asian)
    assert measure(character * budget, unit) <= limit
