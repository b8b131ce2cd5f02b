from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, numpy_helper
from torch import Tensor, nn

from edgehuman.card import IMU_INPUT, Card, OutputSpec
from edgehuman.data.samples import Samples
from edgehuman.errors import ParityError
from edgehuman.export.graph import calibration, int8
from edgehuman.export.graph.sessions import open_session, run
from edgehuman.export.graph.trace import to_onnx
from edgehuman.export.proof.judge import Judge, answers
from edgehuman.export.proof.precision import Int8Options, as_int8
from edgehuman.metrics.parity import compare
from edgehuman.runtime.engine import build_on_device

TARGETS: tuple[int8.Target, ...] = ("cpu", "tensorrt")


def ranges_of(model: onnx.ModelProto, samples: Samples) -> dict[str, calibration.Range]:
    found = calibration.collect(model, int8.tensors_to_calibrate(model), samples.array)
    return calibration.ranges(found, "minmax")


def test_weights_by_hand() -> None:
    weight = np.array([[1.0, 0.5], [-2.0, 0.25]], np.float32)
    step, scale_C = int8.quantise_weight(weight, axis=1, limit=64)
    assert scale_C.tolist() == [2 / 64, 0.5 / 64]
    assert step.tolist() == [[32, 64], [-64, 32]]


def test_only_layers_with_weights_are_quantised(model: onnx.ModelProto, samples: Samples) -> None:
    names = [node.name for node in int8.weight_layers(model)]
    assert len(names) == 10  # embed, 2 x (qkv, project, two of the MLP), head
    assert "blocks.0.attention/MatMul" not in names
    graph = int8.quantise(model, ranges_of(model, samples), "cpu").graph
    fed = {n.input[0] for n in graph.node if n.op_type == "QuantizeLinear"}
    made = {n.output[0]: n.op_type for n in graph.node}
    assert {made.get(name, "input") for name in fed} <= {
        "Reshape", "LayerNormalization", "Gelu", "ReduceMean",
    }  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_both_graphs_stay_close_to_the_network(
    model: onnx.ModelProto, samples: Samples, target: int8.Target
) -> None:
    graph = int8.quantise(model, ranges_of(model, samples), target)
    parity = compare(
        run(open_session(model), samples.array),
        run(open_session(graph), samples.array),
        OutputSpec("classes", tuple("abcdef")),
    )
    assert parity.cosine_mean > 0.995
    assert graph.ByteSize() < 0.75 * model.ByteSize()


@pytest.mark.parametrize(("target", "steps"), [("cpu", 64), ("tensorrt", 127)])
def test_weights_of_a_cpu_have_seven_bits(
    model: onnx.ModelProto, samples: Samples, target: int8.Target, steps: int
) -> None:
    graph = int8.quantise(model, ranges_of(model, samples), target).graph
    known = [numpy_helper.to_array(tensor) for tensor in graph.initializer]
    weights = [array for array in known if array.dtype == np.int8 and array.ndim > 1]
    assert len(weights) == 10
    # Each channel's largest weight is at the end of the steps.
    assert {int(np.abs(array.astype(int)).max()) for array in weights} == {steps}


def test_types_that_each_target_takes(model: onnx.ModelProto, samples: Samples) -> None:
    bounds = ranges_of(model, samples)
    for target, activation, biases in (("cpu", np.uint8, 1), ("tensorrt", np.int8, 0)):
        graph = int8.quantise(model, bounds, target).graph  # type: ignore[arg-type]
        known = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        zeros = [known[n.input[2]] for n in graph.node if n.op_type == "QuantizeLinear"]
        assert {zero.dtype.type for zero in zeros} == {activation}
        if target == "tensorrt":
            assert not any(zero.any() for zero in zeros)
        assert (
            sum(array.dtype == np.int32 and "bias" in n for n, array in known.items()) == 2 * biases
        )


def test_named_layers_stay_as_they_were(model: onnx.ModelProto, samples: Samples) -> None:
    everything = [node.name for node in int8.weight_layers(model)]
    graph = int8.quantise(model, ranges_of(model, samples), "cpu", everything)
    np.testing.assert_array_equal(
        run(open_session(graph), samples.array), run(open_session(model), samples.array)
    )


class _Convolutions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(6, 16, 5, padding=2)
        self.second = nn.Conv1d(16, 16, 3, groups=4)
        self.head = nn.Linear(16, 6)

    def forward(self, imu_NTC: Tensor) -> Tensor:
        y = torch.relu(self.first(imu_NTC.transpose(1, 2)))
        logits: Tensor = self.head(torch.relu(self.second(y)).mean(2))
        return logits


@pytest.mark.parametrize("target", TARGETS)
def test_convolutions_too(samples: Samples, target: int8.Target) -> None:
    torch.manual_seed(0)
    card = Card("conv", "activity", "made", 0, 0, IMU_INPUT, OutputSpec("classes", tuple("abcdef")))
    model = to_onnx(_Convolutions().eval(), card)
    graph = int8.quantise(model, ranges_of(model, samples), target)
    parity = compare(
        run(open_session(model), samples.array),
        run(open_session(graph), samples.array),
        card.output,
    )
    assert parity.cosine_mean > 0.995


def judge_of(network: nn.Module, card: Card, samples: Samples) -> Judge:
    return Judge(samples, answers(network, samples.array), card.output)


def test_a_wide_budget_keeps_nothing_in_float_and_names_its_calibration(
    network: nn.Module, card: Card, model: onnx.ModelProto, samples: Samples
) -> None:
    calibrating, judging = calibration.split(samples, 48, 48, seed=0)
    form = as_int8(
        model, judge_of(network, card, judging), Int8Options(calibrating, "cpu", max_drop=50)
    )
    assert form.precision.float_layers == ()
    assert form.precision.calibration_sha256 == calibrating.sha256()
    assert (form.precision.calibration or "").startswith("48 made windows, ")


def test_what_the_tensorrt_graph_leaves_in_float_is_half(
    network: nn.Module, card: Card, model: onnx.ModelProto, samples: Samples
) -> None:
    calibrating, judging = calibration.split(samples, 48, 48, seed=0)
    form = as_int8(
        model, judge_of(network, card, judging), Int8Options(calibrating, "tensorrt", max_drop=50)
    )
    known = {tensor.name: tensor.data_type for tensor in form.model.graph.initializer}
    nodes = form.model.graph.node
    scales = {known[n.input[1]] for n in nodes if n.op_type.endswith("QuantizeLinear")}
    biases = {known[n.input[1]] for n in nodes if n.op_type == "Add" and n.input[1] in known}
    norms = {known[n.input[1]] for n in nodes if n.op_type == "LayerNormalization"}
    assert scales == biases == {TensorProto.FLOAT16}
    assert norms == {TensorProto.FLOAT}
    assert {n.name for n in nodes if n.op_type == "Softmax"} <= set(form.precision.islands)
    assert form.precision.float_layers == ()
    assert form.verdict.parity.cosine_mean > 0.995


def test_an_impossible_budget_says_that_there_is_none(
    network: nn.Module, card: Card, model: onnx.ModelProto, samples: Samples
) -> None:
    options = Int8Options(samples, "cpu", "minmax", max_drop=-1.0)
    with pytest.raises(ParityError, match=r"no INT8 graph is within its budget .--max-drop -1\.0"):
        as_int8(model, judge_of(network, card, samples), options)


def build(model: onnx.ModelProto) -> bytes:
    trt = pytest.importorskip("tensorrt_rtx", reason="pip install 'edgehuman[tensorrt-rtx]'")
    told = build_on_device.Options(capabilities=(86,))
    content = model.SerializeToString()
    return build_on_device.build(trt, content, told, b"", lambda share, phase: None)[0]


def test_tensorrt_takes_its_own_graph(model: onnx.ModelProto, samples: Samples) -> None:
    assert len(build(int8.quantise(model, ranges_of(model, samples), "tensorrt"))) > 10_000


def test_tensorrt_names_the_node_of_a_cpu_graph(model: onnx.ModelProto, samples: Samples) -> None:
    graph = int8.quantise(model, ranges_of(model, samples), "cpu")
    said = r"QuantizeLinear at node embed/MatMul/input/QuantizeLinear"
    with pytest.raises(build_on_device.BuildError, match=said):
        build(graph)
