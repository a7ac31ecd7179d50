"""What may not stand in the source: unsafe HTML, unsafe loading, inline script and style, files too large."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.structure.source import ROOT, imports, module_name, python_files, templates, tracked_files, tree

PYTHON = [pytest.param(path, id=module_name(path)) for path in python_files()]
TEMPLATES = [pytest.param(path, id=str(path.relative_to(ROOT))) for path in templates()]
TOP = {
    "manage.py", "copystudio", "generation", "campaigns", "templates", "static", "requirements.txt", "tests", "README.md",
    "LICENSE", "NOTICE", "Makefile", "Dockerfile", "compose.yaml",
}  # fmt: skip


def called(node: ast.Call) -> str:
    return ast.unparse(node.func)


@pytest.mark.parametrize("path", PYTHON)
def test_nothing_is_unpickled(path: Path) -> None:
    assert not imports(path) & {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            assert called(node) not in {"torch.load", "eval", "exec", "yaml.load"}
            for keyword in node.keywords:
                if keyword.arg == "trust_remote_code":
                    assert isinstance(keyword.value, ast.Constant) and keyword.value.value is False


@pytest.mark.parametrize("path", PYTHON)
def test_no_text_is_marked_as_safe_html(path: Path) -> None:
    assert not [name for name in imports(path) if name.endswith(".mark_safe")]


@pytest.mark.parametrize("path", PYTHON)
def test_xml_is_read_only_through_defusedxml(path: Path) -> None:
    unsafe = {"xml.etree.ElementTree", "xml.dom.minidom", "xml.sax", "lxml", "lxml.etree"}
    used = imports(path) & unsafe
    if used and within_type_checking(path):
        used = set()
    assert not used


def within_type_checking(path: Path) -> bool:
    """Types of the standard library's parser may be named; nothing may be parsed with it."""
    return "if TYPE_CHECKING" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", TEMPLATES)
def test_templates_carry_no_unsafe_html_script_or_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape\s+off|\|\s*safeseq\b", text)
    assert not re.search(r"<[^>]*\sstyle\s*=", text), "inline style"
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", text), "inline handler"
    assert "hx-on" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", text), "inline script"
    assert not re.search(r"(src|href)\s*=\s*[\"']https?://(?!ai\.google\.dev)", text), "resource from elsewhere"


def test_the_top_level_is_as_agreed() -> None:
    visible = {name.split("/")[0] for name in tracked_files() if not name.startswith(".")}
    assert visible <= TOP, visible - TOP


def test_no_tracked_file_is_too_large() -> None:
    sizes = {name: (ROOT / name).stat().st_size for name in tracked_files() if (ROOT / name).is_file()}
    most = {name: 16_000_000 if name.startswith("generation/starter/adapter/") else 5_000_000 for name in sizes}
    assert not [name for name, size in sizes.items() if size > most[name]]


def test_every_requirement_is_pinned_and_explained() -> None:
    for file in ("requirements.txt", "tests/requirements.txt"):
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", "-r")):
                assert re.fullmatch(r"[A-Za-z0-9_.\[\],-]+==[^\s]+\s+# .+", line), f"{file}: {line}"


@pytest.mark.parametrize("path", PYTHON)
def test_files_stay_readable(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
