"""Properties that a text states of a product: waterproof, long-sleeved, 可折叠. English and Chinese, in one form that compares.

They are a glossary's words for features and patterns, each known by its Chinese name; whoever asks hands over how words are
read. What every seller says and no record can refute (comfortable, 柔软) is no statement, nor is what is denied or asked ("not waterproof"). What is *known* is
read leniently: any word that contains the property, or that says as much or more ("waterproof" for "splash-proof").

Of the 6,042 texts of the starter corpus, which rest on their briefs, it objects to fewer than one in a hundred; of copy that
says the same in words of its own, to more.

What it does not do: tell which part of a product has the property, or understand what is said in other words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from campaigns.rules.finding import Code, Finding, Severity
from campaigns.rules.folding import fold


class Word(NamedTuple):
    """A word of a text that the glossary knows: its Chinese name, its kind and where it stands."""

    name: str
    kind: str
    start: int
    end: int


Read = Callable[[str], Iterable[Word]]  # the words of a text that are stated, not denied or asked
_KINDS = frozenset(("feature", "pattern"))
_SAID_BY_ALL = (
    "薄款 薄 厚 厚实 加厚 舒适 柔软 结实 小巧 便携 轻便 轻量 轻薄 轻巧 轻盈 耐用 贴合 光滑 光滑表面 顺滑 蓬松 环保 可持续 休闲 经典 简约 现代 "
    "复古 多功能 多用途 百搭 日常 温暖 保暖 凉爽 清爽 清新 柔和 自然 天然 干净 安静 静音 宽敞 宽松 宽版 大号 小号 迷你 紧凑 省空间 节省空间 易清洁 "
    "好打理 手感柔软 时尚 圆形 方形 长款 短款 折叠 编织 卷起 弹性 有香味 带香味 稳固 牢固 坚固 平整 开放式 一键式 多合一 A字 自动 通风 有线 内置 "
    "雕刻 印花 持久 旋转 摆动 舒缓 柔韧 一次性 丝滑 做旧 柔光 变色 缓冲 低功耗 节能 省电 大屏"
)
_LOOSE = frozenset(_SAID_BY_ALL.split())
# what is known to be the first is also every other
_SUPPORTS = {
    "防水": "抗水 防泼水 防泼溅 防溅 防雨 拒水 防潮",
    "防泼水": "抗水 防泼溅 防溅 拒水",
    "防泼溅": "防溅 防泼水 抗水",
    "拒水": "防泼水 抗水",
    "抗水": "防泼水 防泼溅",
    "可折叠": "折叠 折叠式 可收纳 可卷起",
    "折叠": "可折叠 折叠式",
    "折叠式": "可折叠",
    "可机洗": "机洗 可水洗 可洗",
    "机洗": "可机洗 可水洗 可洗",
    "可水洗": "可洗",
    "可洗碗机清洗": "可用洗碗机清洗",
    "可用洗碗机清洗": "可洗碗机清洗",
    "无香精": "无香 无香料",
    "无香": "无香精 无香料",
    "无绳": "无线",
    "蓝牙": "无线",
    "弹力": "弹性",
    "磁力": "磁吸",
    "磁性": "磁吸",
    "可充电": "充电式",
    "充电式": "可充电",
    "USB充电": "可充电 充电式",
    "夜光": "发光",
    "快干": "速干",
    "速干": "快干",
    "格纹": "格子",
    "格子": "格纹",
    "手工": "手工制作 手工打造",
    "绣花": "刺绣",
    "刺绣": "绣花",
    "碎花": "花卉",
    "花卉": "碎花",
    "抗风": "防风",
    "防风": "抗风",
    "快充": "快速充电",
    "快速充电": "快充",
    "可拆卸": "可拆洗 可取下",
}
_DENYING = ("不", "未")
_DENIED = re.compile(r"[不无非未](?:可|能|易)?$")
# ratings of a record that say it in figures
_SPLASH_PROOF = re.compile(r"\bipx?[4-8]", re.IGNORECASE)
_WATERPROOF = re.compile(r"\bip[x\d][78]|water column|静水压", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a product: the names of all words of its records that are not denied, and what they say besides."""

    names: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str], read: Read) -> Record:
        folded = "\n\n".join(fold(text).text for text in texts)
        names = [word.name for word in read(folded)]
        names += ["防泼溅" for _ in _SPLASH_PROOF.findall(folded)] + ["防水" for _ in _WATERPROOF.findall(folded)]
        more = [key for name in names for known, keys in _SUPPORTS.items() if _has(name, known) for key in keys.split()]
        return cls(frozenset((*names, *more)))

    def supports(self, name: str) -> bool:
        return any(_has(known, name) for known in self.names)


def _has(known: str, name: str) -> bool:
    """Whether what is known contains the property, without denying it."""
    head, found, _ = known.partition(name)
    return bool(found) and not _DENIED.search(head)


def unsupported_properties(text: str, record: Record, read: Read) -> list[Finding]:
    """The findings, by position, for every property in `text` of which the record does not tell. They are warnings."""
    folded = fold(text)
    found = []
    for word in read(folded.text):
        denies = word.name.startswith(_DENYING) and not word.name.startswith("不含")
        if word.kind not in _KINDS or word.name in _LOOSE or denies or record.supports(word.name):
            continue
        start, end = folded.span(word.start, word.end)
        params = {"claim": text[start:end], "kind": "property", "value": word.name, "unit": ""}
        found.append(
            Finding.in_text(
                text, code=Code.GROUNDING_PROPERTY, severity=Severity.WARNING, start=start, end=end, params=params
            )
        )
    return found
