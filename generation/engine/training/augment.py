"""Other prompts for the same text: facts in another order, some left out, told as description, or under another name; a
channel with just the room that the text needs.

What the text itself speaks of always stays, in its own order, so that no example ever teaches to say what no fact says.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import replace

from generation.engine.config import ChannelView, CopyBrief, Fact, Language, SegmentView
from generation.engine.evaluation.coverage import facts_told
from generation.engine.prompt_data import in_order, room_of
from generation.engine.seeds import derive_seed
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import PreferencePair, Source, TrainingExample

# attribute names that shops use for the same thing; every name stands in one group only
_NAMES: tuple[tuple[str, ...], ...] = (
    ("Weight", "Net weight", "Weighs"), ("Colours", "Colors", "Colour options"), ("Colour", "Color"),
    ("Made of", "Material", "Materials"), ("Size", "Dimensions", "Measures"), ("Care", "Washing", "Care instructions"),
    ("Price", "Our price"), ("Holds", "Capacity", "Volume"), ("Warranty", "Guarantee period"), ("Fit", "Cut"),
    ("Battery", "Battery life", "Running time"), ("Sound level", "Noise"), ("Origin", "Made in", "Comes from"),
    ("重量", "净重", "商品重量"), ("颜色", "配色", "可选颜色"), ("材质", "材料", "用料"), ("尺寸", "规格", "大小"),
    ("洗护", "清洗", "洗涤"), ("价格", "售价", "到手价格"), ("容量", "装量"), ("保修", "质保"), ("版型", "剪裁"),
    ("续航", "使用时间"), ("音量", "噪音"), ("产地", "原产地"), ("面料", "布料"),
)  # fmt: skip
_SPARE = 1.3  # as much as its text needs, a channel is told to have at most where it is told to have little
_SYNONYMS = {name.casefold(): group for group in _NAMES for name in group}


def augmented(example: TrainingExample, config: TrainConfig, epoch: int) -> CopyBrief:
    """The example's brief as epoch number `epoch` shows it: the facts that its text uses first, then others.

    The same for the same example, seed and epoch. Where the used facts are not known, all stay as they are; a text of the starter corpus without any tells the description.
    """
    draw = random.Random(derive_seed(config.seed, "augment", example.id, epoch))  # noqa: S311 (no secret)
    brief = example.brief
    if not example.uses and example.source is not Source.STARTER:
        return brief
    used = [brief.facts[place] for place in example.uses]
    others = [fact for place, fact in enumerate(brief.facts) if place not in example.uses]
    draw.shuffle(others)
    others = [fact for fact in others if draw.random() < config.keep_fact]
    description = brief.product_description
    if len(others) > 1 and not description and draw.random() < config.describe:
        description, others = described(others[:2], brief.language), others[2:]
    facts = tuple(renamed(fact, draw) if draw.random() < config.synonyms else fact for fact in [*used, *others])
    segment = thinner(brief.segment, config.keep_audience, draw)
    spare = draw.uniform(1, _SPARE) if draw.random() < config.fit_room else math.inf
    channel = fitting(brief.channel, brief.language, example.text, spare)
    return replace(brief, facts=facts, product_description=description, segment=segment, channel=channel)


def planned(example: TrainingExample) -> CopyBrief:
    """The example's brief for measuring, as a run tells one (`plan.with_plan`): every fact, those that its text uses first, and
    not much more room than the text fills."""
    return _told(example.brief, example.uses, example.text)


def planned_pair(pair: PreferencePair) -> CopyBrief:
    """The same of a pair from use, for the text that is preferred. Nobody noted what it uses, so that is what it tells by its words and numbers; of
    one that tells nothing, the facts come in the order in which the segment cares about them."""
    uses = facts_told(pair.brief.facts, pair.chosen)
    return _told(pair.brief if uses else in_order(pair.brief), uses, pair.chosen)


def _told(brief: CopyBrief, uses: Sequence[int], text: str) -> CopyBrief:
    facts = brief.facts
    ordered = [facts[place] for place in uses] + [fact for place, fact in enumerate(facts) if place not in uses]
    return replace(brief, facts=tuple(ordered), channel=fitting(brief.channel, brief.language, text, _SPARE))


def described(facts: Sequence[Fact], language: Language) -> str:
    """Facts as the sentences in which a shop's description would hold them."""
    colon, stop, space = ("：", "。", "") if language is Language.ZH_HANS else (": ", ".", " ")
    return space.join(f"{fact.attribute}{colon}{fact.value} {fact.unit}".rstrip() + stop for fact in facts)


def fitting(channel: ChannelView, language: Language, text: str, spare: float) -> ChannelView:
    """The channel with `spare` times the room that the text needs, in steps of 10: so a model learns how long a text of so many
    characters is, whatever the channel's own limit. With infinite `spare`, or where that is more than the channel has, as it
    is, unless the text is longer: an example never teaches to overrun what it is told."""
    room = room_of(channel, language)
    if room is not None and len(text) > room:
        spare = 1
    elif not math.isfinite(spare):
        return channel
    needed = 10 * math.ceil(len(text) * spare / 10)
    return (
        channel
        if room is not None and len(text) <= room <= needed
        else replace(channel, unit="characters", limit=needed)
    )


def thinner(segment: SegmentView | None, keep: float, draw: random.Random) -> SegmentView | None:
    """The segment, perhaps without its description, perhaps without its words: many shops know less of theirs."""
    if segment is None:
        return None
    description = segment.description if draw.random() < keep else ""
    return replace(segment, description=description, words=segment.words if draw.random() < keep else ())


def renamed(fact: Fact, draw: random.Random) -> Fact:
    """The fact under another usual name of its attribute, where there is one."""
    names = [name for name in _SYNONYMS.get(fact.attribute.casefold(), ()) if name != fact.attribute]
    return replace(fact, attribute=draw.choice(names)) if names else fact
