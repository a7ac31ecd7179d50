"""How long it takes to go from one brand's model to another's, against loading it whole.

    MODEL_ROOT=/path/to/models python -m tests.bench.swap --swaps 20

Two adapters over one base take turns: the starter's, and one of random numbers, of another rank and over other matrices, that
is written into a temporary folder of MODEL_ROOT. Through torch the base stays in memory and the adapter is read from its folder
at each swap; through OpenVINO both exports stay in memory (made first: half a minute each). What is timed is what the
generation worker calls before a block, the folders' hashes and checks included. At each swap a text is scored, untimed, and the score
must be to the bit what it was after a whole load.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import django

from generation.engine import starter_adapter

RANK, TARGETS = 8, ("q_proj", "v_proj", "o_proj", "down_proj")


def random_adapter(base: Path, folder: Path) -> Path:
    """An adapter as peft writes one, of random numbers."""
    import torch
    from safetensors.torch import save_file

    from generation.engine.adapters import DOWN, PREFIX, UP
    from generation.engine.tensor_file import tensor_shapes

    folder.mkdir()
    draw, tensors = torch.Generator().manual_seed(1), {}
    for path in sorted(base.glob("*.safetensors")):
        for name, shape in sorted(tensor_shapes(path).items()):
            module = name.removesuffix(".weight")
            if module.rpartition(".")[2] in TARGETS:
                for end, size in ((DOWN, (RANK, shape[1])), (UP, (shape[0], RANK))):
                    numbers = 0.02 * torch.randn(size, generator=draw)
                    tensors[f"{PREFIX}{module}{end}"] = numbers.to(torch.bfloat16)
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": RANK, "lora_alpha": 16, "target_modules": TARGETS}
    config |= {"bias": "none", "base_model_name_or_path": base.name}
    (folder / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def alternate(name: str, gets: Sequence[Callable[[], Any]], swaps: int, loads: int) -> None:
    """Load each whole, `loads` times, then take turns."""
    from generation.engine.config import Prompt
    from generation.services.writers import WRITERS

    prompt, texts = Prompt("Product: rain jacket\nHeadline:", "\n"), [" Stay dry on every trail"]
    whole, expected = [], {}
    for number in range(loads * len(gets)):
        WRITERS.clear()
        began = time.perf_counter()
        writer = gets[number % len(gets)]()
        whole.append(time.perf_counter() - began)
        expected[number % len(gets)] = writer.backend.score(texts, prompt)
    if expected[0] == expected[1]:
        raise SystemExit(f"{name}: both adapters write the same")
    for get in gets:
        get()  # the first is in memory no more where several are kept
    took = []
    for number in range(swaps):
        began = time.perf_counter()
        writer = gets[number % len(gets)]()
        took.append(time.perf_counter() - began)
        if writer.backend.score(texts, prompt) != expected[number % len(gets)]:
            raise SystemExit(f"{name}: after swap {number + 1} it computes other numbers than after a whole load")
    WRITERS.clear()
    print(f"{name} {writer.about['numbers']}: swap {spread(took)}; whole load {spread(whole)}", flush=True)


def spread(seconds: list[float]) -> str:
    return f"median {statistics.median(seconds):.4f} s, max {max(seconds):.4f} s ({len(seconds)} times)"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--swaps", type=int, default=20)
    parser.add_argument("--loads", type=int, default=2, help="whole loads of each adapter")
    parser.add_argument("--base", default="gemma-3-270m")
    parser.add_argument("--adapter", default=starter_adapter.NAME)
    parser.add_argument("--ways", nargs="+", choices=("torch", "openvino"), default=["torch", "openvino"])
    parser.add_argument("--exports", type=Path, default=Path("var/openvino"))
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "copystudio.settings")
    django.setup()
    import torch  # noqa: F401  its import is no part of the first load

    from generation.engine import loader  # noqa: F401
    from generation.services.writers import base_writer, export_writer

    root = Path(os.environ["MODEL_ROOT"])
    base, first = root / options.base, root / options.adapter
    with tempfile.TemporaryDirectory(prefix=".swap-", dir=root) as folder:
        second = random_adapter(base, Path(folder) / "random")
        if "torch" in options.ways:
            gets = [lambda: base_writer(base, first), lambda: base_writer(base, second)]
            alternate("torch", gets, options.swaps, options.loads)
        if "openvino" in options.ways:
            from generation.engine.openvino_export import export

            one = export(base, first, options.exports, model_root=root)
            other = export(base, second, Path(folder) / "exports", model_root=root)
            gets = [lambda: export_writer(one), lambda: export_writer(other)]
            alternate("openvino", gets, options.swaps, options.loads)
    print(f"cores {os.cpu_count()}, load of the machine {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
