"""Findings keep what they say on the way through JSON."""

from __future__ import annotations

import json

import pytest

from campaigns.rules.finding import Code, Finding, Severity


def test_a_finding_survives_json() -> None:
    finding = Finding.in_text(
        "now $5", code=Code.GROUNDING_PRICE, severity=Severity.BLOCKING, start=4, end=6, params={"claim": "$5"}
    )
    stored = json.loads(json.dumps(finding.to_dict()))
    assert stored["rule"] == "grounding"
    assert stored["message_key"] == "grounding.price"
    assert stored["excerpt"] == "$5"
    assert Finding.from_dict(stored) == finding


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2), (0, 99)])
def test_a_span_outside_the_text_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="finding cannot"):
        Finding.in_text("text", code=Code.LENGTH_OVER_HARD, severity=Severity.INFO, start=start, end=end, params={})


def test_a_long_excerpt_is_cut() -> None:
    finding = Finding.in_text(
        "a" * 500, code=Code.LENGTH_OVER_HARD, severity=Severity.INFO, start=0, end=500, params={}
    )
    assert len(finding.excerpt) == 120


def test_every_code_belongs_to_a_rule() -> None:
    assert {code.rule for code in Code} == {"length", "grounding", "wording", "law"}
