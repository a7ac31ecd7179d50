"""What the generator is asked and what it answers: frozen values that refuse nonsense. No torch here."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

from generation.engine.measure import UNITS


class Language(StrEnum):
    EN = "en"
    ZH_HANS = "zh-hans"


class FinishReason(StrEnum):
    """Why one output ended: at the prompt's delimiter, at the model's end token, or out of tokens."""

    STOP = "stop"
    END = "end"
    LENGTH = "length"


class DropReason(StrEnum):
    """Why the generator itself threw an output away; a caller's check may add reasons of its own."""

    EMPTY = "empty"
    WRONG_LANGUAGE = "wrong_language"
    TOO_LONG = "too_long"
    DUPLICATE = "duplicate"
    OFF_PLAN = "off_plan"
    BROKEN = "broken"


def _need_text(**values: object) -> None:
    for name, value in values.items():
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{name} must not be empty")


def _need_words(**values: object) -> None:
    for name, words in values.items():
        if not isinstance(words, tuple) or any(not isinstance(word, str) or not word.strip() for word in words):
            raise ValueError(f"{name} must be words, none of them empty")


FEATURE = ("Feature", "特点")  # what a fact is called that a description tells without a name, English and Chinese


@dataclass(frozen=True, slots=True)
class Fact:
    """One claim about a product that copy may use: attribute, value, and the value's unit if it has one."""

    attribute: str
    value: str
    unit: str = ""

    def __post_init__(self) -> None:
        _need_text(attribute=self.attribute, value=self.value)


@dataclass(frozen=True, slots=True)
class Interest:
    """What a segment cares about; a larger weight cares more."""

    name: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        _need_text(name=self.name)
        if not math.isfinite(self.weight) or self.weight < 0:
            raise ValueError("an interest's weight is a number from 0 up")


@dataclass(frozen=True, slots=True)
class SegmentView:
    """The audience, as the prompt needs it."""

    name: str
    description: str = ""
    interests: tuple[Interest, ...] = ()
    words: tuple[str, ...] = ()
    avoid_words: tuple[str, ...] = ()
    tone: str = ""

    def __post_init__(self) -> None:
        _need_text(name=self.name)
        _need_words(words=self.words, avoid_words=self.avoid_words)


@dataclass(frozen=True, slots=True)
class ChannelView:
    """Where the copy will appear. `limit` counts in `unit` (what a unit is, the caller's check knows); None: no limit."""

    key: str
    name: str
    unit: str
    limit: int | None

    def __post_init__(self) -> None:
        _need_text(key=self.key, name=self.name, unit=self.unit)
        if self.limit is not None and self.limit < 1:
            raise ValueError("a channel's limit is at least 1")


@dataclass(frozen=True, slots=True)
class CopyBrief:
    """Everything that one prompt is made of. Survives a trip through JSON: `from_dict(to_dict())` is equal.

    emoji  True: the copy has some, False: it has none, None: as it comes
    """

    product_title: str
    channel: ChannelView
    language: Language
    product_description: str = ""
    facts: tuple[Fact, ...] = ()
    brand_name: str = ""
    brand_voice: str = ""
    segment: SegmentView | None = None
    tone: str = ""
    must_words: tuple[str, ...] = ()
    never_words: tuple[str, ...] = ()
    instructions: str = ""
    emoji: bool | None = None

    def __post_init__(self) -> None:
        _need_text(product_title=self.product_title)
        _need_words(must_words=self.must_words, never_words=self.never_words)
        if self.emoji not in (None, True, False):
            raise ValueError("emoji are wanted (true), not wanted (false), or it does not matter (null)")
        object.__setattr__(self, "language", Language(self.language))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types only. `emoji` stands in it only where it is asked for: other data keep their hash."""
        data = asdict(self)
        data["language"] = self.language.value
        if self.emoji is None:
            del data["emoji"]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Raises `ValueError` for a missing or unknown field and for a value of the wrong kind."""
        try:
            values = dict(data)
            values["channel"] = ChannelView(**values["channel"])
            values["facts"] = tuple(Fact(**fact) for fact in values.get("facts", ()))
            for name in ("must_words", "never_words"):
                values[name] = tuple(values.get(name, ()))
            if values.get("segment") is not None:
                segment = dict(values["segment"])
                segment["interests"] = tuple(Interest(**item) for item in segment.get("interests", ()))
                for name in ("words", "avoid_words"):
                    segment[name] = tuple(segment.get(name, ()))
                values["segment"] = SegmentView(**segment)
            return cls(**values)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a copy brief: {error}") from error


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    """How tokens are drawn.

    temperature       > 0; divides the logits, below 1 is calmer
    top_k             draw among the k likeliest tokens; 0: among all
    top_p             of those, the smallest set that holds this share of the probability, in (0, 1]
    repetition_penalty  ≥ 1; lowers the logits of tokens that this output already holds (prompt tokens are not touched)
    max_new_tokens    hard end of every output; a prompt that needs less says so itself
    seed              what all randomness comes from
    arithmetic        the first tokens of an output come of one number, that of its seed (`seeds.unit_of`): outputs of which these
                      lie apart begin apart, and each is drawn from the same distribution all the same (arithmetic sampling:
                      Vilnis et al. 2023, arXiv 2210.15458). False: every token comes of a number of its own. A model server
                      draws in its own way
    batch_size        how many outputs are written at once; more is faster in all, later for the first
    """

    temperature: float = 0.7
    top_k: int = 50
    top_p: float = 0.92
    repetition_penalty: float = 1.1
    max_new_tokens: int = 200
    seed: int = 0
    batch_size: int = 8
    arithmetic: bool = True

    def __post_init__(self) -> None:
        checks = {
            "temperature": math.isfinite(self.temperature) and 0 < self.temperature <= 5,
            "top_k": self.top_k >= 0,
            "top_p": 0 < self.top_p <= 1,
            "repetition_penalty": 1 <= self.repetition_penalty <= 5,
            "max_new_tokens": 1 <= self.max_new_tokens <= 4096,
            "seed": 0 <= self.seed < 2**63,
            "batch_size": 1 <= self.batch_size <= 512,
        }
        wrong = [name for name, fine in checks.items() if not fine]
        if wrong:
            raise ValueError(f"out of range: {', '.join(f'{name}={getattr(self, name)}' for name in wrong)}")

    def to_dict(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Missing names take their default; an unknown one raises `ValueError`."""
        unknown = set(data) - {item.name for item in fields(cls)}
        if unknown:
            raise ValueError(f"unknown sampling settings: {', '.join(sorted(unknown))}")
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model reads.

    stop        ends an output and is no part of it
    shared      length in characters of the beginning that many prompts have in common (the examples), which a backend
                may compute once
    max_tokens  how many tokens such copy can need; None: as many as the sampling allows
    examples    texts that stand in the prompt as samples and must not come back as output
    labels      the template's field names, which are no copy either
    language    letters of other scripts, and digits, are not drawn, except what `names` are made of; None: all may be
    names       what may appear as it is in any language: brand, title, units, and the numbers that are known
    aim         characters after which ending is made likelier, so that copy for a narrow channel gets done in time
    least       characters that such copy has at least; less is a fragment
    banned      words that no output holds, in whatever case; "art" bans "artist" too, but not "smart"
    emoji       False: none is written; True: made likely behind a clause until there is one; None: as it comes
    limit       length in `measure` (a name of `measure.UNITS`) at which an output is cut off; near it, where a clause has
                ended, ending is made likelier; None: no limit
    """

    text: str
    stop: str
    shared: int = 0
    max_tokens: int | None = None
    examples: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    language: Language | None = None
    names: tuple[str, ...] = ()
    aim: int | None = None
    least: int = 1
    banned: tuple[str, ...] = ()
    emoji: bool | None = None
    limit: int | None = None
    measure: str = "characters"

    def __post_init__(self) -> None:
        _need_words(banned=self.banned)
        if self.measure not in UNITS or (self.limit is not None and self.limit < 1):
            raise ValueError(f"a limit is at least 1, in one of {', '.join(UNITS)}")
        if not self.text or not self.stop or not 0 <= self.shared < len(self.text):
            raise ValueError("a prompt needs text, a stop delimiter, and a shared beginning shorter than itself")
        if (self.max_tokens is not None and self.max_tokens < 1) or self.least < 1:
            raise ValueError("a prompt allows at least one token and one character")


@dataclass(frozen=True, slots=True)
class Output:
    """One raw output. `mean_logprob` is the mean natural-log probability of its tokens, the one that ended it included,
    under the model's whole untempered distribution: ≤ 0, nearer 0 is more fluent. `asked` is what a server was asked for it
    beside the prompt, where that is more than the output's own seed: `seed`, `n` and which of its `n` texts this is."""

    text: str
    token_count: int
    mean_logprob: float
    finish_reason: FinishReason
    asked: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.token_count < 0 or not math.isfinite(self.mean_logprob) or self.mean_logprob > 0:
            raise ValueError("an output has a token count from 0 up and a finite mean log-probability up to 0")


@dataclass(frozen=True, slots=True)
class Check:
    """The caller's verdict on one text: an empty `drop_reason` keeps it; `findings` say what was found either way. `length` is in the channel's unit. `text` is what
    is kept in its place (the text ended where its channel ends); empty: the text as it is."""

    drop_reason: str = ""
    length: int = 0
    findings: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        if self.length < 0:
            raise ValueError("a length is at least 0")
