"""Whether a text has emoji: by the Emoji and Emoji_Presentation properties of Unicode 17 (UTS #51)."""

from __future__ import annotations

import re

# Shown as emoji without more. What is a sign of the text by itself (©, ™, ✔, ★, →) is not among it, but hearts, weather and
# faces that copy uses as emoji are.
_BY_ITSELF = (
    "\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2600-\u2604\u2614\u2615\u263a\u2648-\u2653\u2665\u267f\u2693\u26a1"
    "\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26c8\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728"
    "\u2744\u274c\u274e\u2753-\u2755\u2757\u2763\u2764\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55"
    "\U0001f004\U0001f0cf\U0001f18e\U0001f191-\U0001f19a\U0001f1e6-\U0001f1ff\U0001f201\U0001f21a\U0001f22f"
    "\U0001f232-\U0001f23a\U0001f250\U0001f251\U0001f300-\U0001f64f\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7f0"
    "\U0001f90c-\U0001f9ff\U0001fa70-\U0001faff"
)
# a sign with the selector that asks for its emoji form, and keycaps
_EMOJI = re.compile(f"[{_BY_ITSELF}]|[\u00a9-\u3299]\ufe0f|[0-9#*]\ufe0f?\u20e3")

# emoji that show nothing
_SIGNS = re.compile(
    "[\u2640\u2642\u26a0\u26a7\u26d4\u2716\u274c\u274e\u2753-\u2757\u2795-\u2797]\ufe0f?|[0-9#*]\ufe0f?\u20e3"
)


def has_emoji(text: str) -> bool:
    """Whether any character of `text` is an emoji; typographic signs such as ©, ™, ★ and → are not."""
    return _EMOJI.search(text) is not None


def has_picture(text: str) -> bool:
    """Whether `text` has an emoji that shows something: a brief that wants emoji wants no ➕ and no ⚠️."""
    return has_emoji(_SIGNS.sub("", text))
