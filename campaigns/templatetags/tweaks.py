"""What was to be different, said of a run in a list."""

from __future__ import annotations

from django import template

from campaigns.services.tweak import tweak_label

register = template.Library()
register.filter("tweak_label", tweak_label)
