"""Any candidate that was computed in float32 comes out again, alone, from what is stored with it."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from generation.models import Candidate, GenerationRun, ModelVersion
from generation.services.execute import run_execute
from generation.services.reproduce import candidate_reproduce
from generation.services.run import drawn
from generation.services.run_control import run_retry
from tests.generation.runs.conftest import MakeRun
from tests.people import Cast


@pytest.fixture
def run(shop: Cast, make_run: MakeRun, settings: Any) -> GenerationRun:
    settings.GENERATION_NUMBERS = "float32"
    ModelVersion.objects.update(prompt_template="brief-1")
    facts = [
        {"attribute": name, "value": name.lower(), "unit": ""} for name in ("Weight", "Colour", "Cloth", "Cut", "Hood")
    ]
    run = make_run(5, 3, facts=facts)
    # always the same draws: the tiny model hardly reads its prompt, and now and then a text does not change with it
    GenerationRun.objects.filter(pk=run.pk).update(seed=5)
    run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert run.engine["numbers"] == "float32"
    return run


def test_every_candidate_of_a_run_comes_out_again(run: GenerationRun) -> None:
    candidates = Candidate.objects.filter(item__run=run).select_related("item")
    assert len({candidate.prompt for candidate in candidates}) > run.items.count(), "from more than one angle"
    for candidate in candidates:
        found = candidate_reproduce(candidate=candidate)
        assert found.is_same and found.same_prompt, found


def test_so_does_one_from_before_outputs_shared_a_number(shop: Cast, make_run: MakeRun, settings: Any) -> None:
    settings.GENERATION_NUMBERS = "float32"
    run = make_run(2, 3)
    GenerationRun.objects.filter(pk=run.pk).update(
        sampling={name: value for name, value in run.sampling.items() if name != "arithmetic"}
    )
    run.refresh_from_db()
    assert not drawn(run, batch_size=1).arithmetic
    run_execute(run_id=run.pk)
    candidates = list(Candidate.objects.filter(item__run=run).select_related("item"))
    assert candidates and all(candidate_reproduce(candidate=candidate).is_same for candidate in candidates)


def test_the_command_says_so(run: GenerationRun) -> None:
    said = StringIO()
    candidate = Candidate.objects.filter(item__run=run).first()
    assert candidate is not None
    call_command("reproduce_candidate", candidate.pk, stdout=said)
    assert candidate.text in said.getvalue() and "The same." in said.getvalue()


def test_what_the_model_read_then_is_read_again_whatever_becomes_of_the_prompt_since(run: GenerationRun) -> None:
    run.model_version.prompt_template = "brief-2"
    for candidate in Candidate.objects.filter(item__run=run):
        item = candidate.item
        item.payload = {**item.payload, "tone": "calm", "instructions": "Say that it is warm."}
        item.save()
        found = candidate_reproduce(candidate=candidate)
        assert found.is_same and not found.same_prompt, found


def test_an_item_that_is_tried_again_goes_on_as_it_began(run: GenerationRun, shop: Cast) -> None:
    before = {one.pk: one.prompt for one in Candidate.objects.filter(item__run=run).select_related("item")}
    begun = {other["prompt"] for item in run.items.all() for other in [{"prompt": item.prompt}, *item.plan["others"]]}
    for item in run.items.all():  # told otherwise today: other facts, and so another order of them
        facts = [*reversed(item.payload["facts"])]
        item.payload = {**item.payload, "facts": facts, "instructions": "Say that it is warm."}
        item.requested += 2
        item.save()
    run_retry(actor=shop.copywriter, run=run)
    run_execute(run_id=run.pk)
    candidates = Candidate.objects.filter(item__run=run).select_related("item")
    assert candidates.count() > len(before)
    assert {one.pk: one.prompt for one in candidates if one.pk in before} == before
    assert {one.prompt for one in candidates} <= begun
    for candidate in candidates:
        assert candidate_reproduce(candidate=candidate).is_same


def test_a_difference_is_an_error_with_its_reason(run: GenerationRun) -> None:
    candidate = Candidate.objects.filter(item__run=run).order_by("-token_count", "pk").first()
    assert candidate is not None
    item = candidate.item
    item.prompt = "Product: quilt\nHeadline:"
    item.plan = {**item.plan, "others": [{**one, "prompt": item.prompt} for one in item.plan["others"]]}
    item.save()
    with pytest.raises(CommandError, match="prompt is another"):
        call_command("reproduce_candidate", candidate.pk, stdout=StringIO())


def test_a_candidate_that_does_not_exist_is_an_error(db: None) -> None:
    with pytest.raises(CommandError, match="no candidate 12345"):
        call_command("reproduce_candidate", 12345)
