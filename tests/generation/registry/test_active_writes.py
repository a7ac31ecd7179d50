"""What a run writes with: the version that was active when it was asked for, adapter and all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from campaigns.services.brief import BriefData, brief_generate, brief_save
from copystudio.db import JobStatus
from generation.models import Candidate, GenerationRun, ModelVersion
from generation.services.execute import run_execute
from generation.services.registry import model_version_promote, model_version_roll_back
from tests import factories
from tests.generation.learning import active_of
from tests.people import Cast

SEED = 11
Make = Callable[..., ModelVersion]


@pytest.fixture
def ask(shop: Cast) -> Callable[[], GenerationRun]:
    """Ask for three product blurbs, always the same ones and with the same seed."""
    product = factories.make_product(shop, title="Warm lamp", description="A soft lamp for every evening.", facts=[])

    data = BriefData(
        name="Lamp",
        language="en",
        channels=[factories.channel(shop, "product_blurb")],
        count=3,
        product_filter={"skus": [product.sku]},
    )
    brief = brief_save(actor=shop.copywriter, campaign=factories.make_campaign(shop), data=data)

    def make() -> GenerationRun:
        run, _ = brief_generate(actor=shop.copywriter, brief=brief)
        GenerationRun.objects.filter(pk=run.pk).update(seed=SEED)
        return run

    return make


def texts(run: GenerationRun) -> list[str]:
    run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == JobStatus.SUCCEEDED, (run.error_code, run.error_params)
    return list(Candidate.objects.filter(item__run=run).order_by("slot").values_list("text", flat=True))


def test_the_active_versions_adapter_writes(shop: Cast, adapted: Make, ask: Callable[[], GenerationRun]) -> None:
    """The same template and seed: what differs is the adapter alone."""
    ModelVersion.objects.filter(pk=active_of(shop).pk).update(prompt_template="brief-1")
    plain = texts(ask())
    assert plain == texts(ask()), "the same seed writes the same"
    model_version_promote(actor=shop.admin, version=adapted(), reason="try")
    adapted_texts = texts(ask())
    assert adapted_texts != plain
    model_version_roll_back(actor=shop.admin, workspace=shop.workspace)
    assert texts(ask()) == plain


def test_a_run_that_was_asked_for_keeps_its_version(
    shop: Cast, adapted: Make, ask: Callable[[], GenerationRun]
) -> None:
    base = active_of(shop)
    expected = texts(ask())
    run = ask()
    model_version_promote(actor=shop.admin, version=adapted(), reason="try")
    assert texts(run) == expected
    assert run.model_version == base
    assert ask().model_version == active_of(shop) != base


def test_broken_weights_write_nothing(shop: Cast, adapted: Make, ask: Callable[[], GenerationRun]) -> None:
    version = adapted()
    model_version_promote(actor=shop.admin, version=version, reason="try")
    run = ask()
    assert version.adapter_path is not None
    (version.adapter_path / "adapter_model.safetensors").write_bytes(b"gone")
    run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, run.error_code) == (JobStatus.FAILED, "engine")
    assert not Candidate.objects.filter(item__run=run).exists()
    model_version_roll_back(actor=shop.admin, workspace=shop.workspace)
    assert texts(ask()), "and what wrote before writes on"
