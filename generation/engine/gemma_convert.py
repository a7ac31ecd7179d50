"""Turn a GGUF file of Gemma 3 (text) into a Hugging Face model folder, without torch or transformers.

`transformers` reads GGUF too, but takes half a minute to a minute for it, in fp32, and tokenises Gemma with a unigram
model although Gemma was trained with byte-pair merges. Here each tensor goes straight to bfloat16 safetensors, and
the merges are rebuilt from the vocabulary, whose scores are the ranks in which SentencePiece learned the merges.
"""

import json
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from generation.engine.gguf_file import Bits, GGUFError, GGUFFile, TensorInfo

Progress = Callable[[str, float], None]

_NORMAL, _CONTROL, _USER_DEFINED = 1, 3, 4
_SPACE = "▁"
_LAYER_PARTS = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "attn_norm": "input_layernorm",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_TOP_PARTS = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}
_SPECIAL = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
# Gemma 3: every sixth layer attends to everything, the others to a window; the window layers use their own rotary base
_GLOBAL_EVERY = 6
_LOCAL_ROPE_BASE = 10_000.0


def convert(source: Path, target: Path, progress: Progress) -> None:
    """Write config, tokenizer and `model.safetensors` for the GGUF file `source` into the existing folder `target`.

    `progress(step, fraction)` is called with fraction running from 0 to 1. Raises `GGUFError` for another
    architecture or an unknown tensor, `OSError` when the disk refuses.
    """
    with GGUFFile(source) as gguf:
        architecture = gguf.metadata.get("general.architecture")
        if architecture != "gemma3":
            raise GGUFError(f"expected a gemma3 file, found {architecture!r}")
        progress("tokenizer", 0.0)
        _write_tokenizer(gguf.metadata, target)
        _write_json(target / "config.json", model_config(gguf.metadata))
        _write_json(target / "generation_config.json", {"bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0})
        progress("weights", 0.2)
        _write_weights(gguf, target / "model.safetensors", lambda done: progress("weights", 0.2 + 0.8 * done))


def model_config(metadata: dict[str, Any]) -> dict[str, Any]:
    """The `config.json` of `Gemma3ForCausalLM` for the GGUF's metadata."""
    layers = int(metadata["gemma3.block_count"])
    head_dim = int(metadata["gemma3.attention.key_length"])
    kinds = ["full_attention" if (i + 1) % _GLOBAL_EVERY == 0 else "sliding_attention" for i in range(layers)]
    return {
        "architectures": ["Gemma3ForCausalLM"],
        "model_type": "gemma3_text",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": int(metadata["tokenizer.ggml.bos_token_id"]),
        "eos_token_id": int(metadata["tokenizer.ggml.eos_token_id"]),
        "pad_token_id": int(metadata["tokenizer.ggml.padding_token_id"]),
        "dtype": "bfloat16",
        "head_dim": head_dim,
        "hidden_activation": "gelu_pytorch_tanh",
        "hidden_size": int(metadata["gemma3.embedding_length"]),
        "intermediate_size": int(metadata["gemma3.feed_forward_length"]),
        "layer_types": kinds,
        "max_position_embeddings": int(metadata["gemma3.context_length"]),
        "num_attention_heads": int(metadata["gemma3.attention.head_count"]),
        "num_hidden_layers": layers,
        "num_key_value_heads": int(metadata["gemma3.attention.head_count_kv"]),
        "query_pre_attn_scalar": head_dim,
        "rms_norm_eps": 1e-6,
        "rope_parameters": {
            "full_attention": {"rope_type": "default", "rope_theta": float(metadata["gemma3.rope.freq_base"])},
            "sliding_attention": {"rope_type": "default", "rope_theta": _LOCAL_ROPE_BASE},
        },
        "sliding_window": int(metadata["gemma3.attention.sliding_window"]),
        "tie_word_embeddings": True,
        "use_cache": True,
        "vocab_size": len(metadata["tokenizer.ggml.tokens"]),
    }


def _write_json(path: Path, data: object) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def byte_pair_merges(tokens: list[str], scores: list[float], kinds: list[int]) -> list[tuple[str, str]]:
    """Every way to build a token of two others, best first: what SentencePiece would merge, in its order.

    User-defined runs (newlines, spaces, HTML tags) have no learned rank; they are matched first, longest last.
    """
    known = set(tokens)
    ranked: list[tuple[float, int, int, str, str]] = []
    for token, score, kind in zip(tokens, scores, kinds, strict=True):
        if kind not in (_NORMAL, _USER_DEFINED) or len(token) < 2:
            continue
        rank, tie = (-score, 0) if kind == _NORMAL else (-1.0, len(token))
        for cut in range(len(token) - 1, 0, -1):
            left, right = token[:cut], token[cut:]
            if left in known and right in known:
                ranked.append((rank, tie, -cut, left, right))
    ranked.sort()
    return [(left, right) for *_, left, right in ranked]


def _write_tokenizer(metadata: dict[str, Any], target: Path) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, normalizers, processors
    from tokenizers.models import BPE

    kinds: list[int] = metadata["tokenizer.ggml.token_type"]
    tokens = [
        token.replace(" ", _SPACE) if kind == _USER_DEFINED else token
        for token, kind in zip(metadata["tokenizer.ggml.tokens"], kinds, strict=True)
    ]
    merges = byte_pair_merges(tokens, metadata["tokenizer.ggml.scores"], kinds)
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(BPE(vocabulary, merges, unk_token=_SPECIAL["unk_token"], fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", _SPACE)
    tokenizer.decoder = decoders.Sequence([decoders.Replace(_SPACE, " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A <bos> $B", special_tokens=[("<bos>", vocabulary["<bos>"])]
    )
    special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    tokenizer.save(str(target / "tokenizer.json"), pretty=False)
    settings = {
        **_SPECIAL,
        "tokenizer_class": "PreTrainedTokenizerFast",
        "padding_side": "left",
        "clean_up_tokenization_spaces": False,
        "model_max_length": int(metadata["gemma3.context_length"]),
    }
    _write_json(target / "tokenizer_config.json", settings)


def hugging_face_name(gguf_name: str) -> str:
    """`blk.3.attn_q.weight` → `model.layers.3.self_attn.q_proj.weight`."""
    stem, _, suffix = gguf_name.rpartition(".")
    if suffix == "weight" and stem in _TOP_PARTS:
        return f"{_TOP_PARTS[stem]}.weight"
    parts = stem.split(".")
    if suffix == "weight" and len(parts) == 3 and parts[0] == "blk" and parts[2] in _LAYER_PARTS:
        return f"model.layers.{parts[1]}.{_LAYER_PARTS[parts[2]]}.weight"
    raise GGUFError(f"unknown tensor {gguf_name}")


def _tensor_rows(gguf: GGUFFile, info: TensorInfo) -> Iterator[Bits]:
    # llama.cpp stores Gemma's norm weights with the "1 +" of the formula already added
    return gguf.bfloat16_rows(info.name, add=-1.0 if info.name.endswith("norm.weight") else 0.0)


def _write_weights(gguf: GGUFFile, path: Path, progress: Callable[[float], None]) -> None:
    """Stream every tensor into one safetensors file (8 bytes header length, JSON header, data in the same order)."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for info in gguf.tensors.values():
        size = 2
        for extent in info.shape:
            size *= extent
        name = hugging_face_name(info.name)
        header[name] = {"dtype": "BF16", "shape": list(info.shape), "data_offsets": [offset, offset + size]}
        offset += size
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded)
        written = 0
        for info in gguf.tensors.values():
            for block in _tensor_rows(gguf, info):
                written += file.write(block.data)
                progress(written / offset)
        file.flush()
        os.fsync(file.fileno())
