"""The device half works without PyTorch, starts light, and stays readable to Python 3.10."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
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
DEVICE_PACKAGES = ("preprocess", "simulate", "metrics", "data", "runtime", "bench", "zoo")
DEVICE_FILES = sorted(
    [
        *(ROOT / "edgehuman").glob("*.py"),
        *(path for name in DEVICE_PACKAGES for path in (ROOT / "edgehuman" / name).rglob("*.py")),
    ]
)
STAGES = ("bench", "distill", "export", "pretrain")
# They name code that stands above them and import none of it: what they name is imported when it is
# asked for.
TABLES = {f"edgehuman/{name}.py" for name in ("catalogue", "datasets", "networks", "cli")}
# The suffix of a model's file names what opens it, in its own layer.
SUFFIXES = "edgehuman/runtime/engine/open.py"
DOTTED = re.compile(r"(edgehuman(?:\.\w+)+)\.?(:\w+)?")
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


def layers() -> dict[str, int]:
    """Package -> its height in import-linter's contract; those of one line have one height."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = table["tool"]["importlinter"]["contracts"]
    (layered,) = (each["layers"] for each in contracts if each["type"] == "layers")
    lines = [line.split(" | ") for line in reversed(layered)]
    return {package: height for height, line in enumerate(lines) for package in line}


def package_of(name: str, packages: dict[str, int]) -> str | None:
    """The package of the contract that a module belongs to; None for the root and the zoo's files,
    which belong to none.
    """
    return next((each for each in packages if f"{name}.".startswith(f"{each}.")), None)


def sources() -> Iterator[tuple[str, Path]]:
    """Every module of the product by its dotted name; the links inside `edgehuman` are not
    followed.
    """
    for top in ("edgehuman", *STAGES):
        for folder, _, names in os.walk(ROOT / top):
            for path in (Path(folder, name) for name in names if name.endswith(".py")):
                parts = path.relative_to(ROOT).with_suffix("").parts
                dotted = ".".join(parts if top == "edgehuman" else ("edgehuman", *parts))
                yield dotted.removesuffix(".__init__"), path


def strings_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every string of a file that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.lineno, node.value


def breach(module: str, where: str, text: str, modules: set[str]) -> str | None:
    """What is wrong with a string that names code; None: nothing, or it names none."""
    found = DOTTED.fullmatch(text)
    if found is None or not (found[2] or found[1] in modules):
        return None
    if found[1] not in modules:
        return "leads nowhere"
    if where in TABLES:
        return None
    if found[2] and where != SUFFIXES:
        return "names code outside the tables; import it"
    heights = layers()
    own, other = package_of(module, heights), package_of(found[1], heights)
    if own is None or other is None or other == own or heights[other] < heights[own]:
        return None
    return f"{own} does not stand above {other}"


def test_a_string_that_names_code_obeys_the_layers_as_an_import_does() -> None:
    files = dict(sources())
    broken = [
        f"{where}:{line}: {text!r} {wrong}"
        for module, path in files.items()
        for where in [str(path.relative_to(ROOT))]
        for line, text in strings_of(path)
        if (wrong := breach(module, where, text, set(files)))
    ]
    assert broken == []


@pytest.mark.parametrize(
    ("module", "text", "said"),
    [
        ("runtime.model", "edgehuman.export.export", "runtime does not stand above edgehuman.exp"),
        ("runtime.model", "edgehuman.export.", "runtime does not stand above edgehuman.export"),
        ("runtime.model", "edgehuman.data.commands", "runtime does not stand above edgehuman.data"),
        ("runtime.engine.open", "edgehuman.export.export:export", "does not stand above"),
        ("runtime.engine.open", "edgehuman.runtime.engine.onnx:open_onnx", None),
        ("export.export", "edgehuman.runtime.model:load", "names code outside the tables"),
        ("export.export", "edgehuman.runtime.model", None),
        ("catalogue", "edgehuman.export.export:export", None),
        ("catalogue", "edgehuman.export.gone:export", "leads nowhere"),
        ("runtime.model", "edgehuman.zoo", None),
        ("runtime.engine.onnx_file", "edgehuman.graph_sha256", None),
        ("runtime.model", "run `edgehuman export x`", None),
    ],
)
def test_which_strings_are_breaches(module: str, text: str, said: str | None) -> None:
    files = dict(sources())
    dotted = f"edgehuman.{module}"
    found = breach(dotted, str(files[dotted].relative_to(ROOT)), text, set(files))
    assert found == said if said is None or found is None else said in found
