"""A real worker with the real starter model: from a brief in each language to checked candidates in the database."""

from __future__ import annotations

import json
import time
from pathlib import Path

import psycopg
import pytest

from generation.engine.config import Language
from generation.engine.language import matches_language
from tests.running import running_studio

LONGEST = 300  # seconds for both runs, on two slow cores, the model read from disk once
WANTED = 3
START = """
import json
from campaigns.models import Channel
from campaigns.services.brief import BriefData, brief_generate, brief_save
from campaigns.services.campaign import campaign_save
from campaigns.services.product import ProductData, product_save
from copystudio.models import User, Workspace
admin, shop = User.objects.get(email="admin@example.com"), Workspace.objects.get(slug="my-shop")
campaign = campaign_save(actor=admin, workspace=shop, name="Shoes", brand=None)
runs = {}
for sku, language, title, facts in [
    ("EN-1", "en", "Ultraboost Running Shoes", [("Weight", "310", "g"), ("Sole", "cushioned foam", "")]),
    ("ZH-1", "zh-hans", "轻跑缓震跑鞋", [("重量", "310", "克"), ("鞋底", "缓震泡棉", "")]),
]:
    data = ProductData(sku=sku, title=title, language=language, facts=facts)
    product_save(actor=admin, workspace=shop, data=data)
    channels = list(Channel.objects.filter(workspace=shop, is_current=True, key="email_subject"))
    data = BriefData(name=sku, language=language, channels=channels, count=WANTED, product_filter={"skus": [sku]})
    run, _ = brief_generate(actor=admin, brief=brief_save(actor=admin, campaign=campaign, data=data))
    runs[language] = run.pk
print(json.dumps(runs))
""".replace("WANTED", str(WANTED))
pytestmark = [pytest.mark.starter, pytest.mark.slow, pytest.mark.timeout(LONGEST + 60)]


def test_the_worker_writes_checked_copy_in_both_languages(starter_root: Path, tmp_path: Path) -> None:
    with running_studio(tmp_path, model_root=starter_root, model="gemma-3-270m", STUDIO_DEMO="0") as studio:
        runs = json.loads(studio.manage("shell", "--no-imports", "-c", START).strip().splitlines()[-1])
        studio.start_beat()
        studio.start_worker()
        deadline = time.monotonic() + LONGEST
        with psycopg.connect(studio.environment["DATABASE_URL"], autocommit=True) as database:
            for language, run in runs.items():
                query = "SELECT status FROM generation_generationrun WHERE id = %s"
                while (status := database.execute(query, [run]).fetchone()) in [("queued",), ("running",)]:
                    assert time.monotonic() < deadline, studio.log("worker")[-4000:]
                    time.sleep(0.5)
                assert status == ("succeeded",), studio.log("worker")[-4000:]
                rows = database.execute(
                    "SELECT c.text, c.fluency, c.length FROM generation_candidate c "
                    "JOIN generation_generationitem i ON i.id = c.item_id WHERE i.run_id = %s",
                    [run],
                ).fetchall()
                assert len(rows) == WANTED
                assert len({text for text, _, _ in rows}) == WANTED
                for text, fluency, length in rows:
                    assert matches_language(text, Language(language)), text
                    assert length == len(text) <= 150
                    assert -8 < fluency < 0
