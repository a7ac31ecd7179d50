"""Writing and changing audience segments."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import AudienceSegment
from campaigns.services.audience import segment_save
from copystudio.errors import NotPermittedError
from copystudio.models import Event
from tests import factories
from tests.people import Cast

NEW = "/w/shop/segments/new/"
TYPED = {
    "name": "Weekend hikers",
    "slug": "",
    "description": "People who walk in the hills at weekends.",
    "interests": "price: 0.3\nlight weight：0.9\nmaps",
    "words": "trail, 徒步，露营",
    "avoid_words": "extreme",
    "tone": "calm",
}


def edit(segment: AudienceSegment, slug: str = "shop") -> str:
    return f"/w/{slug}/segments/{segment.pk}/edit/"


def send(cast: Cast, path: str = NEW, **values: Any) -> Any:
    return cast.client(cast.copywriter).post(path, {**TYPED, **values})


def test_creating_works_with_the_heaviest_interest_first(cast: Cast) -> None:
    response = send(cast)
    segment = AudienceSegment.objects.get(name="Weekend hikers")
    assert response.status_code == 303 and response["Location"] == f"/w/shop/segments/{segment.pk}/"
    assert segment.slug == "weekend-hikers"
    assert segment.words == ["trail", "徒步", "露营"]
    assert segment.interests == [
        {"name": "light weight", "weight": 0.9},
        {"name": "maps", "weight": 0.5},
        {"name": "price", "weight": 0.3},
    ]


def test_changing_works(cast: Cast) -> None:
    segment = factories.make_segment(cast)
    assert send(cast, edit(segment), slug=segment.slug, interests="").status_code == 303
    before, after = segment.slug, AudienceSegment.objects.get(pk=segment.pk)
    assert (after.name, after.slug, after.interests) == ("Weekend hikers", before, [])


def test_both_write_their_event(cast: Cast) -> None:
    send(cast)
    segment = AudienceSegment.objects.get(name="Weekend hikers")
    send(cast, edit(segment))
    verbs = Event.objects.filter(object_type="audiencesegment").values_list("verb", "actor")
    actor = cast.copywriter.pk
    assert list(verbs) == [("audiencesegment.change", actor), ("audiencesegment.create", actor)]


def test_chinese_names_get_short_names_that_differ(cast: Cast) -> None:
    for name in ("周末徒步者", "城市通勤者", "新手父母"):
        send(cast, name=name)
    slugs = AudienceSegment.objects.order_by("id").values_list("slug", flat=True)
    assert list(slugs) == ["segment", "segment-2", "segment-3"]


def test_emptying_the_short_name_makes_the_same_one_again(cast: Cast) -> None:
    send(cast)
    segment = AudienceSegment.objects.get(slug="weekend-hikers")
    send(cast, edit(segment), slug="")
    segment.refresh_from_db()
    assert segment.slug == "weekend-hikers"


@pytest.mark.parametrize("field", ["name", "slug"])
def test_what_is_taken_is_refused_beside_its_field(cast: Cast, field: str) -> None:
    factories.make_segment(cast, name="Weekend hikers", slug="hikers")
    values = {"name": "Others", "slug": "hikers"} if field == "slug" else {"slug": "others"}
    response = send(cast, **values)
    assert response.status_code == 422 and set(response.context["form"].errors) == {field}
    assert AudienceSegment.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("description", ""),
        ("description", "x" * 2001),
        ("slug", "no spaces"),
        ("interests", "price: 2"),
        ("interests", "price: 0,9"),
        ("interests", "price: -0.1"),
        ("interests", ": 0.9"),
        ("interests", "x" * 61),
        ("interests", "\n".join(f"interest {'i' * n}" for n in range(31))),
        ("words", "x" * 61),
        ("tone", "x" * 121),
    ],
)
def test_input_that_breaks_a_rule_is_shown_beside_its_field(cast: Cast, field: str, value: str) -> None:
    response = send(cast, **{field: value})
    assert response.status_code == 422 and field in response.context["form"].errors
    assert not AudienceSegment.objects.exists()


def test_a_viewer_may_not(cast: Cast) -> None:
    segment = factories.make_segment(cast)
    for path in (NEW, edit(segment)):
        assert cast.client(cast.viewer).post(path, TYPED).status_code == 403
    with pytest.raises(NotPermittedError):
        segment_save(actor=cast.viewer, workspace=cast.workspace, name="A", description="B")


def test_a_stranger_gets_404_here_and_in_a_workspace_of_their_own(cast: Cast) -> None:
    segment = factories.make_segment(cast)
    for path in (NEW, edit(segment), edit(segment, cast.elsewhere.slug)):
        assert cast.client(cast.stranger).post(path, TYPED).status_code == 404
    with pytest.raises(AudienceSegment.DoesNotExist):
        segment_save(actor=cast.stranger, workspace=cast.elsewhere, segment=segment, name="Mine")


def test_the_wrong_method_gets_405(cast: Cast) -> None:
    for path in (NEW, edit(factories.make_segment(cast))):
        assert cast.client(cast.copywriter).delete(path).status_code == 405
