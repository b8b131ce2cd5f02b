"""The process that builds: what it reports, and what it leaves when it fails or is stopped."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from edgehuman.runtime.engine.builder import Builder
from edgehuman.runtime.engine.onnx_file import open_file
from edgehuman.runtime.engine.plan_file import read_engine, require_fit
from tests import leaving
from tests.runtime.played_gpu import GPU

BUILD_WITHOUT = """
import sys
for name in ("torch", "onnx", "onnxscript", "safetensors", "sklearn"):
    sys.modules[name] = None
from edgehuman.runtime.engine.builder import main
sys.exit(main())
"""


def seal_of(onnx: Path) -> str:
    return open_file(onnx).identity


def build_request(onnx: Path, out: Path, **options: Any) -> str:
    out.mkdir()
    given = {"capabilities": [86], "batch": [1, 1, 4], **options}
    graph = {"onnx": str(onnx), "identity": seal_of(onnx)}
    words = {"library": "tensorrt_rtx", **graph, "out": str(out), "options": given}
    return json.dumps(words)


@pytest.mark.slow
def test_a_real_build_needs_neither_torch_nor_onnx(tiny: Path, tmp_path: Path) -> None:
    trt = pytest.importorskip("tensorrt_rtx", reason="pip install 'edgehuman[tensorrt-rtx]'")
    words = [sys.executable, "-c", BUILD_WITHOUT, build_request(tiny, tmp_path / "new")]
    done = leaving.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert reports[-1]["done"] > 0
    shares = [report["share"] for report in reports[:-1]]
    assert shares == sorted(shares)
    file = read_engine(tmp_path / "new" / "tiny.engine")
    assert file.options["batch"] == [1, 1, 4]
    assert require_fit(file, "tensorrt_rtx", trt.__version__, GPU) == []


def test_a_real_build_that_fails_says_why_and_leaves_nothing(tiny: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason="pip install 'edgehuman[tensorrt-rtx]'")
    (tmp_path / "new").mkdir()
    builder = Builder("tensorrt_rtx", {"batch": [4, 1, 1]}, tiny, seal_of(tiny), tmp_path / "new")
    assert [report["error"][:18] for report in builder.reports()] == ["batch must be smal"]
    builder.stop()
    assert not (tmp_path / "new").exists()


def test_a_stopped_build_leaves_nothing(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    builder = Builder("tensorrt_rtx", {"capabilities": [86]}, tiny, seal_of(tiny), tmp_path / "new")
    builder.stop()
    assert os.listdir(tmp_path) == ["tiny.onnx"]
    (last,) = builder.reports()
    assert "the builder ended" in last["error"]
