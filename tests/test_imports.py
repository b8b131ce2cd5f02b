"""The device half works without PyTorch, starts light, and stays readable to Python 3.10."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
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


@pytest.mark.parametrize(
    "path", DEVICE_FILES, ids=[str(path.relative_to(ROOT)) for path in DEVICE_FILES]
)
def test_the_device_half_parses_as_python_3_10(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10))
    assert isinstance(tree, ast.Module)


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
