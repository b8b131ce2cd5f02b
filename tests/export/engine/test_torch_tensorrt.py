"""The second way to compile: what is missing is said before the work."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edgehuman.errors import EngineError, MissingDependencyError
from edgehuman.export.export import ExportConfig, export


def test_torch_tensorrt_missing_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "torch_tensorrt", None)
    config = ExportConfig("imuvit_512x5", format="torch-tensorrt", out=tmp_path / "x.pt2")
    with pytest.raises(MissingDependencyError, match="torch_tensorrt is not installed here"):
        export(config)


def test_torch_tensorrt_without_a_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "torch_tensorrt", type(sys)("torch_tensorrt"))
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    config = ExportConfig("imuvit_512x5", format="torch-tensorrt", out=tmp_path / "x.pt2")
    with pytest.raises(EngineError, match="torch finds none here"):
        export(config)
