"""Which column is read into which field: chosen by a person, suggested from known column names."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from enum import StrEnum

from campaigns.feeds.headers import fact_name, known_header
from campaigns.feeds.limits import MAX_FACT_ATTRIBUTE_CHARS
from campaigns.feeds.messages import TARGET_NAMES
from campaigns.feeds.price import CURRENCIES
from campaigns.feeds.records import FeedError, FeedFormat


class Target(StrEnum):
    """The fields that a column can be read into; besides them there is ``fact:<attribute>`` for any attribute."""

    SKU = "sku"
    TITLE = "title"
    DESCRIPTION = "description"
    CATEGORY = "category"
    VENDOR = "vendor"
    LANGUAGE = "language"
    URL = "url"
    IMAGE_URL = "image_url"
    PRICE = "price"
    WAS_PRICE = "was_price"
    CURRENCY = "currency"
    TAGS = "tags"
    STATUS = "status"
    SPECIFICATIONS = "specifications"


FACT = "fact:"
REPEATABLE = frozenset({Target.TAGS, Target.SPECIFICATIONS})


class KeySource(StrEnum):
    """What identifies a product, so that importing the file again updates instead of duplicating."""

    SKU = "sku"
    URL = "url"  # the SKU follows from the product's web address
    TITLE = "title"  # the SKU follows from the title


@dataclass(frozen=True, slots=True)
class Mapping:
    """Pairs of column and target; columns that are not named are not read.

    Raises :class:`FeedError` where the title is missing, where nothing identifies a product, where two columns claim one
    single-valued target, or for an unknown target or currency. ``default_currency`` is for prices that name none.
    """

    columns: tuple[tuple[str, str], ...]
    key: KeySource = KeySource.SKU
    default_currency: str = ""

    def __post_init__(self) -> None:
        taken: dict[str, str] = {}
        for column, target in self.columns:
            self._check_target(column, target)
            if not target.startswith(FACT) and target not in REPEATABLE and target in taken:
                raise FeedError("mapping_target_twice", target=TARGET_NAMES[target], first=taken[target], second=column)
            taken[target] = column
        if Target.TITLE not in taken:
            raise FeedError("mapping_title_missing")
        if self.key.value not in taken:
            raise FeedError("mapping_key_missing")
        if self.default_currency and self.default_currency not in CURRENCIES:
            raise FeedError("mapping_currency", value=self.default_currency)

    @staticmethod
    def _check_target(column: str, target: str) -> None:
        if target.startswith(FACT):
            if not 0 < len(target.removeprefix(FACT).strip()) <= MAX_FACT_ATTRIBUTE_CHARS:
                raise FeedError("mapping_fact_name", column=column, limit=MAX_FACT_ATTRIBUTE_CHARS)
        elif target not in list(Target):
            raise FeedError("mapping_target_unknown", target=target)

    def column_of(self, target: Target) -> str | None:
        return next((column for column, its_target in self.columns if its_target == target), None)

    def to_dict(self) -> dict[str, object]:
        """Return the mapping as JSON-ready data, for :meth:`from_dict`."""
        columns = [list(pair) for pair in self.columns]
        return {"columns": columns, "key": self.key.value, "default_currency": self.default_currency}

    @classmethod
    def from_dict(cls, data: Dict[str, object]) -> Mapping:
        """Rebuild what :meth:`to_dict` returned. Raises ``ValueError`` for another shape, :class:`FeedError` as above."""
        columns, key, currency = data.get("columns"), data.get("key", "sku"), data.get("default_currency", "")
        if not isinstance(columns, list) or not isinstance(key, str) or not isinstance(currency, str):
            raise ValueError("not a mapping")
        pairs = tuple((str(column), str(target)) for column, target in columns)
        return cls(columns=pairs, key=KeySource(key), default_currency=currency)


@dataclass(frozen=True, slots=True)
class ColumnSuggestion:
    """``target`` is empty for a column that is better not read. ``confidence`` is 0 (a guess) to 1 (a known name)."""

    column: str
    target: str
    confidence: float
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MappingSuggestion:
    """One suggestion per column, in the order of the file."""

    columns: tuple[ColumnSuggestion, ...]
    key: KeySource = field(default=KeySource.SKU)

    def to_mapping(self, *, default_currency: str = "") -> Mapping:
        """Return the suggestion as a mapping. Raises :class:`FeedError` where no column was recognised as the title."""
        pairs = tuple((item.column, item.target) for item in self.columns if item.target)
        return Mapping(columns=pairs, key=self.key, default_currency=default_currency)


def suggest_mapping(
    columns: Sequence[str], samples: Dict[str, Sequence[str]], feed_format: FeedFormat, *, by_handle: bool = False
) -> MappingSuggestion:
    """Suggest a target for every column from its name; for unknown names a fact, if the sampled values look like one.

    ``by_handle`` is for Shopify exports, whose lines belong together by handle: that is then the SKU.
    """
    found: dict[str, tuple[str, float]] = {}
    for column in columns:
        found[column] = known_header(column) or _guess(column, samples.get(column, ()))
        if by_handle and found[column][0] == Target.SKU:
            found[column] = (Target.SKU, 1.0) if "handle" in column.casefold() else ("", 0.9)
        if feed_format is FeedFormat.MERCHANT_XML and column == Target.WAS_PRICE:
            found[column] = (Target.WAS_PRICE, 1.0)
        if feed_format is FeedFormat.MERCHANT_XML and ":" in column:  # another namespace than Google's
            found[column] = ("", 0.9)
    _settle_prices(found)
    for target in Target:
        if target not in REPEATABLE:
            _settle(found, target, samples, as_fact=target == Target.CATEGORY and not by_handle)
    named = {target for target, _ in found.values()}
    key = next((source for source in KeySource if source.value in named), KeySource.SKU)
    suggestions = [
        ColumnSuggestion(column, *found[column], samples=tuple(samples.get(column, ())[:3])) for column in columns
    ]
    return MappingSuggestion(columns=tuple(suggestions), key=key)


def _settle_prices(found: dict[str, tuple[str, float]]) -> None:
    """Of "price" and "sale price" the sale price is what is paid; a list price alone is the price."""
    by_confidence = sorted((-found[column][1], column) for column in found if found[column][0] == Target.PRICE)
    has_was = any(target == Target.WAS_PRICE for target, _ in found.values())
    if len(by_confidence) > 1 and not has_was:
        found[by_confidence[1][1]] = (Target.WAS_PRICE, 0.7)
    if not by_confidence and has_was:
        best = max(
            (column for column in found if found[column][0] == Target.WAS_PRICE), key=lambda name: found[name][1]
        )
        found[best] = (Target.PRICE, 0.7)


def _settle(
    found: dict[str, tuple[str, float]], target: Target, samples: Dict[str, Sequence[str]], *, as_fact: bool
) -> None:
    """Leave a single-valued target to its most certain column that is not empty; others become facts or are not read.

    A second category says something of its own, except in a Shopify export, where each is filled from the others.
    """
    claims = [column for column in found if found[column][0] == target]
    winner = max(claims, key=lambda column: (bool(samples.get(column)), found[column][1]), default=None)
    for column in claims:
        if column != winner:
            found[column] = (f"{FACT}{fact_name(column)}" if as_fact else "", 0.5)


def _guess(column: str, samples: Collection[str]) -> tuple[str, float]:
    values = [value for value in samples if value]
    name = fact_name(column)
    looks_like_fact = (
        values
        and name
        and len(name) <= MAX_FACT_ATTRIBUTE_CHARS
        and all(len(value) <= 80 for value in values)
        and not any(_NO_FACT.match(value) for value in values)
    )
    return (f"{FACT}{name}", 0.4) if looks_like_fact else ("", 0.4)


_NO_FACT = re.compile(
    r"https?://|[\[{]|\d{4}-\d\d-\d\d[T ]|[0-9a-f]{16,}$|[0-9a-f]{8}-[0-9a-f]{4}-|(?:true|false)$", re.IGNORECASE
)
