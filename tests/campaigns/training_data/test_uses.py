"""Which facts a text from use speaks of, and that a training which shows its brief otherwise keeps them."""

from __future__ import annotations

from dataclasses import replace

from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.services.dialogue import dialogue_import
from generation.engine.training.augment import augmented
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import TrainingExample
from tests import factories
from tests.campaigns.training_data.makers import collected
from tests.people import Cast

FACTS = [("weight", "320", "g"), ("water column", "10000", "mm"), ("lining", "brushed fleece", ""), ("fit", "slim", "")]


def written(cast: Cast, text: str) -> TrainingExample:
    """The example that a person's approved text becomes."""
    factories.make_variant(cast, status="approved", product=factories.make_product(cast, facts=FACTS), text=text)
    (example,) = collected(cast).examples
    return example


def test_what_the_text_tells_is_noted_the_leading_fact_first(cast: Cast) -> None:
    example = written(cast, "Fleece inside, brushed soft. It weighs 320 g.")
    assert example.uses == (2, 0)
    assert [example.brief.facts[place].attribute for place in example.uses] == ["lining", "weight"]


def test_no_epoch_drops_what_the_text_tells(cast: Cast) -> None:
    example = written(cast, "Fleece inside, brushed soft. It weighs 320 g.")
    config = TrainConfig(keep_fact=0.0, synonyms=0.0, describe=0.0)
    for epoch in range(5):
        assert [fact.value for fact in augmented(example, config, epoch).facts] == ["brushed fleece", "320"]
    seen = {augmented(example, replace(config, keep_fact=0.5), epoch).facts for epoch in range(20)}
    assert len(seen) > 1


def test_a_text_in_which_no_fact_is_found_keeps_its_brief_whole(cast: Cast) -> None:
    example = written(cast, "For the days that begin in the rain")
    assert example.uses == ()
    assert augmented(example, TrainConfig(keep_fact=0.0), 1) == example.brief


def test_a_service_answer_tells_facts_too(cast: Cast) -> None:
    factories.make_product(cast, sku="J-1", facts=FACTS)
    file = SimpleUploadedFile("service.csv", b"question,answer,sku\nWhat is inside?,Brushed fleece.,J-1\n")
    dialogue_import(actor=cast.admin, workspace=cast.workspace, upload=file)
    (example,) = collected(cast).examples
    assert example.uses == (2,)
