"""The list of variants, and a variant's page."""

from __future__ import annotations

from campaigns.models import Variant
from campaigns.services.variant import variant_adopt, variant_edit
from tests import factories
from tests.campaigns.copy_makers import make_candidate, make_run, write_candidates
from tests.people import Cast, make_cast


def url(variant: Variant, rest: str = "") -> str:
    return f"/w/{variant.workspace.slug}/variants/{variant.pk}/{rest}"


def test_the_list_filters(cast: Cast) -> None:
    segment = factories.make_segment(cast)
    first = factories.make_variant(cast, text="First words", segment=segment)
    factories.make_variant(cast, text="第二条文案", language="zh-hans", channel_key="sms", status="in_review")
    client, base = cast.client(cast.viewer), f"/w/{cast.workspace.slug}/variants/"
    for query in (
        {"q": "FIRST"},
        {"status": "draft"},
        {"campaign": first.campaign_id},
        {"channel": first.channel_id},
        {"language": "en"},
        {"segment": segment.pk},
    ):
        shown = client.get(base, query).content.decode()
        assert "First words" in shown and "第二条文案" not in shown, query
    assert "第二条文案" in client.get(base, {"q": "第二"}).content.decode()


def test_the_list_is_a_page_or_the_table_alone(cast: Cast) -> None:
    factories.make_variant(cast)
    client, base = cast.client(cast.viewer), f"/w/{cast.workspace.slug}/variants/"
    assert "<html" in client.get(base).content.decode()
    fragment = client.get(base, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and 'id="variants"' in fragment


def test_nonsense_in_the_query_is_no_error(cast: Cast) -> None:
    factories.make_variant(cast)
    client, base = cast.client(cast.viewer), f"/w/{cast.workspace.slug}/variants/"
    for query in (
        {"campaign": "x"},
        {"campaign": 2**70},
        {"status": "x"},
        {"page": "x"},
        {"page": 10**9},
        {"q": "%_\\"},
    ):
        assert client.get(base, query).status_code == 200


def test_the_page_shows_text_origin_history_and_what_supports_nothing(cast: Cast) -> None:
    candidate = make_candidate(cast, "Stay dry at 999 g", marked_only=True)
    variant = variant_adopt(actor=cast.copywriter, candidate=candidate)
    shown = cast.client(cast.viewer).get(url(variant)).content.decode()
    assert '<mark class="mark-warning">999 g</mark>' in shown
    assert "The measure “999 g” is no fact of the product." in shown
    assert "Gemma" in shown and f"run {candidate.item.run_id}" in shown and "torch" not in shown
    assert "adopted a candidate (revision 1)" in shown
    assert "17 / 150 characters" in shown


def test_the_origin_names_the_engine_that_wrote_the_draft(cast: Cast) -> None:
    [candidate] = write_candidates(make_run(cast), ["Stay dry"], engine={"backend": "torch", "numbers": "float32"})
    variant = variant_adopt(actor=cast.copywriter, candidate=candidate)
    assert "torch · float32" in cast.client(cast.viewer).get(url(variant)).content.decode()


def test_markup_in_a_text_stays_text(cast: Cast) -> None:
    hostile = "<script>alert(1)</script> 12 kg"
    variant = factories.make_variant(cast, text=hostile)
    variant_edit(actor=cast.copywriter, variant=variant, text=f"{hostile} <img src=x>", base_revision=1)
    for rest in ("", "edit/", "diff/"):
        shown = cast.client(cast.copywriter).get(url(variant, rest)).content.decode()
        assert "<script>alert" not in shown and "<img src=x>" not in shown


def test_any_two_revisions_can_be_compared(cast: Cast) -> None:
    variant = factories.make_variant(cast, text="Stay dry in the rain at 320 g")
    variant_edit(actor=cast.copywriter, variant=variant, text="Stay warm in the rain at 320 g", base_revision=1)
    client = cast.client(cast.viewer)
    shown = client.get(url(variant, "diff/?from=1&to=2"), headers={"HX-Request": "true"}).content.decode()
    assert "<del>dry</del><ins>warm</ins>" in shown and "<html" not in shown
    assert "<del>warm</del><ins>dry</ins>" in client.get(url(variant, "diff/?from=2&to=1")).content.decode()
    for nonsense in ("from=9", "from=x", f"to={2**80}", "to=-1"):
        assert client.get(url(variant, f"diff/?{nonsense}")).status_code == 404


def test_the_page_offers_what_the_role_can_do(cast: Cast) -> None:
    variant = factories.make_variant(cast)
    viewer = cast.client(cast.viewer).get(url(variant)).content.decode()
    writer = cast.client(cast.copywriter).get(url(variant)).content.decode()
    assert url(variant, "submit/") in writer and url(variant, "edit/") in writer
    assert url(variant, "submit/") not in viewer and url(variant, "edit/") not in viewer


def test_the_reason_of_the_approver_reaches_the_author(cast: Cast) -> None:
    variant = factories.make_variant(cast, status="changes_requested")
    for rest in ("", "edit/"):
        assert "Too vague." in cast.client(cast.copywriter).get(url(variant, rest)).content.decode()


def test_a_variant_of_another_workspace_is_404(cast: Cast) -> None:
    foreign = factories.make_variant(make_cast("other"))
    assert cast.client(cast.admin).get(f"/w/{cast.workspace.slug}/variants/{foreign.pk}/").status_code == 404
