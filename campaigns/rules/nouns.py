"""What a number counts: nouns and counters, brought to one name over both languages where it is a common one.

"5 pockets" is no support for "5 layers", but it is for "5个口袋". Words that are not in the table stand for themselves:
a Latin word by its stem, Chinese characters by pairs.
"""

from __future__ import annotations

import re

# concept: English stems, then Chinese words.
_TABLE = {
    "pocket": "pocket compartment|口袋 兜 隔层 夹层 隔袋",
    "colour": "color colour colorway shade hue|颜色 种颜色 色",
    "layer": "layer ply tier|层",
    "pair": "pair|双 对",
    "person": "people person adult guest customer user shopper member fan|人 位 名 用户 顾客 会员 粉丝 买家",
    "piece": "piece pc pcs item unit count ct quantity|件 个 只 枚 片装 支装 只装 数量 件数",
    "pack": "pack packet bag sachet pouch carton|包 袋",
    "bottle": "bottle can jar|瓶 罐",
    "box": "box case|盒 箱",
    "tablet": "tablet capsule pill softgel gummy|片 粒 颗",
    "sheet": "sheet page wipe tissue|张 页 抽",
    "size": "size|码 尺码 号",
    "speed": "speed gear level|档 速 挡",
    "mode": "mode setting program programme|模式 种模式 功能",
    "star": "star|星 星级",
    "time": "time use wash cycle|次",
    "flavour": "flavor flavour taste|口味 味",
    "step": "step|步 步骤",
    "set": "set kit|套 组",
    "port": "port socket outlet|接口 插口 孔 插座",
    "wheel": "wheel|轮 轮子 万向轮",
    "blade": "blade|刀片 刀头 叶",
    "camera": "camera lens|摄像头 镜头",
    "core": "core|核 核心",
    "review": "review rating testimonial|评价 好评 条评价 评论",
    "order": "sold sale order purchase|销量 单 已售 付款",
    "step_motor": "motor|电机 马达",
    "button": "button key|按键 键 按钮",
    "bead": "bead|珠",
    "serving": "serving portion meal cup|份 餐 杯",
    "generation": "generation gen|代",
    "instalment": "instalment installment|期",
    "award": "award prize|奖项 大奖 奖",
    "country": "country countries|国家 个国家",
    "store": "store shop location|门店 家店",
    "style": "style design pattern|款 款式 花色 种",
    "in_one": "all-in-one|合一 合1",
    "size_person": "seater seat seats|座 人座",
    "strip": "strap strip|条 根",
    "book": "book volume|本 册",
    "device": "device machine|台 部",
    "slot": "slot tray rack shelf|格 层架",
    "filter": "filter|滤芯 滤网 重过滤",
    "hole": "hole|孔位",
    "episode": "episode lesson course|节 课",
    "bulb": "led leds light lamp|灯 灯珠",
    "hook": "hook|挂钩 钩",
    "spring": "spring coil|弹簧",
    "zone": "zone|区 分区",
    "patent": "patent|专利 项专利",
    "ingredient": "ingredient|种成分 成分 种原料",
    "grain": "grain|谷物 种谷物",
    "note": "note|音",
    "score": "score point|分 评分",
    "thread": "thread|支纱 纱支 织",
}
CONTAINERS = frozenset(
    {"pack", "bottle", "box", "tablet", "sheet", "set", "pair", "strip", "style", "book", "device", "serving"}
)
# Counters that make a Chinese numeral a statement (三件, 两层); others stay idiom (四面八方, 二手).
COUNTERS = (
    "个|只|件|条|款|双|套|支|枚|颗|粒|片|张|块|盒|包|袋|瓶|罐|桶|箱|组|份|台|部|本|页|层|档|种|色|位|人|名|次|步|核|代|号|码|级|"
    "星|根|把|串|杯|辆|项|朵|束|盏|卷|滴|格|孔|期|家|国|单|抽|重|合一|座|城|轮|味|遍|亩|句|节|套装|口味|层架|胞"
)
_STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "and",
        "or",
        "to",
        "in",
        "on",
        "for",
        "with",
        "by",
        "from",
        "at",
        "as",
        "is",
        "are",
        "was",
        "be",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "your",
        "our",
        "their",
        "you",
        "we",
        "per",
        "each",
        "all",
        "any",
        "more",
        "most",
        "than",
        "over",
        "up",
        "only",
        "just",
        "new",
        "great",
        "very",
        "so",
        "no",
        "not",
        "will",
        "can",
        "has",
        "have",
        "had",
        "get",
        "gives",
        "give",
        "off",
        "now",
        "plus",
        "per",
        "about",
        "around",
        "total",
    ]
)
_PARTICLES = frozenset("的了是在和与及就即可让给有为起至到也都还才又再更只仅或用从以上下内外中里后前")
_STOP_PAIRS = frozenset({"数量", "以上", "以内", "左右", "可选", "任选", "起来"})
_LATIN: dict[str, str] = {}
_HAN: dict[str, str] = {}
for _concept, _row in _TABLE.items():
    _english, _, _chinese = _row.partition("|")
    _LATIN.update(dict.fromkeys(_english.split(), _concept))
    _HAN.update(dict.fromkeys(_chinese.split(), _concept))
CONCEPTS = frozenset(_HAN.values())
_HAN_LENGTHS = sorted({len(word) for word in _HAN}, reverse=True)

_HAN_CHARACTER = "[\u3400-\u9fff]"
_AFTER_HAN = re.compile(rf"[+多余]?\s?-?({_HAN_CHARACTER}{{1,6}})")
_AFTER_LATIN = re.compile(r"\+?[\s-]{0,2}([A-Za-z][A-Za-z'’]*+(?:[ -][A-Za-z][A-Za-z'’]*+){0,2})")
_BEFORE = re.compile(rf"(?:([A-Za-z]+)[\s:#-]{{0,2}}|({_HAN_CHARACTER}{{1,2}})[\s::]{{0,2}})\Z")


def nouns_after(text: str, position: int) -> frozenset[str]:
    """What is counted by a number that ends at `position` of the folded `text`; empty where nothing follows it."""
    if match := _AFTER_HAN.match(text, position):
        return _han_nouns(match[1])
    if match := _AFTER_LATIN.match(text, position):
        return latin_nouns(match[1])
    return frozenset()


def lead_before(text: str, position: int) -> str:
    """The word right before a number: "pegasus" in "Pegasus 41"; empty where none is."""
    match = _BEFORE.search(text, max(0, position - 24), position)
    if match is None:
        return ""
    word = match[1].lower() if match[1] else match[2]
    return "" if word in _STOP_WORDS else stem(word)


def all_nouns(text: str) -> frozenset[str]:
    """Every concept, stem and pair of characters in an attribute name: what a fact's number may be about."""
    found = set(latin_nouns(" ".join(re.findall(r"[A-Za-z]+", text))))
    for run in re.findall(f"{_HAN_CHARACTER}+", text):
        found |= _han_concepts(run) | _pairs(run)
    return frozenset(found)


def _han_concepts(run: str, *, shortest: int = 1) -> set[str]:
    """The concepts named in a run of Chinese by words of `shortest` characters, the longest word first: 口袋 is no 袋."""
    found, position = set(), 0
    while position < len(run):
        length = next((n for n in _HAN_LENGTHS if n >= shortest and run[position : position + n] in _HAN), 0)
        if length:
            found.add(_HAN[run[position : position + length]])
        position += length or 1
    return found


def latin_nouns(words: str) -> frozenset[str]:
    """The concepts among `words`, or else their stems."""
    stems = [stem(word) for word in re.split(r"[\s-]+", words.lower()) if word and word not in _STOP_WORDS]
    concepts = {_LATIN[word] for word in stems if word in _LATIN}
    return frozenset(concepts or stems)


def stem(word: str) -> str:
    """`word` in lower case without a plural ending."""
    lowered = word.lower()
    if not lowered.isascii() or len(lowered) < 4 or lowered.endswith("ss"):
        return lowered
    if lowered.endswith("ies"):
        return lowered[:-3] + "y"
    if lowered.endswith(("xes", "ches", "shes", "sses")):
        return lowered[:-2]
    return lowered.removesuffix("s")


def _han_nouns(run: str) -> frozenset[str]:
    """个口袋 → pocket; 件 → piece; 个摄像装置 → its pairs."""
    own = _concept_at(run, 0)
    counter = re.match(COUNTERS, run)
    following = run[counter.end() :].removeprefix("装").lstrip("的大小") if counter else ""
    if following:
        specific = _concept_at(following, 0)
        if specific:
            return frozenset({specific})
        if own in (None, "piece", "style") and (pairs := _pairs(following[:4])):
            return pairs | _han_concepts(following[1:], shortest=2)
    if own:
        return frozenset({own})
    return frozenset() if run[0] in _PARTICLES else _pairs(run[:4]) or frozenset({run})


def _concept_at(run: str, position: int) -> str | None:
    for length in _HAN_LENGTHS:
        if (word := run[position : position + length]) in _HAN and len(word) == length:
            return _HAN[word]
    return None


def _pairs(run: str) -> frozenset[str]:
    return frozenset({run[i : i + 2] for i in range(len(run) - 1)}) - _STOP_PAIRS


def same_noun(claimed: frozenset[str], known: frozenset[str]) -> bool:
    """Whether a number said to count `claimed` may rest on one that counts `known`.

    "Pieces: 6" is support for 6 cups or 6 of something unnamed here, but not for 6 pockets or 6 layers.
    """
    if claimed & known:
        return True
    generic = frozenset({"piece"})
    if known == generic:
        return not claimed & (CONCEPTS - CONTAINERS)
    return claimed == generic and bool(known & CONTAINERS)
