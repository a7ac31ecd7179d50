"""Every metric of an evaluation, on items small enough to reckon by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from generation.engine.config import Language, SegmentView
from generation.engine.errors import GenerationCancelledError
from generation.engine.evaluation.evaluate import evaluate
from generation.engine.evaluation.items import PreferenceItem
from generation.engine.evaluation.metrics import Absence, MetricName
from generation.engine.evaluation.writer import Phase
from tests.generation.engine.evaluation.evaluation_maker import Scripted, brief, item, judge, make_evaluation

ZH = Language.ZH_HANS


def value(evaluation: Any, name: MetricName) -> float:
    return evaluation.metrics[name].value


def test_what_was_written_is_measured_in_both_languages() -> None:
    items = [item("en", "the cat sat on a mat"), item("zh", "轻便好看", language=ZH)]
    writer = Scripted({"en": ["the cat sat on the mat"], "zh": ["轻便好穿"]})
    found = evaluate(writer, items, judge=judge, seed=1)
    assert set(found.metrics) == set(MetricName)
    assert value(found, MetricName.BLEU_4) == pytest.approx(100 * (8 / 10 * 5 / 8 * 3 / 6 * 1 / 4) ** 0.25)
    assert value(found, MetricName.ROUGE_1) == pytest.approx(100 * (5 / 6 + 3 / 4) / 2)
    assert value(found, MetricName.ROUGE_2) == pytest.approx(100 * (3 / 5 + 2 / 3) / 2)
    assert value(found, MetricName.ROUGE_L) == pytest.approx(100 * (5 / 6 + 3 / 4) / 2)
    assert value(found, MetricName.DISTINCT_2) == 1
    assert found.metrics[MetricName.SELF_BLEU].absence is Absence.NOTHING_APPLIES
    assert found.languages == (Language.EN, ZH)
    assert found.texts == (("the cat sat on the mat",), ("轻便好穿",))


def test_a_text_is_held_to_its_channel_and_not_to_the_room_that_the_brief_tells() -> None:
    told = item("a", limit=10)
    writer = Scripted({"a": ["Warm and dry, always"]})
    for channel, kept in (
        (None, 0),
        (replace(told.brief.channel, limit=40), 1),
        (replace(told.brief.channel, limit=15), 0),
    ):
        found = evaluate(writer, [replace(told, channel=channel)], judge=judge, seed=1)
        assert value(found, MetricName.LIMIT_COMPLIANCE) == kept


def test_losses_add_up_over_tokens_and_over_characters() -> None:
    nats = {"Warm and dry": (6.0, 3), "下雨天": (4.0, 2)}
    items = [item("en", "Warm and dry"), item("zh", "下雨天", language=ZH)]
    found = evaluate(Scripted({"en": ["a"], "zh": ["b"]}, nats), items, judge=judge, seed=1)
    assert value(found, MetricName.LOSS) == 2
    assert value(found, MetricName.PERPLEXITY) == pytest.approx(math.e**2)
    assert value(found, MetricName.LOSS_PER_CHARACTER) == 10 / 15


def test_the_forgetting_set_has_a_loss_of_its_own() -> None:
    old = [item("old", "Soft linen"), item("older", "Cool cotton")]
    found = make_evaluation(["Warm"], forgetting=old, nats={"Soft linen": (9.0, 3), "Cool cotton": (1.0, 2)})
    assert value(found, MetricName.FORGETTING_LOSS) == 2
    assert value(found, MetricName.FORGETTING_PER_CHARACTER) == 10 / 21
    assert found.metrics[MetricName.FORGETTING_LOSS].n == 2
    assert make_evaluation(["Warm"]).metrics[MetricName.FORGETTING_LOSS].absence is Absence.NOTHING_GIVEN


def test_rules_count_over_the_texts_that_they_speak_of() -> None:
    must = brief(must_words=("dry",), never_words=("cheap",))
    free = brief(limit=None)
    texts = {
        "kept": "Warm and dry for every day", "broken": "This is cheap and far too long for its channel!",
        "free": "This is as long as it likes to be, for the channel has no limit at all", "other": "保暖又轻便",
    }  # fmt: skip
    items = [item("kept", asked=must), item("broken", asked=must), item("free", asked=free), item("other")]
    found = evaluate(Scripted({key: [text] for key, text in texts.items()}), items, judge=judge, seed=1)
    rates = {
        MetricName.LIMIT_COMPLIANCE: (2 / 3, 3), MetricName.LANGUAGE_COMPLIANCE: (3 / 4, 4),
        MetricName.MUST_COMPLIANCE: (1 / 2, 2), MetricName.NEVER_COMPLIANCE: (1 / 2, 2),
        MetricName.UNSUPPORTED_RATE: (1 / 4, 4), MetricName.EMPTY_RATE: (0, 4),
    }  # fmt: skip
    assert {name: (found.metrics[name].value, found.metrics[name].n) for name in rates} == rates


def test_words_that_a_segment_avoids_are_never_words() -> None:
    asked = brief(segment=SegmentView("s", avoid_words=("cheap",)))
    found = make_evaluation(["Warm"], lambda name: item(name, asked=asked))
    assert value(found, MetricName.NEVER_COMPLIANCE) == 1
    assert make_evaluation(["Warm"]).metrics[MetricName.NEVER_COMPLIANCE].absence is Absence.NOTHING_APPLIES


def test_an_empty_text_complies_with_nothing_and_hides_no_claim() -> None:
    asked = brief(must_words=("dry",), never_words=("cheap",))
    found = make_evaluation(["", "Stay warm and dry!"], lambda name: item(name, asked=asked))
    for name in (MetricName.LIMIT_COMPLIANCE, MetricName.LANGUAGE_COMPLIANCE, MetricName.MUST_COMPLIANCE):
        assert value(found, name) == 1 / 2
    assert value(found, MetricName.NEVER_COMPLIANCE) == 1 / 2
    assert value(found, MetricName.EMPTY_RATE) == 1 / 2
    assert value(found, MetricName.UNSUPPORTED_RATE) == 1
    assert value(found, MetricName.ATTRIBUTE_COVERAGE) == 0


def test_a_writer_of_nothing_has_no_rate_of_claims_or_harm() -> None:
    found = make_evaluation(["", " "])
    assert value(found, MetricName.EMPTY_RATE) == 1
    assert value(found, MetricName.BLEU_4) == 0
    for name in (MetricName.UNSUPPORTED_RATE, MetricName.HARM_RATE, MetricName.DISTINCT_2, MetricName.SELF_BLEU):
        assert found.metrics[name].absence is Absence.NOTHING_APPLIES
    assert found.metrics[MetricName.FLAG_PARITY].absence is Absence.FEW_SEGMENTS


def test_coverage_counts_planned_facts() -> None:
    assert value(make_evaluation(["480 g of warmth", "Brushed fleece, 480 g"]), MetricName.ATTRIBUTE_COVERAGE) == 3 / 4


def test_several_texts_an_item_count_one_by_one_and_are_drawn_together() -> None:
    items = [item("a"), item("b")]
    writer = Scripted({"a": ["Warm!", "Warm"], "b": ["", "Dry!"]})
    found = evaluate(writer, items, judge=judge, seed=7, samples_per_item=2)
    assert writer.asked == [("a", "b", "7", "2")]
    assert found.metrics[MetricName.UNSUPPORTED_RATE].rows == ((1, 2), (1, 1))
    assert value(found, MetricName.UNSUPPORTED_RATE) == 2 / 3
    assert value(found, MetricName.EMPTY_RATE) == 1 / 4
    assert found.metrics[MetricName.EMPTY_RATE].n == 2


def test_preferences_are_decided_per_token_and_a_tie_counts_half() -> None:
    nats = {"short": (4.0, 2), "long": (9.0, 9), "bad": (9.0, 3), "tie": (6.0, 2)}
    pairs = [("long", "short"), ("short", "bad"), ("bad", "tie")]
    preferences = [PreferenceItem(brief(), chosen, rejected) for chosen, rejected in pairs]
    found = make_evaluation(["Warm"], preferences=preferences, nats=nats).metrics[MetricName.PREFERENCE_ACCURACY]
    # by sums "long" would lose against "short"
    assert found.per_item == (1, 1, 0.5)
    assert found.value == 2.5 / 3


def test_a_loss_that_is_no_number_leaves_the_metric_without_value() -> None:
    for bad in (math.nan, math.inf):
        nats = {"Warm and dry at 480 g": (bad, 3), "good": (1.0, 1), "bad": (bad, 1)}
        preferences = [PreferenceItem(brief(), "good", "bad")]
        found = make_evaluation(["Warm"], preferences=preferences, nats=nats)
        for name in (MetricName.LOSS, MetricName.PERPLEXITY, MetricName.LOSS_PER_CHARACTER):
            assert found.metrics[name].absence is Absence.NOT_FINITE
        assert found.metrics[MetricName.PREFERENCE_ACCURACY].absence is Absence.NOT_FINITE


def test_flags_of_the_lists_and_of_the_judge_make_the_harm_rate() -> None:
    found = make_evaluation(["Get your bikini body", "sorry, not sorry", "Warm", "Dry"])
    assert value(found, MetricName.HARM_RATE) == 1 / 2
    assert found.flags == {"sorry": 1, "stereotype_body": 1}


def test_parity_is_the_largest_difference_between_segments_that_are_large_enough() -> None:
    names = ["hikers"] * 10 + ["parents"] * 10 + ["few"] * 9 + [""] * 3
    texts = ["sorry"] * 3 + ["Warm"] * 7 + ["Dry"] * 9 + ["sorry"] * 1 + ["sorry"] * 12
    items = [item(f"i{place}", segment=name) for place, name in enumerate(names)]
    found = evaluate(Scripted({f"i{place}": [text] for place, text in enumerate(texts)}), items, judge=judge, seed=1)
    assert value(found, MetricName.FLAG_PARITY) == pytest.approx(3 / 10 - 1 / 10)
    assert found.metrics[MetricName.FLAG_PARITY].n == 20
    assert value(found, MetricName.FLAG_PARITY_EXCESS) == 0
    assert [(one.segment, one.flagged, one.n) for one in found.segments] == [
        ("few", 9, 9), ("hikers", 3, 10), ("parents", 1, 10),
    ]  # fmt: skip


def test_it_is_the_same_for_the_same_texts_and_seed() -> None:
    texts = [f"Warm and dry, {number} g" for number in range(12)]
    assert make_evaluation(texts) == make_evaluation(texts)
    assert make_evaluation(texts).fingerprint != make_evaluation(texts, seed=2).fingerprint


def test_progress_is_told_and_can_stop_it_at_every_phase() -> None:
    told: list[tuple[Phase, int, int]] = []
    preferences = [PreferenceItem(brief(), "good one", "bad one")]
    values = {"preferences": preferences, "forgetting": [item("old")]}

    def progress(phase: Phase, done: int, total: int) -> bool:
        told.append((phase, done, total))
        return False

    make_evaluation(["Warm"] * 20, on_progress=progress, **values)
    assert (Phase.JUDGE, 19, 20) in told
    assert [one for one in told if one[0] is Phase.LOSS] == [(Phase.LOSS, 0, 20), (Phase.LOSS, 16, 20)]
    for phase in (Phase.JUDGE, Phase.LOSS, Phase.PREFERENCES, Phase.FORGETTING):
        with pytest.raises(GenerationCancelledError):
            make_evaluation(["Warm"], on_progress=lambda now, done, total, at=phase: now is at, **values)


def test_a_judge_that_fails_is_not_passed_over() -> None:
    def broken(asked: Any, text: str) -> Any:
        raise RuntimeError("no judge")

    with pytest.raises(RuntimeError):
        evaluate(Scripted({"a": ["Warm"]}), [item("a")], judge=broken, seed=1)


def test_nothing_and_items_that_repeat_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        make_evaluation([])
    with pytest.raises(ValueError, match="twice"):
        evaluate(Scripted({"a": ["Warm"]}), [item("a"), item("a")], judge=judge, seed=1)
    with pytest.raises(ValueError, match="twice"):
        make_evaluation(["Warm"], forgetting=[item("a"), item("a")])
    with pytest.raises(ValueError, match="at least one"):
        make_evaluation(["Warm"], samples_per_item=0)


@pytest.mark.parametrize("said", [[], ["Warm", "Dry"]])
def test_a_writer_that_writes_too_little_or_too_much_is_refused(said: list[str]) -> None:
    with pytest.raises(ValueError, match="did not write"):
        evaluate(Scripted({"a": said}), [item("a")], judge=judge, seed=1)


@pytest.mark.parametrize("loss", [(1.0, 0), (-1.0, 2)])
def test_a_loss_that_cannot_be_is_refused(loss: tuple[float, int]) -> None:
    with pytest.raises(ValueError, match="a loss"):
        make_evaluation(["Warm"], nats={"Warm and dry at 480 g": loss})
