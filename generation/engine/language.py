"""Whether a text is in the language that was asked for, from its scripts and its small words. No model, no torch.

Enough for the question "did the model stay in the language?": it separates Simplified Chinese from English, Traditional
Chinese, Japanese, Korean, Cyrillic and other scripts, and English from the Western European languages that a
multilingual model slips into.
"""

import re
import unicodedata

from generation.engine.config import Language

# Traditional forms among the 1,500 most frequent characters whose Simplified form differs and which Simplified text
# does not use itself
_TRADITIONAL = frozenset(
    "個們來這說為時會對過開關學習國兩樣與從點將實體愛進經應當無還產業務電動發現機長門間問題見觀覺買賣質車輕軟運適選擇達遠邊"
    "連讓讀書寫變請試語話該認識課調談論證評許設計記訂訊詳誰護貨費資貴賞賽賺贈輪輸農辦熱燈營獨獲環節簡範約紅純級給絕統絲綠維"
    "綜緊線總編縮繼續聯聲聽職腦膚臉舊藝葉號術衛裝補裡複規視親計銷鋼錄錢鐘鏡鐵陽隨險隱雙雜離難電靜響頁頂項順須預領頭顏願類風"
    "飛飯飲館馬駕驗驚體髮鬆魚鮮麗麥黃齊齒龍寶價優億儲圍園圖團場塊壓夢奪婦孫寧寬導層屬歲島師帶幫幣幾廠廣廳彈後徑復恆惱憶懷戰"
    "戶掃掛採換揮損搖摟撐擁據擋擔擴攜敗敵數斷於暢曆條極榮樂標樓檔檢櫃歐歡歷殺氣漢湯滅滿漸潔潤澤濃濕災煙牆獎瑪畫療盡盤眾睏"
    "碼確禮種稱穩窩競筆築籃糧紀納紙紮終組結絡緣縣織繪繞罰羅義聖聰腳腸臟舉艙莊華萬蓋蘋蘭處虛蝦蟲補襪訓託訴診註詞誇誌誠誤誼諾謝"
    "豐貝財貢貼趕跡踐蹤軌載輔輝農遊遞遺郵鄉醫釋針鈕銀鋪錯鍋鍵鎖鑽閃閉閱陣陰陸隊階際雖靈頻飾餅養饋駛騎鬧鳥鳳鴨點黨"
)
_FOREIGN_WORDS = {
    "de la le les des une est pour avec dans vous votre nos sur et du au aux ce cette plus pas qui",
    "el los las una para con por que del más tu su es y en como",
    "der die das und mit für von ist ein eine den auf nicht zu dem im sie ihre",
    "il di che per con una gli della delle sono più nel",
    "o os um uma para com não mais seu sua em é do da",
    "de het een en van voor met op niet zijn is je uw",
}
_ENGLISH = (
    "the a an and or of to in on at for with from by your you our we is are be this that it its as all every more most "
    "new up out off now no not get made can will has have make keep feel when so than into who what how just"
)
_ENGLISH_WORDS = frozenset(_ENGLISH.split())
_FOREIGN_SETS = tuple(frozenset(words.split()) - _ENGLISH_WORDS for words in _FOREIGN_WORDS)
_FOREIGN_LETTER = {
    Language.EN: re.compile(r"[^\W\d_A-Za-z\u00c0-\u024f\u1e00-\u1eff]"),
    Language.ZH_HANS: re.compile(rf"[^\W\d_\u3400-\u4dbf\u4e00-\u9fff]|[{''.join(sorted(_TRADITIONAL))}]"),
}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")

_LATIN_CLAUSE = re.compile(r"(?<![A-Za-z])(?:[a-z]{2,}(?:['’][a-z]+)?,? ){3,}[a-z]{2,}")  # no name: those have capitals

_HAN_SHARE = 0.4  # of units, a unit being a Han character or a Latin word: brand names may be many
_LATIN_SHARE = 0.9  # of letters
_TRADITIONAL_SHARE = 0.06  # of Han characters


def script_of(character: str) -> str:
    """`han`, `latin`, `other` (a letter of any other script), or empty for what is no letter."""
    code = ord(character)
    if 0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x323AF:
        return "han"
    if not character.isalpha():
        return ""
    if code < 0x250 or 0x1E00 <= code <= 0x1EFF or unicodedata.name(character, "").startswith(("LATIN", "FULLWIDTH L")):
        return "latin"
    return "other"


def has_foreign_letters(text: str, wanted: Language) -> bool:
    """Whether the text has a letter that texts of the language hold only in names: for `zh-hans` Latin ones too."""
    return _FOREIGN_LETTER[wanted].search(text) is not None


def matches_language(text: str, wanted: Language | str) -> bool:
    """Whether the text reads as `en` or `zh-hans`. Brand names, numbers, signs and emoji do not count against it.

    A text without any letter of the wanted language is no match. Raises `ValueError` for another language.
    """
    if Language(wanted) is Language.ZH_HANS:
        return _is_simplified_chinese(text)
    return _is_english(text)


def _is_simplified_chinese(text: str) -> bool:
    han = [character for character in text if script_of(character) == "han"]
    words = _WORD.findall("".join(character if script_of(character) != "han" else " " for character in text))
    latin = sum(1 for word in words if script_of(word[0]) == "latin")
    other = sum(1 for character in text if script_of(character) == "other")
    if len(han) < 2 or other or _LATIN_CLAUSE.search(text):
        return False
    if len(han) / (len(han) + latin) < _HAN_SHARE:
        return False
    traditional = sum(1 for character in han if character in _TRADITIONAL)
    return traditional < 2 or traditional / len(han) <= _TRADITIONAL_SHARE


def _is_english(text: str) -> bool:
    scripts = [script for script in map(script_of, text) if script]
    if not scripts or "han" in scripts or scripts.count("latin") / len(scripts) < _LATIN_SHARE:
        return False
    words = [word.casefold() for word in _WORD.findall(text)]
    english = sum(1 for word in words if word in _ENGLISH_WORDS)
    foreign = max(sum(1 for word in words if word in small) for small in _FOREIGN_SETS)
    return foreign < 2 or english >= foreign
