"""The precisions of one graph: what is tried, refused and chosen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgehuman.card import OutputSpec, Precision
from edgehuman.data.samples import unlabelled
from edgehuman.errors import ArtefactError, ParityError
from edgehuman.export.forms import (
    beside_student,
    choose,
    forms_of,
    latency_ms,
    named,
    require_unspoilt,
)
from edgehuman.export.proof import precision
from edgehuman.export.proof.explanation import Refusal
from edgehuman.export.proof.judge import Judge, Verdict
from edgehuman.export.proof.precision import Form
from edgehuman.export.words import ExportConfig
from edgehuman.metrics.parity import Parity

VERDICT = Verdict(Parity(1, 1.0, 1.0, 0.0, 1.0), "cosine_mean", 1.0, 0.0)
VECTOR_ND = np.ones((1, 2), np.float32)
JUDGE = Judge(unlabelled(VECTOR_ND, np.array(["a"]), "made"), VECTOR_ND, OutputSpec("embedding"))


def form(name: str, filler: int = 0) -> Form:
    return Form(onnx.ModelProto(doc_string="x" * filler), Precision(name), VERDICT)


def config(**changes: object) -> ExportConfig:
    return ExportConfig("any", **{"out": Path("x.onnx"), **changes})  # type: ignore[arg-type]


def test_auto_goes_on_without_what_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> Form:
        raise ArtefactError("onnxruntime cannot run it")

    monkeypatch.setattr(precision, "as_fp32", lambda model, judge: form("fp32"))
    monkeypatch.setattr(precision, "as_fp16", broken)
    made = forms_of(config(precision="auto"), onnx.ModelProto(), JUDGE, None, None)
    assert [each.name for each in made] == ["fp32", "fp16", "int8"]
    assert [each.reason for each in made if isinstance(each, Refusal)] == [
        "onnxruntime cannot run it",
        "not tried; it needs --data",
    ]
    with pytest.raises(ArtefactError):
        forms_of(config(precision="fp16"), onnx.ModelProto(), JUDGE, None, None)


def test_a_slower_precision_is_chosen_with_a_note_if_it_was_asked_for() -> None:
    made: list[Form | Refusal] = [form("fp32", 100), form("fp16")]
    chosen, notes = choose(config(precision="fp16"), made, {"fp32": 1.0, "fp16": 2.0}, 0.5)
    assert chosen.name == "fp16"
    assert notes == ["fp16 is not faster on this machine's CPU: 2.000 ms, 1.000 ms in fp32"]
    larger: list[Form | Refusal] = [form("fp32"), form("int8", 100)]
    with pytest.raises(ParityError, match="int8 gains nothing"):
        choose(config(precision="int8", data="made"), larger, {"fp32": 1.0, "int8": 2.0}, 0.5)


def test_a_missing_float_student_is_said(tmp_path: Path) -> None:
    judge, remarks = beside_student(ExportConfig(str(tmp_path / "qat")), JUDGE)
    assert judge is JUDGE
    assert len(remarks) == 1
    assert "is not in the folder above it" in remarks[0]


def test_a_training_that_spoilt_the_student_is_refused() -> None:
    made = form("int8")
    require_unspoilt(made, JUDGE, 0.5, "tiny")
    kept, spoilt = (
        replace(made, verdict=replace(VERDICT, to_student=replace(VERDICT, drop=drop)))
        for drop in (0.5, 0.6)
    )
    require_unspoilt(kept, JUDGE, 0.5, "tiny")
    with pytest.raises(ParityError, match=r"tiny in int8: .* 0\.60 points under the float student"):
        require_unspoilt(spoilt, JUDGE, 0.5, "tiny")
    require_unspoilt(spoilt, JUDGE, 0.7, "tiny")


def test_an_engine_is_not_timed_and_a_refusal_names_its_model() -> None:
    engine = config(format="tensorrt", engine="tensorrt-rtx", out=None)
    assert latency_ms(engine, [form("fp32")], JUDGE) == {}
    card = type("Named", (), {"name": "tiny"})()
    assert named(Refusal("int8", "too far"), card).reason == "tiny in int8: too far"
