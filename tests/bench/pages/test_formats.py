"""The page of the formats: what is kept, what is tried again, and that nothing is hidden."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench import cell as format_cells
from edgehuman.bench.cell import FORMATS, Cell, measure_cell, networks
from edgehuman.bench.pages import formats
from edgehuman.bench.pages.formats import FormatsConfig, make_page, plan, render
from edgehuman.errors import (
    DataError,
    EngineError,
    MissingDependencyError,
    ParityError,
    UsageError,
)


def done(arch: str, format: str, precision: str, *rest: object) -> Cell:
    return Cell(
        arch,
        format,
        precision,
        "done",
        parity={"max_abs": 2e-6, "scale": 1.0, "cosine": 0.99995, "top1_agreement": 0.75},
        bytes=1_500_000,
        latency_ms={"fp32": 3.0, precision: 3.0 if precision == "fp32" else 1.5},
        took_s=12.0,
        cpu_s=8.0,
    )


@pytest.fixture
def config(tmp_path: Path) -> FormatsConfig:
    return FormatsConfig(out=tmp_path / "page.md", work=tmp_path / "work", only=("imuconv",))


@pytest.fixture(autouse=True)
def no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "load_windows", lambda data: None)


def test_small_networks_come_first_and_large_ones_can_be_left_out() -> None:
    names = networks()
    assert (names[0], names[-1]) == ("imuconv_288k", "vit_base")
    assert [name for name in networks(largest_params=1e6) if name.startswith("imu")] == [
        "imuconv_288k", "imuvit_512x5",
    ]  # fmt: skip
    assert networks(["imuvit_1024"]) == ["imuvit_1024x5", "imuvit_1024x10", "imuvit_1024x20"]
    with pytest.raises(UsageError, match="--only names 'nope'; the networks are imuvit_512x5"):
        networks(["nope"])


def test_every_network_has_every_format_and_precision() -> None:
    assert len(plan()) == len(networks()) * len(FORMATS) * 3
    assert plan(["imuconv"])[:3] == [("imuconv_288k", "ONNX", p) for p in ("fp32", "fp16", "int8")]


def test_a_page_states_each_precision_in_its_own_measure(config: FormatsConfig) -> None:
    text = make_page(config, done).text
    assert config.out.read_text() == text
    assert "| imuconv_288k | ONNX | fp32 | max abs 2.0e-06 | 1.50 | 3.00 | 1.00 | 12 (8) |" in text
    assert "| ONNX | fp16 | cosine 0.999950 | 1.50 | 1.50 (3.00) | 2.00 | 12 (8) |" in text
    assert "| ONNX | int8 | same class 75.0 % | 1.50 | 1.50 (3.00) |" in text
    assert "no accuracy is claimed" in text


def test_what_is_done_is_kept_and_what_failed_is_tried_again(config: FormatsConfig) -> None:
    asked: list[tuple[str, ...]] = []

    def some(*where: Any) -> Cell:
        asked.append(where[:3])
        arch, format, precision = where[:3]
        if format == "ONNX":
            return done(arch, format, precision)
        return Cell(arch, format, precision, "failed", "a | b")

    first = make_page(config, some)
    assert first.exit_code == 1
    assert "| imuconv_288k | TensorRT-RTX | fp32 | failed: a \\| b | | | | |" in first.text
    assert len(asked) == 12
    make_page(config, some)
    assert len(asked) == 12 + 9
    assert all(format != "ONNX" for _, format, _ in asked[12:])


def test_another_seed_or_data_is_another_cell(config: FormatsConfig) -> None:
    make_page(config, done)
    counted: list[str] = []

    def count(*where: Any) -> Cell:
        counted.append(where[0])
        return done(*where)

    make_page(config, count)
    assert not counted
    other = FormatsConfig(out=config.out, work=config.work, only=config.only, seed=1)
    make_page(other, count)
    assert len(counted) == 12


def test_what_no_network_has_is_said_once() -> None:
    absent = [
        Cell(arch, "TensorRT", "fp32", "not measured", "tensorrt is not installed")
        for arch in ("a", "b")
    ]
    text = render(
        [*absent, done("a", "ONNX", "fp32")], {"torch": "2", "tensorrt": "-"}, "simulated"
    )
    assert text.count("tensorrt is not installed") == 1
    row = "| every network | TensorRT | fp32 | not measured: tensorrt is not installed | | | | |"
    assert row in text
    assert "torch 2." in text
    assert "Simulated windows, simulated people and simulated walks judge" in text


def test_what_the_time_did_not_reach_is_not_run(
    config: FormatsConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, *[100.0] * 20])
    monkeypatch.setattr("edgehuman.bench.pages.keep.time.monotonic", lambda: next(clock))
    hurried = FormatsConfig(out=config.out, work=config.work, only=config.only, minutes=1.0)
    text = make_page(hurried, done).text
    assert "| imuconv_288k | all | all | not run: the same command goes on here | | | | |" in text
    assert "not measured" not in text.partition("| network |")[2]
    with pytest.raises(UsageError, match="--minutes is -1"):
        FormatsConfig(minutes=-1)


def test_a_broken_file_of_cells_is_named(config: FormatsConfig) -> None:
    config.work.mkdir()
    (config.work / "cells.json").write_text("{")
    with pytest.raises(UsageError, match="remove it, or give another --work"):
        make_page(config, done)


@pytest.mark.parametrize(
    ("out", "work", "said"),
    [
        ("file/page.md", "work", "file is a file, not a folder"),
        (".", "work", "is a folder, not a file"),
        ("page.md", "file/work", "--work: .*file is a file, not a folder"),
    ],
)
def test_places_that_cannot_be_written_are_refused_before_any_export(
    tmp_path: Path, out: str, work: str, said: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    wrong = FormatsConfig(out=tmp_path / out, work=tmp_path / work, only=("imuconv",))
    asked: list[str] = []

    def some(*where: Any) -> Cell:
        asked.append(where[0])
        return done(*where)

    with pytest.raises(UsageError, match=said):
        make_page(wrong, some)
    assert not asked


def test_data_that_is_not_there_is_one_error(
    config: FormatsConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(data: str) -> None:
        raise DataError("nope: no such file")

    monkeypatch.setattr(formats, "load_windows", refuse)
    with pytest.raises(DataError):
        make_page(config, done)
    assert not config.out.exists()


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
def test_a_real_export_fills_a_cell() -> None:
    pytest.importorskip("onnx")
    cell = measure_cell("imuconv_288k", "ONNX", "fp32", "simulated")
    assert (cell.status, cell.reason) == ("done", "")
    assert cell.parity["max_abs"] < 1e-4
    assert cell.bytes > 1_000_000
    assert cell.latency_ms["fp32"] > 0
