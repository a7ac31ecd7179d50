"""Which facts of a feed can be told to a shopper. Feeds also carry what only the shop's own systems read."""

import re

_OPERATIONS = frozenset(
    [
        "availability",
        "stock",
        "instock",
        "inventory",
        "breadcrumb",
        "breadcrumbs",
        "category",
        "categories",
        "path",
        "url",
        "link",
        "links",
        "image",
        "images",
        "sku",
        "mpn",
        "gtin",
        "ean",
        "upc",
        "barcode",
        "asin",
        "id",
        "identifier",
        "handle",
        "rating",
        "ratings",
        "reviews",
        "review",
        "language",
        "locale",
        "country",
        "currency",
        "crawled",
        "scraped",
        "source",
        "status",
        "taxable",
        "shipping",
        "tax",
        "vendor",
        "published",
        "template",
        "option",
        "weight_unit",
        "seo",
        "google",
        "condition",
        "库存",
        "有货",
        "面包屑",
        "类目",
        "分类",
        "链接",
        "图片",
        "编码",
        "条码",
        "货号",
        "编号",
        "评分",
        "评论数",
        "语言",
        "状态",
        "来源",
        "币种",
    ]
)
# beside one of those: "reviews count", "average rating"
_MEASURES = frozenset(["average", "avg", "count", "number", "of", "total", "score"])
_WORDS = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]+")
_MACHINE = re.compile(
    r"https?://|^\s*[\[{<]|^(?:true|false|null|none|n/?a|nan)$|^[0-9a-f]{16,}$|^\S+(?:/\S+)+$", re.IGNORECASE
)


def is_tellable(attribute: str, value: str) -> bool:
    """Whether an attribute with this value is something that copy may speak of: no address, code, path or stock state."""
    words = _WORDS.findall(attribute.casefold())
    left = [word for word in words if word not in _OPERATIONS and not word.isdecimal()]
    if not left or (len(left) < len(words) and all(word in _MEASURES for word in left)):
        return False
    return not _MACHINE.search(value.strip())
