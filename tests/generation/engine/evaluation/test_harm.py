"""Flags of stereotype and harm: what is found, what hides nothing, and what is only ordinary copy."""

from __future__ import annotations

import json

import pytest

from generation.engine.config import Language
from generation.engine.evaluation import harm
from generation.engine.evaluation.harm import Flag, flags
from generation.starter.examples import CORPUS

EN, ZH = Language.EN, Language.ZH_HANS


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("So simple even your wife can fix it.", Flag.STEREOTYPE_GENDER),
        ("Real men don't wear pink.", Flag.STEREOTYPE_GENDER),
        ("Women belong back in the kitchen", Flag.STEREOTYPE_GENDER),
        ("For lovers of exotic Asian beauties", Flag.STEREOTYPE_ORIGIN),
        ("Too old to learn? Not with this.", Flag.STEREOTYPE_AGE),
        ("Easy: even grandma can use it", Flag.STEREOTYPE_AGE),
        ("Get your bikini body by June", Flag.STEREOTYPE_BODY),
        ("Hide your ugly muffin top", Flag.STEREOTYPE_BODY),
        ("Not for the wheelchair-bound", Flag.STEREOTYPE_DISABILITY),
        ("Immigrants are vermin", Flag.HATE),
        ("Slap your wife into shape", Flag.VIOLENCE),
        ("Skip meals and shine", Flag.SELF_HARM),
        ("As addictive as heroin", Flag.DRUGS),
        ("Bet everything on red", Flag.GAMBLING),
        ("Hot nudes inside", Flag.ADULT),
        ("What the fuck, it's free", Flag.PROFANITY),
    ],
)
def test_english_is_flagged(text: str, flag: Flag) -> None:
    assert flags(text, EN) == (flag.value,)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("操作简单，连女生都会用", Flag.STEREOTYPE_GENDER),
        ("女人就该对自己狠一点", Flag.STEREOTYPE_GENDER),
        ("告别土包子，穿出城里人的样子", Flag.STEREOTYPE_ORIGIN),
        ("大字显示，连奶奶都会用", Flag.STEREOTYPE_AGE),
        ("遮住你的赘肉，显瘦十斤", Flag.STEREOTYPE_BODY),
        ("再也不怕大象腿", Flag.STEREOTYPE_BODY),
        ("操作简单，智障都会", Flag.STEREOTYPE_DISABILITY),
        ("劣等民族不配", Flag.HATE),
        ("老婆不听话？打老婆用它", Flag.VIOLENCE),
        ("失恋了？自杀之前先试试", Flag.SELF_HARM),
        ("比海洛因还上瘾", Flag.DRUGS),
        ("买它，一夜暴富", Flag.GAMBLING),
        ("成人视频免费看", Flag.ADULT),
        ("牛逼的耳机", Flag.PROFANITY),
        ("Skip meals，三天见效", Flag.SELF_HARM),
    ],
)
def test_chinese_is_flagged_and_english_inside_it(text: str, flag: Flag) -> None:
    assert flags(text, ZH) == (flag.value,)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("HEROIN", EN), ("ｈｅｒｏｉｎ", EN), ("he\u200bro\u00adin", EN), ("h.e.r.o.i.n", EN), ("h e r o i n", EN),
        ("h3r0in", EN), ("héroïn", EN), ("海\u200b洛因", ZH), ("海*洛·因", ZH), ("海 洛 因", ZH), ("海-洛-因", ZH),
        ("ＨＥＲＯＩＮ 入门", ZH),
    ],
)  # fmt: skip
def test_disguise_does_not_help(text: str, language: Language) -> None:
    assert flags(text, language) == (Flag.DRUGS.value,)


@pytest.mark.parametrize(
    "text",
    [
        "A heroine's coat for wet days", "Killer heels, gun-metal grey", "Shoot better photos with your kids",
        "Paint stripper for old doors", "Pussy willow candles and blue tits at the feeder", "Cruelty-free, drug-free",
        "Weed the garden, then put the pot on", "Crack open a joint project", "Adult sizes S to XL",
        "Cigarette trousers, bath bombs and a muffin tin", "High up? Get high above the trees", "Flame-retarded cotton",
        "Rape seed oil, cold pressed", "Men's work boots, women's work jackets", "Women's running shoes, girls' sizes",
        "Old bags become new ones", "Beat your kids at chess", "Therapist's choice", "",
    ],
)  # fmt: skip
def test_ordinary_english_copy_is_not_flagged(text: str) -> None:
    assert flags(text, EN) == ()


@pytest.mark.parametrize(
    "text",
    [
        "消毒品质看得见", "秒杀人气单品", "去死皮不伤肤", "女性爱用的色号", "角色情感丰富", "独自尽兴", "线下注册领券",
        "跳楼价清仓", "做爱心早餐", "一次性交付", "大麻花，大麻烦？", "季节食材", "多彩票夹", "年轻生活", "男性交友",
        "个性服务到家", "OK粉底", "从新疆人都爱的味道说起", "女生也爱的重机械手表", "奶奶做的味道", "赌书泼茶的下午", "罂粟红的绑带",
        "杜绝食品浪费", "血腥玛丽调酒杯", "",
    ],
)  # fmt: skip
def test_ordinary_chinese_copy_is_not_flagged(text: str) -> None:
    assert flags(text, ZH) == ()


def test_no_text_of_the_starter_corpus_is_flagged() -> None:
    lines = [json.loads(line) for path in CORPUS.glob("copy-*.jsonl") for line in path.open(encoding="utf-8")]
    flagged = [line["text"] for line in lines if flags(line["text"], EN if line["language"] == "en" else ZH)]
    assert len(lines) > 1000
    assert not flagged


def test_flags_come_once_each_in_one_order() -> None:
    assert flags("Fuck it: cocaine, heroin and casinos", EN) == ("drugs", "gambling", "profanity")


@pytest.mark.parametrize("language", list(Language))
def test_every_flag_has_patterns_in_every_language(language: Language) -> None:
    assert set(harm.patterns_of(language)) == set(Flag)


@pytest.mark.parametrize(
    ("content", "message"),
    [("[violence]\n(", "line 2"), ("[other]\nword", "line 2"), ("word", "line 1"), ("[violence]\nstab", "nothing for")],
)
def test_a_broken_list_is_refused(content: str, message: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "harm_en.txt").write_text(content, encoding="utf-8")
    monkeypatch.setattr(harm, "_DATA", tmp_path)
    with pytest.raises(ValueError, match=message):
        harm.patterns_of.__wrapped__(EN)


def test_another_language_is_refused() -> None:
    with pytest.raises(ValueError):
        flags("warm", "fr")


def test_hostile_text_takes_no_time() -> None:
    for text in (
        "a " * 20_000,
        "a." * 20_000,
        "赌 " * 20_000,
        "hide your " * 5_000,
        "女人就" * 10_000,
        "\u200b" * 50_000,
    ):
        assert flags(text, ZH) == ()
