"""What the sources of training data share: the window, the brief behind a text, and why a row is not learned from."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from campaigns.models import AudienceSegment, Brief, Campaign, Channel, Product, Variant
from campaigns.models.product import ProductStatus
from campaigns.services.brief_payload import BriefPart, copy_brief_of, item_payload
from copystudio.models import User, Workspace
from generation.engine.abroad import in_own_language
from generation.engine.config import CopyBrief
from generation.engine.plan import make_plan
from generation.models import GenerationItem

CHUNK = 500
T = TypeVar("T")
LINE_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


class Exclusion(StrEnum):
    """Why a row is left out. A row with several reasons is counted under the first of this order."""

    DEMONSTRATION = "demonstration"  # written by the invented people of the demonstration
    NO_PRODUCT = "no_product"  # about no product, or about one that is gone
    ARCHIVED_PRODUCT = "archived_product"
    LINE_BREAKS = "line_breaks"
    OVERRIDDEN = "overridden"  # approved although the rules found something blocking
    EMPTY_BRIEF = "empty_brief"  # the brief cannot be read, or says nothing of the product
    OVER_LIMIT = "over_limit"  # longer than its channel allows today
    TRIVIAL_EDIT = "trivial_edit"  # a pair whose texts differ in white space and punctuation only
    APPROVED_ELSEWHERE = "approved_elsewhere"  # a pair whose worse text people approved for the same product


@dataclass(frozen=True)
class Window:
    """The time from ``since`` (None: from the beginning) up to but without ``until``. Raises ValueError if it is empty."""

    since: dt.datetime | None
    until: dt.datetime

    def __post_init__(self) -> None:
        if self.until.tzinfo is None or (self.since is not None and self.since.tzinfo is None):
            raise ValueError("a window has times with a time zone")
        if self.since is not None and self.since >= self.until:
            raise ValueError(f"the window ends ({self.until}) before it begins ({self.since})")

    def lookup(self, field: str = "created_at") -> dict[str, dt.datetime]:
        """The window as arguments of ``filter``."""
        lower = {} if self.since is None else {f"{field}__gte": self.since}
        return {**lower, f"{field}__lt": self.until}


def in_chunks(rows: Sequence[T], size: int = 0) -> Iterator[Sequence[T]]:
    size = size or CHUNK
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def is_invented(user: User | None, workspace: Workspace) -> bool:
    """Whether this is one of the demonstration's people: members of a demonstration who can never sign in.

    ``workspace_remove_demo`` knows them by the same. What real people do in a demonstration is their own work.
    """
    return workspace.is_demo and user is not None and not user.has_usable_password()


def against_product(product: Product | None) -> Exclusion | None:
    if product is None:
        return Exclusion.NO_PRODUCT
    return Exclusion.ARCHIVED_PRODUCT if product.status == ProductStatus.ARCHIVED else None


def has_line_break(text: str) -> bool:
    return LINE_BREAK.search(text) is not None


def product_key(product: Product) -> str:
    return f"product/{product.pk}"


def item_brief(item: GenerationItem) -> CopyBrief | None:
    """The brief that the model was given: facts as the shop has them, of a long description the sentences that tell most.
    None where it cannot be read or says nothing of the product."""
    return _brief(item.payload)


def written_brief(variant: Variant) -> CopyBrief | None:
    """The brief that a text without a candidate answers, from its product, segment and channel as they are now."""
    wanted = variant.brief or Brief(campaign=variant.campaign)
    wanted.campaign = variant.campaign  # the same row, but loaded with its brand
    wanted.language = variant.language  # a text in the other language may have been asked for
    return _rebuilt(wanted, variant.product, variant.segment, variant.channel)


def question_brief(*, product: Product, channel: Channel, language: str, question: str) -> CopyBrief | None:
    """The brief of a service answer: the product's facts, and the question as the instruction."""
    wanted = Brief(campaign=Campaign(), language=language, instructions=question)
    return _rebuilt(wanted, product, None, channel)


def _rebuilt(
    wanted: Brief, product: Product | None, segment: AudienceSegment | None, channel: Channel
) -> CopyBrief | None:
    if product is None:
        return None
    try:
        payload = item_payload(brief=wanted, part=BriefPart(product, segment, channel))
    except (ValueError, KeyError, TypeError):  # an interest without a weight, a title of spaces
        return None
    return _brief(payload)


def _brief(payload: Any) -> CopyBrief | None:
    if not isinstance(payload, dict):
        return None
    try:
        brief = in_own_language(copy_brief_of(payload))
    except ValueError:
        return None
    if not brief.facts and not brief.product_description.strip():
        return None
    return replace(brief, product_description=make_plan(brief).about)
