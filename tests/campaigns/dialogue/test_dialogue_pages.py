"""The pages of service dialogues: list with filters, upload, deletion."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from campaigns.models import ServiceDialogue
from campaigns.services.dialogue import dialogue_import
from tests import factories
from tests.people import Cast

GOOD = "question,answer,sku\nIs it light?,Yes. It weighs 320 g.,J-1\n这件有多重？,整件只有320克，非常轻便。,J-1\n"


@pytest.fixture
def shop(cast: Cast) -> Cast:
    factories.make_product(cast, sku="J-1")
    return cast


def url(cast: Cast, rest: str = "") -> str:
    return f"/w/{cast.workspace.slug}/dialogues/{rest}"


def load(cast: Cast, text: str = GOOD, name: str = "service.csv") -> None:
    file = SimpleUploadedFile(name, text.encode())
    dialogue_import(actor=cast.admin, workspace=cast.workspace, upload=file)


def post(cast: Cast, text: str) -> HttpResponse:
    file = SimpleUploadedFile("service.csv", text.encode())
    return cast.client(cast.admin).post(url(cast, "import/"), {"file": file})


def test_an_empty_list_offers_the_import_to_admins_alone(shop: Cast) -> None:
    admin = shop.client(shop.admin).get(url(shop)).content.decode()
    viewer = shop.client(shop.viewer).get(url(shop)).content.decode()
    assert "No dialogues yet" in admin and "No dialogues yet" in viewer
    assert url(shop, "import/") in admin and url(shop, "import/") not in viewer


def test_the_list_shows_dialogues_and_files_and_deletion_to_admins_alone(shop: Cast) -> None:
    load(shop)
    pk = ServiceDialogue.objects.earliest("pk").pk
    for person, may in ((shop.admin, True), (shop.viewer, False), (shop.approver, False)):
        page = shop.client(person).get(url(shop)).content.decode()
        assert "Yes. It weighs 320 g." in page and "service.csv" in page
        assert (url(shop, f"{pk}/delete/") in page) is may
        assert (url(shop, f"{pk}/delete-file/") in page) is may


@pytest.mark.parametrize(
    ("query", "seen", "unseen"),
    [
        ({"q": "LIGHT"}, "Is it light?", "这件有多重？"),
        ({"q": "轻便"}, "这件有多重？", "Is it light?"),
        ({"language": "zh-hans"}, "这件有多重？", "Is it light?"),
        ({"q": "j-1", "language": "en"}, "Is it light?", "这件有多重？"),
    ],
)
def test_the_list_is_filtered_by_text_and_language(shop: Cast, query: dict[str, str], seen: str, unseen: str) -> None:
    load(shop)
    page = shop.client(shop.viewer).get(url(shop), query).content.decode()
    assert seen in page and unseen not in page


def test_htmx_gets_the_rows_alone(shop: Cast) -> None:
    load(shop)
    page = shop.client(shop.viewer).get(url(shop), {"q": "light"}, headers={"HX-Request": "true"}).content.decode()
    assert 'id="dialogues"' in page and "<html" not in page


def test_a_filter_that_matches_nothing_says_so(shop: Cast) -> None:
    load(shop)
    assert "No dialogue matches" in shop.client(shop.viewer).get(url(shop), {"q": "zebra"}).content.decode()


def test_markup_in_a_question_is_text(shop: Cast) -> None:
    row = {"sku": "J-1", "answer": "A", "language": "en", "sha256": "0" * 64, "file_name": "<b>.csv"}
    ServiceDialogue.objects.create(workspace=shop.workspace, question="<script>alert(1)</script>", **row)
    page = shop.client(shop.admin).get(url(shop)).content.decode()
    assert "<script>alert(1)" not in page and "<b>.csv" not in page


def test_the_list_asks_a_fixed_number_of_queries(shop: Cast) -> None:
    client = shop.client(shop.admin)
    load(shop)
    client.get(url(shop))
    counts = []
    for lines in (1, 20):
        load(shop, "question,answer,sku\n" + "".join(f"Is it {n}?,It is {lines}.,J-1\n" for n in range(lines)))
        with CaptureQueriesContext(connection) as captured:
            client.get(url(shop))
        counts.append(len(captured))
    assert counts[0] == counts[1] < 15


def test_an_upload_leads_to_the_list_with_what_came_of_it(shop: Cast) -> None:
    load(shop, "question,answer,sku\nIs it light?,Yes. It weighs 320 g.,J-1\n")
    client = shop.client(shop.admin)
    response = client.post(url(shop, "import/"), {"file": SimpleUploadedFile("more.csv", GOOD.encode())})
    assert (response.status_code, response["Location"]) == (303, url(shop))
    assert "Imported 1 dialogue. 1 was known already." in client.get(url(shop)).content.decode()


def test_wrong_lines_are_listed_with_their_numbers(shop: Cast) -> None:
    response = post(shop, GOOD + ",Yes it is.,J-1\nIs it warm?,It is.,J-9\n")
    page = response.content.decode()
    assert response.status_code == 422
    assert "2 problems in the file" in page and "Mend the lines below" in page
    assert "The question is empty." in page and "“J-9”" in page
    assert not ServiceDialogue.objects.exists()


def test_a_file_of_another_kind_is_explained_beside_the_field(shop: Cast) -> None:
    response = post(shop, "title,price\nJacket,79\n")
    assert response.status_code == 422
    assert "Not found: question, answer, sku." in response.content.decode()


def test_the_form_says_what_becomes_of_personal_data(shop: Cast) -> None:
    assert "Personal data" in shop.client(shop.admin).get(url(shop, "import/")).content.decode()


def test_one_and_then_a_file_are_deleted(shop: Cast) -> None:
    load(shop)
    client = shop.client(shop.admin)
    first, second = ServiceDialogue.objects.order_by("pk")
    assert client.post(url(shop, f"{first.pk}/delete/")).status_code == 303
    assert client.post(url(shop, f"{first.pk}/delete/")).status_code == 404
    assert client.post(url(shop, f"{second.pk}/delete-file/")).status_code == 303
    assert not ServiceDialogue.objects.exists()


def test_viewers_and_strangers_change_nothing(shop: Cast) -> None:
    load(shop)
    pk = ServiceDialogue.objects.earliest("pk").pk
    for person, status in ((shop.viewer, 403), (shop.approver, 403), (shop.stranger, 404)):
        for rest in (f"{pk}/delete/", f"{pk}/delete-file/", "import/"):
            assert shop.client(person).post(url(shop, rest)).status_code == status
    assert ServiceDialogue.objects.count() == 2
