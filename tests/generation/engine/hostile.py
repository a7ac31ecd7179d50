"""Model folders that are out for harm, one by one: what is in them writes a file as soon as anybody runs it (M1).

`HOSTILE[name](folder, sentinel)` turns a whole model folder into a hostile one.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Make = Callable[[Path, Path], None]


class Bomb:
    """An object that writes the sentinel when it is unpickled."""

    def __init__(self, sentinel: Path) -> None:
        self.sentinel = sentinel

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.sentinel, "ran")


def _pickle(sentinel: Path) -> bytes:
    return pickle.dumps(Bomb(sentinel))


def _torch_file(sentinel: Path) -> bytes:
    """As torch.save writes it: a zip with a pickle."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("archive/data.pkl", _pickle(sentinel))
        file.writestr("archive/version", "3\n")
    return out.getvalue()


def _code(sentinel: Path) -> str:
    return f"from pathlib import Path\nPath({str(sentinel)!r}).write_text('ran')\n"


def _change(folder: Path, name: str, **values: Any) -> None:
    path = folder / name
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**known, **values}))


def _header(folder: Path, header: Any, body: bytes = b"") -> None:
    data = json.dumps(header).encode() if not isinstance(header, bytes) else header
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(data)) + data + body)


def _tensor(first: int, last: int, shape: list[Any], dtype: str = "U8") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [first, last]}


def _named(name: str, content: Callable[[Path], bytes], *, alone: bool = False) -> Make:
    def make(folder: Path, sentinel: Path) -> None:
        if alone:
            (folder / "model.safetensors").unlink()
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content(sentinel))

    return make


def _weights(header: Any, body: bytes = b"") -> Make:
    return lambda folder, sentinel: _header(folder, header, body)


def _setting(name: str, **values: Any) -> Make:
    return lambda folder, sentinel: _change(folder, name, **values)


def renamed_pickle(folder: Path, sentinel: Path) -> None:
    (folder / "model.safetensors").write_bytes(_pickle(sentinel))


def renamed_torch_file(folder: Path, sentinel: Path) -> None:
    (folder / "model.safetensors").write_bytes(_torch_file(sentinel))


def truncated(folder: Path, sentinel: Path) -> None:
    path = folder / "model.safetensors"
    os.truncate(path, path.stat().st_size - 100)


def header_length(length: int) -> Make:
    def make(folder: Path, sentinel: Path) -> None:
        path = folder / "model.safetensors"
        path.write_bytes(struct.pack("<Q", length) + path.read_bytes()[8:])

    return make


def link_out(folder: Path, sentinel: Path) -> None:
    outside = folder.parent.parent / "outside.safetensors"
    (folder / "model.safetensors").rename(outside)
    (folder / "model.safetensors").symlink_to(outside)


def link_in_a_circle(folder: Path, sentinel: Path) -> None:
    (folder / "extra.json").symlink_to(folder / "extra.json")


def pipe(folder: Path, sentinel: Path) -> None:
    (folder / "model.safetensors").unlink()
    os.mkfifo(folder / "model.safetensors")


def index_out(folder: Path, sentinel: Path) -> None:
    """Weights in several files, of which one lies elsewhere."""
    outside = folder.parent.parent / "outside.safetensors"
    shutil.copy(folder / "model.safetensors", outside)
    (folder / "model.safetensors").rename(folder / "model-1.safetensors")
    index = {"metadata": {}, "weight_map": {"lm_head.weight": f"../../{outside.name}"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def index_of_a_pickle(folder: Path, sentinel: Path) -> None:
    """A file of weights without an ending is read by torch.load."""
    (folder / "model.safetensors").rename(folder / "model-1.safetensors")
    (folder / "weights").write_bytes(_torch_file(sentinel))
    index = {"metadata": {}, "weight_map": {"lm_head.weight": "weights"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def own_code(folder: Path, sentinel: Path) -> None:
    _change(folder, "config.json", auto_map={"AutoModelForCausalLM": "modeling_evil.Evil"})
    (folder / "modeling_evil.txt").write_text(_code(sentinel))


def another_base(folder: Path, sentinel: Path) -> None:
    """A base with an adapter's settings: the library would load the base that those name, wherever it lies."""
    outside = folder.parent.parent / "elsewhere"
    shutil.copytree(folder, outside)
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(outside)}))


def other_settings(folder: Path, sentinel: Path) -> None:
    """The library would read a second file of settings, which names code."""
    _change(folder, "config.json", configuration_files=["config.4.0.0.json"])
    config = json.loads((folder / "config.json").read_text())
    own = {**config, "auto_map": {"AutoModelForCausalLM": "modeling_evil.Evil"}}
    (folder / "config.4.0.0.json").write_text(json.dumps(own))


HOSTILE: dict[str, Make] = {
    "pickle named safetensors": renamed_pickle,
    "torch file named safetensors": renamed_torch_file,
    "pickle beside": _named("extra.pkl", _pickle),
    "bin": _named("pytorch_model.bin", _torch_file, alone=True),
    "pt": _named("weights.pt", _torch_file),
    "pt2": _named("exported.pt2", _torch_file),
    "pth in a folder": _named("onnx/x.PTH", _torch_file),
    "joblib": _named("head.joblib", _pickle),
    "code": _named("modeling.py", lambda sentinel: _code(sentinel).encode()),
    "library": _named("kernels.so", lambda sentinel: b"\x7fELF"),
    "header of 2^63 bytes": header_length(2**63),
    "header of 2^64-1 bytes": header_length(2**64 - 1),
    "header longer than the file": header_length(1_000_000),
    "header of 200 MB": _weights(b"{" + b" " * 2_000 + b"}", b"x"),
    "empty file": _named("model.safetensors", lambda sentinel: b""),
    "seven bytes": _named("model.safetensors", lambda sentinel: b"\0" * 7),
    "header that is no JSON": _weights(b"not json"),
    "header that is a list": _weights([1, 2]),
    "header of a thousand levels": _weights(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "overlapping tensors": _weights({"a": _tensor(0, 8, [8]), "b": _tensor(4, 12, [8])}, b"\0" * 12),
    "tensors with a gap": _weights({"a": _tensor(0, 4, [4]), "b": _tensor(8, 12, [4])}, b"\0" * 12),
    "tensor outside the file": _weights({"a": _tensor(0, 2**62, [2**62])}, b"\0" * 12),
    "tensor before the file": _weights({"a": _tensor(-8, 12, [20])}, b"\0" * 12),
    "shape that is larger than its bytes": _weights({"a": _tensor(0, 12, [2**40, 2**40], "F32")}, b"\0" * 12),
    "shape below zero": _weights({"a": _tensor(0, 12, [-3, -4])}, b"\0" * 12),
    "shape of infinity": _weights(b'{"a":{"dtype":"U8","shape":[1e999],"data_offsets":[0,12]}}', b"\0" * 12),
    "unknown type": _weights({"a": _tensor(0, 12, [12], "PICKLE")}, b"\0" * 12),
    "truncated": truncated,
    "link out": link_out,
    "link in a circle": link_in_a_circle,
    "pipe": pipe,
    "index that leads out": index_out,
    "index that names a pickle": index_of_a_pickle,
    "index that is no index": _named("model.safetensors.index.json", lambda sentinel: b'{"weight_map": [1]}'),
    "auto_map": own_code,
    "auto_map of the tokenizer": _setting("tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.Tok", None]}),
    "auto_map of generation": _setting("generation_config.json", auto_map={"x": "y"}),
    "kernel from the hub": _setting("config.json", attn_implementation="evil/kernel"),
    "weights that the settings name": _setting("config.json", transformers_weights="../../outside.safetensors"),
    "another file of settings": other_settings,
    "another base": another_base,
    "settings of a thousand levels": _named("config.json", lambda sentinel: b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "settings that are no object": _named("config.json", lambda sentinel: b"[]"),
    "settings of 30 MB": _named("config.json", lambda sentinel: b'{"a": "' + b"x" * 30_000_000 + b'"}'),
    "a billion layers": _setting("config.json", num_hidden_layers=10**9),
    "more layers than tensors": _setting("config.json", num_hidden_layers=500),
    "a vocabulary of 10^12": _setting("config.json", vocab_size=10**12),
    "a width of 10^9": _setting("config.json", hidden_size=10**9),
    "heads of 10^9": _setting("config.json", num_attention_heads=10**5, head_dim=10**5),
    "a million experts": _setting("config.json", num_experts=10**6),
    "a billion layers by another name": _setting("config.json", n_layer=10**9),
    "a width of 10^9 by another name": _setting("config.json", n_embd=10**9),
    "a giant inside": _setting("config.json", text_config={"num_hidden_layers": 10**9}),
}
