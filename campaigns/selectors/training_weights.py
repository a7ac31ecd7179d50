"""How much one piece of evidence counts in a training, 1 being one example of the starter corpus.

An approved text of the model weighs 1; a text with a person's own words weighs 1.5, since it shows what the model did not
do by itself. Counted clicks raise a weight by at most half; nothing lowers one, as a text may be shown in a bad place.
Every weight is a multiple of 0.05: a few clicks more do not make the data of a training new.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.db.models import Sum

from campaigns.models import DailyCount
from copystudio.models import Workspace
from generation.engine.training.dataset import Source

SOURCE_WEIGHT: Mapping[Source, float] = {
    Source.APPROVED: 1.0,
    Source.EDITED: 1.5,
    Source.WRITTEN: 1.5,
    Source.DIALOGUE: 1.0,
    Source.APPROVED_OVER_REJECTED: 1.0,
    Source.CLEAN_OVER_BROKEN: 1.0,
}
LEAST_IMPRESSIONS = 200
MOST_FACTOR = 1.5
CONFIDENCE_Z = 1.959964  # two-sided 95 %
STEP = 20  # weights are multiples of 1 / STEP
LEAST_EDIT_WEIGHT, MOST_EDIT_WEIGHT = 0.5, 1.5
MOST_TOKENS = 500  # of a text that are compared: what the comparison's time grows with

_TOKEN = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:'[A-Za-z\u00c0-\u024f]+)*|\d+(?:[.,:]\d+)*|\S")
_MEANT = frozenset("%‰#&")  # punctuation to Unicode, but not to a reader


@dataclass(frozen=True)
class Shown:
    """Counted impressions and clicks. A click is counted without its impression too, so they need not nest."""

    impressions: int = 0
    clicks: int = 0

    def __add__(self, other: Shown) -> Shown:
        return Shown(self.impressions + other.impressions, self.clicks + other.clicks)


def wilson_lower(clicks: int, impressions: int) -> float:
    """The lower end of the 95 % score interval for a rate: Wilson 1927, in the form of Brown, Cai and DasGupta 2001,
    "Interval Estimation for a Binomial Proportion", equation 4.

    Raises ValueError unless 0 ≤ clicks ≤ impressions and impressions ≥ 1.
    """
    if not 0 <= clicks <= impressions or impressions < 1:
        raise ValueError(f"{clicks} clicks of {impressions} impressions are no rate")
    square, share = CONFIDENCE_Z**2, clicks / impressions
    middle = share + square / (2 * impressions)
    half = CONFIDENCE_Z * math.sqrt(share * (1 - share) / impressions + square / (4 * impressions**2))
    return max(0.0, (middle - half) / (1 + square / impressions))


def click_factor(own: Shown, peers: Shown) -> float:
    """1 to ``MOST_FACTOR``: how sure it is that a text is clicked more often than all copy of its campaign and channel.

    1 below 200 impressions and where the lower end of its rate is not above the peers' rate; the most where that lower
    end is twice their rate.
    """
    if own.impressions < LEAST_IMPRESSIONS or not peers.impressions or not peers.clicks:
        return 1.0
    lower = wilson_lower(min(own.clicks, own.impressions), own.impressions)
    above = lower / (min(peers.clicks, peers.impressions) / peers.impressions) - 1
    return 1 + (MOST_FACTOR - 1) * min(1.0, max(0.0, above))


def click_factors(workspace: Workspace, until: dt.datetime) -> dict[int, float]:
    """Factors by revision id, by what was counted on whole days (UTC) before ``until``; 1 for those missing."""
    rows = (
        DailyCount.objects.filter(workspace=workspace, day__lt=until.astimezone(dt.UTC).date())
        .order_by()
        .values_list("revision_id", "variant__campaign_id", "variant__channel__key")
        .annotate(impressions=Sum("impressions"), clicks=Sum("clicks"))
    )
    own: dict[int, tuple[tuple[int, str], Shown]] = {}
    peers: dict[tuple[int, str], Shown] = defaultdict(Shown)
    for revision, campaign, channel, impressions, clicks in rows:
        shown = Shown(impressions, clicks)
        own[revision] = (campaign, channel), shown
        peers[campaign, channel] += shown
    factors = {revision: click_factor(shown, peers[group]) for revision, (group, shown) in own.items()}
    return {revision: factor for revision, factor in factors.items() if factor > 1}


def rounded(weight: float) -> float:
    return round(weight * STEP) / STEP


def edit_distance(before: str, after: str) -> float:
    """0 (nothing but spacing and punctuation differs) to 1 (no word in common).

    1 less the share of words in common by Ratcliff and Obershelp's gestalt matching (``difflib``); a Chinese character is
    a word. Compared are the first 500 words.
    """
    old, new = _words(before), _words(after)
    if old == new:
        return 0.0
    return 1 - SequenceMatcher(None, old[:MOST_TOKENS], new[:MOST_TOKENS], autojunk=False).ratio()


def is_trivial_edit(before: str, after: str) -> bool:
    """Whether two texts differ in nothing but white space, punctuation and the width of signs."""
    return _words(before) == _words(after)


def edit_weight(before: str, after: str) -> float:
    """0.5 to 1.5, growing with the edit: a text that was written anew says more than one that lost a word."""
    distance = edit_distance(before, after)
    return rounded(LEAST_EDIT_WEIGHT + (MOST_EDIT_WEIGHT - LEAST_EDIT_WEIGHT) * distance)


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text).replace("’", "'")
    tokens = _TOKEN.findall(folded)
    return [one for one in tokens if one in _MEANT or not unicodedata.category(one[0]).startswith("P")]
