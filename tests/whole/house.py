"""The files of the project, parsed once, for the tests of its layout and of its imports."""

from __future__ import annotations

import ast
import functools
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
STAGES = ("bench", "distill", "export", "pretrain")
MODALITIES = ("imu", "skeleton", "silhouette", "image")


def python_files(*tops: str) -> dict[str, Path]:
    """Every Python file below these folders by its path; links in `edgehuman` are not followed."""
    found = [
        Path(folder, name)
        for top in tops
        for folder, _, names in os.walk(ROOT / top, followlinks=False)
        for name in names
        if name.endswith(".py")
    ]
    return {path.relative_to(ROOT).as_posix(): path for path in sorted(found)}


SOURCES = python_files("edgehuman", *STAGES)
TESTS = python_files("tests")
EXAMPLES = python_files("examples")
needs_sources = pytest.mark.skipif(not SOURCES, reason="an installed wheel is tested, not sources")
FILES = {**SOURCES, **TESTS, **EXAMPLES, **python_files("docs", "recipes")}


@functools.cache
def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


@functools.cache
def nodes_of(path: Path) -> list[ast.AST]:
    """Of the file's tree all that a rule asks about; the module itself comes first."""
    kinds = (
        *(ast.Module, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef),
        *(ast.Compare, ast.match_case, ast.Dict),
    )
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def require_none(rule: str, breaches: Iterable[str]) -> None:
    """Fails with the rule and all who break it."""
    __tracebackhide__ = True
    found = sorted(breaches)
    assert not found, "\n  ".join([f"{rule}; broken {len(found)} times:", *found])


def project_table(part: str = "tool") -> dict[str, Any]:
    """A part of pyproject.toml: the tools', or the project's."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, Any] = table[part]
    return found


def setuptools_table() -> dict[str, Any]:
    setuptools: dict[str, Any] = project_table()["setuptools"]
    return setuptools


def imported_names(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import, wherever it stands: of `from a import b`, "a.b"."""
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
