"""A training that keeps to one brand: only the copy of its campaigns is collected."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.models import Brand
from campaigns.selectors.training_scopes import scopes
from campaigns.services.dialogue import dialogue_import
from generation.engine.training.dataset import Source
from tests import factories
from tests.campaigns.training_data.makers import approve, collected, edit, send_back
from tests.people import Cast, make_cast


@pytest.fixture
def brands(cast: Cast) -> tuple[Brand, Brand]:
    """Each has a campaign with an approved text and one that was sent back; a third campaign has no brand."""
    found = factories.make_brand(cast, name="North"), factories.make_brand(cast, name="South")
    for brand in (*found, None):
        campaign = factories.make_campaign(cast, brand=brand, name=f"Of {brand}")
        product = factories.make_product(cast, sku=f"J-{brand}", title="Rain jacket")
        common = {"campaign": campaign, "product": product}
        approve(cast, factories.make_variant(cast, text=f"Dry all day at 320 g, says {brand}", **common))
        worse = factories.make_variant(cast, text=f"A jacket among jackets, says {brand}", **common)
        send_back(cast, edit(cast, worse, f"It is a jacket, says {brand} too"))
    return found


def test_every_brand_of_the_workspace_is_a_scope(cast: Cast, brands: tuple[Brand, Brand]) -> None:
    factories.make_brand(make_cast("elsewhere"), name="East")
    assert scopes(cast.workspace) == [(f"brand/{brand.pk}", brand.name) for brand in brands]


def test_of_a_brand_only_its_own_copy_is_learned(cast: Cast, brands: tuple[Brand, Brand]) -> None:
    north, _south = brands
    found = collected(cast, scope=f"brand/{north.pk}")
    assert [one.text for one in found.examples] == ["Dry all day at 320 g, says North"]
    assert [(pair.chosen, pair.rejected) for pair in found.pairs] == [
        ("Dry all day at 320 g, says North", "It is a jacket, says North too")
    ]
    assert len(collected(cast).examples) == len(collected(cast).pairs) == 3


def test_dialogues_are_of_no_brand(cast: Cast, brands: tuple[Brand, Brand]) -> None:
    rows = "question,answer,sku\nIs it light?,Yes. It weighs 320 g.,J-North"
    upload = SimpleUploadedFile("service.csv", rows.encode())
    dialogue_import(actor=cast.admin, workspace=cast.workspace, upload=upload)
    assert Source.DIALOGUE in {one.source for one in collected(cast).examples}
    assert Source.DIALOGUE not in {one.source for one in collected(cast, scope=f"brand/{brands[0].pk}").examples}


@pytest.mark.parametrize("scope", ["brand/", "brand/x", "brand/0", "segment/1", "brand/-1", "brand/²", " "])
def test_an_unknown_scope_is_an_error_and_never_everything(cast: Cast, brands: tuple[Brand, Brand], scope: str) -> None:
    with pytest.raises(ValueError, match="has no data"):
        collected(cast, scope=scope)


def test_a_brand_of_another_workspace_is_unknown(cast: Cast) -> None:
    other = factories.make_brand(make_cast("elsewhere"), name="East")
    with pytest.raises(ValueError, match="has no data"):
        collected(cast, scope=f"brand/{other.pk}")
