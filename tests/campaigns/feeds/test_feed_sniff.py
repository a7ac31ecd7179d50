"""What a file is, and which encoding it has, told by content."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from campaigns.feeds import FeedError, FeedFormat, open_feed
from campaigns.feeds import encoding as encodings
from campaigns.feeds import sniff as sniffing
from campaigns.feeds.encoding import detect_encoding
from campaigns.feeds.sniff import sniff
from tests.campaigns.feeds.files import Read, Write

CHINESE = "商品编码,商品名称,价格,描述\nA1,不锈钢保温杯,199元,真空双层，长效保温十二小时，适合办公室使用\nA2,法式连衣裙,299元,轻盈面料\n"
TRADITIONAL = "商品編號,商品名稱,價格,描述\nA1,不鏽鋼保溫杯,199,真空雙層，長效保溫十二小時，適合辦公室使用\n"
WESTERN = "sku;title;price\nA1;Café crème à l’été;29,99 €\nA2;Grüße aus Köln;5,00 €\n"


def code_of(path: Path) -> str:
    with pytest.raises(FeedError) as caught:
        open_feed(path)
    return caught.value.code


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("sku,title\n1,Mug\n", FeedFormat.CSV),
        ('{"sku": "1", "title": "Mug"}\n{"sku": "2", "title": "Cup"}\n', FeedFormat.JSON_LINES),
        ('{"sku": "1", "title": "Mug", "variants": [{"a": 1}, {"a": 2}]}', FeedFormat.JSON_LINES),
        ('\n [\n{"sku": "1"}]', FeedFormat.JSON_ARRAY),
        ('<?xml version="1.0"?><rss/>', FeedFormat.MERCHANT_XML),
        ('\n<!-- x --><feed xmlns="http://www.w3.org/2005/Atom">', FeedFormat.MERCHANT_XML),
        ('"<b>title</b>",sku\n1,2\n', FeedFormat.CSV),
    ],
)
def test_the_format_is_told_by_content(write: Write, content: str, found: FeedFormat) -> None:
    assert sniff(write(content, name="products.pdf")).format is found


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b" \r\n\t ", "file_empty"),
        (b"\xef\xbb\xbf", "file_empty"),
        (b"%PDF-1.7 ...", "file_binary"),
        (b"\x89PNG\r\n\x1a\n....", "file_binary"),
        (b"\x1f\x8b\x08rest", "file_binary"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "excel_old"),
        (b"<!DOCTYPE html><html><table>", "file_html"),
        (b'<html xmlns:x="urn:excel"><table><tr><td>sku', "file_html"),
        (b"sku,title\n1,Mu\0g\n", "nul_character"),
        (codecs.BOM_UTF32_LE + "sku".encode("utf-32-le"), "encoding_unsupported"),
        (b'{\n "products": [\n {"sku": 1}\n ]\n}', "json_not_lines"),
        (b'{"products": [{"sku": 1}]}', "json_not_lines"),
        (b'<?xml version="1.0" encoding="EBCDIC-US"?><rss/>', "encoding_unsupported"),
    ],
)
def test_what_is_no_product_file_gets_a_clear_answer(write: Write, content: bytes, code: str) -> None:
    assert code_of(write(content)) == code


@pytest.mark.parametrize(
    ("text", "codec", "found"),
    [
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE, "utf-8-sig", "utf-8-sig"),
        (CHINESE, "utf-16", "utf-16"),
        (CHINESE, "utf-16-le", "utf-16-le"),
        (CHINESE, "utf-16-be", "utf-16-be"),
        (CHINESE, "gb18030", "gb18030"),
        (CHINESE, "gbk", "gb18030"),
        ("sku,title,price\nA1,杯子,5\n", "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        (WESTERN, "cp1252", "cp1252"),
        ("sku,title\nA1,Caf\u00e9\n", "cp1252", "cp1252"),
        ("sku,title\nA1,plain\n", "ascii", "utf-8"),
    ],
)
def test_the_encoding_is_recognised(write: Write, text: str, codec: str, found: str) -> None:
    path = write(text, encoding=codec)
    assert detect_encoding(path) == found
    assert path.read_bytes().decode(found).lstrip("\ufeff") == text


def test_chinese_rows_come_out_of_gb18030(write: Write, read: Read) -> None:
    products, errors = read(write(CHINESE, encoding="gb18030"))
    assert not errors
    assert [(p.sku, p.title, p.price, p.currency) for p in products] == [
        ("A1", "不锈钢保温杯", 199, "CNY"),
        ("A2", "法式连衣裙", 299, "CNY"),
    ]
    assert {p.language for p in products} == {"zh-hans"}


def test_text_that_turns_foreign_late_is_still_recognised(write: Write) -> None:
    plain = "".join(f"A{i},Mug number {i},5\n" for i in range(20_000))
    assert (
        detect_encoding(write(f"sku,title,price\n{plain}B1,不锈钢保温杯,5\nB2,真空保温杯,6\n", encoding="gb18030"))
        == "gb18030"
    )


def test_a_broken_byte_in_utf8_names_its_line(write: Write) -> None:
    good = "sku,title\r\n" + "".join(f"A{i},保温杯{i}\r\n" for i in range(500))
    path = write(good.encode() + b"B1,bad \xff byte\r\n" + "B2,保温杯\r\n".encode())
    with pytest.raises(FeedError) as caught:
        open_feed(path)
    assert caught.value.code == "undecodable"
    assert caught.value.params == {"line": 502, "byte": "0xFF", "encoding": "UTF-8"}


def test_an_encoding_that_is_not_supported_names_the_line(write: Write) -> None:
    path = write(b"sku,title\nA1,plain\nA2,\xff\xfe\x81\x80\x8d\x90\xff\n")
    with pytest.raises(FeedError) as caught:
        open_feed(path)
    assert (caught.value.code, caught.value.params["line"]) == ("undecodable", 3)


def test_half_of_a_utf8_file_says_so(write: Write) -> None:
    data = "sku,title\nA1,保温杯\nA2,保温杯".encode()
    path = write(data[:-1])
    with pytest.raises(FeedError) as caught:
        open_feed(path)
    assert (caught.value.code, caught.value.params) == ("file_cut_off", {"line": 3})


def test_the_line_is_right_across_chunks(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    data = ("sku,title\r\n" + "A,保温杯\r\n" * 50).encode() + b"B,\xc3(\n"
    path = write(data)
    for chunk in (1, 2, 3, 7, 64, 1000):
        monkeypatch.setattr(encodings, "CHUNK", chunk)
        flaw = encodings.first_flaw(path, "utf-8")
        assert flaw is not None
        assert (flaw.line, flaw.byte, flaw.at_end) == (52, 0xC3, False)


def test_encoding_declared_in_xml_is_minded(write: Write, read: Read) -> None:
    xml = (
        '<?xml version="1.0" encoding="{}"?><rss><channel><item><id>1</id><title>保温杯</title></item></channel></rss>'
    )
    for name, codec in (("GB2312", "gb18030"), ("Big5", "big5"), ("UTF-8", "utf-8"), ("utf-16", "utf-16")):
        products, errors = read(
            write(xml.format(name).replace("温", "溫" if codec == "big5" else "温"), encoding=codec)
        )
        assert (len(products), errors) == (1, [])


def test_a_file_over_the_limit_is_refused_unread(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sniffing, "MAX_FILE_BYTES", 10)
    assert code_of(write("sku,title\n1,Mug\n")) == "file_too_large"


def test_a_large_json_list_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sniffing, "MAX_JSON_ARRAY_BYTES", 10)
    assert code_of(write('[{"sku": "1", "title": "Mug"}]')) == "json_array_too_large"
