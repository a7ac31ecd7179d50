"""Training speed and memory: our trainer against the usual loop (peft, float32, loss over all logits), in one run.

    MODEL_ROOT=/path/to/models python -m tests.bench.train --rounds 5

The work is T1 of the performance notes: LoRA rank 16 on all seven projections, batches of 8 rows of 160 tokens, of which the
last 80 are copy. Both ways run in processes of their own, in turn, with as many threads as there are cores; the ratio is
taken inside each round, and peak memory is that of a process that ran nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROWS, WIDTH, COPY, STEPS = 8, 160, 80, 3
MODES = ("usual", "ours")


def peak_gb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) / 1e6 if found else float("nan")


def rows(vocabulary: int) -> list[tuple[int, ...]]:
    draw = random.Random(0)
    return [tuple(draw.randrange(1000, min(vocabulary, 200_000)) for _ in range(WIDTH)) for _ in range(ROWS)]


def usual_step(root: Path, base: str) -> Callable[[], float]:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from generation.engine.training.config import PROJECTIONS

    model = AutoModelForCausalLM.from_pretrained(root / base, dtype=torch.float32, local_files_only=True)
    model = get_peft_model(
        model,
        LoraConfig(r=16, lora_alpha=32, lora_dropout=0.05, target_modules=list(PROJECTIONS), task_type="CAUSAL_LM"),
    )
    model.train()
    optimizer = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], lr=2e-4)
    ids = torch.tensor(rows(model.config.vocab_size))
    labels = ids.clone()
    labels[:, : WIDTH - COPY] = -100

    def step() -> float:
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return float(loss)

    return step


def our_step(root: Path, base: str) -> Callable[[], float]:
    import torch

    from generation.engine.loader import load
    from generation.engine.training.batches import Row, batch_of
    from generation.engine.training.config import TrainConfig
    from generation.engine.training.lora import Adapter

    loaded = load(root / base, model_root=root)
    adapter = Adapter(loaded, TrainConfig())
    optimizer = torch.optim.AdamW(adapter.parameters(), lr=2e-4)
    batch = batch_of([Row(ids, WIDTH - COPY) for ids in rows(loaded.model.config.vocab_size)], adapter.device)

    def step() -> float:
        with adapter.training(0.0):
            loss = -adapter.logprobs(batch).mean()
            loss.backward()
        adapter.collect()
        optimizer.step()
        adapter.publish()
        return float(loss)

    return step


def measure(mode: str, root: Path, base: str) -> dict[str, Any]:
    step = (our_step if mode == "ours" else usual_step)(root, base)
    losses = [step()]
    seconds = []
    for _ in range(STEPS):
        began = time.perf_counter()
        losses.append(step())
        seconds.append(time.perf_counter() - began)
    return {
        "tokens_per_second": ROWS * WIDTH / statistics.median(seconds),
        "peak_gb": peak_gb(),
        "losses": losses,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--base", default="gemma-3-270m")
    parser.add_argument("--mode", choices=MODES)
    options = parser.parse_args()
    root = Path(os.environ["MODEL_ROOT"])
    if options.mode:
        print(json.dumps(measure(options.mode, root, options.base)))
        return
    found: dict[str, list[dict[str, Any]]] = {mode: [] for mode in MODES}
    for number in range(options.rounds):
        for mode in MODES if number % 2 else MODES[::-1]:
            command = [sys.executable, "-m", "tests.bench.train", "--mode", mode, "--base", options.base]
            answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found[mode].append(json.loads(answer.strip().splitlines()[-1]))
            print(f"round {number + 1}, {mode}: {found[mode][-1]}", flush=True)
    ratios = [
        ours["tokens_per_second"] / usual["tokens_per_second"]
        for usual, ours in zip(found["usual"], found["ours"], strict=True)
    ]
    for mode in MODES:
        speed = statistics.median(one["tokens_per_second"] for one in found[mode])
        print(f"{mode}: {speed:.0f} tokens/s, peak {max(one['peak_gb'] for one in found[mode]):.2f} GB")
    print(f"ratio {min(ratios):.1f} – {statistics.median(ratios):.1f} – {max(ratios):.1f} (least, median, most)")


if __name__ == "__main__":
    main()
