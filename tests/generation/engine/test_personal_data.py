"""Personal data leave a text in both languages, and what only looks like them stays."""

from __future__ import annotations

import json

import pytest

from generation.engine.personal_data import scrub
from generation.starter.examples import CORPUS
from tests.timing import timed

FOUND = [
    # e-mail
    ("Write to anna.b+shop@example.co.uk today", "Write to [email] today"),
    ("邮箱zhang_wei@qq.com，谢谢", "邮箱[email]，谢谢"),
    ("ａｎｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ 收", "[email] 收"),
    ("anna (at) example.com", "[email]"),
    ("a@b.cn,c@d.cn", "[email],[email]"),
    ("mailto:anna@example.com.", "mailto:[email]."),
    # Chinese telephones
    ("请打13800138000联系", "请打[phone]联系"),
    ("１３８００１３８０００", "[phone]"),
    ("138-0013-8000 或 139 0013 9000", "[phone] 或 [phone]"),
    ("13800138000/13900139000", "[phone]/[phone]"),
    ("13800138000,13900139000", "[phone],[phone]"),
    ("+86 138 0013 8000", "[phone]"),
    ("+8613800138000，次日达", "[phone]，次日达"),
    ("13800138000次日回复，13900139000千万别打错", "[phone]次日回复，[phone]千万别打错"),
    ("座机010-12345678转801", "座机[phone]"),
    ("（021）6543 2100", "[phone]"),
    ("0571-87654321-802", "[phone]"),
    ("客服400-820-8820", "客服[phone]"),
    ("400 820 8820 或 4008208820 或 800-8200-820", "[phone] 或 [phone] 或 [phone]"),
    ("一三八零零一三八零零零，加我", "[phone]，加我"),
    ("客服电话：8208820", "客服电话：[phone]"),
    # telephones elsewhere
    ("Call +44 20 7946 0958 now", "Call [phone] now"),
    ("+1 (415) 555-0100", "[phone]"),
    ("+1-415-555-0100.", "[phone]."),
    ("+49 (0)30 1234567", "[phone]"),
    ("0044 20 7946 0958", "[phone]"),
    ("(415) 555-0100 or 415-555-0100 or 415.555.0100", "[phone] or [phone] or [phone]"),
    ("1-800-555-0199 ext. 12", "[phone]"),
    ("020 7946 0958, 07700 900123, 0161 496 0000", "[phone], [phone], [phone]"),
    ("06 12 34 56 78", "[phone]"),
    ("Text us at 415 555 0100!", "Text us at [phone]!"),
    ("Phone: 555-0199", "Phone: [phone]"),
    ("Tel.: 7946 0958", "Tel.: [phone]"),
    # identity numbers
    ("身份证11010119900307775X。", "身份证[id]。"),
    ("110101 19900307 7758", "[id]"),
    ("110101199003077758 110101 1990 0307 7758", "[id] [id]"),
    ("SSN 123-45-6789", "SSN [id]"),
    # cards and accounts
    ("4111 1111 1111 1111, card 5500005555555559", "[card], card [card]"),
    ("4111-1111-1111-1111 12/27", "[card] 12/27"),
    ("4111 1111 1111 1111 12/27", "[card] 12/27"),
    ("卡6222021234567890128。", "卡[card]。"),
    ("3782 822463 10005", "[card]"),
    ("银行卡号：6222 0212 3456 7890", "银行卡号：[number]"),
    ("GB82 WEST 1234 5698 7654 32 SALE", "[account] SALE"),
    ("GB82WEST12345698765432", "[account]"),
    ("DE89 3704 0044 0532 0130 00.", "[account]."),
    ("DE88 3704 0044 0532 0130 00", "[account]"),
    ("QQ 12345678，微信：anna_shop88", "QQ [account]，微信：[account]"),
    ("WeChat ID: anna_shop88", "WeChat ID: [account]"),
    # addresses of devices
    ("from 203.0.113.7 at", "from [ip] at"),
    ("IP：192.168.1.20。", "IP：[ip]。"),
    ("8.8.8.8:443", "[ip]:443"),
    ("2001:db8::8a2e:370:7334", "[ip]"),
    ("2001:0db8:0000:0000:0000:8a2e:0370:7334", "[ip]"),
    # orders and others
    ("订单20240315001234已发货", "订单[number]已发货"),
    ("单号：SF1234567890123", "单号：[number]"),
    ("Order no. 10482-B77 has left", "Order no. [number] has left"),
    ("order #48213", "order #[number]"),
    ("Your order 112-1234567-7654321", "Your order [number]"),
    ("Amazon 112-1234567-7654321", "Amazon [number]"),
    ("ORD-20240315-0042", "[number]"),
    ("1Z999AA10123456784", "[number]"),
    ("护照 E12345678", "护照 [number]"),
    ("会员号 880012", "会员号 [number]"),
    ("Membership number is 880012.", "Membership number is [number]."),
    ("JD0123456789012", "[number]"),
    # web addresses with a sign-in
    ("https://anna:secret@shop.example/basket?x=1 see", "[url] see"),
    ("见https://shop.example/a?token=9f8e7d，谢谢", "见[url]，谢谢"),
    ("https://shop.example/?utm=1&user_id=42", "[url]"),
    ("https://shop.example/unsubscribe/anna@example.com", "[url]"),
    ("ftp://anna@files.example/a.zip", "[url]"),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_personal_data_are_replaced_by_what_they_are(text: str, expected: str) -> None:
    found, count = scrub(text)
    assert found == expected
    assert count == sum(
        expected.count(f"[{name}]") for name in ["url", "email", "id", "card", "account", "ip", "phone", "number"]
    )


STAYS = [
    "",
    "A4 210×297",
    "A4 210 × 297 mm, 80 g/m²",
    "Open 24/7, 365 days",
    "£129.00, was £1,299.99",
    "¥12,999.00 起，到手 10999 元",
    "¥13999999999",
    "两只 159 元，三只 229 元",
    "1299 1399 1499 1599",
    "2024 2025 2026 2027",
    "5 × 13 × 20 cm; 1920x1080; 3840*2160",
    "100-200-300 mm",
    "2026-03-15 10:00-12:30",
    "09-12-2026 10:00",
    "15/03/2026 – 20/03/2026",
    "2026年3月15日 8:00 至 2026年3月20日",
    "20260315-20260320",
    "5 月 8 日前，12.5 折",
    "12:30:45",
    "0900-1030, 1400-1600",
    "iPhone 15, WH-1000XM5, RTX 4090, WD-40, EN 388:2016 4121X",
    "电池 10000 mAh，亮度 400 800 1200 流明",
    "400 800 1200 lumens",
    "10000000000 次",
    "10 000 000 steps and +20 000 more",
    "Firmware version 1.2.3.4, v2.0.10.1, 版本 1.2.3.4",
    "1.2.3 and 300.400.500.600",
    "SPF 50+ PA++++, 100 ml",
    "call 2 friends; order 3, pay 2",
    "Order 2 for £30000",
    "会员价 19999 元，会员价19999",
    "会员 19999 元，会员 20000 分",
    "手机 6.1 英寸，手机支架 128 克",
    "手机 2024-2026 款",
    "Ring size 52 54 56 58 60",
    "尺码 36 37 38 39 40 41 42",
    "pH 5.5, 1/2, 3:1, 50%",
    "E-mail us @copystudio #weekend",
    "3@5 Hz",
    "第一三五周，二十四小时",
    "https://shop.example/item/12345678901234?colour=red",
    "GB 4806.5-2016 GB/T 18401",
    "IPX7 IP68 USB-C 3.2 Gen 2x2",
    "5,000,000 sold; 1 234 567 890 grains",
    "member since 2019",
    "订单满 299 减 30",
    "单号 12",
]


@pytest.mark.parametrize("text", STAYS)
def test_prices_sizes_dates_and_models_stay(text: str) -> None:
    assert scrub(text) == (text, 0)


def test_all_kinds_in_one_text_are_counted_once_each() -> None:
    text = (
        "张女士 13800138000，anna@example.com，卡 4111111111111111，IP 203.0.113.7，订单 20240315001234，售价 129 元。"
    )
    expected = "张女士 [phone]，[email]，卡 [card]，IP [ip]，订单 [number]，售价 129 元。"
    assert scrub(text) == (expected, 5)


@pytest.mark.parametrize("text", [text for text, _ in FOUND])
def test_a_second_pass_changes_nothing(text: str) -> None:
    once, _ = scrub(text)
    assert scrub(once) == (once, 0)


def test_no_text_of_the_starter_corpus_is_touched() -> None:
    texts = [
        json.loads(line)["text"]
        for path in sorted(CORPUS.glob("copy-*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert len(texts) > 1000
    assert [text for text in texts if scrub(text)[1]] == []


@pytest.mark.parametrize(
    "part",
    ["1", "1 ", "1-", "a", "a.", "a@", "A1", "1.", "ab:", "0 1", "(0", "电话", "order ", "http://a", "4111 ", "+1"],
)
def test_no_text_takes_long(part: str) -> None:
    text = part * (20_000 // len(part))
    with timed() as watch:
        scrub(text)
    assert watch.seconds < 3
