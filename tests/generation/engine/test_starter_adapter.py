"""The shipped adapter: whole, small enough, and copied into the model folder once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from generation.engine import starter, starter_adapter
from generation.engine.adapters import check_adapter
from generation.engine.errors import StarterModelError
from generation.engine.manifest import Manifest
from generation.engine.training.adapter_folder import WEIGHTS
from generation.engine.training.dataset import data_hash
from generation.management.commands.train_adapter import some_of

MOST_BYTES = 16_000_000
CORPUS_SHARE = 0.25  # of the corpus, which the parent has learned, beside the edits


def test_it_is_whole_small_and_trained_on_these_edits_and_some_of_this_corpus() -> None:
    from campaigns.services.starter_corpus import starter_edits, starter_examples

    manifest = Manifest.read(starter_adapter.SHIPPED)
    manifest.verify(starter_adapter.SHIPPED, hashes=True)
    assert sum(record.size for record in manifest.files.values()) <= MOST_BYTES
    lineage = starter_adapter.shipped_lineage()
    assert lineage["base_name"] == starter.GEMMA.name
    assert lineage["licence_url"] == starter.LICENCE_URL
    edited, pairs = starter_edits()
    data = [*some_of(starter_examples(), CORPUS_SHARE), *edited, *pairs]
    assert lineage["data_counts"] == Counter(one.source.value for one in data)
    assert lineage["data_sha256"] == data_hash(data)
    first, last = lineage["state"]["history"]
    assert lineage["state"]["held_out"] < 1.01 * first["held_out"], "what the parent had learned is not forgotten"
    assert last["pair_accuracy"] > first["pair_accuracy"], "and edits are preferred more often to drafts of the parent"


def test_it_is_copied_once_and_again_when_it_was_damaged(tmp_path: Path) -> None:
    folder = starter_adapter.install(tmp_path)
    check_adapter(folder, tmp_path, sha256=starter_adapter.shipped_sha256())
    before = (folder / WEIGHTS).stat().st_mtime_ns
    assert starter_adapter.install(tmp_path) == folder
    assert (folder / WEIGHTS).stat().st_mtime_ns == before
    (folder / WEIGHTS).write_bytes(b"short")
    starter_adapter.install(tmp_path)
    check_adapter(folder, tmp_path, sha256=starter_adapter.shipped_sha256())


def test_what_a_killed_copy_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / f".partial-{starter_adapter.NAME}"
    left.mkdir()
    (left / WEIGHTS).write_bytes(b"half")
    starter_adapter.install(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [starter_adapter.NAME]


def test_a_damaged_shipment_is_refused(tmp_path: Path) -> None:
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    for path in starter_adapter.SHIPPED.iterdir():
        (shipped / path.name).write_bytes(path.read_bytes())
    (shipped / WEIGHTS).write_bytes(b"other")
    with pytest.raises(StarterModelError, match="not as it was shipped"):
        starter_adapter.install(tmp_path / "models", shipped)


def test_processes_that_install_at_once_all_have_it(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom generation.engine.starter_adapter import install\n"
        "sys.stdin.readline()\ninstall(Path(sys.argv[1]))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _n in range(3)]
    for one in processes:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    assert [(one.communicate(timeout=60)[1], one.returncode) for one in processes] == [("", 0)] * 3
    assert [path.name for path in tmp_path.glob("*starter*") if path.is_dir()] == [starter_adapter.NAME]
