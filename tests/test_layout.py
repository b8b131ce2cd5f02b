"""The tree stays as designed: mapping, folders and links in step; names and sizes in order."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
STAGES = ("bench", "distill", "export", "pretrain")
FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager"}
MAX_LINES = 400
MAX_FUNCTION_LINES = 60


def python_files() -> list[Path]:
    """Every Python file of the project once: the links inside `edgehuman` are not followed."""
    found = []
    for top in ("edgehuman", *STAGES, "recipes", "tests"):
        for folder, _, names in os.walk(ROOT / top, followlinks=False):
            found += [Path(folder, name) for name in names if name.endswith(".py")]
    return sorted(found)


FILES = python_files()
NAMES = [str(path.relative_to(ROOT)) for path in FILES]


def setuptools_table() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    setuptools: dict[str, Any] = table["tool"]["setuptools"]
    return setuptools


def imported_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def test_the_mapping_names_the_stages_and_nothing_else() -> None:
    expected = {"edgehuman": "edgehuman", **{f"edgehuman.{stage}": stage for stage in STAGES}}
    assert setuptools_table()["package-dir"] == expected


def test_every_package_folder_is_listed_and_every_listed_package_is_a_folder() -> None:
    found = {"edgehuman"}
    for top in ("edgehuman", *STAGES):
        for path in (ROOT / top).rglob("__init__.py"):
            name = ".".join(path.parent.relative_to(ROOT).parts)
            found.add(f"edgehuman.{name}" if top in STAGES else name)
    assert set(setuptools_table()["packages"]) == found


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_a_folder_at_the_top_and_a_relative_link_inside(stage: str) -> None:
    link = ROOT / "edgehuman" / stage
    assert link.is_symlink()
    assert Path(os.readlink(link)) == Path("..") / stage
    assert (ROOT / stage / "__init__.py").is_file()


def test_no_other_folder_hides_behind_a_link() -> None:
    links = {path.name for path in (ROOT / "edgehuman").iterdir() if path.is_symlink()}
    assert links == set(STAGES)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_file_is_named_for_its_subject_and_fits_a_reading(path: Path) -> None:
    assert path.stem not in FORBIDDEN
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_no_file_imports_a_bare_stage(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not {name for name in imported_names(tree) if name.split(".")[0] in STAGES}


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_no_function_is_longer_than_a_screen(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > MAX_FUNCTION_LINES
    ]
    assert not long


@pytest.mark.parametrize(
    "page",
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_relative_link_in_the_docs_leads_somewhere(page: Path) -> None:
    text = re.sub(r"<!--.*?-->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    broken = [
        target
        for target in targets
        if not target.startswith(("http://", "https://", "mailto:"))
        and not (page.parent / target).exists()
    ]
    assert not broken
