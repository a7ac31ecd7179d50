"""The registry of prompt templates. A template that a model version has used never changes; a better one is another."""

from collections.abc import Callable
from dataclasses import replace

from generation.engine import brief_1, few_shot_1
from generation.engine.config import CopyBrief, Prompt
from generation.engine.errors import PromptError
from generation.engine.held import held
from generation.engine.measure import UNITS

_TEMPLATES: dict[str, Callable[[CopyBrief], Prompt]] = {
    brief_1.TEMPLATE_ID: brief_1.render,  # for adapters
    few_shot_1.TEMPLATE_ID: few_shot_1.render,  # for a base model as it is
}

FOLLOW_THE_PLAN = frozenset({brief_1.TEMPLATE_ID})  # the other orders the facts itself: another angle reads the same


def template_ids() -> list[str]:
    return sorted(_TEMPLATES)


def render(template_id: str, brief: CopyBrief) -> Prompt:
    """The prompt of the named template for the brief, with what no output of it may do. Raises `PromptError` for a template that does not exist."""
    if template_id not in _TEMPLATES:
        raise PromptError(f"There is no prompt template {template_id}; there are {', '.join(template_ids())}")
    prompt = _TEMPLATES[template_id](brief)
    return replace(
        prompt,
        banned=tuple(word for word in _never(brief) if not _stands_in_must(word, brief, prompt)),
        emoji=brief.emoji,
        limit=brief.channel.limit,
        measure=brief.channel.unit if brief.channel.unit in UNITS else "characters",
    )


def _never(brief: CopyBrief) -> tuple[str, ...]:
    """The never words of the brief and what its segment avoids."""
    avoided = brief.segment.avoid_words if brief.segment else ()
    return tuple(dict.fromkeys(word.strip() for word in (*brief.never_words, *avoided) if word.strip()))


def _stands_in_must(word: str, brief: CopyBrief, prompt: Prompt) -> bool:
    """Whether to ban the word would keep a must word from being written, as "art" does "artist", but not "smart"."""
    ban = held(replace(prompt, banned=(word,)))
    return any(ban.refuses("", must) for must in brief.must_words)
