"""Form fields that several forms share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MOST_WORDS = 100
MOST_FACTS = 200
Fact = tuple[str, str, str]  # attribute, value, unit
# a number and its unit: "320 g", "5%", "-18 °C"; a size such as "10x20" and a mark such as "50+" are plain text
AMOUNT = re.compile(r"""(-?\d+(?:[.,]\d+)?)\s*((?:[^\W\d_]|[%‰°℃℉″′"'])[^\d\s]{0,11})""")


class WordsField(forms.CharField):
    """A list of words or phrases, typed one per line or with commas (also Chinese ones).

    A line that is one of ``known``, what a file said, stays whole whatever commas are in it.
    """

    known: Sequence[str] = ()

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        kwargs.setdefault("help_text", _("One per line, or with commas between them."))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        lines = [line.strip() for line in text.splitlines()]
        parts = [part for line in lines for part in ([line] if line in self.known else re.split(r"[,，、;；]", line))]
        words = list(dict.fromkeys(filter(None, (part.strip() for part in parts))))
        if len(words) > MOST_WORDS:
            raise ValidationError(_("At most %(most)d words.") % {"most": MOST_WORDS})
        for word in words:
            if len(word) > 60:
                raise ValidationError(_("“%(word)s…” is longer than 60 characters.") % {"word": word[:20]})
        return words


class InterestsField(forms.CharField):
    """Interests with weights, one per line: ``light weight: 0.9``. Without a weight it counts 0.5."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 5}))
        kwargs.setdefault("help_text", _("One per line, with a weight from 0 to 1: “light weight: 0.9”."))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(f"{interest['name']}: {interest['weight']:g}" for interest in value)
        return value

    def clean(self, value: Any) -> list[dict[str, Any]]:
        found: dict[str, float] = {}
        for line in filter(None, (line.strip() for line in super().clean(value).splitlines())):
            match = re.fullmatch(r"(.*?)\s*[:：=]\s*([^:：=]*\d[^:：=]*)", line)
            name, weight = (match[1], unicodedata.normalize("NFKC", match[2])) if match else (line, "0.5")
            if not name:
                raise ValidationError(_("“%(line)s” names no interest.") % {"line": line[:60]})
            number = float(weight) if re.fullmatch(r"\d*\.?\d+|\d+\.", weight.strip()) else -1.0
            if not 0 <= number <= 1:
                raise ValidationError(_("“%(line)s”: the weight must lie between 0 and 1.") % {"line": line[:60]})
            if len(name) > 60:
                raise ValidationError(_("“%(word)s…” is longer than 60 characters.") % {"word": name[:20]})
            found[name] = number
        if len(found) > 30:
            raise ValidationError(_("At most %(most)d interests.") % {"most": 30})
        return [{"name": name, "weight": weight} for name, weight in found.items()]


class FactsField(forms.CharField):
    """Product facts, one per line: ``weight: 320 g``. Number and unit are told apart.

    A line that says one of ``known``, the facts the product has, is that fact, as the file cut it.
    """

    known: Sequence[Fact] = ()

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 8}))
        kwargs.setdefault(
            "help_text",
            _(
                "One per line: “weight: 320 g”. Copy may state these facts and what the description says, and nothing else."
            ),
        )
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(fact_line(fact) for fact in value)
        return value

    def clean(self, value: Any) -> list[Fact]:
        known = {fact_line(fact): fact for fact in self.known}
        facts: list[Fact] = []
        for line in filter(None, (line.strip() for line in super().clean(value).splitlines())):
            if line in known:
                facts.append(known[line])
                continue
            attribute, rest = [*re.split("[:：]", line, maxsplit=1), ""][:2]
            if not attribute.strip() or not rest.strip():
                raise ValidationError(_("“%(line)s” is not of the form “attribute: value”.") % {"line": line[:60]})
            if len(attribute) > 120 or len(rest) > 1000:
                raise ValidationError(_("“%(line)s…” is too long.") % {"line": line[:40]})
            amount = AMOUNT.fullmatch(rest.strip())
            facts.append((attribute.strip(), amount[1], amount[2]) if amount else (attribute.strip(), rest.strip(), ""))
        if len(facts) > MOST_FACTS:
            raise ValidationError(_("At most %(most)d facts.") % {"most": MOST_FACTS})
        return facts


def fact_line(fact: Fact) -> str:
    """A fact on one line, as people read and type it."""
    attribute, value, unit = fact
    return " ".join(f"{attribute}: {value} {unit}".split())
