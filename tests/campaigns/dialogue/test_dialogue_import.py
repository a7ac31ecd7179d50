"""Importing service dialogues: all of a file or nothing, each dialogue once, every wrong line with its number."""

from __future__ import annotations

import io
import json

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import translation

from campaigns.models import ServiceDialogue
from campaigns.services import dialogue_file
from campaigns.services.dialogue import MOST_BYTES, DialogueReport, DialogueRowsError, dialogue_import
from campaigns.services.dialogue_file import problem_message
from copystudio.errors import InvalidInputError, NotPermittedError
from copystudio.models import Event
from tests import factories
from tests.people import Cast

GOOD = "question,answer,sku\nIs it light?,Yes. It weighs 320 g.,J-1\nIs it warm?,It has no lining.,J-1\n"


@pytest.fixture
def shop(cast: Cast) -> Cast:
    factories.make_product(cast, sku="J-1", title="Rain jacket")
    return cast


def load(cast: Cast, content: str | bytes = GOOD, name: str = "service.csv") -> DialogueReport:
    data = content.encode() if isinstance(content, str) else content
    return dialogue_import(actor=cast.admin, workspace=cast.workspace, upload=SimpleUploadedFile(name, data))


def rows() -> list[tuple[str, str, str, str]]:
    found = ServiceDialogue.objects.order_by("pk")
    return [(row.question, row.answer, row.sku, row.language) for row in found]


JACKET = [
    ("Is it light?", "Yes. It weighs 320 g.", "J-1", "en"),
    ("Is it warm?", "It has no lining.", "J-1", "en"),
]


def problems(cast: Cast, content: str) -> list[tuple[int, str | None, str]]:
    with pytest.raises(DialogueRowsError) as refused:
        load(cast, content)
    assert not ServiceDialogue.objects.exists()
    assert not Event.objects.filter(verb="servicedialogue.import").exists()
    return [(one.line, one.column, problem_message(one)) for one in refused.value.problems]


def workbook(*table: tuple[str, ...]) -> bytes:
    book = openpyxl.Workbook()
    for line in table:
        book.active.append(line)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_csv_file_arrives_with_its_event(shop: Cast) -> None:
    assert load(shop) == DialogueReport(added=2, duplicates=0)
    assert rows() == JACKET
    row = ServiceDialogue.objects.first()
    assert row is not None and row.product is not None
    assert (row.product.sku, row.file_name, row.created_by) == ("J-1", "service.csv", shop.admin)
    event = Event.objects.get(verb="servicedialogue.import")
    assert (event.actor, event.data) == (shop.admin, {"file": "service.csv", "added": 2, "duplicates": 0})


def test_excel_and_json_lines_and_a_json_list_bring_the_same(shop: Cast) -> None:
    table = [("question", "answer", "sku"), *[row[:3] for row in JACKET]]
    objects = [dict(zip(("question", "answer", "sku"), row[:3], strict=True)) for row in JACKET]
    for content in (
        workbook(*table),
        "\n".join(json.dumps(one) for one in objects),
        json.dumps(objects),
        GOOD.replace(",", "\t"),
    ):
        ServiceDialogue.objects.all().delete()
        load(shop, content)
        assert rows() == JACKET


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_columns_and_texts_are_read_in_their_encoding(shop: Cast, encoding: str) -> None:
    text = "问题,回答,商品编码\n这件衣服有多重？,整件只有320克，非常轻便。,J-1\n"
    load(shop, text.encode(encoding))
    assert rows() == [("这件衣服有多重？", "整件只有320克，非常轻便。", "J-1", "zh-hans")]


def test_a_product_may_be_named_by_its_title(shop: Cast) -> None:
    load(shop, "question,answer,product\nIs it light?,Yes it is.,Rain jacket\n")
    assert rows()[0][2] == "J-1"


def test_a_title_that_two_products_have_is_refused(shop: Cast) -> None:
    factories.make_product(shop, sku="J-2", title="Rain jacket")
    found = problems(shop, "question,answer,product\nIs it light?,Yes it is.,Rain jacket\n")
    assert found == [(2, "product", "Several products have the title “Rain jacket”. Name the SKU.")]


def test_a_named_language_is_believed(shop: Cast) -> None:
    load(shop, "question,answer,sku,language\nWeight?,320 g,J-1,English\n重量？,320 g,J-1,zh-CN\n")
    assert [row[3] for row in rows()] == ["en", "zh-hans"]


def test_a_language_that_no_copy_is_written_in_is_refused(shop: Cast) -> None:
    found = problems(shop, "question,answer,sku,language\nPoids?,320 g,J-1,fr\n")
    assert found == [(2, "language", "“fr” is neither English (en) nor Simplified Chinese (zh-hans).")]


def test_a_bare_number_has_the_language_of_its_question(shop: Cast) -> None:
    load(shop, "question,answer,sku\n这件有多重？,320 g,J-1\nHow heavy is it?,320,J-1\n")
    assert [row[3] for row in rows()] == ["zh-hans", "en"]


def test_every_wrong_line_is_named_and_nothing_is_imported(shop: Cast) -> None:
    found = problems(
        shop,
        "question,answer,sku\n"
        "Is it light?,Yes it is.,J-1\n"
        ",Yes it is.,J-1\n"
        "Is it warm?,,J-1\n"
        "Is it warm?,It is.,\n"
        "Is it warm?,It is.,J-9\n"
        "それは軽いですか,はい、軽いです。,J-1\n"
        f"Why?,{'because ' * 300},J-1\n"
        "Is it, warm?,It is.,J-1\n",
    )
    assert [(line, column) for line, column, _ in found] == [
        (3, "question"),
        (4, "answer"),
        (5, "sku"),
        (6, "sku"),
        (7, None),
        (8, "answer"),
        (9, None),
    ]
    assert found[0][2] == "The question is empty."
    assert found[3][2] == "No product of this workspace has the SKU or the title “J-9”."
    assert found[5][2] == "2399 characters; at most 2000 fit."


def test_problems_beyond_the_first_hundred_are_counted(shop: Cast) -> None:
    with pytest.raises(DialogueRowsError) as refused:
        load(shop, "question,answer,sku\n" + "Is it light?,Yes.,J-9\n" * 250)
    assert (len(refused.value.problems), refused.value.count) == (100, 250)


def test_a_product_of_another_workspace_is_unknown(shop: Cast) -> None:
    with pytest.raises(DialogueRowsError):
        dialogue_import(
            actor=shop.stranger, workspace=shop.elsewhere, upload=SimpleUploadedFile("a.csv", GOOD.encode())
        )


def test_what_is_known_already_is_skipped_and_counted(shop: Cast) -> None:
    load(shop)
    more = GOOD + "Is it warm?,It has no lining.,J-1\nIs it blue?,It is.,J-1\n"
    assert load(shop, more, "more.csv") == DialogueReport(added=1, duplicates=3)
    assert [row[0] for row in rows()] == ["Is it light?", "Is it warm?", "Is it blue?"]


def test_a_file_that_brings_nothing_new_writes_no_event(shop: Cast) -> None:
    load(shop)
    assert load(shop) == DialogueReport(added=0, duplicates=2)
    assert Event.objects.filter(verb="servicedialogue.import").count() == 1


def test_the_same_words_about_two_products_are_two_dialogues(shop: Cast) -> None:
    factories.make_product(shop, sku="J-2")
    report = load(shop, "question,answer,sku\nIs it light?,Yes it is.,J-1\nIs it light?,Yes it is.,J-2\n")
    assert report == DialogueReport(added=2, duplicates=0)


def test_texts_become_plain_and_one_line(shop: Cast) -> None:
    load(shop, 'question,answer,sku\n"Is it\n light?","<p>Yes.</p><p>It weighs\t320 g &amp; packs small.</p>",J-1\n')
    assert rows() == [("Is it light?", "Yes. It weighs 320 g & packs small.", "J-1", "en")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "The file is empty."),
        ("question,answer,sku\n", "The file has no dialogues."),
        ("question,sku\nIs it light?,J-1\n", "Not found: answer."),
        ("title,price\nJacket,79\n", "Not found: question, answer, sku."),
        ("<rss><channel><item/></channel></rss>", "This is no table of dialogues."),
        ("<!DOCTYPE html><html><body>no</body></html>", "This is a web page (HTML)"),
        (b"%PDF-1.7", "This is no table of dialogues."),
        (b"PK\x03\x04 no zip", "The XLSX file is damaged"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_the_reason(shop: Cast, content: str | bytes, sentence: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        load(shop, content)
    assert sentence in str(refused.value.fields["file"][0])
    assert not ServiceDialogue.objects.exists()


def test_a_file_that_is_too_large_is_refused_unread(shop: Cast) -> None:
    with pytest.raises(InvalidInputError) as refused:
        load(shop, b"x" * (MOST_BYTES + 1))
    assert str(refused.value.fields["file"][0]) == "The file is larger than 20 MB."


def test_a_file_with_too_many_rows_is_refused(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialogue_file, "MOST_ROWS", 2)
    assert load(shop).added == 2
    with pytest.raises(InvalidInputError) as refused:
        load(shop, GOOD + "Is it blue?,It is.,J-1\n")
    assert "more than 2 rows" in str(refused.value.fields["file"][0])


def test_only_admins_import(shop: Cast) -> None:
    for person in (shop.viewer, shop.copywriter, shop.approver, shop.stranger):
        with pytest.raises(NotPermittedError):
            dialogue_import(actor=person, workspace=shop.workspace, upload=SimpleUploadedFile("a.csv", GOOD.encode()))


@pytest.mark.parametrize("column", ["question", "answer", "sku", "sha256", "language"])
def test_the_database_refuses_an_empty_column(shop: Cast, column: str) -> None:
    load(shop)
    with pytest.raises(IntegrityError), transaction.atomic():
        ServiceDialogue.objects.update(**{column: ""})


def test_problems_are_told_in_the_readers_language(shop: Cast) -> None:
    with pytest.raises(DialogueRowsError) as refused:
        load(shop, "question,answer,sku\n,Yes it is.,J-1\n")
    with translation.override("zh-hans"):
        assert problem_message(refused.value.problems[0]) == "问题为空。"


def test_an_answer_in_another_language_than_its_row_says_is_refused(shop: Cast) -> None:
    found = problems(shop, "question,answer,sku,locale\n能机洗吗？,可以，冷水轻柔机洗即可。,J-1,en_US\n")
    assert found == [(2, "locale", "The row says “en_US”, but the answer is in the other language.")]
