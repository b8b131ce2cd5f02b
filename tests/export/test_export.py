from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from edgehuman.card import Card, Metric, skeleton_input
from edgehuman.errors import ArtefactError, CheckpointError, DataError, ParityError, UsageError
from edgehuman.export import export as artefact
from edgehuman.export import networks
from edgehuman.export.export import ExportConfig, export, metrics_of
from edgehuman.export.graph import fp16
from edgehuman.export.graph.sessions import open_session
from edgehuman.export.graph.tidy import constants
from edgehuman.export.graph.trace import card_of, with_card
from edgehuman.export.proof import precision
from edgehuman.export.proof.judge import answers
from edgehuman.metrics.parity import BUDGETS, Budget
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.model import load
from tests.export.conftest import FRAMES, walks
from tests.export.tiny import OUTPUTS, SIZE, graph_of, network_of, saved

METRICS = {
    "reid": "mean_ap",
    "attributes": "mean_accuracy",
    "pose": "mean_oks",
    "simcc": "mean_oks",
    "parsing": "mean_iou",
}


@pytest.mark.parametrize("name", ["fp32", "fp16", "int8"])
def test_one_file_with_its_card_and_its_proof(tiny: None, tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.onnx"
    config = ExportConfig("any", precision=name, data="made", samples=48, out=path, max_drop=5.0)  # type: ignore[arg-type]
    data = export(config).data
    assert isinstance(data, dict)
    assert os.listdir(tmp_path) == ["x.onnx"]
    found = read_card(path)
    assert found.precision.name == name
    assert found.parity["cosine"] == data["parity"]["cosine"] > 0.9
    assert found.parity["source"] == "windows of made"
    assert data["metric"] == found.parity["metric"]
    assert set(data["latency_ms"]) == {"fp32", name}
    assert data["bytes"] == path.stat().st_size
    assert (found.precision.calibration_sha256 is not None) == (name == "int8")


def test_int8_without_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--precision int8 needs --data"):
        export(ExportConfig("imuvit_512x5", precision="int8", out=tmp_path / "x.onnx"))
    assert os.listdir(tmp_path) == []


def test_an_unknown_dataset_is_refused(tmp_path: Path) -> None:
    config = ExportConfig("imuvit_512x5", data="/nowhere.npz", out=tmp_path / "x.onnx")
    with pytest.raises(DataError, match="no such file or folder"):
        export(config)
    assert os.listdir(tmp_path) == []


def test_over_budget_writes_nothing_and_explains(
    tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: onnx.ModelProto
) -> None:
    wrong = onnx.ModelProto()
    wrong.CopyFrom(model)
    tensor = next(t for t in wrong.graph.initializer if t.name == "head.weight")
    array = onnx.numpy_helper.to_array(tensor) * np.float32(1.01)
    tensor.CopyFrom(onnx.numpy_helper.from_array(array, "head.weight"))
    monkeypatch.setattr(artefact, "to_onnx", lambda network, card: wrong)
    config = ExportConfig("any", data="made", out=tmp_path / "x.onnx", explain=True)
    with pytest.raises(ParityError, match=r"(?s)tiny in fp32 .*head/Gemm.* <- diverges here"):
        export(config)
    assert os.listdir(tmp_path) == []


def test_other_weights_are_replaced_only_where_that_is_asked_for(
    tiny: None, tmp_path: Path
) -> None:
    path = tmp_path / "x.onnx"
    words: dict[str, Any] = {"precision": "fp16", "data": "made", "out": path}
    export(ExportConfig("any", **words))
    export(ExportConfig("any", **words))  # the same weights
    other = read_card(path).replace(weights_sha256="other")
    onnx.save(with_card(onnx.load(path), other), path)
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"holds other weights of this network .* add --replace"):
        export(ExportConfig("any", **words))
    assert path.read_bytes() == before
    assert "is replaced" in export(ExportConfig("any", replace=True, **words)).text
    assert read_card(path).weights_sha256 != "other"


def broken_half(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every FP16 graph has an infinite weight in its second block."""
    convert = fp16.convert

    def overflowed(
        model: onnx.ModelProto, wide: set[str]
    ) -> tuple[onnx.ModelProto, tuple[str, ...]]:
        half, islands = convert(model, wide)
        node = next(n for n in half.graph.node if n.name == "blocks.1.mlp.0/MatMul")
        tensor = constants(half.graph)[node.input[1]]
        array = onnx.numpy_helper.to_array(tensor).copy()
        array[0, 0] = np.inf
        tensor.CopyFrom(onnx.numpy_helper.from_array(array, tensor.name))
        return half, islands

    monkeypatch.setattr(fp16, "convert", overflowed)


def test_auto_goes_on_without_a_precision_that_overflows(
    tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_half(monkeypatch)
    config = ExportConfig("any", precision="auto", out=tmp_path / "x.onnx", explain=True)
    outcome = export(config)
    assert isinstance(outcome.data, dict)
    assert outcome.data["precision"] == "fp32"
    notes = outcome.data["notes"]
    assert notes[0].startswith("fp16 refused: ")
    assert "outputs of the graph are not finite" in notes[0]
    assert notes[1] == "int8 refused: not tried; it needs --data"
    table = outcome.text[outcome.text.index("fp32 against fp16") :]
    assert re.search(r"blocks\.1\.mlp\.0/MatMul .*<- not finite from here on", table)


def test_auto_goes_on_without_a_graph_that_onnxruntime_refuses(
    tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*given: object) -> None:
        raise ArtefactError("onnxruntime cannot run the graph: no such kernel")

    monkeypatch.setattr(precision, "as_fp16", refused)
    for name in ("auto", "fp16"):
        config = ExportConfig("any", precision=name, out=tmp_path / "x.onnx")
        if name == "fp16":
            with pytest.raises(ArtefactError, match="no such kernel"):
                export(config)
        else:
            assert "fp16 refused: onnxruntime cannot run the graph" in export(config).text


def test_a_precision_that_overflows_names_the_layer(
    tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_half(monkeypatch)
    config = ExportConfig("any", precision="fp16", data="made", out=tmp_path / "x.onnx")
    with pytest.raises(
        ParityError, match=r"^tiny in fp16: .* not finite.*; --explain shows the layers$"
    ):
        export(config)
    said = r"(?s)^tiny in fp16: .*fp32 against fp16.*blocks\.1\.mlp\.0/MatMul [^\n]*<- not finite"
    with pytest.raises(ParityError, match=said):
        export(replace(config, explain=True))
    assert os.listdir(tmp_path) == []


def test_int8_that_is_neither_smaller_nor_faster_is_refused(
    tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ExportConfig("any", precision="int8", calibration="minmax", data="made", samples=48,
                          out=tmp_path / "x.onnx", max_drop=5.0)  # fmt: skip
    slow = {"fp32": 1.0, "int8": 1.2}
    monkeypatch.setattr(precision, "latency_ms", lambda forms, judge, threads: slow)
    made = precision.as_int8

    def padded(*given: Any) -> precision.Form:
        form = made(*given)
        form.model.doc_string = "x" * 200_000
        return form

    monkeypatch.setattr(precision, "as_int8", padded)
    with pytest.raises(ParityError, match=r"int8 gains nothing: 2\d\d,\d+ bytes and 1\.200 ms"):
        export(config)
    assert os.listdir(tmp_path) == []
    slow["int8"] = 0.5
    export(config)
    assert os.listdir(tmp_path) == ["x.onnx"]


def test_no_int8_graph_inside_the_budget_shows_what_each_layer_costs(
    tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BUDGETS, "int8", Budget(cosine=2.0))  # nothing has it
    config = ExportConfig(
        "any", precision="int8", calibration="minmax", data="made", samples=48,
        out=tmp_path / "x.onnx", explain=True,
    )  # fmt: skip
    with pytest.raises(ParityError, match=r"tiny in int8: no INT8 graph is within") as raised:
        export(config)
    ranking = str(raised.value).partition("output error with only this layer in INT8\n")[2]
    errors = [float(line.split()[0]) for line in ranking.splitlines()]
    assert len(errors) == 10  # embed, 2 x (attention's two, mlp's two), head
    assert errors == sorted(errors, reverse=True)
    assert "head" in ranking
    assert os.listdir(tmp_path) == []


def test_weights_that_are_not_finite_write_nothing(
    tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, card: Card
) -> None:
    broken = nn.Sequential(nn.Flatten(), nn.Linear(768, 6))
    torch.nn.init.constant_(broken[1].weight, torch.inf)  # type: ignore[arg-type]
    monkeypatch.setattr(
        networks, "load", lambda checkpoint, seed, post="inside": (broken.eval(), card)
    )
    with pytest.raises(
        CheckpointError, match=r"4608 of 4608 numbers in '1\.weight' are not finite"
    ):
        export(ExportConfig("any", data="made", out=tmp_path / "x.onnx"))
    assert os.listdir(tmp_path) == []


def test_a_metric_of_the_fp32_network_is_not_taken_for_another_precisions(card: Card) -> None:
    measured = card.replace(metrics=(Metric("macro_f1", 0.97, "test people"),))
    assert metrics_of(measured, "fp32") == measured.metrics
    (said,) = metrics_of(measured, "int8")
    assert (said.name, said.value) == ("macro_f1", 0.97)
    assert said.protocol == "test people; of the FP32 network, not of this file"
    assert metrics_of(card.replace(metrics=(said,)), "int8") == (said,)


def test_explain_prints_the_layers(tiny: None, tmp_path: Path) -> None:
    config = ExportConfig(
        "any", precision="fp16", data="made", out=tmp_path / "x.onnx", explain=True
    )
    text = export(config).text
    assert "network against graph" in text
    assert "fp32 against fp16" in text
    assert "blocks.1.mlp.3/Add" in text


def test_auto_on_this_machine_never_writes_something_slower(
    tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(forms: dict[str, onnx.ModelProto], judge: object, threads: int) -> dict[str, float]:
        return {name: 1.0 if name == "fp32" else 2.0 for name in forms}

    monkeypatch.setattr(precision, "latency_ms", slow)
    config = ExportConfig("any", precision="auto", data="made", samples=48, out=tmp_path / "x.onnx")
    outcome = export(config)
    assert isinstance(outcome.data, dict)
    assert outcome.data["precision"] == "fp32"
    assert "int8 refused: not faster here (2.000 ms" in outcome.text


@pytest.mark.parametrize(("fp16_ms", "said"), [(2.0, True), (0.98, True), (0.5, False)])
def test_a_precision_that_is_not_faster_here_is_told(
    tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fp16_ms: float, said: bool
) -> None:
    monkeypatch.setattr(precision, "latency_ms", lambda *words: {"fp32": 1.0, "fp16": fp16_ms})
    config = ExportConfig("any", precision="fp16", data="made", out=tmp_path / "x.onnx")
    outcome = export(config)
    note = f"fp16 is not faster on this machine's CPU: {fp16_ms:.3f} ms, 1.000 ms in fp32"
    assert (note in outcome.text) == said
    assert isinstance(outcome.data, dict)
    assert (note in outcome.data["notes"]) == said


def test_the_written_graph_is_the_judged_one(tiny: None, tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    export(ExportConfig("any", data="made", out=path))
    model = onnx.load(path)
    assert card_of(model, "x").name == "tiny"
    assert open_session(model).get_inputs()[0].name == "record"


@pytest.mark.usefixtures("tiny_gait")
@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_every_precision_passes_its_gate_and_runs(tmp_path: Path, precision: str) -> None:
    path = tmp_path / "g.onnx"
    asked = ExportConfig(
        "any",
        precision=precision,  # type: ignore[arg-type]
        data="made",
        samples=24,
        calibration="minmax",
        max_drop=5.0,
        out=path,
    )
    said = export(asked).data
    assert isinstance(said, dict)
    assert said["metric"] == "neighbours_kept"
    assert said["parity"]["cosine_mean"] > 0.98
    model = load(path)
    assert model.card.input == skeleton_input(FRAMES)
    assert model.logits(walks(1)).shape == (4, 32)
    assert np.isfinite(model.logits(np.zeros((1, FRAMES, 18, 3), np.float32))).all()


@pytest.mark.usefixtures("tiny_gait")
@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_an_engine_is_built_on_this_cpu(tmp_path: Path, precision: str) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    config = ExportConfig(
        "any",
        format="tensorrt",
        engine="tensorrt-rtx",
        capability=(86,),
        precision=precision,  # type: ignore[arg-type]
        data="made",
        samples=24,
        calibration="minmax",
        max_drop=5.0,
        out=tmp_path / "x.engine",
    )
    assert isinstance(export(config).data, dict)
    assert (tmp_path / "x.engine").stat().st_size > 10_000


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("task", OUTPUTS)
def test_one_graph_per_task_with_its_card_and_its_proof(task: str, tmp_path: Path) -> None:
    folder = saved(tmp_path / task, task)
    path = tmp_path / f"{task}.onnx"
    outcome = export(ExportConfig(str(folder), data="made", out=path))
    assert isinstance(outcome.data, dict)
    assert outcome.data["metric"] == METRICS[task]
    assert outcome.data["metric_drop"] == pytest.approx(0, abs=1e-3)
    model = load(path)
    own = "pose" if task == "simcc" else task
    assert (model.card.task, model.card.output) == (own, OUTPUTS[task])
    image_NHWC = np.random.default_rng(0).integers(0, 256, (3, *SIZE, 3), np.uint8)
    network, _ = network_of(task)
    assert model.logits(image_NHWC) == pytest.approx(answers(network, image_NHWC), abs=1e-4)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("task", "precision"),
    [("attributes", "fp16"), ("pose", "fp16"), ("reid", "int8"), ("parsing", "int8")],
)
def test_lower_precisions_keep_the_metric_of_the_task(
    task: str, precision: Any, tmp_path: Path
) -> None:
    folder = saved(tmp_path / task, task)
    config = ExportConfig(
        str(folder),
        precision=precision,
        data="made",
        samples=32,
        max_drop=5.0,
        out=tmp_path / "x.onnx",
    )
    outcome = export(config, lambda network, card: graph_of(task))
    assert isinstance(outcome.data, dict)
    assert outcome.data["metric"] == METRICS[task]
    assert outcome.data["metric_drop"] <= 5.0
    said = outcome.data["parity"]
    key = {"reid": "retrieval_agreement", "pose": "joint_shift_px"}.get(task, "label_agreement")
    assert key in said
    if precision == "int8":
        assert "labelled pictures of made people" in outcome.data["calibration"]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("task", "precision"),
    [
        ("parsing", "int8"),
        ("reid", "fp16"),
        pytest.param("simcc", "int8", marks=pytest.mark.long),
        pytest.param("simcc", "fp16", marks=pytest.mark.long),
    ],
)
def test_an_engine_is_built_of_a_head(task: str, precision: Any, tmp_path: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    folder = saved(tmp_path / task, task)
    config = ExportConfig(
        str(folder),
        format="tensorrt",
        engine="tensorrt-rtx",
        capability=(86,),
        precision=precision,
        data="made",
        samples=32,
        max_drop=5.0,
        out=tmp_path / "x.engine",
    )
    outcome = export(config, lambda network, card: graph_of(task))
    assert isinstance(outcome.data, dict)
    assert outcome.data["metric"] == METRICS[task]
    assert (tmp_path / "x.engine").stat().st_size > 10_000
