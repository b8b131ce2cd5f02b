"""Folded graphs answer as before: norms exactly, pixels but for the first row and column."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from edgehuman.card import Card, InputSpec, OutputSpec
from edgehuman.export.graph import calibration, int8
from edgehuman.export.graph.folding import fold_norms, fold_pixels, fold_stem
from edgehuman.export.graph.sessions import open_session, run
from edgehuman.export.graph.trace import to_onnx
from edgehuman.nets.image.pixels import Pixels
from edgehuman.records import Float32, Uint8

INPUT = InputSpec("Frame", (16, 24, 3), "uint8", "RGB", 0.0)
CARD = Card("tiny", "detection", "tiny", 0, 0, INPUT, OutputSpec("tokens"))


class Shared(nn.Module):
    """A convolution with a norm for each of two uses, then exponentials of what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.pixels = Pixels()
        self.stem = nn.Conv2d(3, 4, 3, 2, 1)
        self.shared = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(4) for _ in range(2))
        self.last = nn.Conv2d(4, 2, 1)
        for norm in self.norms:
            assert isinstance(norm, nn.BatchNorm2d)
            nn.init.uniform_(norm.weight, 0.5, 2.0)
            norm.running_mean = torch.randn(4)
            norm.running_var = torch.rand(4) + 0.5

    def forward(self, image_NHWC: Tensor) -> Tensor:
        x_NCHW = self.stem(self.pixels(image_NHWC)).relu()
        for norm in self.norms:
            x_NCHW = norm(self.shared(x_NCHW)).relu()
        exponent_NCHW: Tensor = self.last(x_NCHW)
        return exponent_NCHW.clamp(-3, 3).exp().flatten(2)


@pytest.fixture(scope="module")
def model() -> onnx.ModelProto:
    torch.manual_seed(0)
    return to_onnx(Shared().eval(), CARD)


def images() -> Uint8:
    return np.random.default_rng(0).integers(0, 256, (3, 16, 24, 3), np.uint8)


def answer(model: onnx.ModelProto) -> Float32:
    return run(open_session(model, 1), images())


def kinds(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def test_each_use_of_a_shared_convolution_takes_its_norm(model: onnx.ModelProto) -> None:
    assert kinds(model).count("BatchNormalization") == 2
    folded = fold_norms(model)
    assert "BatchNormalization" not in kinds(folded)
    np.testing.assert_allclose(answer(folded), answer(model), rtol=1e-4, atol=1e-5)


def test_pixels_go_into_the_first_convolution(model: onnx.ModelProto) -> None:
    folded = fold_pixels(model)
    assert kinds(folded)[:3] == ["Transpose", "DequantizeLinear", "Conv"]
    assert not {"Cast", "Add"} & set(kinds(folded))
    inside = answer(model).reshape(3, 2, 8, 12)[..., 3:, 3:]
    found = answer(folded).reshape(3, 2, 8, 12)[..., 3:, 3:]
    np.testing.assert_allclose(found, inside, rtol=1e-3, atol=1e-4)


def test_a_graph_without_pixels_stays(model: onnx.ModelProto) -> None:
    once = fold_pixels(model)
    assert fold_pixels(once).SerializeToString() == once.SerializeToString()
    other = onnx.ModelProto()
    other.CopyFrom(model)
    other.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.INT32
    assert fold_pixels(other).SerializeToString() == other.SerializeToString()


def test_a_relu_before_what_is_exact_is_not_rounded_either(model: onnx.ModelProto) -> None:
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    (clamp,) = (node for node in changed.graph.node if node.op_type == "Clip")
    clamp.op_type = "Relu"
    del clamp.input[1:]
    tensors = int8.tensors_to_calibrate(changed)
    bounds = calibration.ranges(calibration.collect(changed, tensors, images()), "minmax")
    nodes = int8.quantise(changed, bounds, "cpu", activated=True).graph.node
    (after,) = (node for node in nodes if node.name == clamp.name)
    (exponential,) = (node for node in nodes if node.op_type == "Exp")
    assert exponential.input[0] == after.output[0]


@pytest.mark.parametrize("target", ["cpu", "tensorrt"])
def test_nothing_is_rounded_after_the_last_convolution(
    model: onnx.ModelProto, target: int8.Target
) -> None:
    folded = fold_norms(model)
    folded = fold_pixels(folded) if target == "cpu" else folded
    assert int8.exact_outputs(folded) == {"last/Conv"}
    tensors = int8.tensors_to_calibrate(folded)
    bounds = calibration.ranges(calibration.collect(folded, tensors, images()), "minmax")
    graph = int8.quantise(folded, bounds, target, activated=True).graph
    after, names = [], {"last/Conv"}
    outputs = {name for node in graph.node if node.name in names for name in node.output}
    for node in graph.node:
        if outputs.intersection(node.input):
            after.append(node.op_type)
            outputs.update(node.output)
    assert after
    assert not {"QuantizeLinear", "DequantizeLinear"} & set(after)
    assert [n.op_type for n in graph.node].count("QuantizeLinear") == (3 if target == "cpu" else 4)


def test_a_stem_over_cells_answers_the_same(model: onnx.ModelProto) -> None:
    read = fold_pixels(model)
    folded = fold_stem(read)
    kinds = [node.op_type for node in folded.graph.node]
    assert kinds[:5] == ["Reshape", "Transpose", "Reshape", "Transpose", "DequantizeLinear"]
    assert np.allclose(answer(folded), answer(read), atol=1e-5)


def test_a_stem_over_cells_answers_the_same_in_int8(model: onnx.ModelProto) -> None:
    def small(graph: onnx.ModelProto) -> Float32:
        histograms = calibration.collect(graph, int8.tensors_to_calibrate(graph), images())
        ranges = calibration.ranges(histograms, "minmax")
        return answer(int8.quantise(graph, ranges, "cpu", activated=True))

    read = fold_pixels(fold_norms(model))
    assert np.array_equal(small(fold_stem(read)), small(read))


@pytest.mark.parametrize(
    ("stem", "size"),
    [
        (nn.Conv2d(3, 4, 3, 1, 1), (16, 24)),
        (nn.Conv2d(3, 4, 5, 2, 2), (16, 24)),
        (nn.Conv2d(3, 4, 3, 2, 0), (16, 24)),
        (nn.Conv2d(3, 3, 3, 2, 1, groups=3), (16, 24)),
        (nn.Conv2d(3, 4, 3, 2, 1), (15, 24)),
        (nn.Conv2d(3, 4, 3, 2, 1), (16, 23)),
        (nn.Conv2d(3, 4, 3, 2, 1, dilation=2), (16, 24)),
    ],
    ids=str,
)
def test_other_stems_stay_as_they_are(stem: nn.Module, size: tuple[int, int]) -> None:
    network = nn.Sequential(Pixels(), stem, nn.ReLU(), nn.Flatten(2)).eval()
    spec = InputSpec("Frame", (*size, 3), "uint8", "RGB", 0.0)
    read = fold_pixels(to_onnx(network, CARD.replace(input=spec)))
    assert fold_stem(read).SerializeToString() == read.SerializeToString()
