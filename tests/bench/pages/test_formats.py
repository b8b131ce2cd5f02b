"""The page of the formats: what is kept, what is tried again, and that nothing is hidden."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.cell import FORMATS, Cell, networks
from edgehuman.bench.pages import formats
from edgehuman.bench.pages.formats import FormatsConfig, make_page, plan, render
from edgehuman.errors import (
    DataError,
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
    return FormatsConfig(out=tmp_path / "page.md", work=tmp_path / "work", only=("imuconv_288",))


@pytest.fixture(autouse=True)
def no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "load_windows", lambda data: None)


def test_every_network_has_every_format_and_precision() -> None:
    assert len(plan()) == len(networks()) * len(FORMATS) * 3
    assert plan(["imuconv_288"])[:3] == [
        ("imuconv_288k", "ONNX", p) for p in ("fp32", "fp16", "int8")
    ]


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
    with pytest.raises(UsageError, match="delete it, or choose another --work"):
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
    wrong = FormatsConfig(out=tmp_path / out, work=tmp_path / work, only=("imuconv_288",))
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
