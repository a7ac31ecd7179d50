"""One raw record in, one checked product out, or everything that is wrong with it."""

from __future__ import annotations

from decimal import Decimal

from campaigns.feeds.cells import RowCells, joined
from campaigns.feeds.facts import parse_specifications, split_fact
from campaigns.feeds.limits import (
    MAX_CATEGORY_CHARS,
    MAX_DESCRIPTION_CHARS,
    MAX_FACT_ATTRIBUTE_CHARS,
    MAX_FACT_VALUE_CHARS,
    MAX_FACTS,
    MAX_SKU_CHARS,
    MAX_TAG_CHARS,
    MAX_TAGS,
    MAX_TITLE_CHARS,
    MAX_URL_CHARS,
    MAX_VENDOR_CHARS,
)
from campaigns.feeds.mapping import FACT, KeySource, Mapping, Target
from campaigns.feeds.price import Price, PriceError, currency_code, parse_price
from campaigns.feeds.records import Fact, ParsedProduct, Record, RowError, RowWarning
from campaigns.feeds.text import plain_lines
from campaigns.feeds.values import (
    category_path,
    derived_key,
    first_image,
    http_url,
    language_code,
    language_of,
    split_tags,
    status_value,
)

# what feeds write where there is no value
NOTHING = frozenset(
    {"", "-", "--", "na", "n/a", "nan", "nil", "null", "no rating available", "暂无", "暂无评分", "未知"}
)


class RowParser:
    """Applies a mapping to records. ``decimal_mark`` is what the sampled prices show, see ``price.decimal_mark_of``."""

    def __init__(
        self, mapping: Mapping, columns: tuple[str, ...], *, language_hint: str = "", decimal_mark: str = ""
    ) -> None:
        self.mapping = mapping
        self.language_hint = language_hint
        self.decimal_mark = decimal_mark
        self.width = len(columns)
        self.column = {target: mapping.column_of(target) for target in Target}
        self.tags = [column for column, target in mapping.columns if target == Target.TAGS]
        self.specifications = [column for column, target in mapping.columns if target == Target.SPECIFICATIONS]
        self.facts = [
            (c, target.removeprefix(FACT).strip()) for c, target in mapping.columns if target.startswith(FACT)
        ]
        places = {column: index for index, column in enumerate(columns, start=1)}
        self.needed_width = max((places.get(column, 0) for column, _ in mapping.columns), default=0)

    def parse(self, record: Record) -> ParsedProduct | list[RowError]:
        """Return the product, or all errors of the row."""
        if record.width is not None and record.width < self.needed_width:
            return [RowError(record.line, None, "too_few_cells", {"found": record.width, "expected": self.width})]
        row = _Row(self, record)
        product = row.product()
        return row.errors or product


class _Row(RowCells):
    """The parsing of one record; errors gather, so that a person sees them all at once."""

    def __init__(self, parser: RowParser, record: Record) -> None:
        super().__init__(record)
        self.parser = parser
        self.warnings = list(record.warnings)

    def product(self) -> ParsedProduct:
        title = self.text(Target.TITLE, MAX_TITLE_CHARS)
        if not title and not self.errors:
            self.error(self.parser.column[Target.TITLE], "title_missing")
        url = self.url(Target.URL)
        description = self.description()
        price, was_price, currency = self.prices()
        return ParsedProduct(
            line=self.record.line,
            sku=self.key(title, url),
            title=title,
            description=description,
            category=self.category(),
            vendor=self.text(Target.VENDOR, MAX_VENDOR_CHARS),
            language=self.language(f"{title} {description[:200]}"),
            url=url,
            image_url=self.url(Target.IMAGE_URL),
            price=price,
            was_price=was_price,
            currency=currency,
            status=self.status(),
            tags=self.tags(),
            facts=self.facts(),
            warnings=tuple(self.warnings),
        )

    def text(self, target: Target, limit: int) -> str:
        column = self.parser.column[target]
        return self.fitting(column, self.plain(column, joined(self.cell(column))), limit)

    def description(self) -> str:
        column = self.parser.column[Target.DESCRIPTION]
        return self.fitting(column, self.plain(column, joined(self.cell(column)), plain_lines), MAX_DESCRIPTION_CHARS)

    def category(self) -> str:
        column = self.parser.column[Target.CATEGORY]
        return self.fitting(column, self.plain(column, category_path(self.raw(column))), MAX_CATEGORY_CHARS)

    def url(self, target: Target) -> str:
        column = self.parser.column[target]
        text = self.raw(column)
        text = first_image(text) if target == Target.IMAGE_URL else joined(text)
        if not text:
            return ""
        try:
            return self.fitting(column, http_url(text), MAX_URL_CHARS)
        except ValueError:
            self.error(column, "url_invalid", value=text[:80])
            return ""

    def key(self, title: str, url: str) -> str:
        source = self.parser.mapping.key
        if source is KeySource.SKU:
            text = self.text(Target.SKU, MAX_SKU_CHARS)
        else:
            text = url if source is KeySource.URL else title
            text = derived_key(text) if text else ""
        if not text and not self.errors:
            self.error(self.parser.column[Target(source.value)], "key_missing")
        return text

    def language(self, text: str) -> str:
        column = self.parser.column[Target.LANGUAGE]
        value = self.raw(column)
        if not value:
            return self.parser.language_hint or language_of(text)
        try:
            return language_code(value)
        except ValueError:
            self.error(column, "language_unknown", value=value[:40])
            return ""

    def status(self) -> str:
        column = self.parser.column[Target.STATUS]
        value = self.raw(column)
        try:
            return status_value(value) if value else ""
        except ValueError:
            self.error(column, "status_unknown", value=value[:40])
            return ""

    def prices(self) -> tuple[Decimal | None, Decimal | None, str]:
        """Return price, former price and currency. A price column that is empty leaves the former price as the price."""
        stated = self.stated_currency()
        columns = [self.parser.column[Target.PRICE], self.parser.column[Target.WAS_PRICE]]
        now, was = (self.price(column, stated) for column in columns)
        if now is None:
            now, was = was, None
        if now is None:
            return None, None, ""
        currency = self.currency([stated, now.currencies, was.currencies if was else ()], columns[0] or columns[1])
        if was is not None and was.amount <= now.amount:
            if was.amount < now.amount:
                params = {"was": str(was.amount), "price": str(now.amount)}
                self.warnings.append(RowWarning(self.record.line, columns[1], "was_price_dropped", params))
            was = None
        return now.amount, was.amount if was else None, currency

    def price(self, column: str | None, stated: tuple[str, ...]) -> Price | None:
        text = self.raw(column)
        if not text:
            return None
        currency = stated[0] if stated else self.parser.mapping.default_currency
        try:
            return parse_price(text, decimal_mark=self.parser.decimal_mark, currency=currency)
        except PriceError as error:
            self.error(column, error.code, **error.params)
            return None

    def stated_currency(self) -> tuple[str, ...]:
        column = self.parser.column[Target.CURRENCY]
        text = self.raw(column)
        try:
            return currency_code(text) if text else ()
        except PriceError as error:
            self.error(column, error.code, **error.params)
            return ()

    def currency(self, said: list[tuple[str, ...]], column: str | None) -> str:
        """Return the one currency that column, signs and the default for the file agree on."""
        possible: tuple[str, ...] = ()
        for codes in (codes for codes in said if codes):
            common = tuple(code for code in possible if code in codes) if possible else codes
            if not common:
                self.error(column, "currency_conflict", first=possible[0], second=codes[0])
                return ""
            possible = common
        default = self.parser.mapping.default_currency
        if default and (not possible or default in possible):
            return default
        if not possible:
            self.error(column, "currency_missing")
            return ""
        return possible[0]

    def tags(self) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for column in self.parser.tags:
            for tag in split_tags(self.cell(column)):
                found[self.fitting(column, self.plain(column, tag), MAX_TAG_CHARS)] = None
        found.pop("", None)
        if len(found) > MAX_TAGS:
            self.error(self.parser.tags[0], "too_many_tags", found=len(found), limit=MAX_TAGS)
        return tuple(found)

    def facts(self) -> tuple[Fact, ...]:
        found: dict[tuple[str, str], Fact] = {}
        for attribute, value in self.record.facts:
            self.add_fact(found, attribute, attribute, value)
        for column, attribute in self.parser.facts:
            self.add_fact(found, column, attribute, joined(self.cell(column)))
        for column in self.parser.specifications:
            for attribute, value in self.specifications(column):
                if len(value) > MAX_FACT_VALUE_CHARS or len(attribute) > MAX_FACT_ATTRIBUTE_CHARS:
                    self.skip_fact(column, attribute, value)
                else:
                    self.add_fact(found, column, attribute, value)
        if len(found) > MAX_FACTS:
            self.error(None, "too_many_facts", found=len(found), limit=MAX_FACTS)
        return tuple(found.values())

    def specifications(self, column: str) -> list[tuple[str, str]]:
        try:
            pairs = parse_specifications(self.cell(column))
        except ValueError:
            self.error(column, "specifications_unreadable")
            return []
        return [(self.plain(column, attribute), self.plain(column, value)) for attribute, value in pairs]

    def skip_fact(self, column: str, attribute: str, value: str) -> None:
        """A list of specifications is written for reading; one long entry in it does not stop the import."""
        length, limit = len(value), MAX_FACT_VALUE_CHARS
        if len(attribute) > MAX_FACT_ATTRIBUTE_CHARS:
            length, limit = len(attribute), MAX_FACT_ATTRIBUTE_CHARS
        params: dict[str, str | int] = {"attribute": attribute[:60], "length": length, "limit": limit}
        self.warnings.append(RowWarning(self.record.line, column, "fact_skipped", params))

    def add_fact(self, found: dict[tuple[str, str], Fact], column: str, attribute: str, value: str) -> None:
        attribute, value = self.plain(column, attribute), self.plain(column, value)
        if not attribute or value.casefold() in NOTHING:
            return
        whole = value
        attribute, value, unit = split_fact(attribute, value)
        attribute = self.fitting(column, attribute, MAX_FACT_ATTRIBUTE_CHARS)
        value = self.fitting(column, value, MAX_FACT_VALUE_CHARS)
        if (attribute, value) in found and found[attribute, value].unit != unit:
            value, unit = whole, ""  # 500 ml and 500 g of one attribute stay apart
        found[attribute, value] = Fact(attribute, value, unit)
