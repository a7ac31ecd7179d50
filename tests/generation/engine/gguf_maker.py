"""A tiny GGUF file of Gemma 3's architecture, quantised as the real one is, with a vocabulary that merges."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import quantize

from generation.engine.starter import StarterModel

WIDTH, LAYERS, HEADS, HEAD_WIDTH, INNER = 32, 6, 2, 32, 64
WORDS = ["▁r", "un", "▁run", "ning", "▁running", "li", "ght", "light", "▁light", "▁l", "ig", "ht", "跑", "跑步", "步"]
SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>"]


def vocabulary() -> tuple[list[str], list[float], list[int]]:
    """Tokens, scores and kinds, laid out as in the real file: later tokens were merged later and score lower."""
    tokens, scores, kinds = list(SPECIAL), [-1000.0] * 4, [3] * 4
    for run in ("\n", "\n\n", "  ", "<table>"):
        tokens.append(run)
        scores.append(-1000.0)
        kinds.append(4)
    for byte in range(256):
        tokens.append(f"<0x{byte:02X}>")
        scores.append(0.0)
        kinds.append(6)
    letters = ["▁", *"abcdefghijklmnopqrstuvwxyz"]
    for place, token in enumerate([word for word in WORDS if len(word) > 1] + letters + ["跑", "步"]):
        tokens.append(token)
        scores.append(-float(place))
        kinds.append(1)
    return tokens, scores, kinds


def make_gguf(path: Path, seed: int = 0, architecture: str = "gemma3") -> dict[str, np.ndarray]:
    """Write the file and return its tensors as they must come out, by their name in the file."""
    random = np.random.default_rng(seed)
    tokens, scores, kinds = vocabulary()
    writer = GGUFWriter(path, architecture)
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(1)
    writer.add_key_length(HEAD_WIDTH)
    writer.add_value_length(HEAD_WIDTH)
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_sliding_window(16)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_pad_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_bos_token_id(2)
    shapes: dict[str, tuple[int, ...]] = {"token_embd": (len(tokens), WIDTH), "output_norm": (WIDTH,)}
    for layer in range(LAYERS):
        parts = {
            "attn_q": (HEADS * HEAD_WIDTH, WIDTH), "attn_k": (HEAD_WIDTH, WIDTH), "attn_v": (HEAD_WIDTH, WIDTH),
            "attn_output": (WIDTH, HEADS * HEAD_WIDTH), "attn_q_norm": (HEAD_WIDTH,), "attn_k_norm": (HEAD_WIDTH,),
            "attn_norm": (WIDTH,), "post_attention_norm": (WIDTH,), "ffn_norm": (WIDTH,), "post_ffw_norm": (WIDTH,),
            "ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER),
        }  # fmt: skip
        shapes |= {f"blk.{layer}.{name}": shape for name, shape in parts.items()}
    values = {}
    for name, shape in shapes.items():
        tensor = random.normal(scale=0.3, size=shape).astype(np.float32)
        if len(shape) == 1:
            writer.add_tensor(f"{name}.weight", tensor + 1)
            values[name] = tensor
        else:
            kind = GGMLQuantizationType.Q5_0 if "ffn" in name else GGMLQuantizationType.Q8_0
            packed = quantize(tensor, kind)
            writer.add_tensor(f"{name}.weight", packed, raw_dtype=kind)
            values[name] = tensor
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return values


def make_starter(folder: Path, write: Callable[[Path], object] = make_gguf) -> StarterModel:
    """An importable package in `folder` (put it on sys.path) that holds a tiny model in two parts."""
    whole = folder / "whole.gguf"
    write(whole)
    data = whole.read_bytes()
    whole.unlink()
    cut = len(data) // 2
    parts = []
    for number, piece in enumerate((data[:cut], data[cut:])):
        package = folder / f"tiny_starter_part{number}"
        (package / "data").mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text("raise RuntimeError('only its files are wanted')\n")
        (package / "data" / f"part{number}").write_bytes(piece)
        parts.append((package.name, f"data/part{number}"))
    return StarterModel(
        name="tiny-gemma",
        distribution="tiny-starter==1",
        parts=tuple(parts),
        sha256=hashlib.sha256(data).hexdigest(),
        source_bytes=len(data),
        bytes_needed=10_000_000,
    )
