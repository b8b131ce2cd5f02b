"""What an export prints, of results made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgehuman.card import Precision
from edgehuman.export.proof.judge import Verdict
from edgehuman.export.report import Report, outcome
from edgehuman.metrics.parity import Parity

PARITY = Parity(samples=64, cosine=0.99, cosine_mean=0.995, max_abs=0.02, scale=3.0)


@pytest.fixture
def report(tmp_path: Path) -> Report:
    path = tmp_path / "x.onnx"
    path.write_bytes(bytes(1_500_000))
    verdict = Verdict(PARITY, "macro_f1", 0.9, 0.4)
    return Report(path, (path,), Precision("fp32"), verdict, {}, [], "", {})


def lines_of(report: Report) -> list[str]:
    return outcome(report).text.splitlines()


def test_the_file_its_parity_and_its_metric(report: Report) -> None:
    assert lines_of(report) == [
        f"{report.path} (1.50 MB, fp32)",
        "parity on 64 samples: cosine 0.990000, max abs 2.00e-02",
        "macro_f1 0.9000, 0.40 points lost",
    ]
    gained = replace(report, verdict=replace(report.verdict, drop=-0.25))
    assert lines_of(gained)[2] == "macro_f1 0.9000, 0.25 points gained"
    trained = replace(report.verdict, to_student=replace(report.verdict, drop=1.5))
    after = replace(report, verdict=trained)
    assert lines_of(after)[2] == "macro_f1 0.9000, 1.50 points lost, beside the float student"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"top1_agreement": 0.985}, ", same class 98.5 %"),
        ({"label_agreement": 0.75}, ", same answer 75.0 %"),
        (
            {"retrieval_agreement": 0.65, "neighbours_kept": 0.9},
            ", same neighbours 90.0 % (in the same order 65.0 %)",
        ),
        (
            {"retrieval_agreement": 0.5, "neighbours_kept": 0.65},
            ", same neighbours 65.0 %, under 85 % (in the same order 50.0 %)",
        ),
        ({"joint_shift_px": 0.125}, ", joints moved 0.12 px"),
    ],
)
def test_how_far_the_answers_agree(report: Report, found: dict[str, Any], said: str) -> None:
    verdict = replace(report.verdict, parity=replace(PARITY, **found))
    result = outcome(replace(report, verdict=verdict))
    assert result.text.splitlines()[1].endswith(f"max abs 2.00e-02{said}")
    assert isinstance(result.data, dict)
    assert found.items() <= result.data["parity"].items()


def test_json_holds_every_result(report: Report) -> None:
    precision = Precision("int8", ("head/MatMul",), "ab12", "64 made windows, minmax")
    full = replace(
        report, precision=precision, latency_ms={"fp32": 1.0, "int8": 0.5}, notes=["a note"]
    )
    assert outcome(full).data == {
        "path": str(report.path),
        "files": [str(report.path)],
        "precision": "int8",
        "parity": {
            "samples": 64, "cosine": 0.99, "cosine_mean": 0.995, "max_abs": 0.02, "scale": 3.0,
        },
        "metric": "macro_f1",
        "metric_value": 0.9,
        "metric_drop": 0.4,
        "float_layers": ["head/MatMul"],
        "calibration": "64 made windows, minmax",
        "latency_ms": {"fp32": 1.0, "int8": 0.5},
        "bytes": 1_500_000,
        "engine": {},
        "notes": ["a note"],
    }  # fmt: skip


def test_latency_float_layers_and_notes_follow(report: Report) -> None:
    precision = Precision("int8", ("embed/MatMul", "head/MatMul"))
    full = replace(
        report, precision=precision, latency_ms={"fp32": 1.0, "int8": 0.5}, notes=["a note"]
    )
    assert lines_of(full)[3:] == [
        "median latency of one sample on onnxruntime: fp32 1.000 ms, int8 0.500 ms",
        "kept in float: embed/MatMul, head/MatMul",
        "a note",
    ]


def test_many_float_layers_are_counted_by_operator(report: Report) -> None:
    names = [f"blocks.{i}/MatMul" for i in range(7)] + ["head/Gemm", "head/Gemm_2"]
    full = replace(report, precision=Precision("fp16", tuple(names)))
    assert lines_of(full)[-1] == "kept in float: 7 MatMul, 2 Gemm"


def test_the_layer_table_stands_first(report: Report) -> None:
    assert lines_of(replace(report, layers="the table"))[:2] == ["the table", ""]


def test_an_engine_is_described_and_a_bundle_is_as_large_as_its_files(report: Report) -> None:
    about: dict[str, Any] = {
        "library": "tensorrt", "version": "10.3", "built_for": [87], "build_s": 2.5, "parity": None,
    }  # fmt: skip
    (report.path.parent / "x.engine.json").write_bytes(bytes(500_000))
    lines = lines_of(replace(report, path=report.path.parent, engine=about))
    assert lines[0] == f"{report.path.parent} (2.00 MB, fp32)"
    assert lines[3].startswith("tensorrt 10.3, built in 2.5 s for compute capability 87")
