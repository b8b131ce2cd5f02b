from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from edgehuman.errors import ArtefactError, UsageError
from edgehuman.export.engine.from_onnx import build_from_onnx as export
from edgehuman.export.export import export as export_checkpoint
from edgehuman.export.words import ExportConfig
from edgehuman.runtime.engine.onnx_file import read_card
from tests import leaving

RTX = {"format": "tensorrt", "engine": "tensorrt-rtx", "capability": (86,)}


@pytest.fixture
def graph(tiny: None, tmp_path: Path) -> Path:
    path = tmp_path / "made" / "x.onnx"
    path.parent.mkdir()
    export_checkpoint(ExportConfig("any", precision="fp16", data="made", out=path))
    return path


def test_an_engine_of_a_finished_graph(graph: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    outcome = export(ExportConfig(str(graph), out=tmp_path / "y.engine", data="made", **RTX))  # type: ignore[arg-type]
    assert (tmp_path / "y.onnx").read_bytes() == graph.read_bytes()
    side = json.loads((tmp_path / "y.engine.json").read_text())
    assert side["card"] == json.loads(read_card(graph).to_json())
    assert side["engine"]["parity"] is None
    assert isinstance(outcome.data, dict)
    assert outcome.data["precision"] == "fp16"
    assert outcome.data["engine"]["built_for"] == [86]


def test_a_bundle_of_a_finished_graph(graph: Path, tmp_path: Path) -> None:
    export(ExportConfig(str(graph), format="tensorrt", on_device=True, out=tmp_path / "bundle"))
    assert {"build.py", "bundle.json"} < set(os.listdir(tmp_path / "bundle"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "onnx"}, r"x\.onnx is already exported; --format tensorrt builds"),
        ({"precision": "int8", "data": "made"}, r"--precision is int8, but the graph .* in fp16"),
        ({"explain": True}, "--explain compares with the network"),
        ({"threshold": 0.5}, r"--threshold is 0\.5, but an engine keeps the card of"),
    ],
)
def test_words_that_only_a_checkpoint_can_follow(
    graph: Path, change: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        export(ExportConfig(str(graph), **{**RTX, **change}))  # type: ignore[arg-type]


def test_the_int8_graph_of_a_cpu_is_refused_before_any_work() -> None:
    with pytest.raises(UsageError, match="is an INT8 graph for CPUs"):
        export(ExportConfig("zoo:activity-int8", **RTX))  # type: ignore[arg-type]


def test_a_file_that_is_no_graph(tmp_path: Path) -> None:
    foreign = tmp_path / "x.onnx"
    with pytest.raises(ArtefactError, match="no such file"):
        export(ExportConfig(str(foreign), **RTX))  # type: ignore[arg-type]
    foreign.write_bytes(b"\x00" * 9)
    with pytest.raises(ArtefactError, match="not a complete ONNX file"):
        export(ExportConfig(str(foreign), **RTX))  # type: ignore[arg-type]


def test_it_needs_neither_torch_nor_the_onnx_package(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "class Gone:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name in ('torch', 'onnx', 'onnxscript', 'safetensors'):\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Gone())\n"
        "from edgehuman.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    words = ["export", "zoo:activity", "--format", "tensorrt", "--on-device"]
    done = leaving.run(
        [sys.executable, "-c", code, *words, "--out", str(tmp_path / "bundle")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert {"build.py", "bundle.json"} < set(os.listdir(tmp_path / "bundle"))
