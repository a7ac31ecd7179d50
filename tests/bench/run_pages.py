"""How fast the pages of a run of ten thousand items are, and how many queries each takes.

    python -m tests.bench.run_pages --items 10000 --texts 3 --rounds 40

Makes its own database (as the tests do), fills it, and asks for each page through Django's test client: the whole way from
the URL to the rendered page, without a network. Prints milliseconds at p50 and p95, of which this process computed and
waited for the database (p50 and p95), the number of queries, and how many of those are the page's own: the rest is of
every page. ``--only`` names the pages by a part of their names.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
ITEMS_OF_A_PRODUCT = 10  # five segments, two channels


def fill(items: int, texts: int) -> tuple[Any, Any, Any]:
    """A workspace with an ended run of so many items, each of so many texts; its cast, the run and its brief."""
    from campaigns.services.brief import BriefData, brief_save
    from copystudio.db import JobStatus
    from generation.models import GenerationRun, ModelVersion
    from tests import factories
    from tests.people import make_cast

    cast = make_cast("bench")
    segments = [factories.make_segment(cast) for _n in range(5)]
    channels = [factories.channel(cast, key) for key in ("email_subject", "push_ios_title")]
    brief = brief_save(
        actor=cast.copywriter,
        campaign=factories.make_campaign(cast),
        data=BriefData(name="Bench", language="en", channels=channels, segments=segments, count=texts + 1),
    )
    run = GenerationRun.objects.create(
        workspace=cast.workspace,
        created_by=cast.copywriter,
        model_version=ModelVersion.objects.get(workspace=cast.workspace, status="active"),
        label="Bench",
        seed=1,
        request_hash="0" * 64,
        total=items * (texts + 1),
        done=items * texts,
        outputs=items * texts * 2,
        tokens=items * texts * 40,
        seconds=3600,
        dropped={"too_long": items},
        status=JobStatus.SUCCEEDED,
    )
    rows(cast, run, brief, segments, channels, items, texts)
    return cast, run, brief


def rows(cast: Any, run: Any, brief: Any, segments: Any, channels: Any, items: int, texts: int) -> None:
    from campaigns.models import BriefItem, BriefRun, Product
    from generation.models import Candidate, GenerationItem

    shop = cast.workspace
    products = Product.objects.bulk_create(
        Product(workspace=shop, sku=f"B-{n:05}", title=f"Rain jacket {n:05}", currency="USD", price=79)
        for n in range(items // ITEMS_OF_A_PRODUCT)
    )
    parts = [(product, segment, channel) for product in products for segment in segments for channel in channels]
    found = GenerationItem.objects.bulk_create(
        (
            GenerationItem(
                workspace=shop,
                run=run,
                position=n,
                payload={"language": "en", "product_description": "A light jacket for wet days. " * 30},
                requested=texts + 1,
                produced=texts,
                outputs=2 * texts,
                dropped={"too_long": 1},
                finished=True,
                error="ValueError: no fact" if n % 100 == 0 else "",
                prompt="Write copy. " * 60,
            )
            for n in range(len(parts))
        ),
        batch_size=1000,
    )
    brief_run = BriefRun.objects.create(workspace=shop, brief=brief, run=run)
    BriefItem.objects.bulk_create(
        (
            BriefItem(workspace=shop, brief_run=brief_run, item=item, product=part[0], segment=part[1], channel=part[2])
            for item, part in zip(found, parts, strict=True)
        ),
        batch_size=1000,
    )
    Candidate.objects.bulk_create(
        (candidate(shop, item, slot, Candidate) for item in found for slot in range(texts)), batch_size=2000
    )


def candidate(shop: Any, item: Any, slot: int, model: Any) -> Any:
    text = f"Stay dry at $49, number {item.position} {slot}"
    at = text.index("$49")
    finding = {"code": "grounding.price", "message_key": "grounding.price", "severity": "blocking", "start": at}
    return model(
        workspace=shop,
        item=item,
        slot=slot,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        fluency=-1 - (item.position * 7919 + slot) % 1000 / 500,
        token_count=9,
        length=len(text),
        findings=[{**finding, "end": at + 3, "params": {"claim": "$49"}}] if item.position % 10 == 0 else [],
        attempt=1,
    )


def pages(run: Any, brief: Any, items: int, texts: int) -> dict[str, tuple[str, bool]]:
    """URL and whether htmx asks for it, by what it is."""
    base = f"/w/{run.workspace.slug}/runs/{run.pk}/"
    segment = brief.segments.first().pk
    last = items * texts // 24
    return {
        "run": (base, False),
        "run, polled": (base, True),
        "live list, polled": (f"{base}live/0/", True),
        "items": (f"{base}items/", False),
        "items, last page": (f"{base}items/?page={items // 25}", False),
        "items, failed": (f"{base}items/?state=failed", False),
        "items, short, last page": (f"{base}items/?state=short&page={items // 26}", False),
        "texts": (f"{base}candidates/", False),
        "texts, last page": (f"{base}candidates/?page={last}", False),
        "texts, most fluent": (f"{base}candidates/?sort=fluency", False),
        "texts, most fluent, last page": (f"{base}candidates/?sort=fluency&page={last}", False),
        "texts, by product": (f"{base}candidates/?q=0007", False),
        "texts, of a segment": (f"{base}candidates/?segment={segment}", False),
        "texts, with findings": (f"{base}candidates/?show=findings", False),
        "texts, adopted": (f"{base}candidates/?show=adopted", False),
        "texts, not adopted": (f"{base}candidates/?show=open", False),
        "grid": (f"{base}grid/", False),
        "grid, last page": (f"{base}grid/?page={items // 100}", False),
        "grid, all of a product": (f"{base}grid/?q=0007", False),
        "adopt, the question": (f"{base}adopt/", False),
        "brief": (f"/w/{run.workspace.slug}/briefs/{brief.pk}/", False),
        "list of runs": (f"/w/{run.workspace.slug}/runs/", False),
    }


def measure(client: Any, url: str, *, htmx: bool, rounds: int) -> tuple[list[float], int, int]:
    """Milliseconds at p50 and p95, of which this process computed (p50) and waited for the database (p50, p95); queries, and
    those of them about the run."""
    from django.db import connection

    asked: list[tuple[str, float]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            asked.append((sql, 1000 * (time.perf_counter() - start)))

    headers = {"HX-Request": "true"} if htmx else {}
    answer = client.get(url, headers=headers)
    if answer.status_code not in {200, 286}:
        raise SystemExit(f"{url}: {answer.status_code}")
    took, computed, waited = [], [], []
    for _round in range(rounds):
        asked.clear()
        start, before = time.perf_counter(), time.process_time()
        with connection.execute_wrapper(note):
            client.get(url, headers=headers)
        took.append(1000 * (time.perf_counter() - start))
        computed.append(1000 * (time.process_time() - before))
        waited.append(sum(one for _sql, one in asked))
    own = sum("generation_" in sql or "campaigns_" in sql for sql, _took in asked)
    figures = [
        statistics.median(took),
        high(took),
        statistics.median(computed),
        statistics.median(waited),
        high(waited),
    ]
    return figures, len(asked), own


def high(figures: list[float]) -> float:
    return statistics.quantiles(figures, n=20)[-1]


def adopt(cast: Any, run: Any, number: int) -> float:
    """Seconds to adopt so many at once."""
    from campaigns.selectors.run_results import Wanted, first_texts
    from campaigns.services.adopt import candidates_adopt

    start = time.perf_counter()
    candidates_adopt(actor=cast.copywriter, run=run, candidates=list(first_texts(run, Wanted())[:number]))
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--texts", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    settings.ALLOWED_HOSTS = [
        "testserver"
    ]  # all that a test environment would be for: its templates are slower than real ones
    call_command("migrate", verbosity=0)
    cast, run, brief = fill(given.items, given.texts)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(f"{given.items} items, {given.items * given.texts} texts")
    print(f"adopting 200: {adopt(cast, run, 200):.2f} s, 2,000: {adopt(cast, run, 2000):.2f} s")
    client = cast.client(cast.copywriter)
    names = ("p50 ms", "p95 ms", "cpu ms", "db p50", "db p95", "queries", "own")
    print(f"{'page':32}" + "".join(f"{name:>9}" for name in names))
    for name, (url, htmx) in pages(run, brief, given.items, given.texts).items():
        if given.only and not any(part in name for part in given.only):
            continue
        figures, queries, own = measure(client, url, htmx=htmx, rounds=given.rounds)
        print(f"{name:32}" + "".join(f"{one:9.1f}" for one in figures) + f"{queries:9}{own:9}", flush=True)


if __name__ == "__main__":
    main()
