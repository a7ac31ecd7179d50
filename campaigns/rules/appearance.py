"""Colours and materials that a text names, in English and Chinese, in one form that compares.

What a text *states* is read strictly: words that hardly mean anything else, without the idioms (Black Friday, 绿色环保),
the shopper's own things ("your black jeans") and what is said to be absent ("no plastic", "plastic-free"). What is
*known* is read leniently: any shade, and any sign of it, supports its whole family ("navy" and 藏青 are blue), because a
shade that is called by another name is no lie.

What it does not do: judge shades within a family, read colours out of pictures or codes, or tell which part of a product
has which colour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from campaigns.rules.claim import Claim, ClaimKind

# family: English words | Chinese words that name it, or that tell of it in a record
_COLOURS = {
    "black": "black ebony jet onyx charcoal obsidian midnight noir|黑 墨 炭",
    "white": "white ivory snow cream eggshell alabaster pearl chalk blanc milk|白 象牙 珍珠 奶",
    "grey": "grey gray charcoal graphite slate ash heather silver smoke stone gunmetal titanium|灰 炭 烟 银 石 钛",
    "red": "red crimson scarlet burgundy maroon wine ruby cherry rust vermilion terracotta brick|红 赤 朱 绛 酒 砖 樱桃",
    "pink": "pink rose blush fuchsia magenta coral salmon peach raspberry|粉 玫 桃 珊瑚 樱",
    "orange": "orange tangerine apricot coral peach rust amber terracotta copper|橙 橘 桔 杏 珊瑚 铜 琥珀",
    "yellow": "yellow mustard lemon gold golden amber honey sunflower straw butter|黄 姜 金 柠檬 琥珀 蜜 鹅黄",
    "green": "green olive khaki emerald mint sage teal turquoise jade forest lime moss army camo pine fern|绿 翠 橄榄 薄荷 青 军 苔 草 松石",
    "blue": "blue navy indigo cobalt teal turquoise aqua azure denim cyan sapphire sky midnight royal petrol|蓝 藏青 靛 青 牛仔 天空 海军 松石",
    "purple": "purple violet lavender lilac plum mauve aubergine orchid mulberry grape|紫 薰衣草 丁香 茄",
    "brown": "brown tan chocolate coffee walnut camel chestnut cognac mocha bronze tobacco caramel oak wood|棕 褐 咖 驼 胡桃 栗 焦糖 茶色 木 铜",
    "beige": "beige khaki sand cream oatmeal nude tan oat natural ecru stone linen camel fawn|米 卡其 杏 沙 燕麦 裸 奶 亚麻 原色 本色 驼",
}
_ANY_COLOUR = re.compile(
    r"\b(?:multi-?colou?r(?:ed)?|multi|assorted|rainbow|various colou?rs|tie.dye|patterned|floral)\b|多色|彩色|彩虹|七彩|五彩|混色|撞色|花色|多彩",
    re.IGNORECASE,
)
_MATERIALS = {
    "cotton": "cotton denim canvas muslin jersey terry percale chambray corduroy flannel twill poplin|棉 帆布 牛仔 灯芯绒",
    "leather": "leather suede nubuck cowhide calfskin sheepskin nappa|皮 革 麂",
    "wool": "wool woollen woolen merino cashmere tweed felt fleece alpaca mohair lambswool|羊毛 羊绒 美利奴 毛呢 羊驼 毡",
    "silk": "silk satin|真丝 蚕丝 桑蚕 丝绸 缎",
    "linen": "linen flax hemp|麻",
    "bamboo": "bamboo|竹",
    "steel": "steel inox iron|钢 铁",
    "aluminium": "aluminium aluminum alu alloy|铝",
    "titanium": "titanium|钛",
    "wood": "wood wooden oak walnut beech pine maple birch teak acacia ash plywood mdf timber rattan cork bamboo|木 橡 榉 胡桃 松 枫 桦 柚 藤 竹",
    "ceramic": "ceramic porcelain stoneware earthenware clay terracotta|陶 瓷",
    "polyester": "polyester recycled fleece microfibre microfiber satin pet|涤 聚酯 再生 摇粒绒 超细纤维",
    "nylon": "nylon polyamide cordura ripstop|尼龙 锦纶 聚酰胺",
    "silicone": "silicone silicon|硅胶 硅",
    "plastic": "plastic polypropylene pp pe abs pvc tritan polycarbonate pc acrylic resin polyethylene|塑 聚 树脂 亚克力 pp pe abs pc",
    "glass": "glass crystal borosilicate|玻璃 水晶",
    "down": "down feather|羽绒 鹅绒 鸭绒",
}
_SAID_COLOURS_EN = (
    "black white grey gray red pink yellow green blue navy purple brown beige khaki burgundy teal turquoise crimson"
)
_SAID_COLOURS_ZH = "黑 白 灰 红 粉 橙 橘 黄 绿 蓝 紫 棕 褐 咖啡 驼 米 杏 卡其 藏青"
_SAID_MATERIALS_EN = (
    "cotton leather suede wool merino cashmere silk linen bamboo steel aluminium aluminum titanium ceramic porcelain "
    "polyester nylon silicone plastic"
)
_SAID_MATERIALS_ZH = (
    "纯棉 全棉 棉质 真皮 牛皮 羊皮 麂皮 羊毛 羊绒 真丝 桑蚕丝 亚麻 竹制 竹纤维 不锈钢 铝合金 钛合金 实木 陶瓷 涤纶 聚酯纤维 尼龙 锦纶 硅胶 塑料 "
    "羽绒"
)
_NOT_AFTER_COLOUR = (
    "friday tie tea coffee pepper bean beans box rice vinegar market label garlic sesame wine noise space board wall walls "
    "light lights thumb onion onions energy apple leaves leaf tape carpet eye meat envelope sky skies monday cheese sugar "
    "bread egg eggs salt area day days hair water weather pages card list belt page sheet paper shirt shirts lie collar "
    "out house houses veg vegetables curry fruit fruits grapes gold"
)
_NOT_AFTER_MATERIAL = (
    "floor floors forest table tables shoes boots jacket bag bags shoot shoots bottle bottles straw straws waste "
    "packaging cap cups bud buds candy closet closets cupboard wash cycle programme program setting mode pan pans sofa sofas"
)


def _words(row: str) -> str:
    return "|".join(sorted(set(row.split()), key=len, reverse=True))


def _known_patterns(table: dict[str, str]) -> dict[str, re.Pattern[str]]:
    patterns = {}
    for family, row in table.items():
        english, _, chinese = row.partition("|")
        patterns[family] = re.compile(rf"(?<![a-z])(?:{_words(english)})(?![a-z])|{_words(chinese)}", re.IGNORECASE)
    return patterns


_KNOWN = {
    ClaimKind.COLOUR: _known_patterns(_COLOURS),
    ClaimKind.MATERIAL: _known_patterns(_MATERIALS),
}
_NOT_ITS_OWN = r"(?<!\byour )(?<!\bmy )(?<!\bno )(?<!\bnot )(?<!\bwithout )(?<!\blike )(?<!\bas )(?<!\bzero )(?<!\bless )(?<!\bcompletely )(?<!\bpitch )"
_FREE = r"(?![ -]free\b|-like\b|-look\b|-smooth\b|-soft\b)"
_SAID = {
    ClaimKind.COLOUR: re.compile(
        rf"{_NOT_ITS_OWN}(?<![\w-])(?:{_words(_SAID_COLOURS_EN)})(?![\w]){_FREE}(?! (?:{_words(_NOT_AFTER_COLOUR)})\b)"
        rf"|(?<![染上掉褪变成])(?:(?:{_words(_SAID_COLOURS_ZH)})色(?![素调系])|[深浅淡暗墨藏湖酒玫奶米雾][黑白灰红粉黄绿蓝紫棕](?!茶|枣|豆|糖|薯|天|云|酒))"
        rf"(?!环保|食品|出行|生活|健康|有机|蔬菜|水果|衣服|衣物|墙)",
        re.IGNORECASE,
    ),
    ClaimKind.MATERIAL: re.compile(
        rf"{_NOT_ITS_OWN}(?<![\w-])(?:{_words(_SAID_MATERIALS_EN)})(?![\w]){_FREE}(?! (?:{_words(_NOT_AFTER_MATERIAL)})\b)"
        rf"|(?<![无非没不像如])(?:{_words(_SAID_MATERIALS_ZH)})(?![瓶袋盒杯管味感般])",
        re.IGNORECASE,
    ),
}


def appearances(text: str, rest: str) -> Iterator[Claim]:
    """The colours and materials that the folded text states. `rest` is `text` with earlier claims blanked out."""
    for kind, pattern in _SAID.items():
        for match in pattern.finditer(rest):
            if keys := _families(kind, match.group()):
                yield Claim(kind=kind, start=match.start(), end=match.end(), text="", keys=keys)


def known_appearances(text: str) -> Iterator[Claim]:
    """The families of colour and material that a record tells of, one claim for each."""
    for kind in _KNOWN:
        for key in _families(kind, text):
            yield Claim(kind=kind, start=0, end=0, text="", keys=(key,))


def _families(kind: ClaimKind, text: str) -> tuple[str, ...]:
    every = kind is ClaimKind.COLOUR and _ANY_COLOUR.search(text) is not None
    return tuple(f"{kind.value}:{family}" for family, pattern in _KNOWN[kind].items() if every or pattern.search(text))
