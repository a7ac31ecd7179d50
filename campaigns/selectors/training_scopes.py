"""The parts of a workspace's data that a training may keep to: the copy of one brand's campaigns."""

from __future__ import annotations

from campaigns.models import Brand
from copystudio.models import Workspace

_BRAND = "brand/"


def scopes(workspace: Workspace) -> list[tuple[str, str]]:
    """Key and name of each, as ``settings.TRAINING_SCOPES`` gives them."""
    brands = Brand.objects.filter(workspace=workspace).order_by("name", "pk")
    return [(f"{_BRAND}{pk}", name) for pk, name in brands.values_list("pk", "name")]


def brand_of(scope: str, workspace: Workspace) -> Brand | None:
    """The brand whose copy is meant; None for the empty key, which means everything. Raises ValueError for another key."""
    if not scope:
        return None
    number = scope.removeprefix(_BRAND)
    brands = Brand.objects.filter(workspace=workspace)
    brand = brands.filter(pk=int(number)).first() if scope == f"{_BRAND}{number}" and number.isdecimal() else None
    if brand is None:
        raise ValueError(f"the workspace has no data {scope!r}")
    return brand
