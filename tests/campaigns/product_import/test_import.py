"""A product file from upload to catalogue: the services that the pages call, and the worker's side, for real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import override_settings

from campaigns.models import PriceRecord, Product, ProductImport
from campaigns.services.product_import import import_apply, import_check, import_upload
from campaigns.services.product_import_work import import_execute
from copystudio.errors import InvalidInputError, NotPermittedError, TransitionError
from copystudio.models import Event
from copystudio.services.jobs import job_cancel
from tests.people import Cast, make_cast

GOOD = "sku,title,price,currency,weight\nA-1,Jacket,79.00,USD,320 g\nA-2,Hat,19.00,USD,60 g\n"
pytestmark = pytest.mark.django_db(transaction=True)  # the lease is kept by a thread with a connection of its own


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


@pytest.fixture(autouse=True)
def uploads(tmp_path: Path) -> Iterator[Path]:
    with override_settings(MEDIA_ROOT=tmp_path):
        yield tmp_path


def upload(cast: Cast, text: str = GOOD, name: str = "feed.csv") -> ProductImport:
    file = SimpleUploadedFile(name, text.encode())
    return import_upload(actor=cast.copywriter, workspace=cast.workspace, upload=file)


def checked(cast: Cast, text: str = GOOD) -> ProductImport:
    job = upload(cast, text)
    import_check(actor=cast.copywriter, job=job, mapping=job.mapping)
    import_execute(job_id=job.pk)
    job.refresh_from_db()
    return job


def applied(cast: Cast, text: str = GOOD) -> ProductImport:
    job = checked(cast, text)
    import_apply(actor=cast.copywriter, job=job)
    import_execute(job_id=job.pk)
    job.refresh_from_db()
    return job


def test_a_dry_run_counts_and_writes_nothing(cast: Cast) -> None:
    job = checked(cast)
    assert (job.stage, job.status) == ("checked", "succeeded")
    counts = {"rows": 2, "new": 2, "changed": 0, "same": 0, "warnings": 0, "errors": 0}
    assert job.report == {**counts, "late_columns": []}
    assert not Product.objects.exists()


def test_products_facts_and_prices_arrive_with_an_event(cast: Cast) -> None:
    job = applied(cast)
    assert job.stage == "applied"
    jacket = Product.objects.get(workspace=cast.workspace, sku="A-1")
    assert (jacket.title, str(jacket.price), jacket.currency) == ("Jacket", "79.00", "USD")
    assert [(fact.attribute, fact.value, fact.unit) for fact in jacket.facts.all()] == [("Weight", "320", "g")]
    assert PriceRecord.objects.filter(product=jacket).count() == 1
    assert Event.objects.filter(verb="productimport.applied", object_id=job.pk).count() == 1


def test_importing_again_updates_instead_of_duplicating(cast: Cast) -> None:
    applied(cast)
    job = applied(cast, GOOD.replace("79.00", "69.00"))
    assert (job.report["new"], job.report["changed"], job.report["same"]) == (0, 1, 1)
    assert Product.objects.count() == 2
    assert PriceRecord.objects.filter(product__sku="A-1").count() == 2


def test_a_file_with_one_bad_row_is_not_imported_at_all(cast: Cast) -> None:
    job = checked(cast, GOOD + "A-3,Scarf,cheap,USD,80 g\n")
    assert job.report["errors"] == 1
    assert job.errors[0]["line"] == 4
    with pytest.raises(TransitionError):
        import_apply(actor=cast.copywriter, job=job)
    assert not Product.objects.exists()


def test_an_unreadable_file_is_refused_and_not_kept(cast: Cast, uploads: Path) -> None:
    with pytest.raises(InvalidInputError):
        upload(cast, "<!DOCTYPE html><html><body>no</body></html>")
    assert not ProductImport.objects.exists()
    assert [path for path in uploads.rglob("*") if path.is_file()] == []


def test_a_mapping_without_a_title_is_refused(cast: Cast) -> None:
    job = upload(cast)
    with pytest.raises(InvalidInputError):
        import_check(actor=cast.copywriter, job=job, mapping={**job.mapping, "columns": [["sku", "sku"]]})
    job.refresh_from_db()
    assert job.stage == "mapping"


def test_applying_twice_is_refused(cast: Cast) -> None:
    job = applied(cast)
    with pytest.raises(TransitionError):
        import_apply(actor=cast.copywriter, job=job)


def test_a_worker_that_comes_late_does_nothing(cast: Cast) -> None:
    job = applied(cast)
    import_execute(job_id=job.pk)
    assert Product.objects.count() == 2


def test_a_waiting_import_is_cancelled_at_once(cast: Cast) -> None:
    job = upload(cast)
    import_check(actor=cast.copywriter, job=job, mapping=job.mapping)
    assert job_cancel(actor=cast.copywriter, job=job).status == "cancelled"
    import_execute(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == "cancelled"


def test_viewers_may_not_import(cast: Cast) -> None:
    file = SimpleUploadedFile("feed.csv", GOOD.encode())
    with pytest.raises(NotPermittedError):
        import_upload(actor=cast.viewer, workspace=cast.workspace, upload=file)
    job = checked(cast)
    with pytest.raises(NotPermittedError):
        import_apply(actor=cast.viewer, job=job)


def test_a_stranger_finds_no_import(cast: Cast) -> None:
    job = upload(cast)
    response = cast.client(cast.stranger).get(f"/w/{cast.workspace.slug}/imports/{job.pk}/")
    assert response.status_code == 404


def test_the_browser_walks_from_upload_to_apply(cast: Cast) -> None:
    client = cast.client(cast.copywriter)
    response = client.post(
        f"/w/{cast.workspace.slug}/imports/new/", {"file": SimpleUploadedFile("feed.csv", GOOD.encode())}
    )
    assert response.status_code == 303
    page = client.get(response["Location"])
    assert page.status_code == 200 and b"weight" in page.content
    fields = {f"column_{n}": field.value() or "" for n, (_, field) in enumerate(page.context["form"].columns())}
    job = ProductImport.objects.get()
    assert client.post(f"{response['Location']}check/", {**fields, "key": "sku"}).status_code == 303
    connection.close()
    import_execute(job_id=job.pk)
    assert client.post(f"{response['Location']}apply/").status_code == 303
    import_execute(job_id=job.pk)
    assert Product.objects.count() == 2


def choices(page: object) -> dict[str, str]:
    """What the page of the columns would send as it stands."""
    form = page.context["form"]  # type: ignore[attr-defined]
    return {"key": "sku", **{f"column_{n}": field.value() or "" for n, (_, field) in enumerate(form.columns())}}


def test_prices_without_a_currency_need_one_before_the_check(cast: Cast) -> None:
    job = upload(cast, GOOD.replace("currency", "colour"))
    client, url = cast.client(cast.copywriter), f"/w/{cast.workspace.slug}/imports/{job.pk}/"
    fields = choices(client.get(url))
    refused = client.post(f"{url}check/", fields)
    assert refused.status_code == 422
    assert "The prices name no currency. Say which one they are in." in refused.content.decode()
    job.refresh_from_db()
    assert job.stage == "mapping"
    assert client.post(f"{url}check/", {**fields, "default_currency": "usd"}).status_code == 303
    connection.close()
    import_execute(job_id=job.pk)
    job.refresh_from_db()
    assert (job.report["errors"], job.mapping["default_currency"]) == (0, "USD")


def test_the_list_calls_nothing_a_success_that_is_not_imported(cast: Cast) -> None:
    checked(cast, "sku,title,price,currency\nA-1,Jacket,79.x,USD\n")
    page = cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/imports/").content.decode()
    assert "Checked" in page and "Succeeded" not in page


def test_what_is_read_otherwise_is_shown_with_its_line(cast: Cast) -> None:
    job = checked(cast, "sku,title,price,was price,currency\nA-1,Jacket,79.00,59.00,USD\n")
    assert job.report["warnings"] == 1
    page = cast.client(cast.copywriter).get(f"/w/{cast.workspace.slug}/imports/{job.pk}/").content.decode()
    assert "The former price 59.00 is not above the price 79.00 and was left out." in page


def test_columns_that_come_late_are_named(cast: Cast) -> None:
    lines = [f'{{"sku": "A-{n}", "title": "Jacket {n}"}}' for n in range(210)]
    job = checked(cast, "\n".join([*lines, '{"sku": "B", "title": "Hat", "material": "wool"}']))
    assert job.report["late_columns"] == ["material"]
    page = cast.client(cast.copywriter).get(f"/w/{cast.workspace.slug}/imports/{job.pk}/").content.decode()
    assert "are not read: material" in page


def test_english_words_inside_a_sentence_are_translated(cast: Cast) -> None:
    client = cast.client(cast.copywriter)
    file = SimpleUploadedFile("feed.csv", b"%PDF-1.7 not a feed")
    url = f"/w/{cast.workspace.slug}/imports/new/"
    refused = client.post(url, {"file": file}, HTTP_ACCEPT_LANGUAGE="zh-hans").content.decode()
    assert "PDF 文档" in refused and "a PDF document" not in refused


def test_what_a_parser_says_is_translated_too(cast: Cast) -> None:
    job = checked(cast, '{"sku": "A-1", "title": "Jacket"}\n{"sku": }\n')
    url = f"/w/{cast.workspace.slug}/imports/{job.pk}/"
    page = cast.client(cast.copywriter).get(url, headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "此处应有一个值" in page and "Expecting value" not in page
