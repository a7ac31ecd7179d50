"""Deleting service dialogues: one, or all that a file brought; the log keeps the fact and none of the words."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.models import ServiceDialogue
from campaigns.services.dialogue import dialogue_delete, dialogue_delete_file, dialogue_import
from copystudio.errors import NotPermittedError
from copystudio.models import Event
from tests import factories
from tests.people import Cast


@pytest.fixture
def shop(cast: Cast) -> Cast:
    """Two dialogues of one file and one of another."""
    factories.make_product(cast, sku="J-1")
    for name, words in {"first.csv": ("Anna", "Otto"), "second.csv": ("Mia",)}.items():
        lines = [f"Is {word} right?,Yes {word} is.,J-1" for word in words]
        file = SimpleUploadedFile(name, "\n".join(["question,answer,sku", *lines]).encode())
        dialogue_import(actor=cast.admin, workspace=cast.workspace, upload=file)
    return cast


def dialogue(question: str) -> ServiceDialogue:
    return ServiceDialogue.objects.get(question=question)


def test_one_is_deleted_and_the_log_keeps_none_of_its_words(shop: Cast) -> None:
    row = dialogue("Is Anna right?")
    pk = row.pk
    dialogue_delete(actor=shop.admin, dialogue=row)
    assert ServiceDialogue.objects.count() == 2
    event = Event.objects.get(verb="servicedialogue.delete")
    assert (event.actor, event.object_id) == (shop.admin, pk)
    assert "Anna" not in event.object_label + json.dumps(event.data)


def test_deleting_twice_writes_one_event(shop: Cast) -> None:
    row, same = dialogue("Is Anna right?"), dialogue("Is Anna right?")
    dialogue_delete(actor=shop.admin, dialogue=row)
    dialogue_delete(actor=shop.admin, dialogue=same)
    assert Event.objects.filter(verb="servicedialogue.delete").count() == 1


def test_all_of_a_file_are_deleted_and_no_others(shop: Cast) -> None:
    assert dialogue_delete_file(actor=shop.admin, dialogue=dialogue("Is Otto right?")) == 2
    assert [row.question for row in ServiceDialogue.objects.all()] == ["Is Mia right?"]
    event = Event.objects.get(verb="servicedialogue.delete_file")
    assert event.data == {"file": "first.csv", "rows": 2}


def test_a_file_of_the_same_name_in_another_workspace_stays(shop: Cast) -> None:
    row = dialogue("Is Mia right?")
    twin = ServiceDialogue.objects.create(
        workspace=shop.elsewhere,
        sku="X",
        question="Q",
        answer="A",
        language="en",
        sha256="0" * 64,
        file_name="second.csv",
    )
    assert dialogue_delete_file(actor=shop.admin, dialogue=row) == 1
    assert ServiceDialogue.objects.filter(pk=twin.pk).exists()


def test_only_admins_delete(shop: Cast) -> None:
    row = dialogue("Is Anna right?")
    for person in (shop.viewer, shop.copywriter, shop.approver, shop.stranger):
        for delete in (dialogue_delete, dialogue_delete_file):
            with pytest.raises(NotPermittedError):
                delete(actor=person, dialogue=row)
    assert ServiceDialogue.objects.count() == 3


def test_a_deleted_product_leaves_its_dialogues_with_the_sku(shop: Cast) -> None:
    shop.workspace.products.all().delete()
    row = dialogue("Is Anna right?")
    assert (row.product, row.sku) == (None, "J-1")
