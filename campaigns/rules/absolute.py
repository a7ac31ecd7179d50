"""Absolute terms: words by which an advertisement puts itself above everything else, or promises without any condition.

The Advertising Law of the People's Republic of China, article 9 (3), forbids them ("国家级、最高级、最佳等"). What is left out
follows the guideline of its enforcement (State Administration for Market Regulation, notice 6 of 2023): the order of time,
how and until when something is to be used, attitudes ("顾客第一"), what does not speak of the goods, and names of the goods.
For English the same list serves as a house rule: such claims need a proof that copy does not carry.

It does not judge whether a claim is true, and knows no term that is written with signs in between.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from campaigns.rules.finding import Code, Finding, Severity
from campaigns.rules.folding import fold
from campaigns.rules.wording import spans_of

# After 最: time and place, amounts that a record gives, the reader's own feelings, advice on use.
_MOST_FINE = (
    "近|后|不|暗|感|多|少|终|初|末|早|晚|先|迟|新|小|大(?!牌|优惠|力度|程度|品牌)|长|短|远|深|外|内|里|上|下|底|前|左|右|中间|"
    "高(?=可|立减|减|达|温|水温|承重|档|转速|功率|时速|返|省)|低(?=温|消费|档|水位|转速|功率|可至)|"
    "爱|喜欢|想|需要|重要|常|亲爱|亲近|在意|在乎|难忘|珍贵|忙|累|冷|热(?!销|卖|门)|平常|日常|平凡|普通|自然|真|"
    "适合|适宜|宜|怕|难|简单|佳(?=食用|赏味|饮用|品尝|使用|保存|观赏|状态|搭档|拍档)|好(?=在|先|别|不要|提前|避免|搭配|冷藏|密封|趁)"
)
_MOST = (
    "高品质|受欢迎|好喝|好吃|好用|好看|舒适|舒服|优质|优秀|优惠|高级|高端|低价|便宜|先进|安全|健康|专业|时尚|流行|畅销|热销|热卖|"
    "热门|豪华|奢侈|实惠|划算|超值|耐用|新鲜|柔软|轻便|轻薄|温暖|大优惠|大力度|大牌"
)
# After 第一: counting, order of time, points of view.
_FIRST_FINE = (
    "次|天|眼|步|口|件|年|个|站|缕|道|杯|页|课|代|印象|人称|节|层|排|行|章|场|滴|份|季|周|日|月|夜|晚|抹|束|声|条|双|台|只|张|块|"
    "套|支|瓶|批|轮|颗|时间|手|现场|视角|堂|抱|餐|顿|趟|段|程|反应|感觉|直觉|位|封|本|局|球|公里|阶段|期|把|碗|锅|句|笔|遍|回|要"
)
_CHINESE = (
    rf"最(?!{_MOST_FINE})(?:{_MOST}|[\u3400-\u9fff])|之最|"
    rf"(?<!顾客)(?<!客户)(?<!用户)(?<!安全)(?<!健康)第一(?!{_FIRST_FINE})(?:名|品牌)?|"
    r"国家级|世界级|全球级|宇宙级|殿堂级|顶级|顶尖|顶流|极致|极品|极佳|绝佳|绝无仅有|独一无二|"
    r"唯一(?!需要|要做|要带|不变|不足|缺点|的(?:烦恼|问题|缺点|区别))|"
    r"史无前例|空前绝后|前无古人|无与伦比|无可比拟|无可匹敌|举世无双|天下无双|无敌|至尊|巅峰|王牌|"
    r"首选|(?:全球|全国|世界|国内|国际|行业|业界|业内|全网)(?:首[款创家个发]|领先|领导)|遥遥领先|领导品牌|领袖品牌|领军品牌|"
    r"销量冠军|销冠|填补(?:国内|行业)?空白|万能(?!表|胶|钥匙)|永久|根治|零风险|绝对(?!值|湿度|温度|零度)|"
    r"(?:百分之?百|百分之一百|100 ?%)(?:有效|安全|保证|无害|满意|放心|安心|可靠)"
)
_BEFORE_NUMBER = r"(?<!step )(?<!tip )(?<!rule )(?<!reason )(?<!day )(?<!part )(?<!lesson )(?<!chapter )(?<!week )"
_DEGREE = (
    r"(?:best|finest|greatest|lightest|softest|warmest|strongest|fastest|safest|toughest|thinnest|smallest|cleanest|"
    r"freshest|smartest|quietest|comfiest|tastiest|purest|highest|lowest|cheapest|most [a-z-]{3,20})"
)
_PEOPLE_AND_TIME = (
    r"for|with|before|of both|of two|part|way to|way for|time|version of (?:you|your)|thing about|seat|days? of"
)
_ENGLISH = (
    rf"(?<!all )\bthe (?:very )?best\b(?! (?:{_PEOPLE_AND_TIME})\b)|"
    r"\b(?:the )?world'?s? ?-?(?:best|first|only|finest|leading|favou?rite|no\.? ?1|number one|#1|class)\b|"
    rf"\bthe world's {_DEGREE}\b|"
    rf"\b{_DEGREE}(?: [a-z'-]+){{0,3}} (?:ever|in the world|on the market|on earth|of all time|in the industry|money can buy)\b|"
    r"\bbest[ -]in[ -]class\b|\bbest ever\b|\bbest[ -]?sell(?:ing|ers?)\b|\bsimply the best\b|"
    rf"{_BEFORE_NUMBER}(?<![a-z0-9])(?:(?:no\.?|nº|№|number) ?(?:1(?![\d.,-])|one\b)(?! pencil)|#1(?!\d))|"
    r"\b(?:100 ?%|100 per ?cent|(?:a|one) hundred per ?cent)[ -]?(?:guaranteed?|satisfaction|safe|effective|risk[ -]free|"
    r"reliable|secure|perfect|foolproof|certain)\b|"
    r"\bguaranteed (?:results?|success|to work)\b|\b(?:lowest|best) price(?:s)? (?:guaranteed|ever|anywhere|online)\b|"
    r"\blowest prices?\b|\bcheapest\b|\bunbeatable\b|\bunrivall?ed\b|\bunmatched\b|\bunparalleled\b|\bunsurpassed\b|"
    r"\bsecond to none\b|\b(?:industry|market|world)[ -]lead(?:ing|ers?)\b|\bleading brand\b|\bthe ultimate\b|"
    r"\brisk[ -]free\b|\bnever fails?\b|\bone and only\b(?! you)|\bthe only [a-z][a-z -]{1,30}you(?:'ll| will)? (?:ever )?need\b"
)
_ABSOLUTE = re.compile(f"{_CHINESE}|{_ENGLISH}")


def absolute_terms(text: str, names: Iterable[str] = ()) -> list[Finding]:
    """A warning for every absolute term in `text`, by position, whatever its case and width.

    `names` are those of the goods and the brand, and words that the brief demands: a term inside of one is no claim.
    """
    folded = fold(text, ignore_case=True)
    named = spans_of(folded, names)
    found = [folded.span(match.start(), match.end()) for match in _ABSOLUTE.finditer(folded.text)]
    return [
        Finding.in_text(
            text,
            code=Code.LAW_ABSOLUTE,
            severity=Severity.WARNING,
            start=start,
            end=end,
            params={"word": text[start:end]},
        )
        for start, end in found
        if not any(first <= start and end <= last for first, last in named)
    ]
