"""What a writer is measured on, and what a caller's judge says of a text."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from generation.engine.config import ChannelView, CopyBrief


@dataclass(frozen=True, slots=True)
class EvalItem:
    """A brief of a held-out product and the copy that a person wrote or approved for it.

    segment    key of the segment; empty: no segment, and no part in the parity
    source     where the reference comes from, as the caller names its sources
    planned    positions in `brief.facts` that the copy was to tell; empty: all of them
    channel    what texts are held to where the brief tells of less room than that has; None: the brief's own
    """

    id: str
    brief: CopyBrief
    reference: str
    segment: str = ""
    source: str = ""
    planned: tuple[int, ...] = ()
    channel: ChannelView | None = None

    @property
    def judged_by(self) -> CopyBrief:
        """The brief that texts are judged by."""
        return replace(self.brief, channel=self.channel or self.brief.channel)

    def __post_init__(self) -> None:
        if not self.id or not self.reference.strip():
            raise ValueError("an item has an id and a reference")
        if any(not 0 <= place < len(self.brief.facts) for place in self.planned):
            raise ValueError(f"{self.id}: plans {self.planned} of {len(self.brief.facts)} facts")


@dataclass(frozen=True, slots=True)
class PreferenceItem:
    """A brief, the copy that people preferred, and the copy that they did not."""

    brief: CopyBrief
    chosen: str
    rejected: str

    def __post_init__(self) -> None:
        if not self.chosen.strip() or not self.rejected.strip() or self.chosen == self.rejected:
            raise ValueError("a preference is between two different texts, none of them empty")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judge's findings on one text.

    within_limit  the channel's limit is kept
    language_ok   it is in the brief's language
    must_ok       every must word stands in it
    never_ok      none of the brief's never words and of the segment's words to avoid stands in it
    unsupported   claims in it that no fact supports
    flags         harm or stereotypes that the judge knows of beyond `harm.flags`
    """

    within_limit: bool
    language_ok: bool
    must_ok: bool
    never_ok: bool
    unsupported: int
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.unsupported < 0 or any(not flag for flag in self.flags):
            raise ValueError("a judgement counts claims from 0 up, and its flags have names")


Judge = Callable[[CopyBrief, str], Judgement]


def fingerprint(
    items: Sequence[EvalItem],
    preferences: Sequence[PreferenceItem],
    forgetting: Sequence[EvalItem],
    seed: int,
    samples_per_item: int,
) -> str:
    """SHA-256 of everything that writers are asked: where it is equal, they can be compared item by item."""
    asked = {
        "items": [asdict(item) for item in items],
        "preferences": [asdict(item) for item in preferences],
        "forgetting": [asdict(item) for item in forgetting],
        "seed": seed,
        "samples_per_item": samples_per_item,
    }
    return hashlib.sha256(json.dumps(asked, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
