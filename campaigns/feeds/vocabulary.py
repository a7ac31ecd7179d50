"""Long word lists, written as running text so that they stay readable."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """Return the words that white space separates."""
    return frozenset(text.split())
