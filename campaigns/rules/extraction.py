"""Every number, amount, date, address and code in a text, as claims.

Kinds are looked for one after the other, the most specific first; what one found is blanked out for the next. At the
end every digit of the text is in a claim or in a phrase that is known to state nothing (第一次, 90后, 一年四季, MP3).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache

from campaigns.rules.appearance import appearances
from campaigns.rules.claim import Claim
from campaigns.rules.contacts import contacts
from campaigns.rules.folding import Folded, fold
from campaigns.rules.moments import moments, years
from campaigns.rules.money import prices_by_cue, prices_with_currency
from campaigns.rules.numerals import SIMPLIFIED
from campaigns.rules.quantities import codes, counts, left_over, measured, numbers, ordinals
from campaigns.rules.reductions import reductions

# Words with a numeral in them that state nothing that a product record could support or refute.
_HARMLESS = re.compile(
    "(?<![球国业内界面])第一(?=[个瓶件款双杯本台张支套份条只块盏把顶辆部枚颗盒包碗桶顿站封课节篇])|第一(?:次|时间|眼|步|天|印象|感觉|眼缘|口|反应)|[一1]年(?:四季|一度|到头|又一年|之[计初末]|里)|四季|一生一世|三心二意|五颜六色|千变万化|"
    "万无一失|百搭|百变|百褶|百合|百年好合|百分百喜欢|十足|十分(?!钟|之|[好满])|万一|统一|唯一|单一|之一|一流|二次元|四面八方|四通八达|七夕|五一(?=[假黄劳])|"
    "十一(?=[假黄国])|三餐|四肢|五官|五谷|八宝|千层|九层塔|千万(?=别|不|要|记)|万千|千家万户|千人千面|百货|二手|三明治|"
    "二人世界|三口之家|四口之家|一家[三四五]口|[三五七八九3579]分(?:裤|袖|长|甜|糖|熟|饱)|十年如一日|一对一|一心一意|百看不厌|百听不厌|"
    "千挑万选|千锤百炼|万众瞩目|(?<!\\d)[5-9]0后|(?<!\\d)[09][05]后|周[一二三四五六]|星期[一二三四五六]|三月三|三伏天?|九阳|六神|五粮液|"
    "十全十美|百里挑一|一举两得|两全其美|三五成群|三三两两|五彩|七彩|八方|四海|万象|百态|千姿百态|不二之选|说一不二|数一数二|"
    "一分钱一分货|一分耕耘|一秒钟?变|一日三餐|一日之计|一夜|一刻|半天|三分钟热度|七上八下|丢三落四|三角|五角星|四方|八角|十字|百叶|[两二三]代人|一件顶两件|假两件|一两[个件款种条]|[这近前那头]两年|四周(?!年)|万种风情|半月(?=[型形弧])|第二(?=层?[皮肌]肤)|两米八"
    "|(?i:(?<![A-Za-z\\d-])(?:h2o|co2|b2b|b2c|o2o|mp3|mp4|3d|2d)(?![A-Za-z\\d-]))"
    "|(?i:\\bone[- ](?:of|for|by|another|stop|more|day|thing)\\b|\\ba (?:hundred|thousand|million) (?:reasons|ways|times|words|thanks|little)\\b|\\bthree[- ]quarters?\\b|\\b(?:two|four)[- ](?:way|tone)\\b|\\btwo of a kind\\b|\\bthe two of (?:you|us)\\b)"
)
_SIGN_X = re.compile(r"(?<=\d)(\s?)[xX*](\s?)(?=\d)|(?<=cm|mm|ml)()[xX*]()(?=\d)|(?<![A-Za-z])()[xX*](\s?)(?=\d)")
_BLANK = "\x00"
_Finder = Callable[[str, str], Iterator[Claim]]
_FINDERS: tuple[_Finder, ...] = (
    contacts,
    moments,
    reductions,
    prices_with_currency,
    prices_by_cue,
    measured,
    years,
    ordinals,
    counts,
    appearances,
    codes,
    numbers,
    left_over,
)


@lru_cache(maxsize=1024)
def find_claims(text: str) -> tuple[Claim, ...]:
    """The claims in `text` by position; they do not overlap. Offsets are code points of `text` as given."""
    folded = fold(text)
    normal = normalised(folded)
    rest = _HARMLESS.sub(lambda match: _BLANK * len(match.group()), normal)
    found: list[Claim] = []
    for finder in _FINDERS:
        accepted = _without_overlap(list(finder(normal, rest)), rest)
        found.extend(accepted)
        rest = _blanked(rest, accepted)
    return tuple(_placed(found, folded))


def normalised(folded: Folded) -> str:
    """The folded text with simplified numerals and one sign for "by" and "times", character for character."""
    simplified = folded.text.translate(SIMPLIFIED)
    return _SIGN_X.sub(
        lambda match: "×".join((match[1] or match[3] or match[5] or "", match[2] or match[4] or match[6] or "")),
        simplified,
    )


def _without_overlap(claims: list[Claim], rest: str) -> list[Claim]:
    """The claims of one finder, without those that meet an earlier one or stand on blanked text."""
    taken = bytearray(len(rest))
    accepted = []
    for claim in claims:
        if not any(taken[claim.start : claim.end]) and _BLANK not in rest[claim.start : claim.end]:
            taken[claim.start : claim.end] = b"\x01" * (claim.end - claim.start)
            accepted.append(claim)
    return accepted


def _blanked(rest: str, claims: list[Claim]) -> str:
    pieces, position = [], 0
    for claim in sorted(claims, key=lambda claim: claim.start):
        pieces += [rest[position : claim.start], _BLANK * (claim.end - claim.start)]
        position = claim.end
    return "".join([*pieces, rest[position:]])


def _placed(claims: list[Claim], folded: Folded) -> Iterator[Claim]:
    """The claims where they stand in the source. Two that share one of its characters ("A¼") are the first one."""
    last = 0
    for claim in sorted(claims, key=lambda claim: claim.start):
        start, end = folded.span(claim.start, claim.end)
        if start >= last:
            yield replace(claim, start=start, end=end, text=folded.source[start:end])
            last = end
