"""The blind side-by-side: nobody learns whose a text is before their last vote, and every vote counts once."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import translation

from copystudio.models import Event, User
from generation.models import BlindVote, Evaluation
from generation.services.evaluation import evaluation_start, vote_cast
from tests.generation.registry_pages.makers import make_evaluation, make_version
from tests.people import Cast


@pytest.fixture
def evaluation(cast: Cast) -> Evaluation:
    """With three pairs."""
    found = make_evaluation(cast, make_version(cast))
    Evaluation.objects.filter(pk=found.pk).update(samples=found.samples[:3])
    found.refresh_from_db()
    return found


def url(evaluation: Evaluation, rest: str = "vote/") -> str:
    return f"/w/{evaluation.workspace.slug}/evaluations/{evaluation.pk}/{rest}"


def vote(cast: Cast, evaluation: Evaluation, position: object, choice: str, voter: User | None = None) -> HttpResponse:
    body = {"position": position, "choice": choice}
    return cast.client(voter or cast.copywriter).post(url(evaluation), body)


def place_of_new(evaluation: Evaluation, position: int) -> str:
    return "first" if evaluation.samples[position]["texts"][0]["of"] == "new" else "second"


def test_one_pair_a_page_with_its_brief_and_without_names(cast: Cast, evaluation: Evaluation) -> None:
    page = cast.client(cast.copywriter).get(url(evaluation))
    shown = page.content.decode()
    assert page.context["sample"].position == 0 and "3 of 3 pairs left" in shown
    for one in evaluation.samples[0]["texts"]:
        assert one["text"] in shown
    assert "Weight: 480 g" in shown or "重量: 480 g" in shown
    main = shown.split('id="main"')[1].split("</main>")[0]
    assert f"Version {evaluation.version.number}" not in main and "New version" not in main


def test_words_are_listed_as_the_language_lists_them() -> None:
    brief = {"product_title": "Hat", "must_words": ["warm", "dry"], "never_words": ["cheap", "best"]}
    for language, must, never in (("en", "warm, dry", "cheap, best"), ("zh-hans", "warm、dry", "cheap、best")):
        with translation.override(language):
            shown = render_to_string("generation/evaluation/partials/brief.html", {"brief": brief})
        assert must in shown and never in shown


def test_a_vote_is_kept_under_whose_text_it_was_and_leads_on(cast: Cast, evaluation: Evaluation) -> None:
    answer = vote(cast, evaluation, 0, place_of_new(evaluation, 0))
    assert (answer.status_code, answer["Location"]) == (303, url(evaluation) + "?after=0")
    assert BlindVote.objects.get().choice == "new"
    following = cast.client(cast.copywriter).get(answer["Location"])
    assert following.context["sample"].position == 1 and "2 of 3 pairs left" in following.content.decode()
    assert Event.objects.get(verb="evaluation.vote").actor == cast.copywriter


def test_skipping_comes_back_to_what_was_skipped(cast: Cast, evaluation: Evaluation) -> None:
    client = cast.client(cast.copywriter)
    assert client.get(url(evaluation), {"after": 0}).context["sample"].position == 1
    vote(cast, evaluation, 1, "same")
    assert client.get(url(evaluation), {"after": 0}).context["sample"].position == 2
    assert client.get(url(evaluation), {"after": 2}).context["sample"].position == 0
    for nonsense in ("x", "-1", "9" * 40, "²"):
        assert client.get(url(evaluation), {"after": nonsense}).context["sample"].position == 0


def test_the_tally_waits_for_the_last_vote(cast: Cast, evaluation: Evaluation) -> None:
    client = cast.client(cast.copywriter)
    for position in range(3):
        shown = client.get(url(evaluation, "")).content.decode()
        assert "The tally is shown after your last vote" in shown and "whose they are" not in shown
        answer = vote(cast, evaluation, position, place_of_new(evaluation, position) if position else "same")
    assert answer["Location"] == url(evaluation, "") + "#votes"
    page = client.get(url(evaluation, ""))
    tally = page.context["tally"]
    assert (tally.new, tally.other, tally.same, tally.people, tally.total) == (2, 0, 1, 1, 3)
    assert (tally.share, tally.low[:4], tally.high) == ("100.0\N{NARROW NO-BREAK SPACE}%", "34.2", tally.share)
    assert "whose they are" in page.content.decode() and "Your vote:" in page.content.decode()
    assert client.get(url(evaluation)).status_code == 303  # nothing left to vote on


def test_who_may_not_vote_sees_the_tally_and_who_may_does_not(cast: Cast, evaluation: Evaluation) -> None:
    vote(cast, evaluation, 0, "same")
    assert cast.client(cast.viewer).get(url(evaluation, "")).context["tally"].same == 1
    assert cast.client(cast.approver).get(url(evaluation, "")).context["tally"] is None


def test_votes_of_several_people_are_counted_by_person(cast: Cast, evaluation: Evaluation) -> None:
    for voter in (cast.copywriter, cast.approver, cast.admin):
        vote(cast, evaluation, 0, "same" if voter == cast.admin else "first", voter)
    tally = cast.client(cast.viewer).get(url(evaluation, "")).context["tally"]
    assert (tally.people, tally.total, tally.same) == (3, 3, 1)


def test_voting_again_changes_the_vote(cast: Cast, evaluation: Evaluation) -> None:
    vote(cast, evaluation, 0, "same")
    vote(cast, evaluation, 0, "first")
    assert BlindVote.objects.get().choice in {"new", "other"}


def test_after_the_tally_no_vote_changes(cast: Cast, evaluation: Evaluation) -> None:
    for position in range(3):
        vote(cast, evaluation, position, "same")
    answer = vote(cast, evaluation, 0, "first")
    assert answer.status_code == 409 and "your votes stay as they are" in answer.content.decode()
    assert set(BlindVote.objects.values_list("choice", flat=True)) == {"same"}
    assert vote(cast, evaluation, 2, "same")["Location"] == url(evaluation, "") + "#votes", "pressed twice"


@pytest.mark.parametrize(("position", "choice"), [(0, ""), (0, "new"), (-1, "first"), ("x", "first"), ("", "same")])
def test_a_vote_that_says_nothing_shows_the_pair_again(
    cast: Cast, evaluation: Evaluation, position: object, choice: str
) -> None:
    answer = vote(cast, evaluation, position, choice)
    assert answer.status_code == 422 and "First text" in answer.content.decode()
    assert not BlindVote.objects.exists()


def test_a_pair_that_there_is_not_is_refused(cast: Cast, evaluation: Evaluation) -> None:
    assert vote(cast, evaluation, 3, "first").status_code == 422
    assert not BlindVote.objects.exists()


def test_an_open_evaluation_has_nothing_to_vote_on(cast: Cast) -> None:
    opened = evaluation_start(actor=cast.admin, version=make_version(cast))
    response = cast.client(cast.copywriter).get(url(opened), follow=True)
    assert "There are no texts to vote on yet" in response.content.decode() and response.redirect_chain
    assert vote(cast, opened, 0, "first").status_code == 409


def test_viewers_do_not_vote_and_strangers_see_nothing(cast: Cast, evaluation: Evaluation) -> None:
    assert cast.client(cast.viewer).get(url(evaluation)).status_code == 403
    assert vote(cast, evaluation, 0, "first", cast.viewer).status_code == 403
    assert url(evaluation) not in cast.client(cast.viewer).get(url(evaluation, "")).content.decode()
    assert vote(cast, evaluation, 0, "first", cast.stranger).status_code == 404
    assert cast.client(cast.copywriter).put(url(evaluation)).status_code == 405


def test_the_tally_of_no_votes_says_so(cast: Cast, evaluation: Evaluation) -> None:
    assert "Nobody has voted yet." in cast.client(cast.viewer).get(url(evaluation, "")).content.decode()
    vote_cast(actor=cast.copywriter, evaluation=evaluation, position=0, choice="same")
    tally = cast.client(cast.viewer).get(url(evaluation, "")).context["tally"]
    assert (tally.total, tally.share) == (1, "")
