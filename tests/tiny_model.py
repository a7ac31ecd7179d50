"""A real, tiny model of Gemma's architecture with random weights, whose random output is made of ordinary words.

For tests of everything around the model: it loads, samples, stops and cancels as a large one does, in milliseconds. The
words name no colour and no material: a text that claims what no record supports would be dropped.
"""

from __future__ import annotations

import json
from pathlib import Path

_ENGLISH = (
    "the a your you our we and or for with from on in to of this that more every new soft light warm bright calm fresh "
    "quiet clean strong easy quick gentle smart simple cosy sturdy smooth natural clever bold neat fine cool dry snug "
    "walk run ride rest play cook read sleep work move share enjoy discover choose feel find keep take make bring wear "
    "carry open meet see try love start pack wash fold store jacket shirt shoes mug lamp chair table bag blanket pillow "
    "towel bottle kettle pan bowl plate brush soap cream scarf hat gloves socks coat dress jeans watch ring phone case "
    "cable speaker mouse desk shelf basket box bike helmet tent rope boots pack stove morning evening night day week "
    "summer winter spring autumn rain sun snow wind home garden city street trail forest river beach mountain office "
    "kitchen bedroom bath family friend child parent guest colour shape size fit weight fabric trim hem knit hinge "
    "panel spout buckle label button pocket zip strap handle lid base edge corner layer seam sole heel toe sleeve collar"
)
_CHINESE = (
    "轻盈 柔软 温暖 清新 安静 自然 简单 舒适 耐用 透气 防水 轻便 方便 贴心 明亮 干净 细腻 顺滑 结实 灵活 每天 早晨 夜晚 周末 夏天 冬天 "
    "春天 秋天 雨天 家里 户外 城市 山间 海边 办公 厨房 卧室 阳台 花园 旅行 通勤 运动 跑步 骑行 徒步 露营 学习 休息 睡眠 下厨 阅读 分享 "
    "陪你 带上 穿上 试试 发现 感受 享受 选择 出发 回家 开启 遇见 喜欢 收纳 清洗 外套 衬衫 跑鞋 水杯 台灯 椅子 背包 毯子 枕头 毛巾 水壶 "
    "围巾 帽子 手套 袜子 手表 耳机 键盘 鼠标 书桌 篮子 单车 头盔 帐篷 靴子 面料 针脚 领口 把手 边角 底座 袖口 口袋 拉链 肩带 杯盖 "
    "孩子 家人 朋友 自己 生活 时光 心情 颜色 尺寸 重量 细节 设计 手感 质感 一步 一杯 一盏 一天 一路 让 把 在 和 给 也 都 更 就 的 了 是"
)
_MARKS = ["\n", ",", ".", "!", "，", "。", "！"]
_SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>"]
_WIDTH = 32
# Hidden value 0 is the same for every token, so this raises the logit of ending by a constant: about 1 token in 24 ends, and of
# texts that must be long two in five are too short: an item that has 24 tries always gets one
_END_BIAS = 0.5


def make_tiny_model(folder: Path, language: str = "en", seed: int = 0) -> Path:
    """Write a model folder whose outputs are words of `language` (`en` or `zh-hans`), and return it. Under 2 s."""
    folder.mkdir(parents=True, exist_ok=True)
    words = [f"▁{word}" for word in _ENGLISH.split()] if language == "en" else _CHINESE.split()
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys([*_SPECIAL, *_MARKS, *words]))}
    _write_tokenizer(folder, vocabulary)
    _write_weights(folder, vocabulary, seed)
    return folder


def _write_tokenizer(folder: Path, vocabulary: dict[str, int]) -> None:
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
    from tokenizers.models import WordLevel

    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\n|▁?[A-Za-z]+|[^\sA-Za-z▁]"), "isolated")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse()])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", vocabulary["<bos>"])]
    )
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in _SPECIAL])
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
    config = {**names, "tokenizer_class": "PreTrainedTokenizerFast", "padding_side": "left"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")


def _write_weights(folder: Path, vocabulary: dict[str, int], seed: int) -> None:
    import torch
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    torch.manual_seed(seed)
    config = Gemma3TextConfig(
        vocab_size=len(vocabulary),
        hidden_size=_WIDTH,
        intermediate_size=2 * _WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=1,
        head_dim=8,
        query_pre_attn_scalar=8,
        sliding_window=64,
        layer_types=["sliding_attention", "full_attention"],
        max_position_embeddings=8192,
        tie_word_embeddings=False,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
    )
    model = Gemma3ForCausalLM(config)
    with torch.no_grad():
        embedding, head = model.get_input_embeddings().weight, model.get_output_embeddings().weight
        embedding.normal_(std=1.0)
        embedding[:, 0] = 6.0
        head.normal_(std=0.25)
        head[:, 0] = 0.0
        head[: len(_SPECIAL)] = 0.0
        head[vocabulary["\n"]] = 0.0
        head[vocabulary["\n"], 0] = _END_BIAS
    model.save_pretrained(folder)
