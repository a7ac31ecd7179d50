"""What the rules say of a text that an evaluation made a version write: the judge that campaigns hands to the engine."""

from __future__ import annotations

from campaigns.rules import grounding, limits, wording
from generation.engine.config import CopyBrief
from generation.engine.evaluation.items import Judgement
from generation.engine.language import matches_language


def judge(brief: CopyBrief, text: str) -> Judgement:
    """By the brief alone: its channel's limit, its language and words, and the facts that it states."""
    facts = [grounding.SupportedValue(fact.attribute, fact.value, fact.unit) for fact in brief.facts]
    known = (brief.product_title, brief.product_description, brief.brand_name, brief.instructions, *brief.must_words)
    never = (*brief.never_words, *(brief.segment.avoid_words if brief.segment else ()))
    limit = brief.channel.limit
    return Judgement(
        within_limit=limit is None or limits.measure(text, limits.Unit(brief.channel.unit)) <= limit,
        language_ok=matches_language(text, brief.language),
        must_ok=not wording.missing_must_words(text, brief.must_words),
        never_ok=not wording.present_never_words(text, never),
        unsupported=len(list(grounding.unsupported(text, facts, allowed_texts=known))),
    )
