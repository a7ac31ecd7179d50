"""What the JSON and XML parsers say of a broken file, marked for translation: they speak English only.

A sentence that is not listed here (a parser of a later release) is shown as it came.
"""

from __future__ import annotations

from campaigns.feeds.messages import gettext_noop

JSON_REASONS = (
    gettext_noop("Expecting value"),
    gettext_noop("Expecting ',' delimiter"),
    gettext_noop("Expecting ',' or ']'"),
    gettext_noop("Expecting ':' delimiter"),
    gettext_noop("Expecting property name enclosed in double quotes"),
    gettext_noop("Extra data"),
    gettext_noop("Invalid \\escape"),
    gettext_noop("Invalid \\uXXXX escape"),
    gettext_noop("Invalid control character at"),
    gettext_noop("Unterminated string starting at"),
    gettext_noop("nested too deeply"),
)
XML_REASONS = (
    gettext_noop("duplicate attribute"),
    gettext_noop("junk after document element"),
    gettext_noop("mismatched tag"),
    gettext_noop("no element found"),
    gettext_noop("not well-formed (invalid token)"),
    gettext_noop("partial character"),
    gettext_noop("reference to invalid character number"),
    gettext_noop("syntax error"),
    gettext_noop("unbound prefix"),
    gettext_noop("unclosed CDATA section"),
    gettext_noop("unclosed token"),
    gettext_noop("undefined entity"),
)
