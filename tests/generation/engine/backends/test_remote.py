"""The remote backend against a server on a socket that answers from a real model: texts, seeds, order, cancelling, cost."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from generation.engine.backends.base import Backend, Request
from generation.engine.backends.remote_config import Scoring
from generation.engine.config import Check, FinishReason, Language, Output, Prompt, SamplingConfig
from generation.engine.errors import (
    GenerationCancelledError,
    RemoteRequestError,
)
from generation.engine.filling import Filler
from generation.engine.item import Item
from generation.engine.language import matches_language
from generation.engine.loader import load
from tests.generation.engine.backends.completions_server import (
    OTHERS,
    PROMPT,
    CompletionsServer,
    body,
    hang,
    serving,
    status,
    told,
)
from tests.generation.engine.backends.conftest import MakeRemote

CONFIG = SamplingConfig(temperature=1.0, top_k=0, top_p=1.0, repetition_penalty=1.0, max_new_tokens=40)


def test_it_is_a_backend(make_remote: MakeRemote) -> None:
    backend: Backend = make_remote()
    assert backend.generate([], CONFIG, []) == []
    with pytest.raises(ValueError):
        backend.generate([PROMPT], CONFIG, [1, 2])


def test_the_same_seed_gives_the_same_text_and_another_seed_another(make_remote: MakeRemote) -> None:
    first = make_remote().generate([PROMPT] * 4, CONFIG, [1, 2, 3, 4])
    assert make_remote().generate([PROMPT] * 4, CONFIG, [1, 2, 3, 4]) == first
    assert make_remote().generate([PROMPT] * 4, CONFIG, [5, 2, 3, 4]) != first
    assert len({output.text for output in first}) == 4


def test_a_prompt_that_repeats_is_one_request(make_remote: MakeRemote, server: CompletionsServer) -> None:
    outputs = make_remote().generate([PROMPT, OTHERS[0], PROMPT, PROMPT], CONFIG, [2**62 + 9, 2**40 + 7, 3, 4])
    asked = sorted(server.requests, key=lambda request: request.get("n", 1))
    assert [request.get("n") for request in asked] == [None, 3]
    assert asked[0]["seed"] == 7 and 0 <= asked[1]["seed"] < 2**31
    assert asked[1] == {
        "model": "tiny",
        "prompt": PROMPT.text,
        "n": 3,
        "max_tokens": 40,
        "temperature": 1.0,
        "top_p": 1.0,
        "stop": ["\n"],
        "seed": 9,
        "logprobs": 1,
    }
    assert len({output.text for output in outputs}) == 4


def test_the_texts_of_one_answer_are_in_the_order_of_their_index(
    make_remote: MakeRemote, server: CompletionsServer
) -> None:
    choices = [told(f" coat {index}", index=index)["choices"][0] for index in (2, 0, 1)]
    server.script.append(body({"choices": choices}))
    outputs = make_remote().generate([PROMPT] * 3, CONFIG, [1, 2, 3])
    assert [output.text for output in outputs] == [" coat 0", " coat 1", " coat 2"]


def test_a_stream_asks_for_a_batch_once_the_outputs_before_were_handed_over(
    make_remote: MakeRemote, server: CompletionsServer
) -> None:
    taken: list[int] = []

    def ask() -> Iterator[Request]:
        for seed in range(7):
            taken.append(seed)
            yield Request(PROMPT, seed)

    config = replace(CONFIG, batch_size=3)
    got: dict[int, Output] = {}
    for number, output in make_remote().stream(ask(), config):
        got[number] = output
        assert len(taken) <= len(got) - len(got) % 3 + 3
    assert [request.get("n") for request in server.requests] == [3, 3, None]
    assert [got[number] for number in range(3, 6)] == make_remote().generate([PROMPT] * 3, CONFIG, [3, 4, 5])
    assert sorted(got) == list(range(7))
    with pytest.raises(GenerationCancelledError):
        list(make_remote().stream(ask(), config, lambda: True))


def test_a_prompt_that_needs_fewer_tokens_gets_fewer(make_remote: MakeRemote, server: CompletionsServer) -> None:
    make_remote(most_parallel=1).generate(
        [replace(PROMPT, max_tokens=7), replace(PROMPT, max_tokens=99)], CONFIG, [1, 2]
    )
    assert [request["max_tokens"] for request in server.requests] == [7, 40]


def test_top_k_is_sent_only_where_the_server_knows_it(make_remote: MakeRemote, server: CompletionsServer) -> None:
    config = SamplingConfig(top_k=5, max_new_tokens=4)
    make_remote().generate([PROMPT], config, [1])
    make_remote(send_top_k=True).generate([PROMPT], config, [1])
    make_remote(send_top_k=True).generate([PROMPT], SamplingConfig(top_k=0, max_new_tokens=4), [1])
    assert [request.get("top_k") for request in server.requests] == [None, 5, None]


@pytest.mark.parametrize("refusal", [400, 422])
def test_a_server_that_refuses_n_is_asked_for_each_output_with_its_seed(
    make_remote: MakeRemote, server: CompletionsServer, refusal: int
) -> None:
    server.n_status = refusal
    backend = make_remote()
    outputs = backend.generate([PROMPT] * 3, CONFIG, [11, 12, 13])
    assert sorted(request["seed"] for request in server.requests if "n" not in request) == [11, 12, 13]
    assert [backend.generate([PROMPT], CONFIG, [seed])[0] for seed in (11, 12, 13)] == outputs
    server.requests.clear()
    assert backend.generate([PROMPT] * 3, CONFIG, [11, 12, 13]) == outputs
    assert len(server.requests) == 3, "n is not tried again"


def test_a_server_that_ignores_n_is_asked_for_each_output(make_remote: MakeRemote, server: CompletionsServer) -> None:
    server.ignores_n = True
    outputs = make_remote().generate([PROMPT] * 3, CONFIG, [1, 2, 3])
    assert len({output.text for output in outputs}) == 3
    assert len(server.requests) == 4


def test_n_can_be_switched_off(make_remote: MakeRemote, server: CompletionsServer) -> None:
    make_remote(several_per_request=False).generate([PROMPT] * 3, CONFIG, [1, 2, 3])
    assert len(server.requests) == 3 and not any("n" in request for request in server.requests)


def test_a_prompt_that_is_refused_with_and_without_n_is_an_error(
    make_remote: MakeRemote, server: CompletionsServer
) -> None:
    server.always = status(400, "This model's maximum context length is 512 tokens.")
    backend = make_remote()
    with pytest.raises(RemoteRequestError, match="maximum context length is 512"):
        backend.generate([PROMPT] * 2, CONFIG, [1, 2])
    server.always = None
    server.requests.clear()
    backend.generate([PROMPT] * 2, CONFIG, [1, 2])
    assert len(server.requests) == 1, "that says nothing about n"


def test_outputs_come_in_the_order_of_their_prompts_whichever_answer_comes_first(
    make_remote: MakeRemote, server: CompletionsServer
) -> None:
    prompts = [*OTHERS, PROMPT, *OTHERS[:2]]
    seeds = list(range(len(prompts)))
    backend = make_remote(most_parallel=1, several_per_request=False)
    apart = [backend.generate([prompt], CONFIG, [seed])[0] for prompt, seed in zip(prompts, seeds, strict=True)]
    server.delay = lambda prompt: 0.25 if "lamp" in prompt else 0.1 if "soap" in prompt else 0.0
    for parallel in (2, 8):
        together = make_remote(most_parallel=parallel, several_per_request=False)
        assert together.generate(prompts, CONFIG, seeds) == apart


def test_only_so_many_requests_are_under_way_at_once(make_remote: MakeRemote, server: CompletionsServer) -> None:
    server.delay = lambda prompt: 0.05
    make_remote(most_parallel=3).generate(OTHERS, CONFIG, list(range(6)))
    assert server.most_together == 3


def test_what_follows_the_delimiter_is_cut_off_and_not_counted(
    make_remote: MakeRemote, server: CompletionsServer
) -> None:
    expected = make_remote().generate([PROMPT] * 8, CONFIG, list(range(8)))
    server.stops = False
    found = make_remote().generate([PROMPT] * 8, CONFIG, list(range(8)))
    stopped = [place for place, output in enumerate(expected) if output.finish_reason is FinishReason.STOP]
    assert stopped and [found[place] for place in stopped] == [expected[place] for place in stopped]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"finish_reason": "length"}, FinishReason.LENGTH),
        ({"finish_reason": "stop"}, FinishReason.STOP),
        ({"finish_reason": "stop", "stop_reason": "\n"}, FinishReason.STOP),
        ({"finish_reason": "stop", "stop_reason": None}, FinishReason.END),
        ({"finish_reason": "content_filter"}, FinishReason.LENGTH),
        ({"finish_reason": None}, FinishReason.LENGTH),
    ],
)
def test_why_a_text_ended(
    make_remote: MakeRemote, server: CompletionsServer, values: dict[str, Any], reason: FinishReason
) -> None:
    server.script.append(body(told(" warm coat", **values)))
    assert make_remote().generate([PROMPT], CONFIG, [1])[0].finish_reason is reason


def test_a_text_that_does_not_end_is_cut_at_the_most_tokens(make_remote: MakeRemote) -> None:
    outputs = make_remote().generate([Prompt(PROMPT.text, "never")] * 8, SamplingConfig(max_new_tokens=3), range(8))
    assert {output.finish_reason for output in outputs} <= {FinishReason.LENGTH, FinishReason.END}
    assert FinishReason.LENGTH in {output.finish_reason for output in outputs}


@pytest.mark.parametrize("together", [1, 4])
def test_cancelling_ends_the_call_at_once_while_the_server_hangs(
    make_remote: MakeRemote, server: CompletionsServer, together: int
) -> None:
    server.always = hang
    threads = {threading.current_thread()}
    began = time.monotonic()

    def cancel_after_a_while() -> bool:
        threads.add(threading.current_thread())
        return time.monotonic() - began > 0.3

    with pytest.raises(GenerationCancelledError):
        make_remote().generate(OTHERS[:together], CONFIG, list(range(together)), cancel_after_a_while)
    assert time.monotonic() - began < 1.0
    assert threads == {threading.current_thread()}, "it is asked where the caller is"
    assert server.dropped.wait(1), "the server learns that nobody waits any more"
    assert not [thread for thread in threading.enumerate() if thread.name == "model-server"]


def test_cancelling_ends_the_call_while_it_waits_for_the_next_try(
    make_remote: MakeRemote, server: CompletionsServer
) -> None:
    server.always = status(429, Retry_After="30")
    began = time.monotonic()
    with pytest.raises(GenerationCancelledError):
        make_remote().generate([PROMPT], CONFIG, [1], lambda: time.monotonic() - began > 0.2)
    assert time.monotonic() - began < 1.0


def test_a_call_that_is_cancelled_before_it_begins_asks_nothing(
    make_remote: MakeRemote, server: CompletionsServer
) -> None:
    with pytest.raises(GenerationCancelledError):
        make_remote().generate([PROMPT], CONFIG, [1], lambda: True)
    assert server.requests == []


def test_an_error_of_the_callers_own_question_passes_on(make_remote: MakeRemote, server: CompletionsServer) -> None:
    server.always = hang
    asked = iter([False, False])
    with pytest.raises(StopIteration):
        make_remote().generate([PROMPT], CONFIG, [1], lambda: next(asked))
    assert server.dropped.wait(1)


def test_the_first_error_ends_the_other_requests(make_remote: MakeRemote, server: CompletionsServer) -> None:
    server.script.extend([hang, status(400, "no")])
    began = time.monotonic()
    with pytest.raises(RemoteRequestError):
        make_remote().generate(OTHERS[:2], CONFIG, [1, 2])
    assert time.monotonic() - began < 1.0
    assert server.dropped.wait(1)


def test_cost_is_counted_from_the_answers(make_remote: MakeRemote, server: CompletionsServer) -> None:
    backend = make_remote()
    outputs = backend.generate([PROMPT] * 3, CONFIG, [1, 2, 3])
    read, usage = len(server.read(PROMPT.text)), backend.usage
    assert (usage.answers, usage.untold, usage.prompt_tokens) == (1, 0, read)
    assert usage.completion_tokens > len(outputs)
    assert usage.cost == (read * Decimal("2.5") + usage.completion_tokens * 10) / 1_000_000
    backend.generate([PROMPT], CONFIG, [4])
    assert backend.usage.prompt_tokens == 2 * read and backend.usage.cost > usage.cost


def test_answers_that_tell_no_usage_are_counted_as_such(make_remote: MakeRemote, server: CompletionsServer) -> None:
    server.tells_usage = False
    backend = make_remote()
    backend.generate(OTHERS[:3], CONFIG, [1, 2, 3])
    assert (backend.usage.answers, backend.usage.untold, backend.usage.cost) == (3, 3, 0)


def test_what_a_call_used_that_failed_later_is_counted(make_remote: MakeRemote, server: CompletionsServer) -> None:
    backend = make_remote(most_parallel=1)
    server.script.extend([lambda handler: handler.say(200, server.answer(server.requests[-1])), status(400)])
    with pytest.raises(RemoteRequestError):
        backend.generate(OTHERS[:2], CONFIG, [1, 2])
    assert backend.usage.answers == 1 and backend.usage.cost > 0


def test_text_of_any_script_goes_there_and_back(make_remote: MakeRemote, server: CompletionsServer) -> None:
    text = " 轻盈外套，雨天也温暖。 🧥👩‍👩‍👧 e\u0301 ﷽ \u2028"
    server.script.append(body(json.dumps(told(text), ensure_ascii=False).encode()))
    server.script.append(body(told(text)))
    prompt = Prompt("商品：雨衣 🌧\n标题：", "\n")
    backend = make_remote()
    assert [backend.generate([prompt], CONFIG, [1])[0].text for _ in range(2)] == [text, text]
    assert server.requests[0]["prompt"] == prompt.text


def test_half_characters_become_replacement_characters(make_remote: MakeRemote, server: CompletionsServer) -> None:
    server.script.append(body(told(" warm \ud83d coat")))
    output = make_remote().generate([Prompt("half \udc00:", "\n")], CONFIG, [1])[0]
    assert output.text == " warm \ufffd coat"
    output.text.encode()


def test_an_item_asks_the_same_whatever_it_is_batched_with(make_remote: MakeRemote, server: CompletionsServer) -> None:
    def item(key: int, prompt: Prompt, wanted: int) -> Item:
        return Item(key, prompt, Language.EN, lambda text: Check(length=len(text)), wanted, seed=key)

    def asked(batch_size: int, *items: Item) -> tuple[list[str], list[tuple[int, int]]]:
        """The texts of the first item, and seed and `n` of every request with its prompt."""
        server.requests.clear()
        filled = list(Filler(make_remote(), replace(CONFIG, batch_size=batch_size)).fill(items))
        texts = [kept.text for one in filled if one.item.key == 1 for kept in one.kept]
        own = [(one["seed"], one.get("n", 1)) for one in server.requests if one["prompt"] == PROMPT.text]
        return texts, sorted(own)

    mine, twin = item(1, PROMPT, 5), item(9, PROMPT, 3)
    others = [item(2 + place, prompt, 3) for place, prompt in enumerate(OTHERS)]
    texts, alone = asked(32, mine)
    assert len(texts) == 5 and max(n for _seed, n in alone) > 1
    for batch_size in (1, 2, 7, 32):
        assert asked(batch_size, *others[:2], mine, *others[2:]) == (texts, alone)
    assert asked(32, twin, mine) == (texts, sorted([*alone, *asked(32, twin)[1]])), "also beside the same prompt"


def test_the_generator_fills_its_slots_from_a_server(make_remote: MakeRemote, make_brief: Any) -> None:
    def texts() -> list[str]:
        item = Item(1, PROMPT, make_brief().language, lambda text: Check(length=len(text)), wanted=5, seed=1)
        return [kept.text for filled in Filler(make_remote(), CONFIG).fill([item]) for kept in filled.kept]

    assert len(texts()) == 5
    assert texts() == texts()


def test_a_chinese_model_writes_chinese_over_the_wire(
    model_root: Path, make_remote: MakeRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(load(model_root / "tiny-zh", model_root=model_root, threads=1)) as (_server, address):
        prompt = Prompt("商品：外套\n标题：", "\n", language=Language.ZH_HANS)
        outputs = make_remote(base_url=address, scoring=Scoring.ECHO).generate([prompt] * 20, CONFIG, list(range(20)))
        scores = make_remote(base_url=address, scoring=Scoring.ECHO).score(["温暖柔软的外套。"], prompt)
    assert sum(matches_language(output.text, "zh-hans") for output in outputs) > 12
    assert scores[0] < 0


def test_each_text_knows_what_it_was_asked_with(make_remote: MakeRemote, server: CompletionsServer) -> None:
    first, second, alone = make_remote().generate([PROMPT, PROMPT, OTHERS[0]], CONFIG, [9, 8, 7])
    assert [first.asked, second.asked] == [{"seed": 9, "n": 2, "choice": place} for place in (0, 1)]
    assert alone.asked == {"seed": 7, "n": 1, "choice": 0}
