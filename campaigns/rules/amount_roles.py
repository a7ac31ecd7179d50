"""What an amount of money is said to be, read from the words next to it.

"$20" may be the price, the former price, a saving, a threshold, the price of two, or somebody else's money (a voucher,
the shipping). The same true number is a false claim in another role, so the role is part of the claim.
"""

from __future__ import annotations

import re

from campaigns.rules.claim import Role

_MANY = r"(?:[2-9]|\d\d|[二两三四五六七八九十])"
_MANY_EN = r"(?:[2-9]|\d\d|two|three|four|five|six|ten|twelve)"
_LINK = r"[\s:为是约达高]*"
_BEFORE: tuple[tuple[Role, re.Pattern[str]], ...] = (
    (
        Role.EXTRA,
        re.compile(
            r"(?:shipping|delivery|postage|fees?|deposit|coupons?|vouchers?|bonus|gift cards?|credit|worth(?: over)?|valued at|"
            rf"运费|邮费|定金|押金|券|红包|奖金|返现|价值|领取?|送){_LINK}(?:of|is|from|at)?\s*\Z"
        ),
    ),
    (
        Role.BUNDLE,
        re.compile(
            rf"(?:\b{_MANY_EN} for(?: (?:only|just))?|{_MANY}\s?(?:件|个|瓶|盒|包|双|条|袋|支|套|片|只|罐)(?:仅需?|只要|共|到手|才|合计)?|任[选意]\S{{0,3}})\s*\Z"
        ),
    ),
    (
        Role.THRESHOLD,
        re.compile(
            r"(?:(?:orders?|spend|spending|purchases?|minimum|baskets?)(?: (?:of|over|above|at least|a minimum of|is))?|over|above|"
            r"more than|at least|满|超过?|消费|高于)\s*\Z"
        ),
    ),
    (Role.UPPER, re.compile(r"(?:under|below|less than|within|不到|不足|低于|少于|不超过?|cheaper than)\s*\Z")),
    (
        Role.WAS,
        re.compile(
            r"(?:was|were|originally|original(?: price)?|rrp|msrp|list price|retail(?:s| price)?(?: (?:at|for))?|regular(?:ly)?(?: price)?|"
            r"usual(?:ly)?(?: price)?|compared? (?:at|to)|formerly|previously|instead of|down from|reduced from|marked down from|"
            r"full price|old price|before|原价|原售价|市场价|专柜价|划线价|日常价|平时价?|吊牌价|建议零售价|官方价|门市价|正价|标价|之前)"
            rf"{_LINK}(?:of |at )?(?:only|just)?\s*\Z"
        ),
    ),
    (
        Role.NOW,
        re.compile(
            r"(?:降到|降至|减至|减到|低至|跌至|now|price drops? to|down to|reduced to|现价|现在|如今|到手价?)[\s:为是只仅要约]*(?:only|just|for|at)?\s*\Z"
        ),
    ),
    (
        Role.SAVING,
        re.compile(
            r"(?:sav(?:e|es|ing|ings)(?: of)?|discount of|reduced by|cut by|knock|take|slash(?:ed)?(?: by)?)"
            r"(?: up to| over| an? (?:extra|additional)| more than| you| a whopping| as much as)?\s*\Z"
            r"|(?:减|降|省下?|减免|便宜了?|优惠|抵扣?|返|补贴|让利)[约近达高了\s]*\Z|(?:\A|[^\d\w%])-\s?\Z"
        ),
    ),
)
_AFTER: tuple[tuple[Role, re.Pattern[str]], ...] = (
    (
        Role.SAVING,
        re.compile(
            r"\s*(?:off\b|discount|savings?\b|cheaper|less\b|reduction|的?优惠(?!券)|的?折扣|立减|(?:won|will)?'?t? be saved)"
        ),
    ),
    (
        Role.EXTRA,
        re.compile(
            r"[\s-]*(?:coupon|voucher|gift ?cards?|(?:in |store )?credit|cash ?back|rebate|shipping|delivery|postage|fee\b|deposit|bonus|prize|"
            r"worth of|的?(?:无门槛|优惠券|满减券|券|红包|代金|礼品卡|运费|邮费|定金|订金|补贴|返现|现金|话费|押金|礼盒|赠品|大礼|礼包|津贴))"
        ),
    ),
    (
        Role.BUNDLE,
        re.compile(
            rf"\s*(?:/(?!\s?(?:[件个盒瓶双条只套台箱份罐袋包]|each|pc|piece|item))|per (?!item|piece|pair)|a (?:month|week|day|year)\b|(?:monthly|weekly|yearly)\b"
            rf"|for {_MANY_EN}\b|/?{_MANY}\s?(?:件|个|瓶|盒|包|双|条|袋|支|套|片|只|罐)|每[月天日期斤克升公千百]|[x×*]\s?\d|任[选意]|选{_MANY})"
        ),
    ),
    (Role.THRESHOLD, re.compile(r"\s*(?:\+|以上|or more|or above|and (?:up|above|over)|minimum|起送|门槛|可用)")),
    (Role.UPPER, re.compile(r"\s*(?:以内|以下|之内|不到|or less|or under)")),
)
_FROM = re.compile(r"(?:from|从|由)\s*\Z")
_TO = re.compile(r"\s*(?:to\b|->|→|down to|降|直降|到|变)")


def role_of(text: str, start: int, end: int) -> Role:
    """What the amount `text[start:end]` is said to be, from the words next to it."""
    before = text[max(0, start - 40) : start].lower()
    after = text[end : end + 24].lower()
    if _FROM.search(before) and _TO.match(after):
        return Role.WAS
    for role, pattern in _AFTER[:1]:
        if pattern.match(after):
            return role
    for role, pattern in _BEFORE[:3]:
        if pattern.search(before):
            return role
    for role, pattern in _AFTER[1:]:
        if pattern.match(after):
            return role
    for role, pattern in _BEFORE[3:]:
        if pattern.search(before):
            return role
    return Role.PLAIN
