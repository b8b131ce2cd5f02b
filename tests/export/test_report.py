"""What an export says at its end, for machines and for people."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from edgehuman.card import Precision
from edgehuman.export.proof.judge import Verdict
from edgehuman.export.report import Report, outcome
from edgehuman.metrics.parity import Parity

SAME = Parity(samples=64, cosine=0.999, cosine_mean=0.9995, max_abs=2e-3, scale=4.0)


def report(path: Path, parity: Parity = SAME, drop: float = 0.5, **changes: Any) -> Report:
    path.write_bytes(bytes(1500))
    told: dict[str, Any] = {
        "path": path,
        "files": (path,),
        "precision": Precision("fp16"),
        "verdict": Verdict(parity, "macro_f1", 0.9, drop),
        "latency_ms": {},
        "notes": (),
        "layers": "",
        "engine": {},
    }
    return Report(**{**told, **changes})


def test_numbers_for_machines_and_lines_for_people(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    said = outcome(report(path, notes=["int8 refused"], latency_ms={"fp16": 0.25}))
    assert isinstance(said.data, dict)
    assert (said.data["bytes"], said.data["files"]) == (1500, [str(path)])
    assert (said.data["metric_value"], said.data["metric_drop"]) == (0.9, 0.5)
    assert said.data["parity"]["cosine"] == 0.999
    assert said.text.splitlines() == [
        f"{path} (0.00 MB, fp16)",
        "parity on 64 samples: cosine 0.999000, max abs 2.00e-03",
        "macro_f1 0.9000, 0.50 points lost",
        "median of one sample on onnxruntime: fp16 0.250 ms",
        "int8 refused",
    ]


@pytest.mark.parametrize(
    ("agreement", "said"),
    [
        ({"top1_agreement": 0.5}, ", same class 50.0 %"),
        ({"label_agreement": 0.25}, ", same answer 25.0 %"),
        ({"retrieval_agreement": 1.0}, ", same neighbours 100.0 %"),
        ({"joint_shift_px": 1.5}, ", joints moved 1.50 px"),
    ],
)
def test_what_of_the_answers_stayed_the_same(
    tmp_path: Path, agreement: dict[str, float], said: str
) -> None:
    parity = Parity(64, 0.999, 0.9995, 2e-3, 4.0, **agreement)
    assert outcome(report(tmp_path / "x.onnx", parity)).text.splitlines()[1].endswith(said)


def test_a_gain_is_no_loss(tmp_path: Path) -> None:
    assert "0.50 points gained" in outcome(report(tmp_path / "x.onnx", drop=-0.5)).text


def test_many_layers_in_float_are_counted_by_operator(tmp_path: Path) -> None:
    few = Precision("fp16", float_layers=("a/MatMul", "b/MatMul"))
    assert "in float: a/MatMul, b/MatMul" in outcome(report(tmp_path / "x", precision=few)).text
    many = Precision(
        "fp16", float_layers=(*(f"{i}/MatMul" for i in range(7)), "a/Conv_2", "b/Conv")
    )
    assert "in float: 7 MatMul, 2 Conv" in outcome(report(tmp_path / "x", precision=many)).text


def test_a_folder_is_as_large_as_its_files(tmp_path: Path) -> None:
    report(tmp_path / "build.py")
    bundle = dataclasses.replace(report(tmp_path / "x.onnx"), path=tmp_path)
    said = outcome(bundle).data
    assert isinstance(said, dict)
    assert said["bytes"] == 3000
