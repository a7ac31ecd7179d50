"""From what a backend wrote to the copy in it."""

import re

from generation.engine.clean import clean
from generation.engine.config import FinishReason, Language, Output, Prompt
from generation.engine.evaluation.coverage import content_words
from generation.engine.fit import beginnings, fit
from generation.engine.measure import measure

_KEPT = re.compile(r"\d|#\w|\bSTOP\b|(?i:\bopt[ -]?out\b|\bunsubscribe\b)|拒收|退订|回复?\s*[TR]\b")


def clean_output(output: Output, prompt: Prompt, language: Language, known: frozenset[str] = frozenset()) -> str:
    """The copy in an output, ended at a sentence or clause where it goes over the prompt's limit; possibly empty.

    known  content words of the brief: sentences at the end that have none of them are left out. None: all stay
    """
    text = _within_limit(output, prompt, language)
    return without_stray_end(text, known) if known else text


def without_stray_end(text: str, known: frozenset[str]) -> str:
    """The text without last sentences that share no content word with what is known; its first sentence stays, and so do
    sentences with a number, hashtags, emoji, and how to opt out.

    That is where a small model makes things up. Of the starter corpus' texts one in twenty ends with such a sentence.
    """
    found = beginnings(text)
    if not found or found[-1] != text:
        found.append(text)
    while len(found) > 1 and _is_made_up(found[-1][len(found[-2]) :], known):
        found.pop()
    return found[-1]


def _is_made_up(sentence: str, known: frozenset[str]) -> bool:
    if _KEPT.search(sentence) or not any(character.isalpha() for character in sentence):
        return False
    return not content_words(sentence) & known


def _within_limit(output: Output, prompt: Prompt, language: Language) -> str:
    complete = output.finish_reason is not FinishReason.LENGTH
    if prompt.limit is None:
        return clean(output.text, labels=prompt.labels, complete=complete)
    text = clean(output.text, labels=prompt.labels)
    if measure(text, prompt.measure) > prompt.limit:
        return fit(text, prompt.limit, prompt.measure, language)
    return text if complete else clean(output.text, labels=prompt.labels, complete=False)
