"""The front end's own promises: vendored files are what they say, every icon exists, nothing maps to a missing file."""

from __future__ import annotations

import hashlib
import re

import pytest

from copystudio.context import NAVIGATION
from copystudio.templatetags.studio import STATUS_LOOKS
from tests.structure.source import ROOT, templates

VENDOR = ROOT / "static" / "vendor"
ROWS = re.findall(
    r"^\| `([^`]+)` \|.*?`([0-9a-f]{64})`", (VENDOR / "VENDORED.md").read_text(encoding="utf-8"), re.MULTILINE
)


@pytest.mark.parametrize(("name", "sum_"), ROWS)
def test_a_vendored_file_is_the_one_that_is_listed(name: str, sum_: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == sum_


def test_every_vendored_file_is_listed_and_has_its_licence() -> None:
    papers = ("LICENSE", "NOTICE")
    files = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    works = {name for name in files if not name.split("/")[-1].startswith(papers) and name != "VENDORED.md"}
    assert works == {name for name, _sum in ROWS}
    assert all((VENDOR / name.split("/")[0] / "LICENSE").is_file() for name in works)


def test_no_static_file_asks_for_a_source_map_or_another_host() -> None:
    for path in (ROOT / "static").rglob("*"):
        if path.suffix in {".js", ".css"}:
            text = path.read_text(encoding="utf-8")
            assert "sourceMappingURL" not in text, path
            assert not re.search(r"url\([\"']?https?://|@import", text), path


def test_our_scripts_build_no_code_at_run_time() -> None:
    for path in (ROOT / "static" / "js").glob("*.js"):
        assert not re.search(
            r"\beval\(|new Function|document\.write|\.outerHTML\s*=|javascript:", path.read_text(encoding="utf-8")
        ), path


def test_every_icon_that_is_asked_for_is_in_the_sprite() -> None:
    known = set(
        re.findall(r'<symbol id="([^"]+)"', (VENDOR / "tabler-icons" / "icons.svg").read_text(encoding="utf-8"))
    )
    asked = {name for _tone, name in STATUS_LOOKS.values()} | {
        entry[1] for _label, entries in NAVIGATION for entry in entries
    }
    for path in templates():
        text = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r"{% icon \"([^\"]+)\"", text))
        asked |= set(re.findall(r"\b(?:action_)?icon=\"([^\"]+)\"", text))
        asked |= set(re.findall(r"{% icon \w+\|default:\"([^\"]+)\"", text))
    assert not asked - known
