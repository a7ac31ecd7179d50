"""Google Merchant feeds, and what XML can do to a reader."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from campaigns.feeds import FeedError, FeedFormat, open_feed
from campaigns.feeds import merchant as merchant_module
from tests.campaigns.feeds.files import Read, Write
from tests.timing import timed

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>Shop</title><link>https://shop.example</link><language>en-US</language>
{items}
</channel></rss>"""
ITEM = """<item>
<g:id>A1</g:id><media:title>No title</media:title><title>Plain</title><g:title>Mug &amp; lid</g:title>
<description><![CDATA[<p>Warm</p><script>x()</script>]]></description>
<link>https://shop.example/p?a=1&amp;b=2</link><g:image_link>https://cdn.example/1.jpg</g:image_link>
<g:price>25.00 USD</g:price>{sale}<g:availability>in_stock</g:availability><g:brand>Acme</g:brand>
<g:product_type>Home &gt; Kitchen</g:product_type><g:color>blue</g:color><g:material>clay</g:material><g:size>L</g:size>
<g:gtin>0123456789012</g:gtin><g:custom_label_0>summer</g:custom_label_0>
<g:product_detail><g:section_name>General</g:section_name><g:attribute_name>Volume</g:attribute_name>
<g:attribute_value>500 ml</g:attribute_value></g:product_detail>
<g:product_highlight>Dishwasher safe</g:product_highlight><g:product_highlight>Two years warranty</g:product_highlight>
<g:shipping><g:country>US</g:country><g:price>4.00 USD</g:price></g:shipping>
</item>"""


def rss(*items: str) -> str:
    return RSS.format(items="\n".join(items))


def refusal(path: Path) -> FeedError:
    with pytest.raises(FeedError) as caught, open_feed(path) as feed:
        list(feed.products())
    return caught.value


def test_an_item_becomes_a_product(write: Write, read: Read) -> None:
    path = write(rss(ITEM.format(sale="")))
    assert open_feed(path).format is FeedFormat.MERCHANT_XML
    (mug,), errors = read(path)
    assert not errors
    assert (mug.line, mug.sku, mug.title, mug.description) == (4, "A1", "Mug & lid", "Warm")
    assert (mug.url, mug.image_url) == ("https://shop.example/p?a=1&b=2", "https://cdn.example/1.jpg")
    assert (mug.price, mug.was_price, mug.currency, mug.language) == (Decimal("25.00"), None, "USD", "en")
    assert (mug.vendor, mug.category, mug.tags) == ("Acme", "Home > Kitchen", ("summer",))
    assert [tuple(fact) for fact in mug.facts] == [
        ("Volume", "500", "ml"),
        ("Highlight", "Dishwasher safe", ""),
        ("Highlight", "Two years warranty", ""),
        ("Availability", "in stock", ""),
        ("Color", "blue", ""),
        ("Material", "clay", ""),
        ("Size", "L", ""),
        ("GTIN", "0123456789012", ""),
    ]


def test_a_sale_price_is_the_price_while_it_applies(write: Write) -> None:
    dates = "<g:sale_price_effective_date>2026-03-01T00:00+0100/2026-03-31T23:59+0100</g:sale_price_effective_date>"
    sale = "<g:sale_price>19.99 USD</g:sale_price>"

    def prices(extra: str, now: datetime) -> tuple[object, object, list[str]]:
        with open_feed(write(rss(ITEM.format(sale=extra))), now=now) as feed:
            (mug,) = feed.products()
        return mug.price, mug.was_price, [warning.code for warning in mug.warnings]

    march, april = datetime(2026, 3, 15, tzinfo=UTC), datetime(2026, 4, 15, tzinfo=UTC)
    assert prices(sale, april) == (Decimal("19.99"), Decimal("25.00"), [])
    assert prices(sale + dates, march) == (Decimal("19.99"), Decimal("25.00"), [])
    assert prices(sale + dates, april) == (Decimal("25.00"), None, ["sale_price_not_valid_now"])
    broken = dates.replace("2026-03-01", "soon")
    assert prices(sale + broken, march) == (Decimal("25.00"), None, ["sale_price_not_valid_now"])


def test_a_sale_that_only_comes_late_in_the_feed_is_not_missed(write: Write, read: Read) -> None:
    item = "<item><g:id>{0}</g:id><g:title>Mug {0}</g:title><g:price>25 USD</g:price>{1}</item>"
    items = [item.format(i, "<g:sale_price>20 USD</g:sale_price>" if i == 299 else "") for i in range(300)]
    products, errors = read(write(rss(*items)))
    assert (products[299].price, products[299].was_price, errors) == (20, 25, [])


def test_atom_and_another_prefix_are_read(write: Write, read: Read) -> None:
    atom = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:x="http://base.google.com/ns/1.0"><title>Shop</title>
    <entry><x:id>A1</x:id><title>Mug</title><summary>Warm</summary><link rel="self" href="https://self.example/"/>
    <link href="https://shop.example/p"/><x:price>5 EUR</x:price></entry></feed>"""
    (mug,), errors = read(write(atom))
    assert (mug.sku, mug.title, mug.description, mug.url, mug.price, errors) == (
        "A1", "Mug", "Warm", "https://shop.example/p", 5, [],
    )  # fmt: skip


def test_a_blank_line_before_the_declaration_is_forgiven(write: Write, read: Read) -> None:
    assert len(read(write("\n\n" + rss(ITEM.format(sale=""))))[0]) == 1


def test_markup_inside_a_field_is_kept_as_its_text(write: Write, read: Read) -> None:
    item = "<item><id>1</id><title>Mug</title><description><p>Warm</p><p>and round</p></description></item>"
    assert read(write(rss(item)))[0][0].description == "Warm and round"


def test_malformed_xml_names_the_line_after_the_good_items(write: Write) -> None:
    good = "<item><id>{}</id><title>Mug</title></item>"
    path = write(rss(*(good.format(i) for i in range(3000)), "<item><id>x</item>"))
    with open_feed(path) as feed, pytest.raises(FeedError) as caught:
        for _ in feed.products():
            pass
    assert (caught.value.code, caught.value.params["line"]) == ("xml_malformed", 3004)


def test_half_a_feed_is_malformed(write: Write) -> None:
    whole = rss(*[ITEM.format(sale="")] * 2)
    for cut in (len(whole) - 3, len(whole) // 2, whole.index("</item>") + 7):
        assert refusal(write(whole[:cut])).code == "xml_malformed"


BOMB = '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9)
)


@pytest.mark.parametrize(
    "xml",
    [
        BOMB + "]><rss><channel><item><id>1</id><title>&j;</title></item></channel></rss>",
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><item><id>1</id><title>&x;</title></item></rss>',
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/x.dtd"><rss><item><id>1</id><title>a</title></item></rss>',
        '<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]><rss/>',
        "<!DOCTYPE rss><rss/>",
    ],
)
def test_document_types_and_entities_are_refused_at_once(write: Write, xml: str) -> None:
    with timed() as watch:
        error = refusal(write(xml))
    assert (error.code, error.params) == ("xml_dtd", {"line": 1})
    assert watch.seconds < 1


def test_an_unknown_entity_is_malformed(write: Write) -> None:
    assert refusal(write(rss("<item><id>1</id><title>a&nbsp;b</title></item>"))).code == "xml_malformed"


def test_other_xml_is_named(write: Write) -> None:
    error = refusal(write("<products><product/></products>"))
    assert (error.code, error.params) == ("xml_not_merchant", {"root": "products"})


def test_a_feed_without_items_has_no_rows(write: Write) -> None:
    assert refusal(write(rss())).code == "no_rows"


def test_hostile_sizes_are_bounded(write: Write, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(write(rss("<item>" + "<a>" * 100 + "</a>" * 100 + "</item>"))).code == "xml_too_deep"
    many = "<item><id>1</id><title>a</title>" + "<b/>" * 3000 + "</item>"
    assert [e.code for e in read(write(rss(many, "<item><id>2</id><title>b</title></item>")))[1]] == [
        "xml_item_too_large"
    ]
    long = f"<item><id>1</id><title>{'a' * 150_000}</title></item>"
    assert [e.code for e in read(write(rss(long)))[1]] == ["cell_too_long"]
    monkeypatch.setattr(merchant_module, "MAX_XML_MARKUP_CHARS", 200_000)
    assert refusal(write(rss(f"<item a='{'x' * 900_000}'><id>1</id></item>"))).code == "xml_markup_too_long"
