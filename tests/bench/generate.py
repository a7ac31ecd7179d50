"""Speed of generation against transformers' own `generate`, and how much memory each way takes.

    MODEL_ROOT=/path/to/models python -m tests.bench.generate --rounds 5

W1 is 32 distinct prompts and one text each, W2 four prompts and eight texts each; 64 tokens a text, temperature 0.8, top-k
50, and no text ends before. Every way lives in a process of its own with its model in memory; in each round they take turns
in a random order, so a ratio compares what ran side by side on the same machine. The best way of transformers is the batch
size that is fastest in that round.

    loop    transformers, float32, one text after the other (three prompts only)
    hf8 …   transformers, bfloat16, batches of 8, 16, 32; W2: `num_return_sequences=8`
    torch   our torch backend, 32 slots
    openvino      our OpenVINO backend, 32 texts at once; its export is made in `--exports` if it is not there
    openvino_raw  OpenVINO GenAI's own engine (`ContinuousBatchingPipeline`): `pip install openvino-genai==2026.4.0.0`, and the
                  model in `--raw`, as `optimum-cli export openvino --weight-format int8` writes it
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

import django

PROMPTS, BRIEFS, TEXTS, TOKENS, LOOP = 32, 4, 8, 64, 3
WAYS = ("loop", "hf8", "hf16", "hf32", "torch", "openvino", "openvino_raw")
DEFAULT_WAYS = WAYS[:5]
Work = Callable[[str], int]  # a workload's name → tokens written


def peak_gb() -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) / 1e6 if found else float("nan")


def prompts(work: str) -> list[Any]:
    """Prompts of held-out examples of the starter corpus: W1's are of usual length, W2's the longest there are."""
    from campaigns.services.starter_corpus import starter_examples
    from generation.engine.prompts import render
    from generation.engine.training.augment import planned
    from generation.engine.training.dataset import is_held_out

    found = [render("brief-1", planned(one)) for one in starter_examples() if is_held_out(one.product)]
    found = sorted(dict.fromkeys(found), key=lambda one: len(one.text))
    if work == "W2":
        return [prompt for prompt in found[-BRIEFS:] for _ in range(TEXTS)]
    middle = len(found) // 2
    return random.Random(0).sample(found[middle - 2 * PROMPTS : middle + 2 * PROMPTS], PROMPTS)


def ours(root: Path, base: str) -> Work:
    from generation.engine.backends.torch import TorchBackend
    from generation.engine.loader import load

    loaded = load(root / base, model_root=root)
    loaded.tokenizer.end_ids = frozenset()
    return written_by(lambda: TorchBackend(loaded))  # a new one has read no prompt yet


def openvino(root: Path, base: str, exports: Path) -> Work:
    from generation.engine.backends.openvino import OpenVinoBackend
    from generation.engine.openvino_export import export, load_export

    place = export(root / base, None, exports, model_root=root)
    began = time.perf_counter()
    loaded = load_export(place)
    print(f"openvino: loaded in {time.perf_counter() - began:.1f} s", file=sys.stderr, flush=True)
    loaded.tokenizer.end_ids = frozenset()
    return written_by(lambda: OpenVinoBackend(loaded))


def written_by(make: Callable[[], Any]) -> Work:
    """The work with a new backend each time."""
    from dataclasses import replace

    from generation.engine.config import SamplingConfig

    config = SamplingConfig(
        temperature=0.8, top_k=50, top_p=1.0, repetition_penalty=1.0, max_new_tokens=TOKENS, batch_size=PROMPTS
    )
    given = {
        work: [replace(one, stop="\0", max_tokens=None, aim=None, limit=None) for one in prompts(work)]
        for work in ("W1", "W2")
    }

    def work(name: str) -> int:
        outputs = make().generate(given[name], config, list(range(len(given[name]))))
        return sum(one.token_count for one in outputs)

    return work


def openvino_raw(root: Path, base: str, raw: Path) -> Work:
    """Its own engine with the same prompts; W2 asks for eight texts of one prompt, as it likes best."""
    import numpy
    import openvino
    import openvino_genai

    from generation.engine.tokens import TextTokenizer

    tokenizer = TextTokenizer.from_folder(root / base)
    schedule = openvino_genai.SchedulerConfig()
    schedule.cache_size, schedule.max_num_seqs, schedule.enable_prefix_caching = 1, PROMPTS, False
    engine: Any = openvino_genai.ContinuousBatchingPipeline(str(raw), schedule, "CPU", {})
    encoded = {work: [tokenizer.encode(one.text) for one in prompts(work)] for work in ("W1", "W2")}

    def settings(seed: int, texts: int) -> Any:
        found = openvino_genai.GenerationConfig()
        found.do_sample, found.temperature, found.top_k, found.top_p = True, 0.8, 50, 1.0
        found.max_new_tokens, found.ignore_eos, found.rng_seed, found.num_return_sequences = TOKENS, True, seed, texts
        return found

    def work(name: str) -> int:
        rows, texts = (encoded[name][::TEXTS], TEXTS) if name == "W2" else (encoded[name], 1)
        ids = [openvino.Tensor(numpy.array([row], dtype=numpy.int64)) for row in rows]
        results = engine.generate(ids, [settings(seed, texts) for seed in range(len(rows))])
        return sum(len(one) for result in results for one in result.m_generation_ids)

    return work


def transformers(root: Path, base: str, batch: int) -> Work:
    """`batch` 0: one by one, in float32."""
    import torch
    from transformers import AutoModelForCausalLM

    from generation.engine.tokens import TextTokenizer

    dtype = torch.bfloat16 if batch else torch.float32
    model: Any = AutoModelForCausalLM.from_pretrained(root / base, dtype=dtype, local_files_only=True).eval()
    tokenizer = TextTokenizer.from_folder(root / base)
    encoded = {work: [tokenizer.encode(one.text) for one in prompts(work)] for work in ("W1", "W2")}
    settings = {"do_sample": True, "temperature": 0.8, "top_k": 50, "top_p": 1.0}
    settings |= {"max_new_tokens": TOKENS, "min_new_tokens": TOKENS}

    def generate(rows: list[list[int]], **more: Any) -> int:
        width = max(map(len, rows))
        ids = torch.tensor([[tokenizer.pad_id] * (width - len(row)) + row for row in rows])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
        return int(model.generate(ids, attention_mask=mask, **settings, **more)[:, width:].numel())

    def work(name: str) -> int:
        torch.manual_seed(0)
        rows = encoded[name]
        if not batch:
            return sum(generate([row]) for row in rows[:: TEXTS if name == "W2" else 1][:LOOP])
        if name == "W2":
            return sum(generate([row], num_return_sequences=TEXTS) for row in rows[::TEXTS])
        return sum(generate(rows[at : at + batch]) for at in range(0, len(rows), batch))

    return work


def begin(way: str, root: Path, options: argparse.Namespace) -> Work:
    batches = {"loop": 0, "hf8": 8, "hf16": 16, "hf32": 32}
    if way in batches:
        return transformers(root, options.base, batches[way])
    if way == "openvino":
        return openvino(root, options.base, options.exports)
    return openvino_raw(root, options.base, options.raw) if way == "openvino_raw" else ours(root, options.base)


def serve(way: str, root: Path, options: argparse.Namespace) -> None:
    """Answer each line, the name of a workload, with what it took."""
    django.setup()
    work = begin(way, root, options)
    print("ready", flush=True)
    for line in sys.stdin:
        began, used = time.perf_counter(), time.process_time()
        tokens = work(line.strip())
        seconds, computed = time.perf_counter() - began, time.process_time() - used
        answer = {
            "speed": tokens / seconds,
            "cpu_ms": 1000 * computed / tokens,
            "peak_gb": peak_gb(),
        }
        print(json.dumps(answer), flush=True)


class Way:
    """One way in its own process."""

    def __init__(self, name: str, options: argparse.Namespace) -> None:
        command = [sys.executable, "-m", "tests.bench.generate", "--serve", name, "--base", options.base]
        command += ["--exports", str(options.exports), "--raw", str(options.raw)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a way ended by itself: exit {self._process.wait()}")
        return line

    def run(self, work: str) -> dict[str, float]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{work}\n")
        self._process.stdin.flush()
        answer: dict[str, float] = json.loads(self._line())
        return answer

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def spread(values: list[float], digits: int = 1) -> str:
    return " – ".join(f"{value:.{digits}f}" for value in (min(values), statistics.median(values), max(values)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--base", default="gemma-3-270m")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(DEFAULT_WAYS))
    parser.add_argument("--works", nargs="+", choices=("W1", "W2"), default=["W1", "W2"])
    parser.add_argument("--exports", type=Path, default=Path("var/openvino"))
    parser.add_argument("--raw", type=Path, default=Path("var/openvino-raw"))
    parser.add_argument("--serve", choices=WAYS)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "copystudio.settings")
    if options.serve:
        serve(options.serve, Path(os.environ["MODEL_ROOT"]), options)
        return
    ways = {name: Way(name, options) for name in options.ways}
    draw = random.Random(1)
    try:
        for work in options.works:
            # in W2 transformers has one way only: all texts of a brief at once
            names = [name for name in ways if work == "W1" or name not in ("hf16", "hf32")]
            for name in names:
                ways[name].run(work)  # warm
            rounds: list[dict[str, dict[str, float]]] = []
            for number in range(options.rounds):
                order = draw.sample(names, len(names))
                rounds.append({name: ways[name].run(work) for name in order})
                said = {name: round(one["speed"], 1) for name, one in rounds[-1].items()}
                print(f"{work} round {number + 1}: {said}", flush=True)
            report(work, names, rounds)
    finally:
        for way in ways.values():
            way.close()


def report(work: str, names: list[str], rounds: list[dict[str, dict[str, float]]]) -> None:
    for name in names:
        speeds = [one[name]["speed"] for one in rounds]
        cpu = statistics.median(one[name]["cpu_ms"] for one in rounds)
        print(
            f"{work} {name}: {spread(speeds)} tokens/s, {cpu:.1f} CPU-ms a token, peak {rounds[-1][name]['peak_gb']:.2f} GB"
        )
    batches = [name for name in names if name.startswith("hf")]
    for way in [name for name in ("torch", "openvino", "openvino_raw") if name in names]:
        if batches:
            best = [took[way]["speed"] / max(took[name]["speed"] for name in batches) for took in rounds]
            print(f"{work} {way} against the best batch: {spread(best)}")
        for other, title in (("loop", "the loop"), ("torch", "torch"), ("openvino_raw", "the raw engine")):
            if other in names and other != way and not (way == "openvino_raw" and other == "torch"):
                ratios = [took[way]["speed"] / took[other]["speed"] for took in rounds]
                print(f"{work} {way} against {title}: {spread(ratios, 2)}")


if __name__ == "__main__":
    main()
