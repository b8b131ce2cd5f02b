"""Each precision's graph: the best ranges, the layers that are left in float, what overflows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from edgehuman.card import Card, OutputSpec, Precision
from edgehuman.data.samples import Samples
from edgehuman.errors import ParityError
from edgehuman.export.graph import calibration, int8, tidy
from edgehuman.export.graph.calibration import Histogram, Method, Range
from edgehuman.export.graph.learnt import LayerSteps, Learnt
from edgehuman.export.graph.sessions import open_session, run
from edgehuman.export.proof.judge import Judge, Verdict, answers
from edgehuman.export.proof.precision import (
    Form,
    Int8Options,
    as_fp16,
    as_int8,
    fastest,
)
from edgehuman.metrics.parity import LEAST_NEIGHBOURS, compare
from edgehuman.records import Float64

SPOILT = "blocks.1.mlp.3/MatMul"


@pytest.fixture
def judge(network: nn.Module, card: Card, samples: Samples) -> Judge:
    return Judge(samples, answers(network, samples.array), card.output)


def input_of(model: onnx.ModelProto, layer: str) -> str:
    return str(next(node.input[0] for node in model.graph.node if node.name == layer))


@pytest.mark.parametrize("right", calibration.METHODS)
def test_auto_takes_the_method_that_keeps_the_metric(
    model: onnx.ModelProto,
    judge: Judge,
    samples: Samples,
    right: Method,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The others take ranges of a hundred times the values: two or three steps are left of 255.
    def ranges(histograms: Mapping[str, Histogram], method: Method) -> dict[str, Range]:
        factor = 1 if method == right else 100
        found = {name: histogram.range("minmax") for name, histogram in histograms.items()}
        return {name: (factor * low, factor * high) for name, (low, high) in found.items()}

    monkeypatch.setattr(calibration, "ranges", ranges)
    form = as_int8(model, judge, Int8Options(samples, "cpu", "auto", max_drop=50))
    assert form.precision.calibration == f"{len(samples)} made windows, {right}"
    assert form.precision.float_layers == ()
    assert form.verdict.parity.cosine_mean > 0.99


def test_the_layers_that_the_fallback_left_in_float_are_float_in_the_graph(
    model: onnx.ModelProto, judge: Judge, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensor = input_of(model, SPOILT)

    def ranges(histograms: Mapping[str, Histogram], method: Method) -> dict[str, Range]:
        found = {name: histogram.range("minmax") for name, histogram in histograms.items()}
        return {**found, tensor: (-2000.0, 2000.0)}

    monkeypatch.setattr(calibration, "ranges", ranges)
    bounds = ranges(
        calibration.collect(model, int8.tensors_to_calibrate(model), samples.array), "minmax"
    )
    lost = judge.verdict(int8.quantise(model, bounds, "cpu")).drop
    form = as_int8(model, judge, Int8Options(samples, "cpu", "minmax", max_drop=lost / 2))
    assert form.precision.float_layers == (SPOILT,)
    assert form.sensitivity[0].layer == SPOILT
    assert input_of(form.model, SPOILT) == tensor  # as exported, with no Q/DQ pair before it
    assert input_of(form.model, "blocks.0.mlp.3/MatMul").endswith(".int8")
    assert form.verdict.drop <= lost / 2
    assert form.verdict == judge.verdict(form.model)


def test_an_int8_graph_that_is_nearly_all_float_is_refused(
    model: onnx.ModelProto, judge: Judge, samples: Samples
) -> None:
    layers = int8.weight_layers(model)
    columns = numpy_helper.to_array(tidy.constants(model.graph)[layers[0].input[1]]).shape[1]
    one = LayerSteps((-4.0, 4.0), None, np.full(columns, 0.01, np.float32))
    steps = Learnt("cpu", "1", {layers[0].name: one})
    options = Int8Options(samples, "cpu", max_drop=50, learnt=steps)
    said = rf"1 of {len(layers)} layers \(\d+ % of their weights\) .* of --max-drop 50; under 33 %"
    with pytest.raises(ParityError, match=said):
        as_int8(model, judge, options)


def test_the_weights_of_a_layer_are_counted(model: onnx.ModelProto) -> None:
    numbers = int8.num_weights(model)
    assert numbers["blocks.0.mlp.0/MatMul"] == 32 * 64
    assert set(numbers) == {node.name for node in int8.weight_layers(model)}


def test_an_embedding_that_finds_others_is_not_without_loss() -> None:
    # Points on a circle: the nearest five are those beside it, whatever the similarity.
    angle_N = np.random.default_rng(1).uniform(0, 2 * np.pi, 60)
    vector_N2 = np.stack([np.cos(angle_N), np.sin(angle_N)], axis=1).astype(np.float32)
    samples = Samples(vector_N2, np.full(60, -1), np.full(60, "a"), "made")
    judge = Judge(samples, vector_N2, OutputSpec("embedding", distance="cosine", dim=2))
    moved = np.random.default_rng(0).normal(0, 0.12, vector_N2.shape).astype(np.float32)
    verdict = judge.of_outputs(vector_N2 + moved)
    kept = verdict.parity.neighbours_kept
    assert kept is not None
    assert kept < 0.8
    assert (verdict.metric, verdict.value) == ("neighbours_kept", kept)
    assert verdict.drop == pytest.approx(100 * (1 - kept))
    assert verdict.drop > judge.most_lost(None) == pytest.approx(100 * (1 - LEAST_NEIGHBOURS))
    assert verdict.parity.cosine_mean > 0.95  # the gate of outputs alone would pass
    assert judge.of_outputs(2 * vector_N2).drop == 0


def _graph(nodes: list[onnx.NodeProto], **constants: Float64) -> onnx.ModelProto:
    """x (N, 2) -> y (N, 2)."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in ("x", "y")]
    known = [numpy_helper.from_array(v.astype(np.float32), name) for name, v in constants.items()]
    graph = helper.make_graph(nodes, "made", ends[:1], ends[1:], known)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return onnx.shape_inference.infer_shapes(model)


def _judge_of(model: onnx.ModelProto) -> Judge:
    """Of records from 50 to 100, whose ten-thousandfold float16 cannot hold."""
    record_N2 = np.random.default_rng(0).uniform(50, 100, (64, 2)).astype(np.float32)
    samples = Samples(record_N2, np.full(64, -1), np.full(64, "a"), "loud records")
    reference = run(open_session(model), record_N2)
    return Judge(samples, reference, OutputSpec("embedding", distance="cosine", dim=2))


def test_fp16_searches_for_what_overflows_and_lists_it() -> None:
    model = _graph(
        [
            helper.make_node("Mul", ["x", "many"], ["big"], "grow"),
            helper.make_node("Mul", ["big", "few"], ["small"], "shrink"),
            helper.make_node("Add", ["small", "small"], ["y"], "double"),
        ],
        many=np.array(1e4),
        few=np.array(1e-4),
    )
    form = as_fp16(model, _judge_of(model))
    assert form.precision.float_layers == ("grow", "shrink")
    assert form.verdict.parity.cosine > 0.999


def test_what_overflows_around_an_int8_layer_of_an_engine_stays_in_float32() -> None:
    model = _graph(
        [
            helper.make_node("Mul", ["x", "many"], ["big"], "grow"),
            helper.make_node("MatMul", ["big", "weight"], ["small"], "layer"),
            helper.make_node("Add", ["small", "small"], ["y"], "double"),
        ],
        many=np.array(1e4),
        weight=np.array([[1e-4, 0], [0, 1e-4]]),
    )
    judge = _judge_of(model)
    form = as_int8(model, judge, Int8Options(judge.samples, "tensorrt", "minmax", max_drop=50))
    assert {"grow", "layer"} <= set(form.precision.islands)
    assert "double" not in form.precision.islands
    assert form.verdict.parity.cosine > 0.999


def form_of(model: onnx.ModelProto, name: str, drop: float = 0.0, gap: float = 0.0) -> Form:
    reference = np.array([[1, 0]], np.float32)
    parity = compare(reference, reference + np.float32(gap), OutputSpec("classes", ("a", "b")))
    return Form(model, Precision(name), Verdict(parity, "macro_f1", 1.0, drop))


def test_auto_takes_the_fastest_that_holds(model: onnx.ModelProto) -> None:
    forms = [form_of(model, "fp32"), form_of(model, "fp16"), form_of(model, "int8")]
    chosen, notes = fastest(forms, {"fp32": 1.0, "fp16": 1.2, "int8": 0.5}, 0.5)
    assert chosen.name == "int8"
    assert notes == ["fp16 refused: not faster here (1.200 ms, fp32 1.000 ms)"]


def test_auto_refuses_what_is_slower_or_worse(model: onnx.ModelProto) -> None:
    forms = [
        form_of(model, "fp32"),
        form_of(model, "fp16", gap=0.2),
        form_of(model, "int8", drop=0.6),
    ]
    chosen, notes = fastest(forms, {"fp32": 1.0, "fp16": 0.5, "int8": 0.5}, 0.5)
    assert chosen.name == "fp32"
    assert "cosine" in notes[0]
    assert notes[1].startswith("int8 refused: macro_f1 drops by 0.60 points")
