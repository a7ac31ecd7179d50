"""Web addresses, languages, statuses, tags, categories, derived keys."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://shop.example/p?a=1&amp;b=2", "https://shop.example/p?a=1&b=2"),
        ("//cdn.example/a b.jpg", "https://cdn.example/a%20b.jpg"),
        ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
        ("https://例子.测试/商品", "https://例子.测试/商品"),
        ('https://x.example/"><script>', "https://x.example/%22%3E%3Cscript%3E"),
    ],
)
def test_a_web_address_is_made_absolute_and_safe(text: str, url: str) -> None:
    assert http_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)", "data:text/html,x", "ftp://x.example/a", "shop.example/p", "/p/1", "https://", "https:///p",
        "https://u:p@x.example/", "https://x.example:99999/", "https://x example/", "https://x.example/\u202e", "http://[::1",
        "https://x.example/\x85a", "vbscript:x", "https://-/", "https://a..b/",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        http_url(text)


def test_the_first_image_is_taken_from_any_list() -> None:
    first = "https://a.example/w_6,q_a/1.jpg"
    for text in (
        first,
        f"{first}~https://b.example/2.jpg",
        f'["{first}", "https://b.example/2.jpg"]',
        f"{first}, //b.example/2.jpg",
    ):
        assert first_image(text) == first
    assert first_image("[]") == first_image("") == ""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("en", "en"),
        ("en_US", "en"),
        ("English", "en"),
        ("zh-CN", "zh-hans"),
        ("中文", "zh-hans"),
        ("zh-Hant-HK", "zh-hant"),
        ("DE", "de"),
    ],
)
def test_languages_become_codes(text: str, code: str) -> None:
    assert language_code(text) == code


def test_unknown_languages_are_refused_and_scripts_tell_some() -> None:
    with pytest.raises(ValueError):
        language_code("Klingon")
    assert [language_of(text) for text in ("不锈钢保温杯 500ml", "Mug", "かわいいマグ", "머그컵", "")] == [
        "zh-hans",
        "",
        "ja",
        "ko",
        "",
    ]


def test_statuses_are_active_or_archived() -> None:
    assert {status_value(text) for text in ("Active", "true", "上架", "在售")} == {"active"}
    assert {status_value(text) for text in ("draft", "FALSE", "下架")} == {"archived"}
    with pytest.raises(ValueError):
        status_value("maybe")


def test_tags_and_categories() -> None:
    assert split_tags("a, b；c、a | ") == ["a", "b", "c"]
    assert split_tags('["x, y", "z"]') == ["x, y", "z"]
    assert category_path('["Clothing >> Shorts"]') == category_path("Clothing > Shorts") == "Clothing > Shorts"
    assert category_path('["A", "B"]') == "A > B"


def test_a_derived_key_is_stable_and_tells_products_apart() -> None:
    key = derived_key("https://shop.example/p/red-mug?x=1")
    assert key == derived_key("https://shop.example/p/red-mug?x=1") != derived_key("https://shop.example/p/red-mug?x=2")
    assert key.startswith("p-red-mug-x-1-")
    assert derived_key("法式 连衣裙").startswith("法式-连衣裙-")
