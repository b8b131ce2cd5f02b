"""One real export as a cell: measured, refused, failed, or not measurable here."""

from __future__ import annotations

import sys

import pytest

from edgehuman.bench import cell as format_cells
from edgehuman.bench.cell import measure_cell, networks
from edgehuman.errors import EngineError, MissingDependencyError, ParityError, UsageError


def test_small_networks_come_first_and_large_ones_can_be_left_out() -> None:
    names = networks()
    assert (names[0], names[-1]) == ("imuvit_64x2", "deepgaitv2")
    assert [name for name in networks(largest_params=1e6) if name.startswith("imu")] == [
        "imuvit_64x2", "imuvit_128x3", "imuvit_128x5", "imuvit_256x3",
        "imuconv_288k", "imuconv_292k", "imuvit_256x5", "imuvit_512x5",
    ]  # fmt: skip
    assert networks(["imuvit_1024"]) == ["imuvit_1024x5", "imuvit_1024x10", "imuvit_1024x20"]
    with pytest.raises(
        UsageError,
        match="--only is 'nope', but no network begins with it; choose from imuvit_64x2",
    ):
        networks(["nope"])


@pytest.mark.parametrize(
    ("format", "error", "status", "reason"),
    [
        ("ONNX", ParityError("max abs 3 is over 1\nmore"), "refused", "max abs 3 is over 1"),
        ("ONNX", RuntimeError("a bug"), "failed", "RuntimeError: a bug"),
        ("ONNX", UsageError("it must be 16"), "failed", "it must be 16"),
        ("torch-TensorRT", UsageError("fp32 or fp16"), "not measured", "fp32 or fp16"),
        ("TensorRT", MissingDependencyError("not here"), "not measured", "not here"),
        ("TensorRT", EngineError("no GPU found"), "not measured", "no GPU found"),
    ],
)
def test_whatever_an_export_raises_is_a_cell(
    format: str, error: Exception, status: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")

    def fail(config: object, trace: object = None) -> None:
        raise error

    monkeypatch.setattr("edgehuman.export.export.export", fail)
    monkeypatch.setattr(format_cells, "find_gpu", lambda: None)
    cell = measure_cell("imuconv_288k", format, "fp32", "simulated")
    assert (cell.status, cell.reason) == (status, reason)


def test_an_engine_that_a_gpu_refuses_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")

    def fail(config: object, trace: object = None) -> None:
        raise EngineError("CUDA refused")

    monkeypatch.setattr("edgehuman.export.export.export", fail)
    monkeypatch.setattr(format_cells, "find_gpu", lambda: "a GPU")
    assert measure_cell("imuconv_288k", "TensorRT", "fp32", "simulated").status == "failed"


def test_an_absent_library_is_not_measured_and_not_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    cell = measure_cell("imuconv_288k", "TensorRT", "fp32", "simulated")
    assert cell.status == "not measured"
    assert "tensorrt is not installed here" in cell.reason


@pytest.mark.slow
@pytest.mark.long
def test_a_real_export_fills_a_cell(request: pytest.FixtureRequest) -> None:
    pytest.importorskip("onnx")
    request.getfixturevalue("traces")
    cell = measure_cell("imuconv_288k", "ONNX", "fp32", "simulated")
    assert (cell.status, cell.reason) == ("done", "")
    assert cell.parity["max_abs"] < 1e-4
    assert cell.bytes > 1_000_000
    assert cell.latency_ms["fp32"] > 0
