"""Fields of one platform: asked for together, shown with each other, adopted at once."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Variant
from campaigns.selectors.beside import texts_beside
from campaigns.selectors.run import candidate_get_for
from campaigns.services.tweak import Tweak, candidate_tweak
from generation.models import Candidate, GenerationRun
from tests import factories
from tests.campaigns.copy_makers import make_run, write_candidates
from tests.people import Cast

HEADLINES, BODIES = ["Stay dry on any path", "Rain stays outside"], ["Only 320 g to carry", "Folds away at 320 g"]


def fields_run(cast: Cast, *more: str) -> GenerationRun:
    keys = ("rsa_description", "rsa_headline", *more)
    return make_run(cast, channels=[factories.channel(cast, key) for key in keys])


def written(cast: Cast) -> list[Candidate]:
    run = fields_run(cast)
    headline, body = run.items.all()
    made = write_candidates(run, HEADLINES, item=headline) + write_candidates(run, BODIES, item=body)
    return [candidate_get_for(workspace=cast.workspace, pk=one.pk) for one in made]


def test_the_headline_leads_and_the_description_goes_on_with_the_next_fact(cast: Cast) -> None:
    run = fields_run(cast, "sms", "email_preheader", "email_subject")
    found = [(item.payload["channel"]["key"], item.group) for item in run.items.all()]
    assert found == [
        ("email_subject", 0), ("email_preheader", 0), ("rsa_headline", 2), ("rsa_description", 2), ("sms", None),
    ]  # fmt: skip
    assert [item.payload.get("wish", {}).get("after", 0) for item in run.items.all()] == [0, 1, 0, 1, 0]


def test_a_field_goes_on_after_what_the_ones_before_it_lead_with_at_their_length(cast: Cast) -> None:
    channels = [factories.channel(cast, key) for key in ("email_subject", "email_preheader")]

    def starts(length: str) -> list[int]:
        run = make_run(cast, name=f"Of length {length}", language="zh-hans", length=length, channels=channels)
        return [item.payload.get("wish", {}).get("after", 0) for item in run.items.all()]

    assert starts("") == [0, 2]
    assert starts("short") == [0, 1]


def test_another_segment_is_another_pair(cast: Cast) -> None:
    segments = [factories.make_segment(cast), factories.make_segment(cast, name="Parents")]
    channels = [factories.channel(cast, key) for key in ("rsa_headline", "rsa_description")]
    run = make_run(cast, segments=segments, channels=channels)
    assert [item.group for item in run.items.all()] == [0, 0, 2, 2]


def test_each_text_is_shown_with_that_of_its_slot(cast: Cast) -> None:
    made = written(cast)
    beside = texts_beside(cast.workspace, made)
    assert [[other.text for other in beside[one.pk]] for one in made] == [[text] for text in (*BODIES, *HEADLINES)]
    run = made[0].item.run
    shown = cast.client(cast.copywriter).get(f"/w/{cast.workspace.slug}/runs/{run.pk}/candidates/").content.decode()
    assert shown.count("Goes with") == 4 and f'<q lang="en">{BODIES[0]}</q>' in shown
    assert "Adopt with what goes with it" in shown
    viewed = cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/runs/{run.pk}/candidates/").content.decode()
    assert "Goes with" in viewed and "Adopt with what goes with it" not in viewed


def test_it_is_one_query_however_many_there_are_and_none_without_fields(cast: Cast) -> None:
    made = written(cast)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        texts_beside(cast.workspace, made)
    assert len(queries) == 3  # and what hangs on candidates: variants, runs that were asked for from them
    alone = write_candidates(make_run(cast, name="Alone"), ["Dry all day at 320 g"])
    with CaptureQueriesContext(connection) as queries:
        assert texts_beside(cast.workspace, alone) == {}
    assert not queries.captured_queries


def test_both_are_adopted_at_once_and_again_changes_nothing(cast: Cast) -> None:
    made = written(cast)
    url = f"/w/{cast.workspace.slug}/candidates/{made[0].pk}/adopt/"
    client = cast.client(cast.copywriter)
    answer = client.post(url, {"beside": "1"}, headers={"HX-Request": "true"})
    assert answer.status_code == 204 and answer["HX-Refresh"] == "true"
    assert {one.candidate for one in Variant.objects.all()} == {made[0], made[2]}
    assert client.post(url, {"beside": "1"}).status_code == 303
    assert Variant.objects.count() == 2
    assert cast.client(cast.viewer).post(url, {"beside": "1"}).status_code == 403


def test_another_angle_goes_with_the_same_text_and_another_language_with_none(cast: Cast) -> None:
    made = written(cast)
    angle, _new = candidate_tweak(actor=cast.copywriter, candidate=made[2], tweak=Tweak.ANGLE)
    assert angle.items.get().payload["with"] == HEADLINES[0]
    chinese, _new = candidate_tweak(actor=cast.copywriter, candidate=made[2], tweak=Tweak.IN_CHINESE)
    assert "with" not in chinese.items.get().payload


def test_the_api_says_what_goes_with_what(cast: Cast) -> None:
    from campaigns.api.run_bodies import candidate_body

    made = written(cast)
    beside = texts_beside(cast.workspace, made)
    assert candidate_body(made[0], beside[made[0].pk])["goes_with"] == [made[2].pk]
    assert candidate_body(made[0])["goes_with"] == []
