"""What one text must hold while it is written: words that never appear, emoji or none, a limit. No torch here."""

import re
import unicodedata
from dataclasses import dataclass

from generation.engine.config import Prompt
from generation.engine.measure import share_used

NEAR = 0.65  # of the limit; from here on a text that could end had better do so
_CLAUSE_END = re.compile(r"[.,:;!?，。：；！？、…]\s*$")
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u231a\u231b\u23e9-\u23fa\u2b1b\u2b1c\u2b50\u2b55\ufe0f\u20e3]")

_SIGNS = re.compile(
    "[\u2640\u2642\u26a7\u2795-\u2797\u2716\u274c\u274e\u2753-\u2757\u26a0\u26d4\ufe0f\u20e3\U0001f3fb-\U0001f3ff]"
)


def has_emoji(text: str) -> bool:
    return _EMOJI.search(text) is not None


def has_picture(text: str) -> bool:
    """Whether it has an emoji that shows something, and no mere sign: who wants emoji wants no "➕" and no "⚠️"."""
    return has_emoji(_SIGNS.sub("", text))


@dataclass(frozen=True, slots=True)
class Held:
    """The constraints of one prompt, ready to be asked of every token."""

    prompt: Prompt
    banned: re.Pattern[str] | None
    longest: int

    @property
    def refuses_any(self) -> bool:
        return self.banned is not None or self.prompt.emoji is False

    def refuses(self, before: str, after: str) -> bool:
        """Whether the text may not go on from `before` to `after`: by that a banned word or an emoji would come in."""
        if self.prompt.emoji is False and len(_EMOJI.findall(after)) > len(_EMOJI.findall(before)):
            return True
        if self.banned is None:
            return False
        return len(self.banned.findall(_folded(after))) > len(self.banned.findall(_folded(before)))

    def lacks_emoji(self, text: str) -> bool:
        """Whether the text wants an emoji, has none that shows something, and is at a place where one can stand: behind a clause."""
        return self.prompt.emoji is True and not has_picture(text) and _CLAUSE_END.search(text) is not None

    def used(self, text: str) -> float:
        """The share of the limit that the text uses; 0 without a limit."""
        if self.prompt.limit is None:
            return 0.0
        return share_used(text, self.prompt.measure, self.prompt.limit)

    def should_end(self, text: str) -> bool:
        """Whether the text is so near its limit that its end is made likelier. Where it cannot end, inside a word, the model
        finds the end so unlikely that this changes nothing."""
        return self.prompt.limit is not None and self.used(text) >= NEAR


def held(prompt: Prompt) -> Held:
    """Words in letters count where one begins ("art" is not in "smart"); whatever follows, for nobody knows it yet."""
    words = sorted({_folded(word.strip()) for word in prompt.banned}, key=len, reverse=True)
    pattern = re.compile("|".join(_spelled(word) for word in words)) if words else None
    return Held(prompt, pattern, max(map(len, words), default=1))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _spelled(word: str) -> str:
    """A word as a pattern, any white space between its parts."""
    inner = r"\s+".join(map(re.escape, word.split()))
    begins_in_latin = re.match(r"[^\W_]", word) is not None and word[0] < "\u2e80"
    return rf"(?<![^\W_\u2e80-\U0003ffff]){inner}" if begins_in_latin else inner
