"""Paraphrases of training texts through the other language and back. No torch here: a backend writes.

Method: back-translation as data augmentation, as in Xie et al. 2020 (arXiv 1904.12848): a text that says the same in other
words. A model's translation may also say something else, so a paraphrase is kept only where its language, its facts and
the caller's rules are right and it lies between a copy of the original and a text about something else.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from generation.engine.backends.base import Backend, OnStep
from generation.engine.clean import clean
from generation.engine.config import CopyBrief, FinishReason, Language, Prompt, SamplingConfig
from generation.engine.dedupe import NEAR, normal_key, similarity
from generation.engine.encoder import Encoder
from generation.engine.evaluation.coverage import is_expressed
from generation.engine.evaluation.quantities import folded, quantities
from generation.engine.language import matches_language
from generation.engine.prompt_data import clean_data, known_names
from generation.engine.seeds import derive_seed
from generation.engine.training.dataset import TrainingExample, is_held_out

WEIGHT = 0.5  # of the original's: it was written by a model
LONGEST = 400  # characters; a longer text is not tried
SUFFIX = "/bt"
# cosines of the bundled encoder: 14 pairs that we wrote lay at 0.93 to 0.99 where one said the same in other words, and at
# 0.83 to 0.90 where it said something else of the same product
LEAST_COSINE, MOST_COSINE = 0.92, 0.99

_LABELS = {Language.EN: "English: ", Language.ZH_HANS: "中文："}
_SAMPLES = (
    ("Rain outside, dry inside: this jacket weighs 240 g and folds into its own pocket.",
     "外面下雨，里面干爽：这件外套只有240克，还能折进自己的口袋。"),
    ("Pour it at seven, sip it at noon. The double wall keeps tea hot for 5 hours.",
     "七点倒的茶，中午喝还是热的：双层杯壁，保温5小时。"),
    ("Your evening lamp, now with three warm tones.", "夜晚的那盏灯，如今有三种暖光可选。"),
    ("Cotton so soft that bedtime comes early.", "棉布这么软，睡觉都想早一点。"),
    ("We kept your size: the trail shoe in 42 is back on the shelf.", "你的尺码给你留着：42码越野鞋重新上架了。"),
    ("A desk that rises with you, from 72 to 118 cm, without a sound.", "随你一同站起的书桌，72到118厘米，升降安静无声。"),
)  # fmt: skip
_GREEDY = SamplingConfig(temperature=1.0, top_k=1, top_p=1.0, repetition_penalty=1.0)
# tokens that the other language can need for one character of this one
_TOKENS = {Language.EN: 0.6, Language.ZH_HANS: 1.5}
_SPARE_TOKENS = 16
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9-]*")

Translate = Callable[[Sequence[TrainingExample], int], Sequence[str]]  # examples, seed -> a paraphrase of each, or ""
Keep = Callable[[CopyBrief, str], bool]


class Refusal(StrEnum):
    """Why a paraphrase was not kept, in the order of asking."""

    EMPTY = "empty"
    WRONG_LANGUAGE = "wrong_language"
    TOO_NEAR = "too_near"  # to its original, to another text of the data, or to a sample of the prompt
    FACTS_LOST = "facts_lost"  # it does not tell what the original tells of the product
    RULES = "rules"
    TOO_FAR = "too_far"


@dataclass(frozen=True, slots=True)
class Paraphrases:
    """New examples, how many originals were tried, and how many of their paraphrases were refused for which reason."""

    examples: tuple[TrainingExample, ...] = ()
    tried: int = 0
    dropped: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BackTranslator:
    """Any causal language model, shown a few translations: into the other language and back, the likeliest token each time.

    `on_step` is asked between tokens; True ends with `GenerationCancelledError`.
    """

    backend: Backend
    batch_size: int = 8
    on_step: OnStep | None = None

    def __call__(self, examples: Sequence[TrainingExample], seed: int) -> list[str]:
        """A paraphrase of each example's text in the text's own language; "" where the model has none."""
        found: list[str] = []
        for at in range(0, len(examples), self.batch_size):
            some = examples[at : at + self.batch_size]
            there = self._translate(some, [one.text for one in some], seed, back=False)
            found += self._translate(some, there, seed, back=True)
        return found

    def _translate(self, examples: Sequence[TrainingExample], texts: Sequence[str], seed: int, back: bool) -> list[str]:
        asked = [place for place, text in enumerate(texts) if text]
        if not asked:
            return list(texts)
        prompts = []
        for place in asked:
            own = examples[place].brief.language
            prompts.append(translation_prompt(texts[place], _other(own) if back else own, _names(examples[place])))
        seeds = [derive_seed(seed, "back-translation", examples[place].id, int(back)) for place in asked]
        most = max((prompt.max_tokens or 1 for prompt in prompts), default=1)
        outputs = self.backend.generate(prompts, replace(_GREEDY, max_new_tokens=most), seeds, self.on_step)
        found = [""] * len(texts)
        for place, prompt, output in zip(asked, prompts, outputs, strict=True):
            if output.finish_reason is not FinishReason.LENGTH:  # half a translation is none
                found[place] = clean(output.text, labels=prompt.labels)
        return found


def translation_prompt(text: str, language: Language, names: tuple[str, ...] = ()) -> Prompt:
    """Asks for `text`, which is in `language`, in the other one. `names` may stay as they are."""
    other = _other(language)
    pairs = _SAMPLES if language is Language.EN else [(zh, en) for en, zh in _SAMPLES]
    samples = "".join(f"{_LABELS[language]}{own}\n{_LABELS[other]}{theirs}\n\n" for own, theirs in pairs)
    data = clean_data(text, 4 * LONGEST)
    return Prompt(
        text=f"{samples}{_LABELS[language]}{data}\n{_LABELS[other]}".rstrip(),
        stop="\n",
        shared=len(samples),
        max_tokens=_SPARE_TOKENS + int(len(data) * _TOKENS[language]),
        examples=tuple(theirs for _, theirs in pairs),
        labels=("English", "中文", "Chinese", "英文"),
        language=other,
        names=names,
    )


def back_translated(
    examples: Sequence[TrainingExample], translate: Translate, keep: Keep, encoder: Encoder, *, share: float, seed: int
) -> Paraphrases:
    """At most one paraphrase of each of about a `share` of the examples, as an example `<id>/bt` of half the weight.

    translate  writes paraphrases: a `BackTranslator`
    keep       the caller's rules: whether a text may answer a brief

    Products that are kept for measuring have none. The same examples, translations and seed give the same paraphrases.
    Raises `ValueError` for a share outside 0 to 1.
    """
    if not 0 <= share <= 1:
        raise ValueError("a share is a number from 0 to 1")
    chosen = [one for one in examples if _is_chosen(one, share, seed)]
    texts = translate(chosen, seed) if chosen else []
    taken = {normal_key(one.text) for one in examples} | {normal_key(text) for pair in _SAMPLES for text in pair}
    dropped: Counter[str] = Counter()
    kept: list[TrainingExample] = []
    for one, text in zip(chosen, texts, strict=True):
        refusal = _refusal(one, text, taken, keep, encoder)
        if refusal is not None:
            dropped[refusal.value] += 1
            continue
        taken.add(normal_key(text))
        kept.append(replace(one, id=f"{one.id}{SUFFIX}", text=text, weight=WEIGHT * one.weight))
    return Paraphrases(tuple(kept), len(chosen), dict(sorted(dropped.items())))


def _is_chosen(example: TrainingExample, share: float, seed: int) -> bool:
    if is_held_out(example.product) or example.id.endswith(SUFFIX) or len(example.text) > LONGEST:
        return False
    return derive_seed(seed, "back-translate", example.id) < share * 2**63


def _refusal(example: TrainingExample, text: str, taken: set[str], keep: Keep, encoder: Encoder) -> Refusal | None:
    """Cheap questions first; the encoder is asked last."""
    brief, original = example.brief, example.text
    if not normal_key(text):
        return Refusal.EMPTY
    if not matches_language(text, brief.language):
        return Refusal.WRONG_LANGUAGE
    if normal_key(text) in taken or similarity(text, original) >= NEAR:
        return Refusal.TOO_NEAR
    if not _tells_the_same(example, text):
        return Refusal.FACTS_LOST
    if not keep(brief, text):
        return Refusal.RULES
    first, second = encoder.encode([original, text])
    cosine = float(first @ second)
    if cosine >= MOST_COSINE:
        return Refusal.TOO_NEAR
    return None if cosine >= LEAST_COSINE else Refusal.TOO_FAR


def _tells_the_same(example: TrainingExample, text: str) -> bool:
    """Every number of the original and no other, and every fact that the original is seen to tell."""
    original = example.text
    if not _has_numbers(text, of=original) or not _has_numbers(original, of=text):
        return False
    return all(is_expressed(fact, text) for fact in example.brief.facts if is_expressed(fact, original))


def _has_numbers(text: str, *, of: str) -> bool:
    """Whether the text has every number that stands in figures in the other; its own may be spelled out."""
    there = quantities(folded(text))
    return all(any(number.matches(one) for one in there) for number in quantities(folded(of), spelled=False))


def _other(language: Language) -> Language:
    return Language.ZH_HANS if language is Language.EN else Language.EN


def _names(example: TrainingExample) -> tuple[str, ...]:
    """What may stay as it is on the way: names of the brief, the text's own numbers, and Latin words in Chinese."""
    latin = _LATIN.findall(example.text) if example.brief.language is Language.ZH_HANS else []
    return tuple(dict.fromkeys([*known_names(example.brief), *_NUMBER.findall(example.text), *latin]))
