"""An evaluation as JSON, by language, and against another one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from generation.engine.config import Language
from generation.engine.evaluation.evaluate import evaluate
from generation.engine.evaluation.items import PreferenceItem
from generation.engine.evaluation.metrics import Absence, MetricName, absent
from generation.engine.evaluation.result import Difference, Evaluation, SegmentFlags, Verdict, by_language, compare
from tests.generation.engine.evaluation.evaluation_maker import Scripted, brief, item, judge, make_evaluation

GOOD = "Warm and dry at 480 g, in brushed fleece"


def find(differences: list[Difference], name: MetricName) -> Difference:
    return next(one for one in differences if one.metric is name)


def test_it_comes_back_from_json_as_it_was() -> None:
    items = [item(f"i{place}", segment="ab"[place % 2]) for place in range(24)]
    texts = {f"i{place}": ["sorry" if place % 3 else GOOD, ""] for place in range(24)}
    preferences = [PreferenceItem(brief(), "good", "not so good")]
    found = evaluate(
        Scripted(texts), items, judge=judge, seed=3, samples_per_item=2, preferences=preferences, forgetting=items[:3]
    )
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert Evaluation.from_dict(json.loads(text)) == found


def test_what_has_no_number_is_null_with_a_reason_in_json() -> None:
    nats = {"Warm and dry at 480 g": (float("nan"), 3)}
    data = make_evaluation(["Warm"], nats=nats).to_dict()
    json.dumps(data, allow_nan=False)
    assert data["metrics"]["loss"]["value"] is None
    assert data["metrics"]["loss"]["absence"] == "not_finite"
    assert data["metrics"]["rouge_1"]["direction"] == "higher"


@pytest.mark.parametrize(
    "change", [{"format": 2}, {"items": []}, {"metrics": {"beauty": {}}}, {"texts": [[]]}, {"flags": 3}]
)
def test_what_is_no_evaluation_is_refused(change: dict[str, Any]) -> None:
    data = make_evaluation(["Warm"]).to_dict()
    with pytest.raises(ValueError):
        Evaluation.from_dict({**data, **change})
    with pytest.raises(ValueError):
        Evaluation.from_dict({key: value for key, value in data.items() if key != "seed"})


def test_metrics_must_stand_under_their_names_with_a_row_for_every_item() -> None:
    found = make_evaluation(["Warm", "Dry"])
    loss = found.metrics[MetricName.LOSS]
    for wrong in ({MetricName.ROUGE_1: loss}, {MetricName.LOSS: replace(loss, rows=loss.rows[:1], n=1)}):
        with pytest.raises(ValueError):
            replace(found, metrics=wrong)


@pytest.mark.parametrize("values", [("", 0, 1), ("a", 2, 1), ("a", -1, 1)])
def test_flags_of_a_segment_are_no_more_than_its_texts(values: tuple[str, int, int]) -> None:
    with pytest.raises(ValueError):
        SegmentFlags(*values)


def test_languages_are_told_apart() -> None:
    items = [item("a", "Warm and dry"), item("b", "轻便好看", language=Language.ZH_HANS), item("c", "Light")]
    found = evaluate(Scripted({"a": ["Warm and dry"], "b": ["重"], "c": ["Light"]}), items, judge=judge, seed=1)
    apart = by_language(found)
    assert apart[Language.EN][MetricName.ROUGE_1].value == 100
    assert apart[Language.EN][MetricName.ROUGE_1].n == 2
    assert apart[Language.ZH_HANS][MetricName.ROUGE_1].value == 0
    assert MetricName.PREFERENCE_ACCURACY not in apart[Language.EN]
    assert set(by_language(make_evaluation(["Warm"]))) == {Language.EN}


def test_a_clear_gain_is_better_and_a_clear_loss_worse() -> None:
    good, bad = make_evaluation([GOOD] * 30), make_evaluation(["Nice!"] * 30)
    gains, losses = compare(good, bad), compare(bad, good)
    for name in (MetricName.ATTRIBUTE_COVERAGE, MetricName.UNSUPPORTED_RATE, MetricName.BLEU_4):
        assert find(gains, name).verdict is Verdict.BETTER
        assert find(losses, name).verdict is Verdict.WORSE
    claims = find(gains, MetricName.UNSUPPORTED_RATE)
    assert (claims.new, claims.other, claims.difference) == (0, 1, -1)


def test_the_difference_is_paired_item_by_item() -> None:
    # items differ widely, versions by the same little everywhere: only pairs can show it
    items = [item(f"i{place}", f"word{place} " * (place + 1)) for place in range(30)]
    texts = {one.id: ["Warm"] for one in items}
    before = {one.reference: (10.0 * (place + 1) ** 2, 10) for place, one in enumerate(items)}
    after = {text: (nats + 1.0, count) for text, (nats, count) in before.items()}
    old, new = (evaluate(Scripted(texts, nats), items, judge=judge, seed=1) for nats in (before, after))
    found = find(compare(new, old), MetricName.LOSS)
    assert (found.difference, found.verdict) == (pytest.approx(0.1), Verdict.WORSE)
    assert (found.low, found.high) == (pytest.approx(0.1), pytest.approx(0.1))
    metric = new.metrics[MetricName.LOSS]
    assert metric.low is not None
    assert metric.high is not None
    assert metric.high - metric.low > 50


def test_what_chance_explains_is_the_same() -> None:
    some, others = ["Nice!" if place % 2 else GOOD for place in range(20)], ["Nice!"] * 9 + [GOOD] * 11
    found = find(compare(make_evaluation(some), make_evaluation(others)), MetricName.UNSUPPORTED_RATE)
    assert found.verdict is Verdict.SAME
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 0 <= found.high


def test_a_version_is_the_same_as_itself_and_what_has_no_value_is_unknown() -> None:
    found = make_evaluation([GOOD, "Warm", "Dry", "Nice!"])
    verdicts = {one.metric: one.verdict for one in compare(found, found)}
    assert verdicts[MetricName.LOSS] is Verdict.SAME
    assert verdicts[MetricName.BLEU_4] is Verdict.SAME
    assert verdicts[MetricName.FORGETTING_LOSS] is Verdict.UNKNOWN
    lacking = replace(found, metrics={**found.metrics, MetricName.LOSS: absent(MetricName.LOSS, Absence.NOT_FINITE)})
    assert find(compare(lacking, found), MetricName.LOSS).verdict is Verdict.UNKNOWN
    assert (
        find(compare(replace(found, metrics={}), found), MetricName.LOSS).other == found.metrics[MetricName.LOSS].value
    )
    assert find(compare(*[make_evaluation(["Warm"])] * 2), MetricName.LOSS).verdict is Verdict.UNKNOWN


def test_the_same_comparison_comes_out_again() -> None:
    one, other = make_evaluation([GOOD, "Warm", "Dry!"]), make_evaluation(["Warm", GOOD, "Dry"])
    assert compare(one, other) == compare(one, Evaluation.from_dict(other.to_dict()))


def test_what_was_not_asked_the_same_is_not_compared() -> None:
    found = make_evaluation(["Warm", "Dry"])
    for other in (
        make_evaluation(["Warm"]),
        make_evaluation(["Warm", "Dry"], seed=2),
        make_evaluation(["Warm", "Dry"], lambda name: item(name, "Another reference")),
        make_evaluation(["Warm", "Dry"], forgetting=[item("old")]),
    ):
        with pytest.raises(ValueError, match="same items"):
            compare(found, other)


def test_figures_by_the_token_say_nothing_of_tokenizers_that_cut_words_differently() -> None:
    items = [item(f"i{place}", f"word{place} and more") for place in range(8)]
    texts = {one.id: ["Warm"] for one in items}
    fine, coarse = ({one.reference: (9.0 + place, count) for place, one in enumerate(items)} for count in (18, 4))
    new, old = (
        evaluate(Scripted(texts, nats), items, judge=judge, seed=1, forgetting=items) for nats in (fine, coarse)
    )
    found = compare(new, old)
    for name in (MetricName.LOSS, MetricName.PERPLEXITY, MetricName.FORGETTING_LOSS):
        assert (find(found, name).verdict, find(found, name).difference) == (Verdict.UNKNOWN, None)
    for name in (MetricName.LOSS_PER_CHARACTER, MetricName.FORGETTING_PER_CHARACTER):
        assert (find(found, name).verdict, find(found, name).difference) == (Verdict.SAME, 0)
