"""The sample products and texts of prompt template `few-shot-1`. All written for this project.

A changed word here is another prompt: what is in use stays as it is, and an improvement becomes `few-shot-2`. No sample
names a price, a discount or a superlative, so that the model is not led to them.
"""

from dataclasses import dataclass
from enum import StrEnum

from generation.engine.config import Language

EN, ZH = Language.EN, Language.ZH_HANS


class Kind(StrEnum):
    """What sort of text a channel wants; each sort has samples of its own length and manner."""

    HEADLINE = "headline"  # up to about 30 letters or 15 hanzi
    SUBJECT = "subject"  # a line to open or to tap: up to about 50 letters or 20 hanzi
    NOTICE = "notice"  # one or two short sentences: push body, SMS, ad description, digest
    BLURB = "blurb"  # two or three sentences on a product page or in a feed
    POST = "post"  # a social post in the first person, with emoji and tags
    TITLE = "title"  # a market-place title: name and searched words, no sentence


@dataclass(frozen=True, slots=True)
class ProductText:
    """How the sample product is described in one language."""

    title: str
    facts: tuple[str, ...]
    audience: str
    tone: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample product, described in both languages, with a text for each language and kind."""

    product: dict[Language, ProductText]
    copy: dict[Language, dict[Kind, str]]


SAMPLES: tuple[Sample, ...] = (
    Sample(
        product={
            EN: ProductText(
                "Ridge Steel Travel Mug",
                ("double-wall steel", "keeps drinks hot for 6 hours", "350 ml"),
                "hikers",
                "warm",
            ),
            ZH: ProductText("山脊不锈钢保温杯", ("双层不锈钢", "保温6小时", "350毫升"), "徒步爱好者", "亲切"),
        },
        copy={
            EN: {
                Kind.HEADLINE: "Hot coffee for 6 hours",
                Kind.SUBJECT: "Your trail coffee, still hot 6 hours later",
                Kind.NOTICE: "Double-wall steel keeps your coffee hot for 6 hours on the trail. Meet the Ridge Travel Mug.",
                Kind.BLURB: (
                    "The Ridge Travel Mug goes where you go. Double-wall steel keeps drinks hot for 6 hours, and 350 ml is "
                    "just right for a break on the way up."
                ),
                Kind.POST: (
                    "Took the Ridge Travel Mug up the hill today and my coffee was still hot at the top ☕ Double-wall "
                    "steel, 350 ml, fits the side pocket of my pack. #hiking #coffee"
                ),
                Kind.TITLE: "Ridge Steel Travel Mug 350 ml Double Wall Insulated Hiking",
            },
            ZH: {
                Kind.HEADLINE: "一杯热咖啡，暖6小时",
                Kind.SUBJECT: "山顶那口咖啡，6小时后还是热的",
                Kind.NOTICE: "双层不锈钢，保温6小时。带上山脊保温杯，山顶也有热咖啡。",
                Kind.BLURB: "山脊保温杯陪你走到哪里热到哪里。双层不锈钢杯身，保温6小时，350毫升刚好够一次歇脚，给徒步的你添一口暖意。",
                Kind.POST: "今天带着山脊保温杯去爬山⛰️ 到山顶咖啡还是热的！双层不锈钢，350毫升，放进背包侧袋刚刚好～ #徒步 #保温杯",
                Kind.TITLE: "山脊不锈钢保温杯350毫升双层徒步便携咖啡杯",
            },
        },
    ),
    Sample(
        product={
            EN: ProductText(
                "Cloud Linen Bed Set", ("washed linen", "soft from the first night", "four pieces"), "new homes", "calm"
            ),
            ZH: ProductText("云朵亚麻四件套", ("水洗亚麻", "第一晚就柔软", "四件套"), "刚搬新家的人", "平静"),
        },
        copy={
            EN: {
                Kind.HEADLINE: "Soft linen from night one",
                Kind.SUBJECT: "Sleep in washed linen that starts out soft",
                Kind.NOTICE: "Washed linen, soft from the first night. The four-piece Cloud Bed Set is ready for your new home.",
                Kind.BLURB: (
                    "Make the new bedroom yours with the Cloud Linen Bed Set. The washed linen is soft from the first night, "
                    "and all four pieces match, so the bed is made in a minute."
                ),
                Kind.POST: (
                    "First night in the new flat and the Cloud Linen Bed Set already feels like home 🛏️ Washed linen, so "
                    "soft, four pieces that match. #newhome #linen"
                ),
                Kind.TITLE: "Cloud Linen Bed Set Four Piece Washed Linen Soft Bedding",
            },
            ZH: {
                Kind.HEADLINE: "第一晚就柔软的亚麻",
                Kind.SUBJECT: "新家的第一晚，睡进柔软的亚麻里",
                Kind.NOTICE: "水洗亚麻，第一晚就柔软。云朵四件套，给新家一张安静的床。",
                Kind.BLURB: "云朵亚麻四件套，让新卧室一下子有了家的样子。亚麻经过水洗，第一晚就柔软透气，四件成套，铺好床只要一会儿。",
                Kind.POST: "搬进新家的第一晚🛏️ 换上云朵亚麻四件套，水洗过的亚麻真的好柔软，躺下就不想起来～ #新家 #亚麻",
                Kind.TITLE: "云朵亚麻四件套水洗亚麻柔软透气床上用品",
            },
        },
    ),
    Sample(
        product={
            EN: ProductText(
                "Drizzle Rain Jacket", ("waterproof", "220 g", "packs into its own pocket"), "city cyclists", "lively"
            ),
            ZH: ProductText("细雨防水夹克", ("防水面料", "重220克", "可收进自带口袋"), "骑车通勤的人", "活泼"),
        },
        copy={
            EN: {
                Kind.HEADLINE: "Ride dry in just 220 g",
                Kind.SUBJECT: "Rain on the way? It fits in your pocket",
                Kind.NOTICE: "Grey sky, good mood: the waterproof Drizzle Jacket weighs 220 g and packs into its own pocket.",
                Kind.BLURB: (
                    "Rain should not decide when you ride. The Drizzle Jacket is waterproof, weighs only 220 g and packs into "
                    "its own pocket until the first drops fall."
                ),
                Kind.POST: (
                    "Caught in the rain on my bike again and did not care 🌧️ The Drizzle Jacket is waterproof, 220 g, and "
                    "lives in its own pocket until I need it. #cycling #rainyday"
                ),
                Kind.TITLE: "Drizzle Rain Jacket Waterproof 220 g Packable Cycling Commute",
            },
            ZH: {
                Kind.HEADLINE: "220克，骑车不怕雨",
                Kind.SUBJECT: "要下雨了？把夹克从口袋里掏出来",
                Kind.NOTICE: "天灰了也别停：细雨夹克防水，只有220克，收进自己的口袋就出发。",
                Kind.BLURB: "什么时候骑车，不该由天气说了算。细雨夹克用防水面料，只重220克，平时收进自带的口袋，下雨了一抖就穿。",
                Kind.POST: "骑车路上又下雨了🌧️ 还好包里有细雨夹克！防水面料，才220克，不用的时候收进自己的口袋，太方便啦 #骑行 #通勤",
                Kind.TITLE: "细雨防水夹克220克轻便可收纳骑行通勤外套",
            },
        },
    ),
    Sample(
        product={
            EN: ProductText("Halo Desk Lamp", ("five levels of light", "glare-free", "USB-C"), "students", "friendly"),
            ZH: ProductText("光环护眼台灯", ("五档亮度", "无眩光", "USB-C接口"), "学生", "友好"),
        },
        copy={
            EN: {
                Kind.HEADLINE: "Five levels of calm light",
                Kind.SUBJECT: "Late study night? Choose from five levels of light",
                Kind.NOTICE: "Five levels of glare-free light for late pages. The Halo Desk Lamp plugs into any USB-C port.",
                Kind.BLURB: (
                    "The Halo Desk Lamp follows your study night. Choose from five levels of glare-free light, plug it into "
                    "USB-C and keep your eyes on the page."
                ),
                Kind.POST: (
                    "Exam week survival kit: tea and the Halo Desk Lamp 💡 Five levels of light, no glare at all, and it "
                    "runs from my laptop by USB-C. #studytime #desksetup"
                ),
                Kind.TITLE: "Halo Desk Lamp Five Levels Glare Free USB-C Study Light",
            },
            ZH: {
                Kind.HEADLINE: "五档柔光，夜读不累",
                Kind.SUBJECT: "今晚还要看书？选一档合适的光",
                Kind.NOTICE: "五档亮度，没有眩光。光环台灯插上USB-C就亮，陪你读到最后一页。",
                Kind.BLURB: "光环护眼台灯跟着你的学习节奏走。五档亮度随手调，无眩光的光线落在书页上，USB-C接口插上就能用。",
                Kind.POST: "考试周必备💡 光环台灯五档亮度随便调，一点都不晃眼，插电脑的USB-C就能用，晚上看书舒服多了～ #学习 #台灯",
                Kind.TITLE: "光环护眼台灯五档调光无眩光USB-C学生书桌灯",
            },
        },
    ),
)
