"""What is to be filled: one brief, from one angle or several."""

from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace

from generation.engine.angles import Refused, angle_of, lacks
from generation.engine.config import Check, Language, Prompt
from generation.engine.plan import Plan


@dataclass(frozen=True, slots=True)
class Angle:
    """One way to tell a brief: which facts lead, and what the model reads."""

    plan: Plan
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Item:
    """One brief to be filled.

    key       the caller's name for it
    prompt    what is read, from `prompts.render`
    language  that texts must have
    check     the caller's rules, asked about every text that got so far; it may hand back another text for it
    wanted    texts to have at the end
    seed      all its outputs are drawn from it
    taken     texts that are there already; nothing near them is kept
    plan      facts that lead: a text that tells fewer than half of them is kept only where two rounds brought no better
    others    further angles: outputs take turns, the first with `plan` and `prompt`; what may not be written, and the limit, are
              the same for all
    refused   of angles whose prompt a model server refused, by place (0 is the first), the outputs that they did not get
    first     number of the first output to write: those before were written when it was tried the last time
    beside    text by text that of another field that it is read with; empty where there is none yet
    slot      the place of its first text: texts of one slot are read together
    """

    key: int
    prompt: Prompt
    language: Language
    check: Callable[[str], Check]
    wanted: int
    seed: int
    taken: tuple[str, ...] = ()
    first: int = 0
    plan: Plan = field(default_factory=Plan)
    others: tuple[Angle, ...] = ()
    refused: Refused = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    slot: int = 0

    def __post_init__(self) -> None:
        if self.wanted < 1 or self.first < 0:
            raise ValueError("at least one text must be wanted, and outputs are numbered from 0")

    @property
    def angles(self) -> tuple[Angle, ...]:
        return Angle(self.plan, self.prompt), *self.others

    def angle(self, number: int) -> Angle:
        """From which angle the output of that number is written."""
        angles = self.angles
        return angles[angle_of(number, len(angles), self.refused)]

    def without(self, prompts: Container[str], since: int) -> "Item":
        """The item with the angles refused whose prompt is one of these texts, from the output of that number on."""
        found = dict(self.refused)
        for place, angle in enumerate(self.angles):
            if angle.prompt.text in prompts and not lacks(since, found.get(place, ())):
                *before, last = found.get(place) or [(since, since)]
                joined = [(last[0], None)] if last[1] == since else [last, (since, None)]
                found[place] = [*before, *joined]
        return replace(self, refused=found)
