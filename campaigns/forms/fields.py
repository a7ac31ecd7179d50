"""Form fields that several forms share."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MOST_WORDS = 100


class WordsField(forms.CharField):
    """A list of words or phrases, typed one per line or with commas (also Chinese ones)."""

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
        words = list(dict.fromkeys(word.strip() for word in re.split(r"[\n,，、;；]", text) if word.strip()))
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
            match = re.fullmatch(r"(.+?)\s*[:：=]\s*([0-9.]+)", line)
            name, weight = (match[1].strip(), match[2]) if match else (line, "0.5")
            try:
                number = float(weight)
            except ValueError:
                number = -1.0
            if not 0 <= number <= 1:
                raise ValidationError(_("“%(line)s”: the weight must lie between 0 and 1.") % {"line": line[:60]})
            if len(name) > 60:
                raise ValidationError(_("“%(word)s…” is longer than 60 characters.") % {"word": name[:20]})
            found[name] = number
        if len(found) > 30:
            raise ValidationError(_("At most %(most)d interests.") % {"most": 30})
        return [{"name": name, "weight": weight} for name, weight in found.items()]


class FactsField(forms.CharField):
    """Product facts, one per line: ``weight: 320 g``. Number and unit are told apart."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 8}))
        kwargs.setdefault("help_text", _("One per line: “weight: 320 g”. Copy may state these facts and no others."))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(f"{attribute}: {val}{unit and ' ' + unit}" for attribute, val, unit in value)
        return value

    def clean(self, value: Any) -> list[tuple[str, str, str]]:
        facts = []
        for line in filter(None, (line.strip() for line in super().clean(value).splitlines())):
            attribute, colon, rest = line.replace("：", ":", 1).partition(":")
            if not colon or not attribute.strip() or not rest.strip():
                raise ValidationError(_("“%(line)s” is not of the form “attribute: value”.") % {"line": line[:60]})
            if len(attribute) > 120 or len(rest) > 1000:
                raise ValidationError(_("“%(line)s…” is too long.") % {"line": line[:40]})
            number = re.fullmatch(r"\s*(-?\d+(?:[.,]\d+)?)\s*([^\d\s]{1,12})\s*", rest)
            facts.append((attribute.strip(), number[1], number[2]) if number else (attribute.strip(), rest.strip(), ""))
        if len(facts) > 200:
            raise ValidationError(_("At most %(most)d facts.") % {"most": 200})
        return facts
