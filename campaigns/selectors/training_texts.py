"""One approved text as the training data see it, and what it has in common with others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from campaigns.models import Variant
from generation.engine.config import CopyBrief
from generation.engine.training.dataset import Source


@dataclass(frozen=True, slots=True)
class Group:
    """What two texts must share to be compared: they answer the same question. All are primary keys."""

    product: int | None
    segment: int | None
    channel: int
    language: str
    campaign: int
    brief: int | None

    @classmethod
    def of(cls, variant: Variant) -> Self:
        return cls(
            variant.product_id,
            variant.segment_id,
            variant.channel_id,
            variant.language,
            variant.campaign_id,
            variant.brief_id,
        )


@dataclass(frozen=True, slots=True)
class ApprovedText:
    """``draft`` is the candidate's text where a person changed it, else empty. Raises ValueError for a text without words."""

    variant: int
    revision: int
    group: Group
    product: str
    brief: CopyBrief
    text: str
    source: Source
    draft: str = ""
    is_draft_invented: bool = False

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("an approved text has words")
        if bool(self.draft) is not (self.source is Source.EDITED):
            raise ValueError("only an edited text has a draft")
