"""New texts are compared with those that already ran, and with those of the same run for other segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from campaigns.services.tweak import Tweak, tweaked_payload
from generation.engine.config import Check
from generation.engine.filling import Filled, Kept
from generation.models import Candidate, GenerationItem, GenerationRun
from generation.services.block_work import BlockWork
from generation.services.blocks import BlockKeeper, block_next
from generation.services.nearness import SAME, Siblings, nearest_of
from tests import factories
from tests.campaigns.copy_makers import make_brief, make_run, write_candidates
from tests.people import Cast

RIDE, HIKE = "Stay dry on every ride, packs into its pocket", "Stay dry on every hike, packs into its pocket"
WOOL, SHELL = "Warm wool for cold mornings", "A shell for commuters that folds into its own pocket"
SUBJECT, PUSH = "email_subject", "push_ios_title"


def apart(texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of an encoder to which no two texts mean the same."""
    found: NDArray[np.float32] = np.eye(len(texts), dtype=np.float32)
    return found


def test_the_nearest_that_is_near_enough_is_found() -> None:
    found = nearest_of([HIKE, WOOL], [SHELL, RIDE], apart)
    assert [one.get("text") for one in found] == [RIDE, None] and found[0]["likeness"] > 0.7
    assert nearest_of([HIKE], [RIDE], apart, (0.9, 0.97)) == nearest_of([HIKE], [], apart, SAME) == [{}]


@pytest.fixture
def run(cast: Cast) -> GenerationRun:
    """A product for two segments in two channels, and another product."""
    factories.make_product(cast, title="Almond hat")
    factories.make_product(cast, title="Beige hat")
    segments = [factories.make_segment(cast, name=name) for name in ("Hikers", "Riders")]
    channels = [factories.channel(cast, key) for key in (SUBJECT, PUSH)]
    return make_run(cast, brief=make_brief(cast, segments=segments, channels=channels, count=2))


@pytest.fixture
def work(run: GenerationRun) -> BlockWork:
    """Of a worker that has begun the run's block."""
    return begin()


def begin() -> BlockWork:
    block = block_next()
    assert block is not None
    found = BlockWork(block, BlockKeeper(block))
    found._items()
    return found


def write(work: BlockWork, item: GenerationItem, *texts: str) -> list[Candidate]:
    kept = tuple(Kept(text, -1.0, 5, Check(length=len(text)), n, n) for n, text in enumerate(texts))
    work.ready = [Filled(work.prepared[item.pk].item, kept, len(kept), {}, len(kept), 5)]
    work._write()
    return list(item.candidates.order_by("slot"))


def items_of(run: GenerationRun, key: str, title: str = "Almond hat") -> list[GenerationItem]:
    rows = run.items.filter(brief_item__channel__key=key, brief_item__product__title=title)
    return list(rows.order_by("position"))


def test_an_item_knows_those_of_other_segments_for_its_product_and_channel(run: GenerationRun) -> None:
    for title in ("Almond hat", "Beige hat"):
        for key in (SUBJECT, PUSH):
            first, second = items_of(run, key, title)
            assert first.payload["siblings"] == [second.position] and second.payload["siblings"] == [first.position]


def test_copy_for_everybody_alone_has_none(cast: Cast) -> None:
    assert "siblings" not in make_run(cast).items.get().payload


def test_a_text_that_is_nearly_one_for_another_segment_is_warned_of(run: GenerationRun, work: BlockWork) -> None:
    first, second = items_of(run, SUBJECT)
    assert [one.nearest for one in write(work, first, RIDE, "Stay dry on every hike")] == [{}, {}]
    hike, shell = write(work, second, HIKE, SHELL)
    assert hike.nearest["text"] == RIDE and hike.nearest["segment"] and hike.nearest["likeness"] > 0.7
    assert shell.nearest == {}


def test_another_channel_and_another_product_are_not_compared(run: GenerationRun, work: BlockWork) -> None:
    write(work, items_of(run, SUBJECT)[0], RIDE)
    for item in (items_of(run, PUSH)[0], items_of(run, SUBJECT, "Beige hat")[1]):
        assert [one.nearest for one in write(work, item, HIKE)] == [{}]


def test_texts_of_blocks_before_are_read_at_once(
    run: GenerationRun, work: BlockWork, django_assert_num_queries: Any
) -> None:
    first, second = items_of(run, SUBJECT)
    write(work, first, RIDE)
    with django_assert_num_queries(1):
        found = Siblings(run, work.prepared.values())
    [near] = found.nearest_of(work.prepared[second.pk], [HIKE], apart)
    assert near == {"text": RIDE, "likeness": pytest.approx(0.77, abs=0.1), "segment": True}


def test_what_another_worker_wrote_since_the_block_was_begun_is_seen(run: GenerationRun, work: BlockWork) -> None:
    first, second = items_of(run, SUBJECT)
    write_candidates(run, [RIDE], item=first)
    [hike] = write(work, second, HIKE)
    assert hike.nearest["text"] == RIDE and hike.nearest["segment"]


def test_what_already_ran_is_told_before_what_is_for_another_segment(run: GenerationRun) -> None:
    first, second = items_of(run, SUBJECT)
    second.payload["ran"] = [f"{HIKE} twice"]
    second.save()
    work = begin()
    write(work, first, RIDE)
    [hike] = write(work, second, HIKE)
    assert hike.nearest["text"] == f"{HIKE} twice" and "segment" not in hike.nearest


def test_what_is_asked_for_from_a_text_leaves_the_run_behind(run: GenerationRun, work: BlockWork) -> None:
    item = items_of(run, SUBJECT)[0]
    [candidate] = write(work, item, RIDE)
    payload = tweaked_payload(candidate=candidate, channel=item.brief_item.channel, tweak=Tweak.LIKE)
    assert "siblings" not in payload
