"""Working on blocks with a real model: everything is written once, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from copystudio.db import JobStatus
from generation.models import Candidate, GenerationBlock, GenerationRun, ModelVersion
from generation.services import execute
from generation.services.block_work import BlockWork
from generation.services.blocks import BlockKeeper, block_next
from generation.services.execute import run_execute
from generation.services.run_control import run_cancel, run_pause, run_resume, run_retry
from generation.services.writers import Writer
from tests.generation.runs.conftest import TEXTS, Before, MakeRun
from tests.people import Cast

Watch = Callable[[Before], None]


def work(run: GenerationRun) -> GenerationRun:
    """Ring until the run has ended."""
    for _ in range(20):
        run_execute(run_id=run.pk)
        run.refresh_from_db()
        if not run.is_open:
            return run
    raise AssertionError(f"still {run.status}")


def written(run: GenerationRun) -> list[tuple[int, int, str]]:
    rows = Candidate.objects.filter(item__run=run).order_by("item__position", "slot")
    return list(rows.values_list("item__position", "slot", "text"))


def test_every_item_gets_its_texts_with_plan_prompt_and_counts(make_run: MakeRun) -> None:
    run = work(make_run(4, 2))
    assert run.status == JobStatus.SUCCEEDED and (run.done, run.total) == (8, 8)
    assert run.engine["backend"] == "torch" and run.engine["batch"] > 1 and run.tokens > 0
    for item in run.items.all():
        assert (item.produced, item.finished, item.error) == (2, True, "")
        assert item.passed >= 2 and item.outputs == item.passed + item.dropped_total
        assert item.leads == [["Weight"]] and f"Lamp 0/{item.position}" in item.prompt
    assert run.outputs == sum(item.outputs for item in run.items.all())
    for candidate in Candidate.objects.filter(item__run=run):
        assert candidate.seed > 0 and abs(sum(candidate.sentiment) - 1) < 0.01


FACTS = [{"attribute": name, "value": value, "unit": ""} for name, value in (("Weight", "320 g"), ("Colour", "moss"))]
SUBJECT = {"channel": {"key": "email_subject", "name": "E-mail subject", "unit": "characters", "limit": 50}}


@pytest.fixture
def in_order(shop: Cast) -> None:
    """The version's template tells facts in the order of the plan."""
    ModelVersion.objects.update(prompt_template="brief-1")


def test_texts_of_an_item_come_from_two_angles_and_each_knows_its_own(in_order: None, make_run: MakeRun) -> None:
    run = work(make_run(2, 4, facts=FACTS, **SUBJECT))
    for item in run.items.all():
        assert (item.leads, item.led) == ([["Weight"], ["Colour"]], [(0, 0), (1, 0)])
        prompts = [item.prompt, item.plan["others"][0]["prompt"]]
        assert "Facts: Weight: " in prompts[0] and "Facts: Colour: " in prompts[1]
        for candidate in item.candidates.all():
            place = candidate.draw % 2
            assert (candidate.turn, candidate.leads, candidate.prompt) == (place, item.leads[place], prompts[place])


def test_one_text_and_a_base_that_orders_facts_itself_keep_to_one_angle(make_run: MakeRun) -> None:
    [item] = work(make_run(1, 4, facts=FACTS, **SUBJECT)).items.all()
    assert item.leads == [["Weight"]]
    ModelVersion.objects.update(prompt_template="brief-1")
    [item] = work(make_run(1, 1, facts=FACTS, **SUBJECT)).items.all()
    assert item.leads == [["Weight"]]


def test_what_is_asked_for_from_a_text_keeps_to_its_angle(in_order: None, make_run: MakeRun) -> None:
    parent = work(make_run(1, 1, facts=FACTS, **SUBJECT)).items.get().candidates.get()
    run = make_run(1, 4, facts=FACTS, **SUBJECT, wish={"turn": 1})
    GenerationRun.objects.filter(pk=run.pk).update(parent=parent)
    [item] = work(run).items.all()
    assert (item.leads, item.led) == ([["Colour"]], [(1, 0)])
    assert {one.turn for one in item.candidates.all()} == {1}


def test_what_was_begun_from_one_angle_goes_on_from_one(in_order: None, make_run: MakeRun) -> None:
    run = make_run(1, 4, facts=FACTS, **SUBJECT)
    run.items.update(outputs=3, plan={"leads": [["Weight", "320 g", ""]], "turn": 0})
    [item] = work(run).items.all()
    assert item.leads == [["Weight"]] and all(one.leads == ["Weight"] for one in item.candidates.all())


def test_a_run_comes_out_again_the_same_from_the_same_seed(shop: Cast, make_run: MakeRun) -> None:
    first, second = make_run(3, 2, product_title="Lamp"), make_run(3, 2, product_title="Lamp", tone="calm")
    GenerationRun.objects.update(seed=5)
    second.items.update(payload=first.items.first().payload)  # type: ignore[union-attr]
    first.items.update(payload=first.items.first().payload)  # type: ignore[union-attr]
    assert written(work(first)) == written(work(second))


def test_what_a_killed_worker_left_is_written_once(make_run: MakeRun, watch: Watch) -> None:
    class Killed(BaseException):
        pass

    def die(config: Any, number: int) -> None:
        if number == 40:
            raise Killed

    run = make_run(TEXTS, 1)
    watch(die)
    with pytest.raises(Killed):
        run_execute(run_id=run.pk)
    GenerationBlock.objects.filter(status=JobStatus.RUNNING).update(lease_until=Now() - timedelta(seconds=1))
    watch(lambda config, number: None)
    assert work(run).status == JobStatus.SUCCEEDED
    assert [(position, slot) for position, slot, _ in written(run)] == [(n, 0) for n in range(TEXTS)]
    assert run.attempt == 2


def test_memory_that_runs_out_halves_what_is_written_at_once(settings: Any, make_run: MakeRun, watch: Watch) -> None:
    settings.GENERATION_BATCH = 16
    sizes: list[int] = []

    def scarce(config: Any, number: int) -> None:
        sizes.append(config.batch_size)
        if config.batch_size > 4 and number == 5:
            raise RuntimeError(
                "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
            )

    watch(scarce)
    run = work(make_run(6, 2))
    assert run.status == JobStatus.SUCCEEDED and run.done == 12
    assert sorted(set(sizes), reverse=True) == [16, 8, 4]
    assert run.engine["batch"] == 4


def test_what_was_killed_is_tried_again_with_half_as_many_texts_at_once(
    settings: Any, make_run: MakeRun, watch: Watch
) -> None:
    """The kernel ends who takes too much memory, without an error to catch."""
    settings.GENERATION_BATCH = 3

    class Killed(BaseException):
        pass

    sizes: list[int] = []

    def die(config: Any, number: int) -> None:
        sizes.append(config.batch_size)
        if config.batch_size > 1 or len(sizes) < 3:
            raise Killed

    watch(die)
    run = make_run(2)
    for _ in range(2):
        with pytest.raises(Killed):
            run_execute(run_id=run.pk)
        GenerationBlock.objects.update(lease_until=Now() - timedelta(seconds=1))
    run = work(run)
    assert run.status == JobStatus.SUCCEEDED and sizes[:3] == [3, 1, 1] and run.engine["batch"] == 1


def test_memory_that_ran_out_in_one_block_is_remembered_in_the_next(
    settings: Any, make_run: MakeRun, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GENERATION_BATCH = 16
    monkeypatch.setattr("generation.services.blocks.TEXTS", 2)
    sizes: list[int] = []

    def scarce(config: Any, number: int) -> None:
        sizes.append(config.batch_size)
        if config.batch_size > 4:
            raise MemoryError

    watch(scarce)
    run = work(make_run(6))
    assert run.status == JobStatus.SUCCEEDED and run.blocks.count() == 3
    assert [size for size in sizes if size > 4] == [16, 8], "found out once"
    assert [block.engine["batch"] for block in run.blocks.all()] == [4, 4, 4]
    settings.GENERATION_BATCH = 2
    assert work(make_run(1)).engine["batch"] == 2, "another run begins as the settings say"
    assert "scarce" not in GenerationRun.objects.latest("pk").engine


def test_a_block_that_steps_aside_keeps_its_batch_and_never_falls_below_one(make_run: MakeRun, settings: Any) -> None:
    settings.GENERATION_BATCH = 8
    block = GenerationBlock.objects.get(run=make_run(1))
    writer = Writer(None, {"backend": "torch", "device": "cpu"})  # type: ignore[arg-type]

    def batch(attempt: int, **engine: Any) -> int:
        block.attempt, block.engine = attempt, {**writer.about, **engine} if engine else {}
        block.save()
        return BlockWork(block, BlockKeeper(block))._batch(writer)

    assert [batch(1), batch(2), batch(3)] == [8, 4, 2]
    assert [batch(2, batch=4, scarce=True), batch(3, batch=4, scarce=True)] == [4, 2]
    assert batch(1, batch=2, scarce=True) == 2 and batch(1, batch=2) == 8, "that was the settings' then"
    assert batch(1, batch=2, scarce=True, device="cuda") == 8
    settings.GENERATION_BATCH = 1
    assert batch(3) == 1


def test_the_run_is_locked_before_the_numbers_of_its_texts_are_taken(make_run: MakeRun) -> None:
    """Who reads the texts above the last number that it knows misses none of another worker."""
    run = make_run(1)
    with CaptureQueriesContext(connection) as found:
        work(run)
    said = [one["sql"] for one in found]
    comes = next(place for place, sql in enumerate(said) if sql.startswith('INSERT INTO "generation_candidate"'))
    locks = [sql for sql in said[:comes] if "FOR UPDATE" in sql]
    assert '"generation_generationblock"' in locks[-2] and '"generation_generationrun"' in locks[-1]
    assert said.index(locks[-1]) > max(place for place, sql in enumerate(said[:comes]) if sql.startswith("SAVEPOINT"))


def test_memory_that_is_never_enough_fails_the_run_and_says_so(make_run: MakeRun, watch: Watch) -> None:
    def none(config: Any, number: int) -> None:
        raise MemoryError

    watch(none)
    run = work(make_run(1))
    assert (run.status, run.error_code) == (JobStatus.FAILED, "memory")


def test_an_item_that_fails_is_listed_and_tried_again_alone(shop: Cast, make_run: MakeRun) -> None:
    run = work(make_run(3, instructions="/1"))
    assert run.status == JobStatus.SUCCEEDED and run.done == 2
    failed = run.items.get(position=1)
    assert failed.error == "LookupError: no such channel" and failed.finished
    before = written(run)
    failed.payload["instructions"] = ""
    failed.save()
    run_retry(actor=shop.copywriter, run=run, items=[failed.pk])
    work(run)
    assert written(run)[0] == before[0] and written(run)[2] == before[1] and len(written(run)) == 3
    failed.refresh_from_db()
    assert failed.error == "" and failed.produced == 1
    assert run.total == run.done == 3


def test_an_item_of_a_block_that_failed_is_tried_again_alone(
    shop: Cast, make_run: MakeRun, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.services.blocks.TEXTS", 2)

    def none(config: Any, number: int) -> None:
        if not Candidate.objects.exists():
            raise RuntimeError("cosmic ray")

    watch(none)
    run = make_run(2)
    assert work(run).error_code == "unexpected"
    first, second = run.items.all()
    run_retry(actor=shop.copywriter, run=run, items=[second.pk])
    watch(lambda config, number: None)
    assert work(run).status == JobStatus.SUCCEEDED
    assert [item.produced for item in run.items.all()] == [0, 1]
    first.refresh_from_db()
    assert not first.finished and first.block.status == JobStatus.FAILED, "of its block nobody tries the rest"


def test_an_item_whose_brief_cannot_be_read_fails_alone(make_run: MakeRun) -> None:
    run = make_run(2)
    run.items.filter(position=0).update(payload={"product_title": "Lamp", "language": "en"})
    run = work(run)
    assert run.status == JobStatus.SUCCEEDED and run.done == 1
    assert "channel" in run.items.get(position=0).error


def test_a_run_of_which_nothing_passes_says_so(make_run: MakeRun) -> None:
    run = work(make_run(1, instructions="/0"))
    assert (run.status, run.error_code) == (JobStatus.FAILED, "nothing_passed")


def test_a_model_that_does_not_load_fails_the_whole_run_once(make_run: MakeRun, settings: Any) -> None:
    run = make_run(3 * TEXTS)
    (run.model_version.language_model.path / "config.json").write_text("{", encoding="utf-8")
    run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, run.error_code) == (JobStatus.FAILED, "engine") and run.error_params["detail"]
    assert set(run.blocks.values_list("status", flat=True)) == {"failed"}
    assert block_next() is None


def test_prompts_that_a_server_refused_in_a_turn_before_are_refused_still(make_run: MakeRun) -> None:
    run = make_run(2)
    first, second = run.items.order_by("position")
    block = block_next()
    assert block is not None
    work_on = BlockWork(block, BlockKeeper(block))
    work_on.refused = {second.pk: {}}
    assert list(work_on._others()) == [first]
    run.items.filter(pk=first.pk).update(finished=True, error="RemoteRequestError: content filter")
    assert not work_on._others().exists()


def test_a_catalogue_steps_aside_for_a_first_text_and_keeps_what_it_wrote(
    monkeypatch: pytest.MonkeyPatch, make_run: MakeRun, watch: Watch
) -> None:
    monkeypatch.setattr("generation.services.block_work.WRITE_SECONDS", 0.0)
    catalogue = make_run(TEXTS)
    small: list[GenerationRun] = []

    def ask(config: Any, number: int) -> None:
        if number == 80 and not small:
            small.append(make_run(1))

    watch(ask)
    run_execute(run_id=catalogue.pk)
    catalogue.refresh_from_db()
    assert 0 < catalogue.done < TEXTS and catalogue.is_open
    first = written(catalogue)
    run_execute(run_id=catalogue.pk)
    small[0].refresh_from_db()
    assert small[0].status == JobStatus.SUCCEEDED
    assert work(catalogue).done == TEXTS and catalogue.attempt == 1
    assert set(first) <= set(written(catalogue))


def test_a_block_whose_turn_is_over_ends_what_it_began_and_goes_back_where_another_person_waits(
    shop: Cast, monkeypatch: pytest.MonkeyPatch, make_run: MakeRun
) -> None:
    monkeypatch.setattr("generation.services.block_work.WRITE_SECONDS", 0.0)
    monkeypatch.setattr("generation.services.block_work.TURN_SECONDS", 0.0)
    theirs, mine = make_run(TEXTS, actor=shop.approver), make_run(TEXTS)
    GenerationRun.objects.filter(pk=theirs.pk).update(served_at=Now())  # a first turn would not wait for theirs
    run_execute(run_id=mine.pk)
    mine.refresh_from_db()
    assert 0 < mine.done < TEXTS and mine.is_open
    following = block_next()
    assert following is not None and following.run_id == theirs.pk


@pytest.mark.parametrize("verb", ["cancel", "pause"])
def test_a_run_stops_between_two_steps_and_goes_on_from_what_it_has(
    shop: Cast, make_run: MakeRun, watch: Watch, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setattr("generation.services.block_work.WRITE_SECONDS", 0.0)
    keepers: list[Any] = []
    real = execute.BlockKeeper
    monkeypatch.setattr(execute, "BlockKeeper", lambda block: keepers.append(real(block)) or keepers[-1])
    run = make_run(TEXTS, 1)

    def stop(config: Any, number: int) -> None:
        if number == 80:
            {"cancel": run_cancel, "pause": run_pause}[verb](actor=shop.copywriter, run=run)
            keepers[0].beat()

    watch(stop)
    run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert 0 < run.done < TEXTS
    assert run.is_paused if verb == "pause" else run.status == JobStatus.CANCELLED
    before = written(run)
    watch(lambda config, number: None)
    run_resume(actor=shop.copywriter, run=run)
    assert work(run).status == JobStatus.SUCCEEDED
    assert run.done == TEXTS and set(before) <= set(written(run))
