"""The C++ of docs/howto/onnx.md: its names, sizes and labels are those of the models that ship.

The page's Python runs in test_howto.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import onnx
import pytest

from edgehuman.card import Card
from edgehuman.runtime.engine.onnx_file import read_card
from tests.docs.fences import ROOT, fences
from tests.leaving import run

BLOCKS = [
    fence.code for fence in fences(ROOT / "docs" / "howto" / "onnx.md") if fence.language == "cpp"
]
ZOO = ROOT / "edgehuman" / "zoo"
_CALL = re.compile(r'run<(\w+)>\(ORT_TSTR\("([\w-]+\.onnx)"\), \w+, \{(.*?)\}, "(\w+)"\)')
_TYPES = {"float32": "float", "uint8": "uint8_t"}
HEADER = "onnxruntime_cxx_api.h"


def calls() -> list[tuple[str, str, list[str], str]]:
    """Type, file, sizes and output of every call of a model."""
    return [
        (kind, file, sizes.split(", "), output)
        for block in BLOCKS
        for kind, file, sizes, output in _CALL.findall(block)
    ]


def card_of(file: str) -> Card:
    return read_card(ZOO / file)


def test_every_record_has_its_block() -> None:
    records = {card_of(file).input.record for _, file, _, _ in calls()}
    assert records == {"ImuWindow", "SkeletonSequence", "SilhouetteSequence", "PersonCrop"}


@pytest.mark.parametrize(("kind", "file", "sizes", "output"), calls())
def test_names_and_sizes_are_those_of_the_graph(
    kind: str, file: str, sizes: list[str], output: str
) -> None:
    graph, card = onnx.load(ZOO / file).graph, card_of(file)
    assert f'const char* input = "{graph.input[0].name}";' in BLOCKS[0]
    assert output == graph.output[0].name
    assert kind == _TYPES[card.input.dtype]
    assert sizes[0] == "1"
    fixed = [size for size in zip(sizes[1:], card.input.shape, strict=True) if size[1]]
    assert all(said == str(size) for said, size in fixed)


def test_labels_are_those_of_the_cards() -> None:
    text = "".join(BLOCKS)
    listed = re.search(r"labels\[\] = \{(.*?)\};", text, re.DOTALL)
    assert listed is not None
    assert tuple(re.findall(r'"(\w+)"', listed[1])) == card_of("activity.onnx").output.labels
    numbered = re.findall(r"(\d+) (\w+)(?:,|\n)", text[text.index("// 0 background") :])
    labels = card_of("person-garments-int8.onnx").output.labels
    assert [(int(i), name) for i, name in numbered[: len(labels)]] == list(enumerate(labels))


def test_it_compiles(tmp_path: Path) -> None:
    compiler = shutil.which("c++") or shutil.which("g++")
    places = [Path(each) for each in os.environ.get("CPATH", "").split(os.pathsep) if each]
    places += [Path("/usr/include"), Path("/usr/local/include"), Path("/usr/include/onnxruntime")]
    there = [place for place in places if (place / HEADER).is_file()]
    if compiler is None or not there:
        pytest.skip(f"no C++ compiler, or {HEADER} is in no folder of CPATH")
    source = tmp_path / "page.cpp"
    source.write_text("".join(BLOCKS), encoding="utf-8")
    words = [compiler, "-std=c++17", "-Wall", "-fsyntax-only", f"-I{there[0]}", str(source)]
    done = run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
