"""/api/v1/runs: starting, reading and cancelling generation runs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from campaigns.models import ApiClient, Brief, Length, Scope
from campaigns.services.brief import DIALS
from campaigns.services.brief_payload import SHARES, copy_brief_of
from campaigns.services.campaign import campaign_move
from campaigns.services.product import product_archive
from campaigns.services.variant import variant_adopt
from copystudio.db import JobStatus
from copystudio.models import Event, Membership, Role
from copystudio.services.jobs import job_later
from generation.models import GenerationRun
from generation.services.blocks import block_next
from generation.services.run_control import run_pause
from tests import factories
from tests.campaigns.copy_makers import finish, make_brief, make_run, write_candidates
from tests.campaigns.shop import Shop, make_shop
from tests.people import make_cast

RUNS = "/api/v1/runs"


def post(shop: Shop, path: str = RUNS, body: Any = None, **headers: str) -> HttpResponse:
    return Client().post(path, body, content_type="application/json", headers=shop.headers(None, headers))


def wish(shop: Shop, **values: Any) -> dict[str, Any]:
    return {"campaign": shop.campaign.pk, "channels": ["email_subject"], "language": "en", "count": 2, **values}


@pytest.fixture(autouse=True)
def two_products(shop: Shop) -> None:
    for sku in ("A-1", "A-2"):
        factories.make_product(shop.cast, sku=sku, category="Outdoor" if sku == "A-1" else "Home")


# -- starting --------------------------------------------------------------------------------------------------------


def test_a_brief_starts_a_run(shop: Shop) -> None:
    brief = make_brief(shop.cast, campaign=shop.campaign, count=3)
    response = post(shop, body={"brief": brief.pk})
    run = GenerationRun.objects.get()
    body = response.json()
    assert response.status_code == 202, body
    assert response["Location"].endswith(f"{RUNS}/{run.pk}")
    assert (body["id"], body["status"], body["requested"], body["produced"]) == (run.pk, "queued", 6, 0)
    assert body["brief"] == {"id": brief.pk, "name": "Autumn"} and body["campaign"]["id"] == shop.campaign.pk
    assert (body["items"], body["dropped"], body["error"]) == (2, {}, None)


def test_an_equal_open_run_is_given_again(shop: Shop) -> None:
    brief = make_brief(shop.cast, campaign=shop.campaign)
    first, second = (post(shop, body={"brief": brief.pk}) for _n in range(2))
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["id"] == second.json()["id"]


def test_a_wish_becomes_a_brief_with_all_that_it_says(shop: Shop) -> None:
    segment = factories.make_segment(shop.cast)
    said = {
        "products": ["A-1"],
        "segments": [segment.slug],
        "tone": "warm",
        "must_words": ["dry", " dry "],
        "never_words": ["cheap"],
        "instructions": "Mention the pocket.",
    }
    response = post(shop, body=wish(shop, **said))
    assert response.status_code == 202, response.content
    brief = Brief.objects.get()
    assert brief.product_filter == {"skus": ["A-1"]} and brief.count == 2 and brief.tone == "warm"
    assert (brief.must_words, brief.never_words) == (["dry"], ["cheap"])
    assert list(brief.segments.all()) == [segment] and brief.instructions == "Mention the pocket."
    assert brief.name.startswith(shop.api_client.name)
    [item] = GenerationRun.objects.get().items.all()
    assert item.payload["segment"]["name"] == segment.name


def test_the_dials_of_a_brief_can_be_set_and_reach_the_items(shop: Shop) -> None:
    said = {"style": "warm", "sentiment": "positive", "length": "short", "emoji": "no"}
    response = post(shop, body=wish(shop, products=["A-1"], tone="dry", **said))
    assert response.status_code == 202, response.content
    brief = Brief.objects.get()
    assert {name: getattr(brief, name) for name in said} == said
    payload = GenerationRun.objects.get().items.get().payload
    wanted, channel = copy_brief_of(payload), factories.channel(shop.cast)
    assert (wanted.tone, wanted.emoji, payload["wish"]) == ("warm, dry", False, {"sentiment": "positive"})
    assert wanted.channel.limit == round((channel.soft_limit or channel.hard_limit) * SHARES[Length.SHORT])


def test_the_description_has_the_values_of_the_dials_and_says_what_must_words_do(shop: Shop) -> None:
    schemas = shop.get("/api/v1/openapi.json").json()["components"]["schemas"]
    wanted = schemas["Wish"]["properties"]

    def values(name: str) -> list[str]:
        refs = [one["$ref"] for one in [wanted[name], *wanted[name].get("allOf", [])] if "$ref" in one]
        return schemas[refs[0].rpartition("/")[2]]["enum"] if refs else wanted[name]["enum"]

    for name, choices in DIALS.items():
        assert values(name) == choices.values and name not in schemas["Wish"]["required"]
    assert wanted["must_words"]["description"] == "Texts without them are dropped."


def test_a_filter_chooses_products(shop: Shop) -> None:
    response = post(shop, body=wish(shop, product_filter={"category": "Home", "price_max": 100}))
    assert response.json()["items"] == 1
    assert Brief.objects.get().product_filter == {"category": "Home", "price_max": "100.00"}


def test_two_wishes_of_one_second_are_two_runs(shop: Shop) -> None:
    found = [post(shop, body=wish(shop)) for _n in range(3)]
    assert [one.status_code for one in found] == [202] * 3
    assert len({one.json()["id"] for one in found}) == 3


def test_every_event_names_the_person_and_the_client(shop: Shop) -> None:
    newest = Event.objects.latest("pk").pk
    post(shop, body=wish(shop))
    events = Event.objects.filter(pk__gt=newest)
    assert {event.verb for event in events} == {"brief.create", "run.create", "brief.generate"}
    for event in events:
        assert event.actor == shop.cast.admin
        assert (event.data["client"], event.data["client_name"]) == (shop.api_client.pk, shop.api_client.name)
    factories.make_product(shop.cast)
    assert "client" not in Event.objects.latest("pk").data


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"campaign": 2**40}, "not_found"),
        ({"channels": ["telegraph"]}, "unknown_channel"),
        ({"segments": ["nobody"]}, "unknown_segment"),
        ({"products": ["A-1", "A-9"]}, "unknown_product"),
    ],
)
def test_what_the_workspace_does_not_have_is_a_404(shop: Shop, values: dict[str, Any], code: str) -> None:
    response = post(shop, body=wish(shop, **values))
    assert (response.status_code, response.json()["code"]) == (404, code)
    assert not Brief.objects.exists() and not GenerationRun.objects.exists()


def test_what_another_workspace_has_is_a_404_too(shop: Shop) -> None:
    other = make_shop(make_cast("other"))
    segment, product = factories.make_segment(other.cast), factories.make_product(other.cast, sku="B-1")
    brief = make_brief(other.cast, campaign=other.campaign)
    for body in (
        {"brief": brief.pk},
        wish(shop, campaign=other.campaign.pk),
        wish(shop, segments=[segment.slug]),
        wish(shop, products=[product.sku]),
    ):
        assert post(shop, body=body).status_code == 404
    assert not GenerationRun.objects.exists()


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"campaign": "1"}, "/campaign"),
        ({"campaign": True}, "/campaign"),
        ({"channels": []}, "/channels"),
        ({"channels": "email_subject"}, "/channels"),
        ({"language": "de"}, "/language"),
        ({"count": 0}, "/count"),
        ({"count": 51}, "/count"),
        ({"count": 1.5}, "/count"),
        ({"tones": "warm"}, "/tones"),
        ({"product_filter": {"colour": "red"}}, "/product_filter/colour"),
        ({"product_filter": {"price_min": "1"}}, "/product_filter/price_min"),
        ({"must_words": ["x" * 61]}, "/must_words/0"),
        ({"tone": "a\0b"}, "/tone"),
        ({"style": "loud"}, "/style"),
        ({"sentiment": "negative"}, "/sentiment"),
        ({"length": 40}, "/length"),
        ({"emoji": True}, "/emoji"),
        ({"must_words": ["dry"], "never_words": ["Dry"]}, "/never_words"),
    ],
)
def test_wrong_input_is_a_422_that_points_at_it(shop: Shop, values: dict[str, Any], pointer: str) -> None:
    response = post(shop, body=wish(shop, **values))
    assert response.status_code == 422, response.content
    assert pointer in [error["pointer"] for error in response.json()["errors"]]
    assert not Brief.objects.exists()


@pytest.mark.parametrize("body", [[], "x", 7, None, {}, {"brief": "1"}, {"brief": 1, "count": 2}])
def test_a_body_of_another_shape_is_a_422(shop: Shop, body: Any) -> None:
    response = Client().post(RUNS, json.dumps(body), content_type="application/json", headers=shop.headers(None, {}))
    assert response.status_code == 422


def test_nothing_to_write_is_a_422_and_leaves_no_brief(shop: Shop) -> None:
    response = post(shop, body=wish(shop, product_filter={"category": "Nothing"}))
    assert response.status_code == 422 and not Brief.objects.exists()


def test_archived_products_are_not_on_sale(shop: Shop) -> None:
    product = shop.cast.workspace.products.get(sku="A-1")
    product_archive(actor=shop.cast.copywriter, product=product, archived=True)
    assert post(shop, body=wish(shop, products=["A-1"])).json()["code"] == "unknown_product"


def test_a_finished_campaign_is_a_409(shop: Shop) -> None:
    campaign_move(actor=shop.cast.approver, campaign=shop.campaign, verb="finish")
    response = post(shop, body=wish(shop))
    assert (response.status_code, response.json()["code"]) == (409, "wrong_state")


def test_the_person_behind_the_key_has_to_be_one_who_may_write_now(shop: Shop) -> None:
    run = make_run(shop.cast)
    membership = Membership.objects.get(user=shop.cast.admin, workspace=shop.cast.workspace)
    for role, status in ((Role.COPYWRITER, 202), (Role.VIEWER, 403)):
        membership.role = role
        membership.save()
        assert post(shop, body=wish(shop)).status_code == status
    assert post(shop, f"{RUNS}/{run.pk}/cancel").status_code == 403
    membership.delete()
    assert post(shop, body=wish(shop)).json()["code"] == "not_permitted"
    ApiClient.objects.filter(pk=shop.api_client.pk).update(created_by=None)
    assert post(shop, body=wish(shop)).status_code == 403
    assert shop.get(RUNS).status_code == 200
    assert GenerationRun.objects.count() == 2


def test_only_the_scope_generate_opens_it(shop: Shop) -> None:
    _client, key = factories.make_client(shop.cast, scopes=[scope for scope in Scope.values if scope != "generate"])
    response = Client().post(RUNS, wish(shop), content_type="application/json", headers=shop.headers(key, {}))
    assert (response.status_code, response.json()["code"]) == (403, "missing_scope")
    assert Client().post(RUNS, wish(shop), content_type="application/json").status_code == 401
    assert Client().put(RUNS, headers=shop.headers(None, {})).status_code == 405


# -- reading ---------------------------------------------------------------------------------------------------------


def test_a_run_says_how_far_it_is(shop: Shop) -> None:
    run = make_run(shop.cast, count=4, never_words=["cheap"], product_filter={"skus": ["A-1"]})
    assert block_next() is not None
    write_candidates(run, ["Stay dry at 320 g", "Light as rain", "cheap and cheerful"])
    GenerationRun.objects.filter(pk=run.pk).update(seconds=10)
    body = shop.get(f"{RUNS}/{run.pk}").json()
    assert (body["status"], body["requested"], body["produced"]) == ("running", 4, 2)
    assert body["dropped"] == {"never_word": 1}
    assert body["texts_per_minute"] > 0 and body["seconds_left"] > 0


def test_a_failed_run_says_why(shop: Shop) -> None:
    run = finish(make_run(shop.cast), JobStatus.FAILED, code="memory", params={"detail": "secret path"})
    error = shop.get(f"{RUNS}/{run.pk}").json()["error"]
    assert error["code"] == "memory" and error["title"] and error["advice"] and "secret" not in str(error)


def test_the_list_is_newest_first_and_filtered_by_status(shop: Shop) -> None:
    brief = make_brief(shop.cast, campaign=shop.campaign)
    done = finish(make_run(shop.cast, brief=brief))
    waiting = make_run(shop.cast, brief=brief)
    make_run(make_cast("other"))

    def listed(query: str = "") -> list[int]:
        return [one["id"] for one in shop.get(f"{RUNS}{query}").json()["results"]]

    assert listed() == [waiting.pk, done.pk]
    assert listed("?status=succeeded") == [done.pk]
    assert shop.get(f"{RUNS}?status=lost").status_code == 422
    page = shop.get(f"{RUNS}?limit=1").json()
    assert [one["id"] for one in page["results"]] == [waiting.pk]
    assert [one["id"] for one in shop.get(page["next"]).json()["results"]] == [done.pk]


def test_the_list_can_be_narrowed_to_runs_that_are_paused_or_to_the_others(shop: Shop) -> None:
    paused, waiting = (make_run(shop.cast, brief=make_brief(shop.cast, name=name)) for name in ("One", "Two"))
    run_pause(actor=shop.cast.copywriter, run=paused)

    def listed(query: str) -> list[tuple[int, str, bool]]:
        rows = shop.get(f"{RUNS}?{query}").json()["results"]
        return [(one["id"], one["status"], one["paused"]) for one in rows]

    assert listed("paused=true") == [(paused.pk, "queued", True)]
    assert listed("status=queued&paused=false") == [(waiting.pk, "queued", False)]
    assert len(listed("status=queued")) == 2, "as the status of each says"
    assert shop.get(f"{RUNS}?paused=yes").status_code == 422


def test_a_run_that_waits_for_the_model_server_says_why_and_until_when(shop: Shop) -> None:
    run = make_run(shop.cast, product_filter={"skus": ["A-1"]})
    assert shop.get(f"{RUNS}/{run.pk}").json()["server_away"] is None
    block = block_next()
    assert block is not None
    until = timezone.now() + timedelta(minutes=2)
    job_later(block, lease_until=until, error_code="server_slow", error_params={"detail": "secret path"})
    away = shop.get(f"{RUNS}/{run.pk}").json()["server_away"]
    assert away == {
        "code": "server_slow",
        "title": "The model server does not answer in time.",
        "retry_at": until.isoformat().replace("+00:00", "Z"),
    }
    run.blocks.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert block_next() is not None
    again = shop.get(f"{RUNS}/{run.pk}").json()["server_away"]
    assert again == {**away, "retry_at": None}, "it is being asked now"


def test_candidates_come_in_order_and_say_that_nobody_reviewed_them(shop: Shop) -> None:
    segment = factories.make_segment(shop.cast)
    run = make_run(shop.cast, segments=[segment], product_filter={"skus": ["A-1"]}, must_words=["pocket"], count=5)
    written = write_candidates(run, [f"Stay dry, take {n}" for n in range(5)], marked_only=True)
    variant = variant_adopt(actor=shop.cast.copywriter, candidate=written[0])
    seen: list[dict[str, Any]] = []
    url: str | None = f"{RUNS}/{run.pk}/candidates?limit=2"
    while url:
        page = shop.get(url).json()
        seen += page["results"]
        url = page["next"]
    assert [one["text"] for one in seen] == [one.text for one in written]
    first = seen[0]
    assert first["reviewed_by_human"] is False and first["variant"] == variant.pk and seen[1]["variant"] is None
    assert first["product"]["sku"] == "A-1" and first["segment"] == segment.slug
    assert (first["channel"], first["language"]) == ("email_subject", "en")
    assert first["fluency"] == -1.5 and first["length"] == written[0].length
    assert "wording.must_missing" in [finding["code"] for finding in first["findings"]]


def test_pages_cost_the_same_however_many_rows_they_hold(shop: Shop, django_assert_max_num_queries: Any) -> None:
    run = make_run(shop.cast, product_filter={"skus": ["A-1"]}, count=20)
    write_candidates(run, [f"Stay dry, take {n}" for n in range(20)])
    shop.get(RUNS)
    for path in (f"{RUNS}/{run.pk}/candidates", RUNS, f"{RUNS}/{run.pk}"):
        with django_assert_max_num_queries(9):
            assert shop.get(path).status_code == 200


@pytest.mark.parametrize("rest", ["", "/candidates", "/cancel"])
def test_a_run_of_another_workspace_is_a_404(shop: Shop, rest: str) -> None:
    run = make_run(make_cast("other"))
    path = f"{RUNS}/{run.pk}{rest}"
    response = post(shop, path) if rest == "/cancel" else shop.get(path)
    assert response.status_code == 404
    run.refresh_from_db()
    assert run.cancel_requested_at is None


# -- cancelling ------------------------------------------------------------------------------------------------------


def test_a_queued_run_ends_at_once(shop: Shop) -> None:
    run = make_run(shop.cast)
    response = post(shop, f"{RUNS}/{run.pk}/cancel")
    assert response.status_code == 202 and response.json()["status"] == "cancelled"
    event = Event.objects.get(verb="generationrun.cancel")
    assert event.actor == shop.cast.admin and event.data["client"] == shop.api_client.pk


def test_a_running_one_is_asked_to_stop_and_twice_is_one_wish(shop: Shop) -> None:
    run = make_run(shop.cast)
    assert block_next() is not None
    for _n in range(2):
        body = post(shop, f"{RUNS}/{run.pk}/cancel").json()
        assert body["status"] == "running" and body["cancel_requested"] is True
    assert Event.objects.filter(verb="generationrun.cancel").count() == 1


def test_a_run_that_ended_is_a_409(shop: Shop) -> None:
    run = finish(make_run(shop.cast))
    assert post(shop, f"{RUNS}/{run.pk}/cancel").status_code == 409
    assert shop.get(f"{RUNS}/{run.pk}/cancel").status_code == 405
