"""Every string is translated into Simplified Chinese, with the same placeholders."""

from __future__ import annotations

import re

import polib
import pytest

from tests.structure.source import ROOT

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
                assert set(PLACEHOLDER.findall(translated)) <= set(PLACEHOLDER.findall(entry.msgid + entry.msgid_plural))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3] + path.name)
def test_the_compiled_catalogue_is_up_to_date(path) -> None:
    compiled = {(e.msgctxt, e.msgid): e.msgstr for e in polib.mofile(str(path.with_suffix(".mo")))}
    source = {(e.msgctxt, e.msgid): e.msgstr for e in polib.pofile(str(path)) if e.msgstr and not e.obsolete}
    assert {key: compiled.get(key) for key in source} == source
