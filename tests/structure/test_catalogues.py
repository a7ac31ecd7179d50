"""Every string is translated into Simplified Chinese, with the same placeholders."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib
import pytest

from tests.structure.source import ROOT, tracked_files

CATALOGUES = sorted((ROOT / "copystudio" / "locale").rglob("*.po"))
PLACEHOLDER = re.compile(r"%(?:\([a-z_]+\))?[sd]")


def test_there_is_a_chinese_catalogue() -> None:
    assert any("zh_Hans" in str(path) for path in CATALOGUES)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3] + path.name)
def test_nothing_is_untranslated_or_fuzzy(path) -> None:
    catalogue = polib.pofile(str(path))
    missing = [entry.msgid for entry in catalogue.untranslated_entries() + catalogue.fuzzy_entries()]
    assert not missing


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3] + path.name)
def test_placeholders_are_kept(path) -> None:
    for entry in polib.pofile(str(path)):
        for translated in [entry.msgstr, *entry.msgstr_plural.values()]:
            if translated:
                assert set(PLACEHOLDER.findall(translated)) <= set(
                    PLACEHOLDER.findall(entry.msgid + entry.msgid_plural)
                )


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3] + path.name)
def test_the_compiled_catalogue_is_up_to_date(path) -> None:
    compiled = {(e.msgctxt, e.msgid): e.msgstr for e in polib.mofile(str(path.with_suffix(".mo")))}
    source = {(e.msgctxt, e.msgid): e.msgstr for e in polib.pofile(str(path)) if e.msgstr and not e.obsolete}
    assert {key: compiled.get(key) for key in source} == source


def extracted() -> set[tuple[str | None, str]]:
    """Every message of the sources as they are now, extracted into a copy."""
    with tempfile.TemporaryDirectory() as folder:
        for name in tracked_files():
            if name.endswith((".py", ".html")) and name.split("/")[0] in {
                "copystudio",
                "generation",
                "campaigns",
                "templates",
            }:
                target = Path(folder, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, target)
        Path(folder, "copystudio", "locale").mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(ROOT / "manage.py"), "makemessages", "-l", "zh_Hans", "-v0"]
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.structure.extraction_settings",
            "PYTHONPATH": str(ROOT),
        }
        environment["EXTRACTION_ROOT"] = folder
        subprocess.run(command, cwd=folder, env=environment, check=True)
        catalogue = polib.pofile(str(Path(folder, "copystudio", "locale", "zh_Hans", "LC_MESSAGES", "django.po")))
        return {(entry.msgctxt, entry.msgid) for entry in catalogue if not entry.obsolete}


@pytest.mark.skipif(not shutil.which("xgettext") and os.environ.get("CI") != "true", reason="gettext is not installed")
def test_every_message_of_the_sources_is_in_the_chinese_catalogue() -> None:
    path = next(path for path in CATALOGUES if "zh_Hans" in str(path))
    have = {(entry.msgctxt, entry.msgid) for entry in polib.pofile(str(path)) if not entry.obsolete}
    assert extracted() - have == set()
