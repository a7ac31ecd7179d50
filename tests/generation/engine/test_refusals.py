"""A model server refuses angles of an item: what came stays, and what did not is asked for from the angles that are left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from generation.engine.backends.base import OnStep, Request
from generation.engine.config import Check, FinishReason, Language, Output, Prompt, SamplingConfig
from generation.engine.errors import RemoteRefusedError, RemoteRequestError
from generation.engine.filling import Filled, Filler
from generation.engine.item import Angle, Item
from generation.engine.plan import Plan
from generation.engine.seeds import seed_of_output

WORDS = "amber birch copper delta ember fjord grove heron ivory juniper kelp lunar maple north ochre pearl quartz river"


class Server:
    """Answers a batch as a model server does: the outputs of the other prompts first, then what it refuses. ``refuses`` says of
    a prompt, at the number of times that it is asked, whether it is refused."""

    def __init__(self, refuses: Callable[[str, int], bool]) -> None:
        self.refuses = refuses
        self.asked: list[tuple[str, int]] = []
        self.answers = 0

    def stream(
        self, requests: Iterable[Request], config: SamplingConfig, on_step: OnStep | None = None
    ) -> Iterator[tuple[int, Output]]:
        source = enumerate(requests)
        while batch := self._batch(source, config.batch_size):
            texts = {one.prompt.text for _number, one in batch}
            refused = {text for text in texts if self.refuses(text, sum(text == said for said, _seed in self.asked))}
            self.asked += [(one.prompt.text, one.seed) for _number, one in batch]
            for number, one in batch:
                if one.prompt.text not in refused:
                    word = WORDS.split()[self.answers % 18]
                    self.answers += 1
                    yield number, Output(f"{word} for {word} days {word}", 5, -1.0, FinishReason.STOP)
            if refused:
                raise RemoteRefusedError({text: RemoteRequestError(f"no {text}") for text in sorted(refused)})

    def _batch(self, source: Iterator[tuple[int, Request]], size: int) -> list[tuple[int, Request]]:
        found: list[tuple[int, Request]] = []
        for one in source:
            found.append(one)
            if len(found) >= size and not one[1].more:
                break
        return found


def item(names: str, wanted: int, **values: Any) -> Item:
    first, *others = [Prompt(f"{name}:", "\n") for name in names]
    further = tuple(Angle(Plan(), prompt) for prompt in others)
    made = {"key": 1, "language": Language.EN, "check": lambda text: Check(length=len(text)), "seed": 7, **values}
    return Item(prompt=first, wanted=wanted, others=further, **made)


def fill(server: Server, *items: Any) -> list[Filled]:
    return list(Filler(server, SamplingConfig(batch_size=4)).fill(items))  # type: ignore[arg-type]


def test_no_answer_is_asked_for_twice_and_numbers_and_seeds_stay() -> None:
    server = Server(lambda prompt, times: prompt == "b:")
    [filled] = fill(server, item("abc", 4))
    assert len(filled.kept) == 4 and server.answers == filled.outputs == 7
    seeds = [seed_of_output(7, number) for number in range(7)]
    assert server.asked[:7] == [(f"{'abc'[number % 3]}:", seeds[number]) for number in range(7)]
    assert server.asked[7:] == [("c:", seeds[1]), ("c:", seeds[4])], "the turns of the angle that was refused"
    assert filled.item.refused == {1: [(0, None)]} and list(filled.refusals) == ["b:"] and filled.error == ""
    for kept in filled.kept:
        assert kept.seed == seeds[kept.draw] and filled.item.angle(kept.draw).prompt.text != "b:"


def test_other_items_go_on_and_one_that_has_no_angle_left_ends_alone() -> None:
    server = Server(lambda prompt, times: prompt in {"a:", "b:"})
    found = {filled.item.key: filled for filled in fill(server, item("ab", 3), item("cd", 3, key=2))}
    assert len(found[2].kept) == 3 and not found[2].refusals and server.answers == found[2].outputs
    refused = found[1]
    assert refused.is_refused and not refused.kept and refused.outputs == 0 and refused.item.refused == {}
    assert refused.error == "RemoteRequestError: no b:"


def test_an_angle_that_is_refused_in_a_later_round_keeps_what_it_wrote() -> None:
    def check(text: str) -> Check:
        return Check("too_long" if text.split()[0] in WORDS.split()[2:6] else "", len(text))

    server = Server(lambda prompt, times: prompt == "b:" and times > 0)
    [filled] = fill(server, item("ab", 3, check=check))
    [(begin, end)] = filled.item.refused[1]
    assert begin > 0 and end is None and filled.item.angle(1).prompt.text == "b:"
    assert 1 in {kept.draw for kept in filled.kept} and server.answers == filled.outputs


def test_where_all_are_refused_in_the_end_the_texts_that_came_stay() -> None:
    def check(text: str) -> Check:
        return Check("" if "amber" in text else "too_long", len(text))

    server = Server(lambda prompt, times: times > 0)
    [filled] = fill(server, item("ab", 2, check=check))
    assert [kept.text for kept in filled.kept] == ["amber for amber days amber"]
    assert filled.is_refused and "RemoteRequestError" in filled.error
    assert filled.outputs == server.answers == filled.passed + sum(filled.dropped.values())
    assert filled.item.refused == {}, "whoever tries it again asks every angle"


def test_fields_that_are_read_together_still_come_out_together() -> None:
    server = Server(lambda prompt, times: prompt == "a:")
    found = fill(server, [item("a", 2), item("b", 2, key=2)])
    assert [(filled.item.key, len(filled.kept), filled.more) for filled in found] == [(1, 0, True), (2, 2, False)]


def test_an_output_that_came_of_a_prompt_that_is_refused_is_not_kept() -> None:
    class InParts(Server):
        """Asks for the outputs of a prompt in two parts, of which the last is refused."""

        def stream(self, *args: Any) -> Iterator[tuple[int, Output]]:
            for number, output in super().stream(*args):
                if (number, len(self.asked)) == (5, 6):
                    raise RemoteRefusedError({"b:": RemoteRequestError("no b:")})
                yield number, output

    server = InParts(lambda prompt, times: False)
    [filled] = fill(server, item("ab", 3))
    assert filled.item.refused == {1: [(0, None)]}
    seeds = [seed_of_output(7, number) for number in range(6)]
    assert server.asked[6:] == [("a:", seeds[1]), ("a:", seeds[3]), ("a:", seeds[5])]
    assert len(filled.kept) == 3 and filled.outputs == 6


def test_a_refusal_of_what_nobody_asked_for_passes_on() -> None:
    class Broken(Server):
        def stream(self, *args: Any) -> Iterator[tuple[int, Output]]:
            raise RemoteRefusedError({"x": RemoteRequestError("no x")})
            yield

    with pytest.raises(RemoteRefusedError, match="no x"):
        fill(Broken(lambda prompt, times: False), item("a", 1))
