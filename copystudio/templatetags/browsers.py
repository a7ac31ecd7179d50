"""What a browser calls itself, in words that a person recognises."""

from __future__ import annotations

import re

from django import template
from django.utils.translation import gettext as _

register = template.Library()

# The first that fits names it: nearly every browser also claims to be Chrome, and Chrome to be Safari.
BROWSERS = [
    ("Edge", re.compile(r"\bEdgA?/(\d+)")),
    ("Opera", re.compile(r"\bOPR/(\d+)")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/(\d+)")),
    ("Chrome", re.compile(r"(?:\bChrome|HeadlessChrome|CriOS)/(\d+)")),
    ("Safari", re.compile(r"\bVersion/(\d+).*\bSafari/")),
]
SYSTEMS = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
]


@register.filter
def browser_name(user_agent: str) -> str:
    """“Firefox 140, Windows”; what is not recognised is shown as it came, cut at 60 characters."""
    found = ((name, pattern.search(user_agent)) for name, pattern in BROWSERS)
    name = next((f"{name} {match[1]}" for name, match in found if match), "")
    system = next((label for word, label in SYSTEMS if word in user_agent), "")
    return ", ".join(filter(None, [name, system])) if name else user_agent[:60] or _("unknown")
