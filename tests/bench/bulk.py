"""A catalogue from the database to the database: how much of the backend's own speed is left, and who waits how long.

    MODEL_ROOT=/path/to/models python -m tests.bench.bulk --products 200

Starts a studio of its own with one generation worker, the export for OpenVINO made before. W3: products × 2 segments × 2
channels, one text each, through Celery, PostgreSQL, checks, scores and choosing; then the same prompts and seeds straight through
the backend, in a process of its own, nothing else running: the ratio of their tokens per second. W4: while a catalogue is being written, a copywriter asks for four
texts of one product, again and again: seconds until the first text is stored; and the same on an idle worker.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
import psycopg

SETUP = """
import json
from campaigns.services.audience import segment_save
from campaigns.services.campaign import campaign_save
from campaigns.services.product import ProductData, product_save
from campaigns.services.starter_corpus import starter_examples
from copystudio.models import User, Workspace
admin, shop = User.objects.get(email="admin@example.com"), Workspace.objects.get(slug="my-shop")
seen, n = set(), 0
briefs = [one.brief for one in starter_examples() if one.brief.language == "en"]
while n < PRODUCTS:
    for brief in briefs:
        if n >= PRODUCTS or (n < len(briefs) and brief.product_title in seen):
            continue
        seen.add(brief.product_title)
        facts = [(fact.attribute, fact.value, fact.unit) for fact in brief.facts]
        data = ProductData(sku=f"P{n}", title=f"{brief.product_title}", language="en", facts=facts)
        product_save(actor=admin, workspace=shop, data=data)
        n += 1
campaign_save(actor=admin, workspace=shop, name="Bulk", brand=None)
for brief in briefs:
    if shop.segments.count() >= 2:
        break
    if not shop.segments.filter(name=brief.segment.name).exists():
        interests = [{"name": one.name, "weight": one.weight} for one in brief.segment.interests]
        segment_save(actor=admin, workspace=shop, name=brief.segment.name, description=brief.segment.description,
            interests=interests, words=list(brief.segment.words))
"""
ASK = """
import json
from campaigns.models import AudienceSegment, Campaign, Channel
from campaigns.services.brief import BriefData, brief_generate, brief_save
from copystudio.models import User, Workspace
admin, shop = User.objects.get(email="admin@example.com"), Workspace.objects.get(slug="my-shop")
channels = list(Channel.objects.filter(workspace=shop, is_current=True, key__in=CHANNELS))
segments = list(AudienceSegment.objects.filter(workspace=shop).order_by("pk")[:SEGMENTS])
data = BriefData(name=NAME, language="en", channels=channels, segments=segments, count=COUNT, product_filter=FILTER)
brief = brief_save(actor=admin, campaign=Campaign.objects.get(workspace=shop, name="Bulk"), data=data)
print(json.dumps(brief_generate(actor=admin, brief=brief)[0].pk))
"""
EXPORT = """
from generation.models import ModelVersion
from generation.services.export import export_execute, export_queue
row = export_queue(version=ModelVersion.objects.get(status="active"), actor=None)
if row is not None:
    export_execute(export_id=row.pk)
"""
LONGEST = 3600


def raw(run_id: int) -> None:
    """Write what the run wrote, with the backend alone, and say how fast."""
    django.setup()
    from generation.engine.backends.base import Request
    from generation.engine.config import SamplingConfig
    from generation.engine.seeds import seed_of_output
    from generation.models import GenerationRun
    from generation.services.preparing import prepare
    from generation.services.writers import sentence_encoder, writer_of

    run = GenerationRun.objects.select_related("model_version__language_model").get(pk=run_id)
    encode = sentence_encoder().encode
    items = [(prepare(run, row, encode).item, row.outputs) for row in run.items.prefetch_related("candidates")]
    items.sort(key=lambda one: (one[0].prompt.max_tokens or 0, len(one[0].prompt.text)))
    requests = [
        Request(item.angle(number).prompt, seed_of_output(item.seed, number))
        for item, outputs in items
        for number in range(outputs)
    ]
    backend = writer_of(run.model_version).backend
    config = SamplingConfig.from_dict({**run.sampling, "batch_size": run.engine["batch"]})
    list(backend.stream(requests[:64], config))  # warm
    began = time.perf_counter()
    tokens = sum(output.token_count for _, output in backend.stream(requests, config))
    print(json.dumps({"speed": tokens / (time.perf_counter() - began), "tokens": tokens}))


class Bench:
    """The studio, and what it is asked."""

    def __init__(self, studio: Any, database: psycopg.Connection[Any]) -> None:
        self.studio, self.database = studio, database
        self.asked = 0

    def shell(self, script: str) -> str:
        return str(self.studio.manage("shell", "--no-imports", "-c", script))

    def ask(self, *, channels: list[str], segments: int, count: int, skus: list[str] | None = None) -> int:
        self.asked += 1
        values = {
            "CHANNELS": repr(channels), "SEGMENTS": str(segments), "COUNT": str(count),
            "NAME": repr(f"Ask {self.asked}"), "FILTER": repr({"skus": skus} if skus else {}),
        }  # fmt: skip
        script = ASK
        for name, value in values.items():
            script = script.replace(name, value)
        return int(json.loads(self.shell(script).strip().splitlines()[-1]))

    def one(self, query: str, *values: Any) -> tuple[Any, ...]:
        found = self.database.execute(query, list(values)).fetchone()
        assert found is not None
        return tuple(found)

    def wait(self, until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LONGEST
        while not until():
            if time.monotonic() > deadline:
                sys.exit(self.studio.log("worker")[-4000:])
            time.sleep(0.05)

    def ended(self, run: int) -> bool:
        return self.one("SELECT status FROM generation_generationrun WHERE id = %s", run)[0] not in (
            "queued",
            "running",
        )

    def first_text(self, run: int) -> float:
        """Seconds from the run's creation to its first stored text, by the database's clock."""
        query = (
            "SELECT extract(epoch FROM min(c.created_at) - min(r.created_at)) FROM generation_candidate c "
            "JOIN generation_generationitem i ON i.id = c.item_id JOIN generation_generationrun r ON r.id = i.run_id "
            "WHERE r.id = %s"
        )
        self.wait(lambda: self.one(query, run)[0] is not None)
        return float(self.one(query, run)[0])


def w3(bench: Bench) -> None:
    run = bench.ask(channels=["product_blurb", "email_subject"], segments=2, count=1)
    bench.wait(lambda: bench.ended(run))
    columns = "status, done, total, tokens, outputs, extract(epoch FROM finished_at - started_at), engine"
    status, done, total, tokens, outputs, seconds, engine = bench.one(
        f"SELECT {columns} FROM generation_generationrun WHERE id = %s", run
    )
    bench.studio.kill("worker")
    said = subprocess.run(
        [sys.executable, "-m", "tests.bench.bulk", "--raw", str(run)],
        capture_output=True, text=True, check=True, env=bench.studio.environment,
    ).stdout  # fmt: skip
    alone = json.loads(said.strip().splitlines()[-1])
    whole = tokens / float(seconds)
    print(
        f"W3 {status}: {done} of {total} texts, {outputs} outputs, {tokens} tokens in {float(seconds):.0f} s, {engine}"
    )
    print(
        f"W3 end to end {whole:.1f} tokens/s, backend alone {alone['speed']:.1f} ({alone['tokens']} tokens): "
        f"{whole / alone['speed']:.2f}",
        flush=True,
    )


def w4(bench: Bench, asks: int) -> None:
    small = {"channels": ["email_subject"], "segments": 1, "count": 4}
    bench.studio.start_worker()
    bench.wait(lambda: bench.ended(bench.ask(**small, skus=["P0"])) or True)
    bench.first_text(bench.ask(**small, skus=["P1"]))  # the model is loaded now
    idle = []
    for number in range(asks):
        run = bench.ask(**small, skus=[f"P{2 + number}"])
        idle.append(bench.first_text(run))
        bench.wait(lambda run=run: bench.ended(run))  # type: ignore[misc]
    catalogue = bench.ask(channels=["product_blurb", "email_subject"], segments=2, count=2)
    bench.first_text(catalogue)
    busy = [bench.first_text(bench.ask(**small, skus=[f"P{2 + number}"])) for number in range(asks)]
    still = not bench.ended(catalogue)
    for name, values in (("idle worker", idle), (f"beside a catalogue (still in work: {still})", busy)):
        ordered = sorted(values)
        p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
        print(
            f"W4 {name}: first text after {statistics.median(values):.2f} s, p95 {p95:.2f} s of {len(values)}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", type=int, default=200)
    parser.add_argument("--asks", type=int, default=10)
    parser.add_argument("--backend", choices=["torch", "openvino"], default="openvino")
    parser.add_argument("--raw", type=int, help="the number of a run: write it with the backend alone")
    options = parser.parse_args()
    if options.raw:
        raw(options.raw)
        return
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from tests.running import running_studio

    root = Path(os.environ["MODEL_ROOT"])
    with tempfile.TemporaryDirectory() as folder:
        values = {"STUDIO_DEMO": "0", "DJANGO_SETTINGS_MODULE": "copystudio.settings", "JOB_LEASE_SECONDS": "30"}
        values["GENERATION_BACKEND"] = options.backend
        with (
            running_studio(Path(folder), model_root=root, model="gemma-3-270m", **values) as studio,
            psycopg.connect(studio.environment["DATABASE_URL"], autocommit=True) as database,
        ):
            bench = Bench(studio, database)
            bench.shell(SETUP.replace("PRODUCTS", str(options.products)))
            bench.shell(EXPORT)
            studio.start_beat()
            studio.start_worker()
            w3(bench)
            w4(bench, options.asks)


if __name__ == "__main__":
    main()
