"""Asking for other texts from one candidate."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import BriefItem
from campaigns.services.brief_payload import copy_brief_of
from campaigns.services.campaign import campaign_move
from campaigns.services.candidate_check import checker
from campaigns.services.tweak import COUNT, Tweak, candidate_tweak, tweaks_of
from campaigns.services.variant import variant_adopt
from copystudio.errors import BusyError, InvalidInputError, NotPermittedError, TransitionError
from copystudio.models import Event
from generation.engine.config import Language
from generation.engine.plan import make_plan
from generation.engine.rating import Wish
from generation.models import Candidate, GenerationItem, GenerationRun, ModelVersion
from tests import factories
from tests.campaigns.copy_makers import finish, make_brief, make_candidate, make_run, write_candidates
from tests.people import Cast

HTMX = {"HX-Request": "true"}
TEXT = "Stay dry in any weather at 320 g"


def url(candidate: Candidate) -> str:
    return f"/w/{candidate.item.run.workspace.slug}/candidates/{candidate.pk}/tweak/"


def tweaked(cast: Cast, candidate: Candidate, tweak: Tweak | str) -> dict[str, Any]:
    """The payload of the run that was asked for."""
    run, is_new = candidate_tweak(actor=cast.copywriter, candidate=candidate, tweak=tweak)
    assert is_new
    return run.items.get().payload


def wish(payload: dict[str, Any]) -> Wish:
    return Wish.from_dict(payload["wish"])


class TestWhatComesOfIt:
    def test_it_works_and_goes_to_the_run(self, cast: Cast) -> None:
        segment = factories.make_segment(cast)
        candidate = make_candidate(cast, TEXT, segments=[segment])
        response = cast.client(cast.copywriter).post(url(candidate), {"tweak": "shorter"})
        run = GenerationRun.objects.get(parent=candidate)
        assert response.status_code == 303 and response["Location"] == f"/w/{cast.workspace.slug}/runs/{run.pk}/"
        assert (run.tweak, run.total, run.status, run.created_by) == ("shorter", COUNT, "queued", cast.copywriter)
        about, parent = BriefItem.objects.get(item__run=run), candidate.item.brief_item
        assert (about.product, about.segment, about.channel) == (parent.product, segment, parent.channel)
        assert about.brief_run.brief == parent.brief_run.brief and about.brief_run.run == run

    def test_what_the_item_holds_already_is_not_written_again(self, cast: Cast) -> None:
        first, second = write_candidates(make_run(cast), [TEXT, "Light in any weather at 320 g"])
        for tweak in (Tweak.CALMER, Tweak.SHORTER, Tweak.IN_CHINESE):
            assert tweaked(cast, first, tweak)["taken"] == [first.text, second.text]

    def test_lists_of_runs_say_what_was_to_be_different(self, cast: Cast) -> None:
        candidate = make_candidate(cast, TEXT)
        tweaked(cast, candidate, Tweak.CALMER)
        brief = candidate.item.brief_item.brief_run.brief
        for page in ("runs/", "", f"campaigns/{brief.campaign_id}/", f"briefs/{brief.pk}/"):
            shown = cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/{page}").content.decode()
            assert '<span class="badge badge-info">Calmer</span>' in shown

    def test_with_htmx_the_live_list_of_the_run_comes(self, cast: Cast) -> None:
        candidate = make_candidate(cast, TEXT)
        response = cast.client(cast.copywriter).post(url(candidate), {"tweak": "like"}, headers=HTMX)
        run, shown = GenerationRun.objects.get(parent=candidate), response.content.decode()
        assert response.status_code == 200 and "<html" not in shown and "More like this" in shown
        assert f"/runs/{run.pk}/live/0/" in shown

    def test_it_writes_its_events(self, cast: Cast) -> None:
        candidate = make_candidate(cast, TEXT)
        run, _new = candidate_tweak(actor=cast.copywriter, candidate=candidate, tweak="angle")
        event = Event.objects.get(verb="candidate.tweak")
        assert (event.actor, event.object_id, event.data) == (
            cast.copywriter,
            candidate.pk,
            {"tweak": "angle", "run": run.pk},
        )
        assert Event.objects.filter(verb="run.create", object_id=run.pk).exists()

    def test_pressing_twice_starts_one_run_and_after_its_end_another(self, cast: Cast) -> None:
        candidate, client = make_candidate(cast, TEXT), cast.client(cast.copywriter)
        first, second = (client.post(url(candidate), {"tweak": "like"}) for _ in range(2))
        assert first["Location"] == second["Location"] and candidate.children_runs.count() == 1
        assert Event.objects.filter(verb="candidate.tweak").count() == 1
        finish(candidate.children_runs.get())
        assert client.post(url(candidate), {"tweak": "like"})["Location"] != first["Location"]

    def test_two_candidates_of_one_item_are_two_runs(self, cast: Cast) -> None:
        first, second = write_candidates(make_run(cast), [TEXT, "Light at 320 g, whatever comes"])
        runs = {candidate_tweak(actor=cast.copywriter, candidate=one, tweak="angle")[0].pk for one in (first, second)}
        assert len(runs) == 2

    def test_the_run_says_from_which_candidate_and_what_is_different(self, cast: Cast) -> None:
        candidate = make_candidate(cast, TEXT)
        run, _new = candidate_tweak(actor=cast.copywriter, candidate=candidate, tweak="calmer")
        client = cast.client(cast.viewer)
        shown = client.get(f"/w/{cast.workspace.slug}/runs/{run.pk}/").content.decode()
        link = f"/runs/{candidate.item.run_id}/candidates/?item={candidate.item_id}#candidate-{candidate.pk}"
        assert link in shown and TEXT in shown and "Calmer" in shown
        parent = client.get(f"/w/{cast.workspace.slug}/runs/{candidate.item.run_id}/candidates/").content.decode()
        assert f'id="candidate-{candidate.pk}"' in parent and f"/runs/{run.pk}/" in parent

    def test_the_run_stays_when_its_parent_is_gone(self, cast: Cast) -> None:
        run, _new = candidate_tweak(actor=cast.copywriter, candidate=make_candidate(cast, TEXT), tweak="like")
        GenerationRun.objects.filter(pk=run.pk).update(parent=None)
        shown = cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/runs/{run.pk}/").content.decode()
        assert "a text that is gone" in shown


class TestWhatIsDifferent:
    def test_like_wishes_for_texts_that_resemble_it(self, cast: Cast) -> None:
        candidate = make_candidate(cast, TEXT, sentiment="positive")
        payload = tweaked(cast, candidate, Tweak.LIKE)
        assert wish(payload) == Wish(like=TEXT, sentiment="positive")
        assert copy_brief_of(payload) == copy_brief_of(candidate.item.payload)

    def test_another_angle_turns_once_more_each_time(self, cast: Cast) -> None:
        first = make_candidate(cast, TEXT)
        run, _new = candidate_tweak(actor=cast.copywriter, candidate=first, tweak="angle")
        assert wish(run.items.get().payload).turn == 1
        second = write_candidates(run, ["Light as a letter, dry as a desert"])[0]
        assert wish(tweaked(cast, second, Tweak.ANGLE)).turn == 2

    def test_a_text_of_the_second_angle_keeps_it_and_another_angle_is_a_third(self, cast: Cast) -> None:
        second = make_candidate(cast, TEXT)
        second.draw = 1
        facts = [{"attribute": name, "value": name, "unit": ""} for name in ("weight", "cut", "hood")]
        second.item.payload = {**second.item.payload, "facts": facts}
        angle = {"leads": [["cut", "cut", ""]], "turn": 1, "prompt": "Another"}
        second.item.plan = {"leads": [["weight", "weight", ""]], "turn": 0, "others": [angle]}
        assert wish(tweaked(cast, second, Tweak.CALMER)).turn == wish(tweaked(cast, second, Tweak.LIKE)).turn == 1
        assert wish(tweaked(cast, second, Tweak.ANGLE)).turn == 2

    def test_what_stands_beside_its_first_fact_stays_until_another_angle_is_asked_for(self, cast: Cast) -> None:
        second = make_candidate(cast, TEXT)
        second.draw = 1
        angle = {"leads": [["weight", "weight", ""], ["hood", "hood", ""]], "turn": 0, "skip": 1, "prompt": "Another"}
        second.item.plan = {"leads": [["weight", "weight", ""], ["cut", "cut", ""]], "turn": 0, "others": [angle]}
        calmer = tweaked(cast, second, Tweak.CALMER)
        assert wish(calmer).skip == wish(tweaked(cast, second, Tweak.LIKE)).skip == 1
        assert GenerationItem(payload=calmer).led == [(0, 1)], "before it is begun too"
        assert wish(tweaked(cast, second, Tweak.ANGLE)).skip == 0

    def test_shorter_is_at_most_70_per_cent_of_the_text_for_writer_and_check(self, cast: Cast) -> None:
        candidate = make_candidate(cast, TEXT)
        payload = tweaked(cast, candidate, Tweak.SHORTER)
        most = int(len(TEXT) * 0.7)
        assert payload["channel"]["limit"] == payload["check"]["hard_limit"] == most
        assert payload["check"]["soft_limit"] is None
        check = checker(payload)
        assert check("Dry at 320 g, always").drop_reason == "" and check(TEXT).drop_reason == "too_long"

    @pytest.mark.parametrize(("channel", "tweak"), [("sms", Tweak.SHORTER), ("email_subject", Tweak.IN_CHINESE)])
    def test_in_other_room_it_leads_with_what_the_text_led_with(self, cast: Cast, channel: str, tweak: Tweak) -> None:
        candidate = make_candidate(cast, TEXT, channels=[factories.channel(cast, channel)])
        facts = [{"attribute": f"Part {n}", "value": f"IPX{n}", "unit": ""} for n in range(5)]
        candidate.item.payload = {**candidate.item.payload, "facts": facts}
        candidate.item.plan = {"leads": [], "turn": 1, "skip": 1}
        led = make_plan(copy_brief_of(candidate.item.payload), turn=1, skip=1)
        payload = tweaked(cast, candidate, tweak)
        asked = wish(payload)
        found = make_plan(copy_brief_of(payload), turn=asked.turn, after=asked.after, skip=asked.skip)
        assert asked.turn == 1 and found.leads != led.leads
        assert [fact.value for fact in found.facts] == [fact.value for fact in led.facts]

    def test_a_shorter_sms_is_measured_in_characters(self, cast: Cast) -> None:
        candidate = make_candidate(cast, TEXT, channels=[factories.channel(cast, "sms")])
        payload = tweaked(cast, candidate, Tweak.SHORTER)
        most = int(len(TEXT) * 0.7)
        assert payload["channel"] | {"unit": "characters", "limit": most} == payload["channel"]
        assert (payload["check"]["unit"], payload["check"]["most_characters"]) == ("sms", most)
        check = checker(payload)
        assert check("Dry at 320 g, always").drop_reason == "" and check(TEXT).drop_reason == "too_long"

    @pytest.mark.parametrize(
        ("style", "tweak", "expected"),
        [
            ("warm", Tweak.CALMER, "elegant"),
            ("warm", Tweak.LIVELIER, "casual"),
            ("plain", Tweak.CALMER, "calm"),
            ("playful", Tweak.LIVELIER, "lively"),
            ("", Tweak.CALMER, "calm"),
            ("", Tweak.LIVELIER, "lively"),
        ],
    )
    def test_calmer_and_livelier_go_along_the_dial(self, cast: Cast, style: str, tweak: Tweak, expected: str) -> None:
        candidate = make_candidate(cast, TEXT, style=style, tone="like a friend")
        payload = tweaked(cast, candidate, tweak)
        assert payload["tone"] == f"{expected}, like a friend"
        assert payload["check"]["style"] == expected

    def test_steps_add_up_from_one_run_to_the_next(self, cast: Cast) -> None:
        run, _new = candidate_tweak(
            actor=cast.copywriter, candidate=make_candidate(cast, TEXT, style="elegant"), tweak="livelier"
        )
        again = write_candidates(run, ["Light as a letter, dry as a desert"])[0]
        assert tweaked(cast, again, Tweak.LIVELIER)["tone"] == "casual"

    def test_the_other_language_has_its_channel_name_limit_and_tone(self, cast: Cast) -> None:
        channel = factories.channel(cast)
        candidate = make_candidate(cast, TEXT, style="warm", length="medium", must_words=["dry"], never_words=["cheap"])
        short, _new = candidate_tweak(actor=cast.copywriter, candidate=candidate, tweak="shorter")
        candidate = write_candidates(short, ["Dry at 320 g, always"])[0]
        payload = tweaked(cast, candidate, Tweak.IN_CHINESE)
        brief = copy_brief_of(payload)
        assert (brief.language, brief.channel.name, brief.tone) == (Language.ZH_HANS, channel.name_zh, "温暖")
        assert (brief.channel.limit, payload["check"]["hard_limit"]) == (35, channel.hard_limit)
        assert brief.facts == copy_brief_of(candidate.item.payload).facts
        assert (payload["check"]["language"], brief.must_words, brief.never_words) == ("zh-hans", (), ("cheap",))
        assert checker(payload)("雨天也干爽，只有 320 克").drop_reason == ""

    def test_a_must_word_stays_where_the_copy_can_have_it(self, cast: Cast) -> None:
        brand = factories.make_brand(cast, name="Northway")
        campaign = factories.make_campaign(cast, brand=brand)
        brief = make_brief(cast, campaign=campaign, must_words=["Northway", "雨", "rain"])
        candidate = write_candidates(make_run(cast, brief=brief), ["Northway 雨 rain at 320 g"])[0]
        assert tweaked(cast, candidate, Tweak.IN_CHINESE)["must_words"] == ["Northway", "雨"]

    def test_what_ran_is_read_anew_in_the_language_of_the_copy(self, cast: Cast) -> None:
        candidate = make_candidate(cast, TEXT)
        product = candidate.item.brief_item.product
        variant_adopt(actor=cast.copywriter, candidate=candidate)
        factories.make_variant(cast, text="雨天也干爽", product=product, language="zh-hans")
        assert tweaked(cast, candidate, Tweak.LIKE)["ran"] == [TEXT]
        assert tweaked(cast, candidate, Tweak.IN_CHINESE)["ran"] == ["雨天也干爽"]

    def test_a_text_in_the_other_language_is_adopted_and_shown_in_it(self, cast: Cast) -> None:
        run, _new = candidate_tweak(actor=cast.copywriter, candidate=make_candidate(cast, TEXT), tweak=Tweak.IN_CHINESE)
        candidate = write_candidates(run, ["雨天也干爽，只有 320 克"])[0]
        variant = variant_adopt(actor=cast.copywriter, candidate=candidate)
        assert (variant.language, variant.brief.language if variant.brief else "") == ("zh-hans", "en")
        shown = cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/runs/{run.pk}/").content.decode()
        assert '<p class="copy-text" lang="zh-hans">' in shown


class TestRefusals:
    def refused(self, cast: Cast, candidate: Candidate, tweak: str, error: type[Exception], status: int) -> None:
        before = GenerationRun.objects.count()
        with pytest.raises(error):
            candidate_tweak(actor=cast.copywriter, candidate=candidate, tweak=tweak)
        answer = cast.client(cast.copywriter).post(url(candidate), {"tweak": tweak}, headers=HTMX)
        assert answer.status_code == status and "data-error-fragment" in answer.content.decode()
        assert GenerationRun.objects.count() == before and not Event.objects.filter(verb="candidate.tweak").exists()

    @pytest.mark.parametrize("tweak", ["", "longer", "in_english"])
    def test_an_unknown_tweak_and_the_language_that_it_is_in(self, cast: Cast, tweak: str) -> None:
        self.refused(cast, make_candidate(cast, TEXT), tweak, InvalidInputError, 422)

    @pytest.mark.parametrize(("style", "tweak"), [("calm", "calmer"), ("lively", "livelier")])
    def test_the_ends_of_the_dial(self, cast: Cast, style: str, tweak: str) -> None:
        candidate = make_candidate(cast, TEXT, style=style)
        self.refused(cast, candidate, tweak, InvalidInputError, 422)
        assert tweak not in tweaks_of(candidate)

    def test_a_text_that_is_short_already(self, cast: Cast) -> None:
        candidate = make_candidate(cast, "Dry at 320 g")
        self.refused(cast, candidate, "shorter", InvalidInputError, 422)
        assert Tweak.SHORTER not in tweaks_of(candidate)

    def test_the_campaign_is_finished(self, cast: Cast) -> None:
        campaign = factories.make_campaign(cast, running=True)
        candidate = write_candidates(make_run(cast, brief=make_brief(cast, campaign=campaign)), [TEXT])[0]
        campaign_move(actor=cast.approver, campaign=campaign, verb="finish")
        self.refused(cast, candidate, "like", TransitionError, 409)

    def test_the_version_of_the_brand_lost_its_files(self, cast: Cast) -> None:
        brand = factories.make_brand(cast)
        campaign = factories.make_campaign(cast, brand=brand)
        candidate = write_candidates(make_run(cast, brief=make_brief(cast, campaign=campaign)), [TEXT])[0]
        active = ModelVersion.objects.get(workspace=cast.workspace, status="active")
        deleted = ModelVersion.objects.create(
            workspace=cast.workspace, language_model=active.language_model, number=99, status="deleted"
        )
        type(brand).objects.filter(pk=brand.pk).update(model_version=deleted)
        self.refused(cast, candidate, "like", BusyError, 503)

    def test_no_version_is_active(self, cast: Cast) -> None:
        candidate = make_candidate(cast, TEXT)
        ModelVersion.objects.filter(workspace=cast.workspace).update(status="retired")
        self.refused(cast, candidate, "like", BusyError, 503)

    def test_a_candidate_of_no_brief(self, cast: Cast) -> None:
        candidate = make_candidate(cast, TEXT)
        BriefItem.objects.all().delete()
        with pytest.raises(TransitionError):
            candidate_tweak(actor=cast.copywriter, candidate=candidate, tweak="like")

    @pytest.mark.parametrize("payload", [{}, {"check": {}}, {"product_title": "Jacket"}])
    def test_a_candidate_whose_brief_cannot_be_read(self, cast: Cast, payload: dict[str, Any]) -> None:
        candidate = make_candidate(cast, TEXT)
        GenerationItem.objects.filter(pk=candidate.item_id).update(payload=payload)
        self.refused(cast, Candidate.objects.get(pk=candidate.pk), "like", TransitionError, 409)
        page = cast.client(cast.copywriter).get(f"/w/{cast.workspace.slug}/runs/{candidate.item.run_id}/")
        assert TEXT in page.content.decode() and url(candidate) not in page.content.decode()


def test_a_viewer_may_not_and_sees_no_button(cast: Cast) -> None:
    candidate = make_candidate(cast, TEXT)
    assert cast.client(cast.viewer).post(url(candidate), {"tweak": "like"}).status_code == 403
    with pytest.raises(NotPermittedError):
        candidate_tweak(actor=cast.viewer, candidate=candidate, tweak="like")
    page = f"/w/{cast.workspace.slug}/runs/{candidate.item.run_id}/"
    assert url(candidate) not in cast.client(cast.viewer).get(page).content.decode()
    assert url(candidate) in cast.client(cast.copywriter).get(page).content.decode()


def test_a_stranger_gets_404_and_another_method_405(cast: Cast) -> None:
    candidate = make_candidate(cast, TEXT)
    assert cast.client(cast.stranger).post(url(candidate), {"tweak": "like"}).status_code == 404
    assert cast.client(cast.copywriter).get(url(candidate)).status_code == 405


def test_a_text_offers_what_leads_somewhere(cast: Cast) -> None:
    candidate = make_candidate(cast, TEXT)
    assert tweaks_of(candidate) == [tweak for tweak in Tweak if tweak is not Tweak.IN_ENGLISH]
