"""Who imports whom; the device half works without PyTorch, starts light, parses as Python 3.10."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.house import (
    FILES,
    MODALITIES,
    ROOT,
    SOURCES,
    STAGES,
    imported_names,
    require_none,
    setuptools_table,
)

DEVICE_PACKAGES = ("preprocess", "simulate", "metrics", "data", "runtime", "bench", "zoo")
DEVICE_FILES = sorted(
    [
        *(ROOT / "edgehuman").glob("*.py"),
        *(path for name in DEVICE_PACKAGES for path in (ROOT / "edgehuman" / name).rglob("*.py")),
    ]
)
HEAVY = ("torch", "onnx", "onnxruntime", "matplotlib", "cv2", "scipy", "sklearn", "tyro")


def run_python(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )


def records_of(parts: Iterable[str]) -> set[str]:
    return set(MODALITIES) & set(parts)


def test_records_import_nothing_of_each_other() -> None:
    require_none(
        "what two records need lies one level up",
        (
            f"{file}:{line} imports {name}"
            for file, path in SOURCES.items()
            for line, name in imported_names(path)
            if name.startswith("edgehuman.")
            and (own := records_of(Path(file).with_suffix("").parts))
            and records_of(name.split(".")) - own
        ),
    )


def test_nothing_imports_a_bare_stage() -> None:
    require_none(
        "a stage is imported as edgehuman.bench, not as bench",
        (
            f"{file}:{line} imports {name}"
            for file, path in FILES.items()
            for line, name in imported_names(path)
            if name.split(".")[0] in STAGES
        ),
    )


def test_nobody_imports_what_makes_the_pages_of_the_docs() -> None:
    pages = "edgehuman.bench.pages"
    listed = [name for name in setuptools_table()["packages"] if name.startswith(pages)]
    imports = (
        f"{file}:{line} imports {name}"
        for file, path in SOURCES.items()
        for line, name in imported_names(path)
        if f"{name}.".startswith(f"{pages}.") and not file.startswith("bench/pages/")
    )
    require_none(
        "bench/pages is no part of the product: nothing imports it, no wheel carries it",
        [*imports, *(f"pyproject.toml lists {name}" for name in listed)],
    )


def parses_as_python_3_10(path: Path) -> bool:
    try:
        return bool(ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10)))
    except SyntaxError:
        return False


def test_the_device_half_parses_as_python_3_10() -> None:
    require_none(
        "the device half stays within Python 3.10",
        (str(path) for path in DEVICE_FILES if not parses_as_python_3_10(path)),
    )


def test_everything_the_device_needs_imports_where_torch_is_blocked() -> None:
    modules = [
        ".".join(("edgehuman", *path.relative_to(ROOT / "edgehuman").with_suffix("").parts))
        for path in DEVICE_FILES
        # The networks that peer_table opens when it runs are of PyTorch.
        if path.name not in ("__init__.py", "peers.py")
    ]
    blocked = ("torch", "onnx", "onnxscript", "safetensors", "sklearn", "matplotlib")
    code = (
        "import sys, importlib\n"
        f"sys.modules.update(dict.fromkeys({blocked}))\n"
        "import edgehuman, edgehuman.cli, edgehuman.runtime\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "edgehuman.load, edgehuman.stream\n"
    )
    done = run_python(code, *modules)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["nonsense"]])
def test_a_word_that_needs_nothing_heavy_imports_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys, json\n"
        "from edgehuman.cli import main\n"
        "main(sys.argv[1:])\n"
        f"print(json.dumps([name for name in {HEAVY} if name in sys.modules]))\n"
    )
    done = run_python(code, *words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []
