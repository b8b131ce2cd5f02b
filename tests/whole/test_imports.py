"""Who imports whom; the device half works without PyTorch, starts light, parses as Python 3.10."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests import leaving
from tests.whole.house import (
    FILES,
    MODALITIES,
    ROOT,
    SOURCES,
    STAGES,
    imported_names,
    lines_of,
    project_table,
    require_none,
    setuptools_table,
)

DEVICE_PACKAGES = ("flags", "preprocess", "simulate", "metrics", "data", "runtime", "bench", "zoo")
DEVICE_FILES = sorted(
    [
        *(ROOT / "edgehuman").glob("*.py"),
        *(path for name in DEVICE_PACKAGES for path in (ROOT / "edgehuman" / name).rglob("*.py")),
    ]
)
# They name code that stands above them and import none of it: what they name is imported when it is
# asked for.
_TABLES = ("datasets", "networks", "pictures", "trainings", "walkers")
TABLES = {
    *("edgehuman/catalogue.py", "edgehuman/flags/commands.py"),
    *(f"edgehuman/tables/{name}.py" for name in _TABLES),
}
# Where records meet, and why.
MEETING_PLACES = {
    "edgehuman/__init__.py": "the types of all results are public",
    "edgehuman/runtime/stream.py": "its overloads give each record's result",
    "edgehuman/runtime/demo/": "it shows all three on one page",
    "edgehuman/runtime/foreign/": "networks of others find people in pictures",
    "edgehuman/runtime/view/": "a file for the view of each record, on one screen",
    "edgehuman/runtime/replay/": "a file for what is kept of each record",
    "distill/labels/": "teachers of pictures give boxes, joints and masks at once",
    "edgehuman/nets/from_onnx.py": "it turns back what the exporter turned, in any network",
    "bench/evaluate/fusion.py": "two models look at both records of one walk",
    "bench/evaluate/crowds.py": "frames of a camera are pictures too",
    "bench/evaluate/garments.py": "frames of a camera are pictures too",
    "bench/evaluate/frames.py": "frames of a camera are pictures too",
    "bench/evaluate/tracks.py": "frames of a camera are pictures too",
    "edgehuman/runtime/gait/": "people in pictures become the skeletons that are named",
    "bench/pages/gait_ways.py": "both records of one walk, side by side",
    "bench/targets/": "the targets of every record in one run",
    "bench/beside.py": "what stands beside a wearable's loop, and beside one on frames",
    "bench/walking.py": "what people in pictures cost who are named by how they walk",
    "bench/live.py": "how old the labels of a wearable and of a camera are",
    "bench/pages/own_eyes.py": "both records of one walk, as our own networks see it",
    "bench/pages/distil/abroad.py": "the pair of wearables on their other sets",
    "bench/pages/distil/nearness.py": "the pair of joints in its teacher's space",
    "bench/pages/strangers.py": "models of both records of a walk, on the same people",
    "bench/pages/drawn_days.py": "pictures of people who are named by how they walk",
    "bench/pages/formats.py": "one page for every network",
    "edgehuman/runtime/together/": "frames and wearables in one run",
    "bench/pages/together/": "joints and samples of one body",
    "edgehuman/simulate/gait/worn.py": "joints and samples of one body",
    "bench/pages/depth_check.py": "one check for the transformers of two records",
}
# The suffix of a model's file names what opens it, in its own layer.
SUFFIXES = "edgehuman/runtime/engine/open.py"
DOTTED = re.compile(r"(edgehuman(?:\.\w+)+)\.?(:\w+)?")
HEAVY = ("torch", "onnx", "onnxruntime", "matplotlib", "cv2", "scipy", "sklearn", "tyro")


def run_python(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    return leaving.run(
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


def belongs_to_a_record(file: str) -> bool:
    """Whether a file is of one record: by its folder, or with the method of one."""
    of_a_method = file.startswith(("pretrain/", "bench/pages/saip/"))
    return bool(records_of(Path(file).with_suffix("").parts)) or of_a_method


def test_what_all_records_share_imports_none_of_them() -> None:
    """What a shared file needs of a record is a step of `catalogue.RECORDS`, or a method."""
    require_none(
        "a file of no record imports no record's own module",
        (
            f"{file}:{line} imports {name}"
            for file, path in SOURCES.items()
            if not belongs_to_a_record(file) and not file.startswith(tuple(MEETING_PLACES))
            for line, name in imported_names(path)
            if name.startswith("edgehuman.") and records_of(name.split("."))
        ),
    )


def test_every_meeting_place_is_needed() -> None:
    for place in MEETING_PLACES:
        assert any(
            records_of(name.split("."))
            for file, path in SOURCES.items()
            if file.startswith(place)
            for _, name in imported_names(path)
        ), place


@pytest.mark.slow
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


@pytest.mark.slow
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
    contracts = project_table()["importlinter"]["contracts"]
    (layered,) = (each["layers"] for each in contracts if each["type"] == "layers")
    lines = [line.split(" | ") for line in reversed(layered)]
    return {package: height for height, line in enumerate(lines) for package in line}


LAYERS = layers()


def package_of(name: str) -> str | None:
    """The package of the contract that a module belongs to; None for the root and the zoo's files,
    which belong to none.
    """
    return next((each for each in LAYERS if f"{name}.".startswith(f"{each}.")), None)


def module_of(file: str) -> str:
    """`bench/page.py` -> `edgehuman.bench.page`."""
    dotted = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return dotted if file.startswith("edgehuman/") else f"edgehuman.{dotted}"


MODULES = {module_of(file) for file in SOURCES}


def strings_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every string of a file that is no docstring and may name code."""
    if not any('"edgehuman.' in line for line in lines_of(path)):
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.lineno, node.value


def wrong_with(text: str, file: str) -> str | None:
    """Why a string of this file may not name what it names; None: it may, or it names no code."""
    found = DOTTED.fullmatch(text)
    if found is None or not (found[2] or found[1] in MODULES):
        return None
    if found[1] not in MODULES:
        return "leads nowhere"
    if file in TABLES:
        return None
    if found[2] and file != SUFFIXES:
        return "names code outside the tables; import it"
    own, other = package_of(module_of(file)), package_of(found[1])
    if own is None or other in (None, own) or LAYERS[other] < LAYERS[own]:
        return None
    return f"names {other}, above which {own} does not stand"


def test_a_string_that_names_code_obeys_the_layers_as_an_import_does() -> None:
    require_none(
        "a string that names code is an import: it names its own layer or one below, and stands in "
        "the catalogue or the command line",
        (
            f"{file}:{line}: {text!r} {wrong}"
            for file, path in SOURCES.items()
            for line, text in strings_of(path)
            if (wrong := wrong_with(text, file))
        ),
    )


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("runtime/model", "edgehuman.export.export", "names edgehuman.export, above which edgehu"),
        ("runtime/model", "edgehuman.export.", "names edgehuman.export, above"),
        ("runtime/model", "edgehuman.data.commands", "names edgehuman.data, above"),
        ("runtime/engine/open", "edgehuman.export.export:export", "names edgehuman.export, above"),
        ("runtime/engine/open", "edgehuman.runtime.engine.onnx:open_onnx", None),
        ("runtime/run", "edgehuman.runtime.model:load", "names code outside the tables"),
        ("runtime/run", "edgehuman.runtime.model", None),
        ("nets/__init__", "edgehuman.training.checkpoint", "names edgehuman.training, above"),
        ("catalogue", "edgehuman.export.export:export", None),
        ("catalogue", "edgehuman.export.gone:export", "leads nowhere"),
        ("tables/networks", "edgehuman.nets.image.vit:Vit", None),
        ("tables/networks", "edgehuman.nets.image.gone:Gone", "leads nowhere"),
        ("tables/datasets", "edgehuman.data.imu.gone:GONE", "leads nowhere"),
        ("tables/trainings", "edgehuman.tasks.gone:train", "leads nowhere"),
        ("runtime/model", "edgehuman.zoo", None),
        ("runtime/engine/onnx_file", "edgehuman.graph_sha256", None),
        ("runtime/model", "run `edgehuman export x`", None),
    ],
)
def test_which_strings_are_breaches(file: str, text: str, said: str | None) -> None:
    found = wrong_with(text, f"edgehuman/{file}.py")
    assert found is None if said is None else found is not None and said in found
