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

from edgehuman import zoo
from edgehuman.card import Card
from edgehuman.runtime.engine.onnx_file import read_card
from tests.docs.fences import ROOT, fences
from tests.leaving import run

BLOCKS = [
    fence.code for fence in fences(ROOT / "docs" / "howto" / "onnx.md") if fence.language == "cpp"
]
ZOO = Path(zoo.__file__).parent  # also where the package is installed
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


# What the page uses of the API, as onnxruntime_cxx_api.h declares it.
DECLARED = """
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>
#ifdef _WIN32
#define ORTCHAR_T wchar_t
#define ORT_TSTR(text) L##text
#else
#define ORTCHAR_T char
#define ORT_TSTR(text) text
#endif
enum OrtAllocatorType { OrtArenaAllocator = 1 };
enum OrtMemType { OrtMemTypeDefault = 0 };
struct OrtMemoryInfo;
namespace Ort {
struct Env { Env(); };
struct SessionOptions { SessionOptions(); };
struct RunOptions { RunOptions(); };
struct MemoryInfo {
  static MemoryInfo CreateCpu(OrtAllocatorType, OrtMemType);
  operator const OrtMemoryInfo*() const;
};
struct TensorTypeAndShapeInfo { std::size_t GetElementCount() const; };
struct Value {
  template <typename T>
  static Value CreateTensor(const OrtMemoryInfo*, T*, std::size_t, const int64_t*, std::size_t);
  template <typename T> const T* GetTensorData() const;
  TensorTypeAndShapeInfo GetTensorTypeAndShapeInfo() const;
};
struct Session {
  Session(const Env&, const ORTCHAR_T*, const SessionOptions&);
  std::vector<Value> Run(const RunOptions&, const char* const*, const Value*, std::size_t,
                         const char* const*, std::size_t);
};
}  // namespace Ort
"""


def headers(folder: Path, whose: str) -> Path | None:
    """The folder of the declared names, or of onnxruntime's own headers where those are."""
    if whose == "declared":
        (folder / HEADER).write_text(DECLARED)
        return folder
    places = [Path(each) for each in os.environ.get("CPATH", "").split(os.pathsep) if each]
    places += [Path("/usr/include"), Path("/usr/local/include"), Path("/usr/include/onnxruntime")]
    return next((place for place in places if (place / HEADER).is_file()), None)


@pytest.mark.parametrize("whose", ["declared", "onnxruntime's"])
def test_it_compiles(whose: str, tmp_path: Path) -> None:
    compiler = shutil.which("c++") or shutil.which("g++")
    folder = headers(tmp_path, whose)
    if compiler is None or folder is None:
        pytest.skip(f"no C++ compiler, or {HEADER} is in no folder of CPATH")
    source = tmp_path / "page.cpp"
    source.write_text("".join(BLOCKS), encoding="utf-8")
    words = [compiler, "-std=c++17", "-Wall", "-fsyntax-only", f"-I{folder}", str(source)]
    done = run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
