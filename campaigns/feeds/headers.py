"""Column names that shops use, in English and Chinese, and what they mean."""

from __future__ import annotations

import re
import unicodedata

from campaigns.feeds.facts import UNIT_IN_NAME
from campaigns.feeds.vocabulary import words

# name as normalised by normalise_header → (target, confidence 0 to 1)
_TARGETS: dict[str, dict[float, str]] = {
    "sku": {
        1.0: "sku itemsku productsku skucode skuid skuno stockkeepingunit 商品sku sku编码 sku码 skuid编号",
        0.95: "itemcode productcode articlenumber artikelnummer artnr artno partnumber productnumber itemnumber"
        " 商品编码 商品编号 商品代码 货号 商家编码 产品编码 产品编号 产品代码 商品货号 款号 物料编码 貨號 商品編號 宝贝编码",
        0.85: "id gid pid productid itemid offerid 商品id 产品id 宝贝id handle urlhandle asin",
        0.6: "uniqid uniqueid uuid guid 编号 编码 variantsku stylecode modelnumber mpn",
    },
    "title": {
        1.0: "title producttitle productname itemname itemtitle 商品名称 商品标题 产品名称 产品标题 宝贝标题 商品名 产品名"
        " 宝贝名称 商品名稱 產品名稱 品名",
        0.9: "name 标题 名称 標題 名稱 titel bezeichnung produktname titre nomduproduit displayname",
        0.5: "shorttitle seotitle 短标题",
    },
    "description": {
        1.0: "description productdescription longdescription bodyhtml itemdescription 商品描述 产品描述 商品详情 产品详情"
        " 商品介绍 产品介绍 宝贝描述 描述",
        0.85: "body details desc summary content shortdescription beschreibung 详情 介绍 简介 商品简介 产品简介 说明 卖点"
        " 商品卖点 文案 詳情",
        0.4: "about overview",
    },
    "category": {
        1.0: "category productcategory producttype categorypath 商品分类 商品类目 产品分类 类目 分类 品类 商品类别 产品类别"
        " 所属类目 商品分類",
        0.9: "type categories googleproductcategory productcategorytree categorytree kategorie 类别 类型 一级类目 分類",
        0.7: "breadcrumbs breadcrumb department productgroup googleshoppinggoogleproductcategory",
    },
    "vendor": {
        1.0: "brand vendor brandname 品牌 品牌名称 商品品牌 品牌名",
        0.9: "manufacturer marke marque supplier maker 厂商 厂家 生产厂家 制造商 供应商",
    },
    "language": {1.0: "language lang locale contentlanguage 语言 语种 語言"},
    "url": {
        1.0: "url link producturl productlink pageurl 商品链接 商品网址 产品链接 商品地址 宝贝链接 商品url",
        0.85: "href permalink canonicallink onlinestoreurl 链接 网址 地址链接 連結",
    },
    "image_url": {
        1.0: "imageurl imagelink imagesrc productimageurl mainimage mainimageurl 图片链接 主图 商品图片 商品主图 主图链接"
        " 图片地址 图片url 主图url",
        0.9: "image images imageurls picture pictures photo pictureurl 图片 产品图片 圖片",
        0.5: "thumbnail thumbnailurl variantimage 缩略图",
    },
    "price": {
        1.0: "sellingprice saleprice currentprice finalprice offerprice discountedprice discountprice specialprice"
        " promoprice dealprice nowprice variantprice 现价 售价 销售价 促销价 活动价 优惠价 折扣价 到手价 折后价 售價",
        0.95: "price unitprice itemprice productprice preis prix 价格 单价 商品价格 销售价格 一口价 價格 單價",
    },
    "was_price": {
        1.0: "wasprice originalprice oldprice compareatprice variantcompareatprice regularprice strikeprice beforeprice"
        " 原价 划线价 吊牌价 市场价 市场价格 参考价 原價",
        0.9: "listprice retailprice msrp rrp mrp uvp 零售价 建议零售价 指导价 标价",
    },
    "currency": {1.0: "currency currencycode pricecurrency 币种 货币 貨幣 幣別", 0.8: "curr 单位货币"},
    "tags": {
        1.0: "tags tag keywords labels producttags 标签 关键词 商品标签 标签词 標籤",
        0.8: "keyword customlabel0 customlabel1 customlabel2 customlabel3 customlabel4 关键字",
    },
    "status": {
        1.0: "status productstatus 状态 商品状态 上架状态 是否上架 上下架状态 狀態",
        0.7: "published publishedononlinestore isactive active enabled",
    },
    "specifications": {
        1.0: "specifications productspecifications specification productspecification specs attributes productattributes"
        " productdetail productdetails 规格参数 商品参数 产品参数 商品属性 产品属性 参数 属性",
        0.9: "features properties technicaldetails 规格属性",
    },
}  # fmt: skip

_FACTS = words(
    "color colour size sizes material materials fabric gender agegroup pattern weight width height length depth dimensions"
    " dimension capacity volume gtin ean upc barcode isbn mpn condition availability warranty model modelname modelnumber"
    " style season origin countryoforigin madein ingredients flavor flavour scent packsize quantity multipack energyclass"
    " productweight productlength productwidth productheight producthighlight unitpricingmeasure sizesystem sizetype"
    " averagerating rating reviewscount reviewcount ratingcount productrating overallrating sleeve neck fit closure"
    " lining occasion care careinstructions composition connectivity battery power voltage resolution screensize memory"
    " storage processor variantbarcode variantgrams stylecode breadcrumbs shelflife features feature highlights bulletpoints"
    " googleshoppinggender googleshoppingagegroup googleshoppingcondition googleshoppingmpn"
    " 颜色 顏色 尺码 尺寸 规格 材质 面料 成分 重量 净含量 净重 毛重 容量 体积 产地 型号 款式 风格 季节 适用人群 适用性别 性别"
    " 适用年龄 保质期 功能 功效 口味 香型 图案 版型 领型 袖长 袖型 裙长 衣长 衣样式 裤型 裤长 长度 宽度 高度 厚度 条码 条形码"
    " 质保 保修 特点 特性 配料 包装 功率 电压 电池 内存 存储 屏幕 分辨率 评分 评价数 库存状态 上市时间 适用场景 场景 卖点标签"
    " 适用季节 填充物 里料 鞋跟 鞋底材质 闭合方式 原产地 生产日期"
)

# what copy has no use for, or what a shop would not want in it (its purchase cost)
_IGNORED = words(
    "index no row rowno number rank position source sourcewebsite crawledat crawltimestamp timestamp createdat updatedat"
    " createdtime updatedtime date country costperitem cost margin inventory inventoryquantity stock stockquantity qty"
    " variantinventorytracker variantinventoryqty variantinventorypolicy variantfulfillmentservice variantrequiresshipping"
    " varianttaxable varianttaxcode variantweightunit giftcard imageposition imagealttext seodescription seotitle"
    " additionalimagelink additionalimagelinks itemgroupid identifierexists shipping tax taxcategory isbundle adult"
    " isfkadvantageproduct googleshoppingadwordsgrouping googleshoppingadwordslabels"
    " googleshoppingcustomproduct googleshoppingcustomlabel0 googleshoppingcustomlabel1 googleshoppingcustomlabel2"
    " googleshoppingcustomlabel3 googleshoppingcustomlabel4 variantimage variantimageurl optionname option1name option2name"
    " option3name option1value option2value option3value option1linkedto option2linkedto option3linkedto chargetax"
    " inventorytracker inventorypolicy continuesellingwhenoutofstock weightvaluegrams weightunitfordisplay requiresshipping"
    " fulfillmentservice salepriceeffectivedate mobilelink adsredirect excludeddestination includeddestination installment"
    " promotionid shippinglabel shippingweight shippinglength shippingwidth shippingheight expirationdate 序号 行号 库存"
    " 库存数量 成本 成本价 进价 采购价 进货价 毛利 创建时间 更新时间 上架时间 采集时间 销量 月销量 备注 仓库 供货价"
)  # fmt: skip

# names of facts that the column name does not give well
_FACT_NAMES = {"variantgrams": "Weight (g)", "variantbarcode": "GTIN", "barcode": "GTIN", "条形码": "条码"}

METAFIELD = re.compile(r"(.+?)\s*\(product\.metafields\.[^)]*\)")

KNOWN: dict[str, tuple[str, float]] = {
    name: (target, confidence)
    for target, levels in reversed(_TARGETS.items())
    for confidence, names in sorted(levels.items())
    for name in names.split()
}
FACT_CONFIDENCE = 0.9


def normalise_header(name: str) -> str:
    """Return the letters and digits of a column name in lower case: "Sale_Price" and "sale price" are one."""
    folded = unicodedata.normalize("NFKC", name).casefold().strip()
    return re.sub(r"[\W_]+", "", folded.removeprefix("g:"))


def known_header(name: str) -> tuple[str, float] | None:
    """Return target and confidence for a known column name, ``fact:`` targets included; None for an unknown one.

    A column that is known to be of no use has the empty target.
    """
    for candidate in _spellings(name):
        if candidate in KNOWN:
            return KNOWN[candidate]
        if candidate in _FACTS:
            return f"fact:{fact_name(name)}", FACT_CONFIDENCE
        if candidate in _IGNORED:
            return "", 0.9
    if METAFIELD.fullmatch(name):
        return f"fact:{fact_name(name)}", 0.8
    return None


def fact_name(header: str) -> str:
    """Return what a fact read from this column is called: "average_rating" → "Average rating", "g:color" → "Color"."""
    if (known := _FACT_NAMES.get(normalise_header(header))) is not None:
        return known
    metafield = METAFIELD.fullmatch(header)
    name = metafield.group(1) if metafield else header.removeprefix("g:").rpartition(" / ")[2]
    name = " ".join(name.replace("_", " ").split())
    if name.lower() in ("gtin", "ean", "upc", "mpn", "isbn"):
        return name.upper()
    return name[:1].upper() + name[1:] if name.islower() else name


def _spellings(name: str) -> list[str]:
    """Return the normalised name, and that without a unit or remark in brackets: "价格（元）" → 价格."""
    spellings = [normalise_header(name)]
    in_brackets = UNIT_IN_NAME.fullmatch(unicodedata.normalize("NFKC", name).strip())
    if in_brackets:
        spellings.append(normalise_header(in_brackets.group(1)))
    spellings.append(normalise_header(name.rpartition(".")[2]))  # "attributes.color" of nested JSON
    return [spelling for spelling in spellings if spelling]
