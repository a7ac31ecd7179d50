"""Copy about twelve invented products, labelled by hand: what is planted and false stands between « and ».

Written by us for these tests. Prices appear in the formats of the United States, Britain, Germany, France, Brazil,
India, China and Japan. A text of TRUE must have no finding; every planted piece of a text of FALSE must have one, and
nothing else in that text may.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from decimal import Decimal

from campaigns.rules.grounding import Evidence, PriceSupport, SupportedValue


@dataclass(frozen=True)
class Case:
    evidence: Evidence
    true: tuple[str, ...]
    false: tuple[str, ...]
    name: str = field(default="")


def _facts(*rows: str) -> tuple[SupportedValue, ...]:
    return tuple(SupportedValue(*(part.strip() for part in row.split("|"))) for row in rows)


def _price(price: str, currency: str, was: str | None = None) -> tuple[PriceSupport, ...]:
    return (PriceSupport(Decimal(price), currency, Decimal(was) if was else None),)


def _lines(block: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in block.strip().splitlines() if line.strip())


HEADPHONES = Case(
    name="headphones, en-US",
    evidence=Evidence(
        facts=_facts(
            "Battery life | 40 | hours",
            "Weight | 250 | g",
            "Bluetooth | 5.3",
            "Warranty | 2 | years",
            "Driver | 40 | mm",
            "Quick charge | 10 minutes for 5 hours of play",
            "Colours | 3",
            "Water resistance | IPX4",
        ),
        prices=_price("79.99", "USD", "99.99"),
        allowed_texts=(
            "Aurora ANC Headphones X200",
            "Wireless over-ear headphones with active noise cancelling since 2019. Rated 4.7/5 by 1,280 listeners.",
            "https://shop.example.com/p/aurora-x200?ref=1",
            "Free shipping on orders over $50. Questions: help@example.com",
        ),
        dates=(datetime.date(2026, 11, 20), datetime.date(2026, 11, 30)),
    ),
    true=_lines(
        """
        Aurora headphones, now $79.99
        Was $99.99, now only $79.99!
        Save $20.00 on the Aurora X200
        Save $20 today
        20% off Aurora headphones
        40 hours of battery life in 250 g
        A 40-hour battery and Bluetooth 5.3
        Two-year warranty on every pair
        2-year warranty included
        10 minutes of charge, 5 hours of music
        Comes in three colours
        Pick one of 3 colors
        IPX4 water resistance for your run
        40 mm drivers for a fuller sound
        4 cm drivers, one clear voice
        Rated 4.7/5 by 1,280 listeners
        Cancelling noise since 2019
        $79.99 – 20% off until November 30
        Deal ends 30 Nov 2026: $79.99
        Free shipping on orders over $50
        Visit shop.example.com for yours
        https://shop.example.com/p/aurora-x200?ref=1
        Write to help@example.com
        $99.99 → $79.99 this week
        Only USD 79.99
        One pair for work, one for home
        The first headphones you will forget you wear
        Aurora X200: silence, on demand
        0.25 kg light
        Under $80 and still 40 hours of play
        Forty hours. One charge.
        Less noise, more you
        Grab them at 79.99
        Yours for $79.99, usually $99.99
        2400 minutes of playtime, 250 grams
        """
    ),
    false=_lines(
        """
        Aurora headphones, now «$69.99»
        Was «$129.99», now $79.99
        Was «$79.99», now «$59.99»
        Save «$30» on the Aurora X200
        Save «$79.99» today
        Save «$99.99» today
        «30% off» Aurora headphones
        «50 hours» of battery life
        A «60-hour» battery and Bluetooth 5.3
        «Three-year» warranty on every pair
        «5-year» warranty included
        «5 minutes» of charge, 5 hours of music
        Comes in «five» colours
        Pick one of «12» colors
        «IPX7» water resistance
        «50 mm» drivers for a fuller sound
        Rated «4.9/5» by 1,280 listeners
        Rated 4.7/5 by «12,800» listeners
        Cancelling noise since «1998»
        $79.99 until «December 31»
        Free shipping on orders over «$25»
        Visit «aurora-deals.com» for yours
        Write to «sales@aurora.com»
        Call «1-800-555-0199» to order
        Only «USD 40»
        Now only «40»!
        Just «250».
        Yours for «$40»
        «$250» of sound for you
        Only «€79.99»
        «£79.99» while stocks last
        «$7,999» of pure sound
        Trusted by «2 million» fans
        Bluetooth «6.0»
        «Buy one get one free» on Aurora
        «2 for $79.99»
        Just «$20»!
        Get a «$50» gift card with yours
        Only «twenty dollars»
        Under «$50» for 40 hours of play
        «24/7» support
        The «#1» headphones for commuters
        «Half price» today only
        Aurora «X300», $79.99
        Ends at «6 pm»
        «100%» silence
        """
    ),
)

FLASK = Case(
    name="flask, zh-CN",
    evidence=Evidence(
        facts=_facts(
            "容量 | 500 | ml",
            "保温时长 | 12 | 小时",
            "材质 | 316不锈钢",
            "净重 | 280 | g",
            "颜色 | 4 | 种",
            "保修 | 1 | 年",
            "口径 | 4.5 | cm",
            "杯盖 | 2 | 个",
        ),
        prices=_price("129.00", "CNY", "169.00"),
        allowed_texts=("晨雾保温杯 500ml 2026新款", "双层真空，杯身轻至280克，随手一握。", "下单满99元包邮，7天无理由退换。"),
        dates=(datetime.date(2026, 11, 1), datetime.date(2026, 11, 11)),
    ),
    true=_lines(
        """
        晨雾保温杯，到手价129元
        原价169元，现价129元
        立减40元，今天就带走
        ¥129，保温12小时
        ￥１２９，一杯到晚
        只要129，温暖一整天
        129元包邮
        500ml大容量，280g轻身
        半升容量，刚刚好
        0.5L容量，刚好一天
        十二小时长效保温
        316不锈钢，一口安心
        四种颜色，总有一款是你的
        4色可选
        一年质保，放心用
        双11活动，129元到手
        11月11日截止
        满99元包邮
        7天无理由退换
        七天无理由，买得放心
        一杯子，一辈子
        第一次用就爱上它
        一款随身的温度
        一年四季，随时有热水
        口径4.5cm，冰块轻松入
        45毫米口径，好清洗
        送自己一份热乎的早晨
        2026新款晨雾保温杯
        一个杯子两个杯盖
        百搭四色，十足质感
        不到150元，保温12小时
        169元直降到129元
        标价169，到手129
        三餐四季，热水相伴
        周一到周五，热水不断
        """
    ),
    false=_lines(
        """
        晨雾保温杯，到手价«99元»
        原价«199元»，现价129元
        原价«129元»，现价«99元»
        立减«60元»，今天就带走
        立减«129元»，今天就带走
        «¥500»，保温12小时
        «￥９９»，一杯到晚
        只要«99»，温暖一整天
        只要«280»，温暖一整天
        «99元»包邮
        «12元»包邮，手慢无
        到手«12.9»！
        «750ml»大容量
        «1升»容量，刚好一天
        «二十四小时»长效保温
        保温«24小时»
        «304»不锈钢，一口安心
        «六种»颜色，总有一款是你的
        «8色»可选
        «三年»质保，放心用
        «10年»质保，放心用
        «12月12日»截止
        满«199元»包邮
        «30天»无理由退换
        «五折»起，限时抢
        全场«8.5折»
        «买一送一»，今天截止
        «第二件半价»
        «满200减50»
        «100万»人的选择
        销量«第1»的保温杯
        热销«10万+»只
        «一百二十元»拿下
        «九十九块»包邮
        «9块9»包邮
        «1元»秒杀
        送价值«129元»礼盒
        领«50元»优惠券
        净重仅«180克»
        口径«6.5cm»，冰块轻松入
        仅售«$129»
        «百分之九十九»的用户说好
        访问«www.chenwu.cn»
        客服«400-800-1234»
        今晚«8点»开抢
        «壹佰元»以下拿下
        低至«3折»
        低至«89»
        «2件129元»
        """
    ),
)

SHEETS = Case(
    name="sheets, en-GB",
    evidence=Evidence(
        facts=_facts(
            "Thread count | 400",
            "Material | 100% cotton",
            "Pillowcases | 2",
            "Size | 200 x 200 cm",
            "Depth (cm) | 38",
            "Care | Wash at 40 °C",
        ),
        prices=_price("45.00", "GBP", "60.00"),
        allowed_texts=("Linden cotton bed set, double", "Woven in Portugal. OEKO-TEX 100. Delivery in 3-5 days, £3.95."),
    ),
    true=_lines(
        """
        Linden bed set, £45
        £45.00 (was £60.00)
        25% off: now £45
        Save £15 on Linden
        400 thread count, 100% cotton
        400-thread-count cotton
        Two pillowcases included
        200 × 200 cm, 38 cm deep
        2 m x 2 m of calm
        Wash at 40°C
        OEKO-TEX 100 certified
        Delivery in 3-5 days
        Delivery £3.95
        RRP £60
        The one set you need
        Now 45 GBP
        From £60 to £45
        Ten out of ten? You decide.
        Fits mattresses 380 mm deep
        100 per cent cotton
        """
    ),
    false=_lines(
        """
        Linden bed set, «£35»
        «£40.00» (was £60.00)
        £45.00 (was «£90.00»)
        «50% off»: now £45
        Save «£45» on Linden
        Save «£25» on Linden
        «800» thread count
        «600-thread-count» cotton
        «Four» pillowcases included
        «220» × 200 cm
        «45 cm» deep
        Wash at «60°C»
        «80%» cotton
        Delivery in «24 hours»
        Delivery «£45»
        RRP «£75»
        From «£80» to £45
        Only «£4.50»
        «£100» of luxury
        «£400» look, £45
        «99p» delivery
        Only «200»!
        «3 for 2» on bedding
        Extra «25% off» with code LINDEN
        """
    ),
)

CREAM = Case(
    name="face cream, zh-CN",
    evidence=Evidence(
        facts=_facts(
            "净含量 | 50 | g",
            "防晒指数 | SPF30 PA+++",
            "烟酰胺 | 5%",
            "适用年龄 | 25岁以上",
            "保质期 | 3 | 年",
            "质地 | 轻盈",
            "备案 | 28天人体测试，32人",
        ),
        prices=_price("199", "CNY", "249"),
        allowed_texts=("晨曦亮肤面霜50g", "添加5%烟酰胺，连续使用28天。", "买一送一小样，会员再享95折。"),
    ),
    true=_lines(
        """
        晨曦面霜，¥199
        到手199元，立省50元
        原价249，现价199
        8折入手晨曦面霜
        八折优惠，仅此一周
        限时20% OFF
        5%烟酰胺，亮出好气色
        百分之五烟酰胺
        SPF30 PA+++，日常通勤够用
        50克一瓶
        连续使用28天
        28天人体测试
        25岁以上的第一瓶面霜
        25岁+，从这一瓶开始
        会员再享95折
        保质期三年
        一抹就化，一整天不油
        十分轻盈，一点不黏
        早晚各一次
        199元拿下
        一百九十九元，一瓶安心
        90后也爱的轻盈质地
        不足200元
        晨曦亮肤面霜50g
        """
    ),
    false=_lines(
        """
        晨曦面霜，«¥99»
        到手«159元»，立省50元
        到手199元，立省«90元»
        原价«399»，现价199
        «5折»入手晨曦面霜
        «七折»优惠，仅此一周
        限时«50% OFF»
        «10%»烟酰胺，亮出好气色
        «SPF50» PA+++
        «100克»一瓶
        连续使用«7天»
        «7天»见效
        «18岁»以上的第一瓶面霜
        会员再享«8折»
        保质期«五年»
        «一百元»，一瓶安心
        «百分百»有效
        «50元»拿下
        只要«50»！
        «28元»抢
        «3倍»亮肤
        «九成»用户说变白
        «三百万»瓶热销
        «199日元»
        «满199减100»
        «1.99元»试用
        «買二送一»
        """
    ),
)

COFFEE = Case(
    name="coffee machine, de-DE",
    evidence=Evidence(
        facts=_facts(
            "Pressure | 15 | bar",
            "Water tank | 1.8 | l",
            "Power | 1450 | W",
            "Cups at once | 2",
            "Grind levels | 13",
            "Warranty | 24 | months",
        ),
        prices=_price("1299.00", "EUR", "1499.00"),
        allowed_texts=("Brio 13 espresso machine",),
    ),
    true=_lines(
        """
        Brio 13: 1.299,00 €
        Jetzt 1.299 €
        1299 Euro
        EUR 1.299,00
        €1,299.00 instead of €1,499.00
        Statt 1.499,00 € nur 1.299,00 €
        200 € off Brio 13
        15 bar pressure, 1.8 litre tank
        1800 ml water tank
        1,8 l
        1450 watts of steam
        1.45 kW
        Two cups at once
        13 grind levels
        Two years of warranty
        24 months of warranty
        13% off
        """
    ),
    false=_lines(
        """
        Brio 13: «1.199,00 €»
        Jetzt «999 €»
        «129,90 €»
        «EUR 1.499,00»
        €1,299.00 instead of «€1,999.00»
        Statt «1.799,00 €» nur 1.299,00 €
        «300 €» off Brio 13
        «20 bar» pressure
        «2.5 litre» tank
        «2000 watts» of steam
        «Three» cups at once
        «20» grind levels
        «Five years» of warranty
        «25% off»
        «1.299,99 €»
        «13 €» only
        Nur «1450 €»
        Brio 13 for «$1,299.00»
        «12,99 €»
        """
    ),
)

SNEAKERS = Case(
    name="sneakers, en-IN",
    evidence=Evidence(
        facts=_facts("Sole | 30 mm foam", "Weight | 240 g", "Sizes | 6, 7, 8, 9, 10", "Return window | 10 days"),
        prices=_price("2999", "INR", "4999"),
        allowed_texts=("Tara Runner 2 Sneakers", "No-cost EMI from Rs. 500/month."),
    ),
    true=_lines(
        """
        Tara Runner 2 at ₹2,999
        Rs. 2,999 only
        Rs 2999, MRP was ₹4,999
        40% off on Tara Runner 2
        Save ₹2,000
        30 mm foam, 240 g
        Sizes 6 to 10
        10-day returns
        INR 2,999.00
        EMI from Rs. 500/month
        3 cm foam under each step
        """
    ),
    false=_lines(
        """
        Tara Runner 2 at «₹1,999»
        «Rs. 999» only
        Rs 2999, was «₹7,999»
        «60% off» on Tara Runner 2
        Save «₹3,000»
        «40 mm» foam
        «200 g» light
        «30-day» returns
        EMI from «Rs. 250/month»
        «₹1,29,999» look
        «₹240»
        Only «₹500»
        Tara Runner «3»
        """
    ),
)

COOKER = Case(
    name="rice cooker, ja-JP",
    evidence=Evidence(
        facts=_facts("容量 | 1.0 | L", "功率 | 700 | W", "预约 | 24小时", "功能 | 8 | 种", "重量 | 4.2 | kg"),
        prices=_price("15800", "JPY", "19800"),
        allowed_texts=("和风电饭煲 R10", "内胆厚3mm，8种功能一键切换。"),
    ),
    true=_lines(
        """
        ¥15,800 和风电饭煲
        15,800円
        15800日元，一键好饭
        原价19800日元，现价15800日元
        1升容量，700瓦
        24小时预约
        八种功能，一键切换
        3毫米厚内胆
        R10，一个人也好好吃饭
        4200克
        """
    ),
    false=_lines(
        """
        «¥12,800» 和风电饭煲
        «9,800円»
        «15800元»，一键好饭
        原价«29800日元»，现价15800日元
        «3升»容量
        «1200瓦»
        «48小时»预约
        «十二种»功能，一键切换
        «5毫米»厚内胆
        «R20»，一个人也好好吃饭
        «1.58万元»
        «￥700»
        """
    ),
)

BACKPACK = Case(
    name="backpack without a former price, en-US",
    evidence=Evidence(
        facts=_facts(
            "Capacity | 25 | L", "Pockets | 5", "Laptop | 15.6 | in", "Weight | 0.9 | kg", "Straps | 2", "Recycled bottles | 18"
        ),
        prices=_price("59.00", "USD"),
        allowed_texts=("Fjord Daypack 25", "Made from 18 recycled bottles."),
    ),
    true=_lines(
        """
        Fjord Daypack, $59
        25 litres, 900 grams
        Five pockets for everything
        5个口袋，井井有条
        Fits a 15.6-inch laptop
        15.6" laptop sleeve
        18 recycled bottles in every bag
        Just $59.00
        Fjord Daypack 25: room for the day
        One bag. Every day.
        Day one or day trip
        Two straps, one bag
        """
    ),
    false=_lines(
        """
        Fjord Daypack, «$49»
        Was «$59», now «$49»
        Was «$79», now $59
        «20% off» Fjord
        Save «$59»
        Save «$10»
        «30 litres», 900 grams
        «Seven» pockets for everything
        «5 layers» of padding
        Fits a «17-inch» laptop
        «25» recycled bottles
        Only «$25»
        «18 dollars»
        Was «$59.00»
        «$590» value
        «0.5 kg» light
        Pay «$18» for 18 recycled bottles
        """
    ),
)

MOONCAKES = Case(
    name="mooncakes, zh-CN",
    evidence=Evidence(
        facts=_facts("规格 | 8枚×60g", "口味 | 6种", "保质期 | 60天", "礼盒尺寸 | 30×30×8cm"),
        prices=_price("288", "CNY", "328"),
        allowed_texts=("团圆月饼礼盒480g", "活动时间9月1日至9月15日，满300减30，买二送一。客服电话400-820-8820"),
        dates=(datetime.date(2026, 9, 1), datetime.date(2026, 9, 15)),
    ),
    true=_lines(
        """
        团圆礼盒288元，8枚装
        8枚×60g，六种口味
        6种口味，一盒尝遍
        288元/盒
        9月15日截止
        9月1日开抢
        满300减30
        买二送一
        直降40元
        一盒团圆，两代人的味道？
        480克，正好一家人
        保质期60天
        30×30×8厘米礼盒
        客服400-820-8820
        每枚60克
        """
    ),
    false=_lines(
        """
        团圆礼盒«268元»，8枚装
        «10枚»×60g
        8枚×«75g»
        «12种»口味，一盒尝遍
        «9月30日»截止
        «满300减100»
        «买一送一»
        直降«88元»
        «600克»，正好一家人
        保质期«90天»
        客服«400-888-6666»
        «60元»一盒
        «8元»一枚
        只要«60»
        «28.8元»包邮
        «2888元»
        «两百元»带回家
        «10月1日»前下单
        """
    ),
)

DRESS = Case(
    name="dress, zh-CN",
    evidence=Evidence(
        facts=_facts("面料 | 95%棉 5%氨纶", "衣长 | 115 | cm", "尺码 | S-XL", "口袋 | 2", "腰围 | 62-78cm"),
        prices=_price("359", "CNY", "459"),
        allowed_texts=("2026夏季新款棉质连衣裙", "隐形口袋，一键上身。"),
    ),
    true=_lines(
        """
        359元，把夏天穿上身
        ¥359（原价¥459）
        立减100元
        95%棉，5%氨纶
        衣长115厘米
        1.15米衣长
        两个口袋，放得下手机
        2026夏季新款
        腰围62-78cm
        一件顶两件？穿上就知道
        一身清凉
        七分袖的温柔
        """
    ),
    false=_lines(
        """
        «259元»，把夏天穿上身
        ¥359（原价«¥659»）
        立减«200元»
        «100%»棉
        衣长«120厘米»
        «四个»口袋
        «2025»夏季新款
        «115元»到手
        «95元»到手
        «6折»
        «三五九元»«两件»
        «359美元»
        """
    ),
)

VITAMINS = Case(
    name="vitamins, en-US",
    evidence=Evidence(
        facts=_facts("Count | 120 | tablets", "Dose | 1000 IU", "Serving | 1 tablet a day", "Supply | 4 months"),
        prices=_price("24.50", "USD"),
        allowed_texts=("Sunny D3 1000 IU, 120 tablets", "Subscribe and save 10%."),
    ),
    true=_lines(
        """
        120 tablets, $24.50
        1000 IU of vitamin D3
        One tablet a day
        A four-month supply
        Subscribe and save 10%
        1,000 IU in every tablet
        $24.50 for 120 tablets
        """
    ),
    false=_lines(
        """
        «60» tablets, $24.50
        «5000 IU» of vitamin D3
        «Two» tablets a day
        A «six-month» supply
        Subscribe and save «25%»
        «$19.50» for 120 tablets
        «$10» off
        «$120» of sunshine
        «50¢» a day
        """
    ),
)

VACUUM = Case(
    name="vacuum cleaner, fr-FR and pt-BR",
    evidence=Evidence(
        facts=_facts("Runtime | 60 | min", "Bin | 0.6 | l", "Weight | 2.6 | kg", "Noise | 72 | dB"),
        prices=(
            PriceSupport(Decimal("1349.90"), "EUR", Decimal("1449.90")),
            PriceSupport(Decimal("7999.00"), "BRL"),
        ),
        allowed_texts=("Cyclo V60 cordless vacuum",),
    ),
    true=(
        "Cyclo V60 : 1\u202f349,90\u00a0€",
        "1\u00a0349,90 € au lieu de 1\u00a0449,90 €",
        "R$ 7.999,00",
        "One hour of runtime",
        "60 minutes, 2.6 kg, 72 dB",
        "600 ml bin",
        "1349,90 EUR",
    ),
    false=(
        "Cyclo V60 : «1\u202f249,90\u00a0€»",
        "«349,90 €»",
        "«R$ 799,90»",
        "«R$ 1.349,90»",
        "«90 minutes» of runtime",
        "«1.6 kg» light",
        "«60 dB» quiet",
        "«60 €» only",
        "«1 l» bin",
    ),
)

CASES = (
    HEADPHONES,
    FLASK,
    SHEETS,
    CREAM,
    COFFEE,
    SNEAKERS,
    COOKER,
    BACKPACK,
    MOONCAKES,
    DRESS,
    VITAMINS,
    VACUUM,
)
