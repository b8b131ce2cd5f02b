"""INT8 in the graph: QuantizeLinear / DequantizeLinear around layers with weights only.

One set of ranges gives two graphs:

    cpu         uint8 activations, int8 weights per output channel, int32 biases, quantised Conv
                outputs, which onnxruntime's CPU kernels fuse into MatMulIntegerToFloat, QGemm and
                QLinearConv
    tensorrt    symmetric int8 activations, int8 weights per output channel, float biases:
                TensorRT's parser supports neither int32 biases nor zero points

Kept in float by rule: LayerNorm, softmax, GELU, residual sums, attention's products of activations,
and everything after the last convolutions of a detector.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from edgehuman.export.graph.calibration import Range
from edgehuman.export.graph.tidy import constants, drop_unused
from edgehuman.records import Float32

Target = Literal["cpu", "tensorrt"]
# Without VNNI, x86 adds two uint8 x int8 products in 16 saturating bits: 7-bit weights cannot
# overflow them, so a file gives the same answer on every CPU. TensorRT accumulates in 32 bits.
WEIGHT_LIMIT = {"cpu": 64, "tensorrt": 127}
_TINY = 1e-12
# What rounds badly: see `exact_outputs`.
_EXACT = ("Exp", "TopK")


def weight_layers(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """The nodes to quantise: Conv, Gemm and MatMul with a constant weight, before any TopK."""
    known = constants(model.graph)
    late = _after_choice(model.graph)
    return [
        node
        for node in model.graph.node
        if node.op_type in ("Conv", "Gemm", "MatMul")
        and node.name not in late
        and node.input[1] in known
        and node.input[0] not in known
        and (node.op_type == "Conv" or len(known[node.input[1]].dims) == 2)
        and not _attribute(node, "transA", 0)
    ]


def _after_choice(graph: onnx.GraphProto) -> set[str]:
    """The nodes that compute with what a TopK has chosen: a few rows, and TensorRT 10.3 fails on
    Q/DQ there.
    """
    made: set[str] = set()
    found: set[str] = set()
    for node in graph.node:  # in the order of computation
        if node.op_type == "TopK" or made.intersection(node.input):
            made.update(filter(None, node.output))  # an optional one that is not there has no name
            found.add(node.name)
    return found


def num_weights(model: onnx.ModelProto) -> dict[str, int]:
    """How many numbers the weight of each layer to quantise holds, by the node's name."""
    known = constants(model.graph)
    return {node.name: math.prod(known[node.input[1]].dims) for node in weight_layers(model)}


def tensors_to_calibrate(model: onnx.ModelProto) -> list[str]:
    """The tensors whose ranges `quantise` needs: inputs of weight layers, outputs of Conv."""
    wanted: dict[str, None] = {}
    for node in weight_layers(model):
        wanted[node.input[0]] = None
        if node.op_type == "Conv":
            wanted[node.output[0]] = None
    return list(wanted)


def exact_outputs(model: onnx.ModelProto) -> set[str]:
    """The convolutions whose outputs are never rounded to INT8: those after which an exponential
    makes boxes of them, or their largest are chosen, with no weights in between. Steps of an
    exponent are no steps of a pixel; and TensorRT 10.3 fails on Q/DQ before a TopK.
    """
    layers = {node.name for node in weight_layers(model)}
    readers = _readers(model.graph)
    reaches: dict[str, bool] = {}
    for node in reversed(model.graph.node):  # readers stand after what they read
        after = [each for name in node.output for each in readers.get(name, [])]
        reaches[node.name] = any(
            each.op_type in _EXACT or (each.name not in layers and reaches[each.name])
            for each in after
        )
    return {n.name for n in model.graph.node if n.op_type == "Conv" and reaches[n.name]}


def quantise(
    model: onnx.ModelProto,
    range_of: Mapping[str, Range],
    target: Target,
    float_layers: Collection[str] = (),
    scale_of: Mapping[str, Float32] | None = None,
    activated: bool = False,
) -> onnx.ModelProto:
    """Quantise the weight layers of a copy of the float graph, except `float_layers`.

    Args:
        scale_of: learnt steps (C,) of weights, by initialiser; of the others the largest weight of
            a channel is its last step.
        activated: in the `cpu` graph, round a Conv's output after its ReLU or ReLU6, which the
            steps then do themselves, and not once before and once after; a product of two such
            outputs becomes a QLinearMul.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    writer = _Writer(copy, range_of, target, scale_of or {}, exact_outputs(model))
    chosen = {node.name for node in weight_layers(model)} - set(float_layers)
    if activated and target == "cpu":
        writer.activations = {
            after.name: (before, most)
            for before, after, most in _activations(model)
            if before.name in chosen and before.name not in writer.exact
        }
    nodes = [node for old in model.graph.node for node in writer.rewrite(old, old.name in chosen)]
    del copy.graph.node[:]
    copy.graph.node.extend(nodes)
    drop_unused(copy.graph)
    onnx.checker.check_model(copy)
    return copy


def rounded(tensor: str) -> str:
    """The name of a tensor after its Q/DQ pair."""
    return f"{tensor}.int8"


class _Writer:
    """Write the quantised nodes of one graph, and each Q/DQ pair and scale once."""

    def __init__(
        self,
        model: onnx.ModelProto,
        range_of: Mapping[str, Range],
        target: Target,
        scale_of: Mapping[str, Float32],
        exact: Collection[str] = (),
    ) -> None:
        self.exact = exact
        self._read = {
            node.output[0]: node for node in model.graph.node if node.op_type == "DequantizeLinear"
        }
        self.graph = model.graph
        self.known = constants(model.graph)
        self.range_of = range_of
        self.target = target
        self.scale_of = scale_of
        self.activations: Mapping[str, tuple[onnx.NodeProto, float]] = {}
        self._pairs: dict[str, tuple[str, float]] = {}
        self._weights: dict[tuple[str, int], tuple[str, Float32]] = {}

    def rewrite(self, node: onnx.NodeProto, chosen: bool) -> list[onnx.NodeProto]:
        """The nodes that replace this one."""
        if not chosen and node.name not in self.activations:
            return [node]
        new = onnx.NodeProto()
        new.CopyFrom(node)
        made: list[onnx.NodeProto] = []
        if not chosen:
            return self._rewrite_activation(node, new)
        new.input[0], activation_scale = self._activation(node, made)
        axis = _channel_axis(node)
        new.input[1], weight_scale_C = self._weight(node.input[1], axis, made)
        if self.target == "cpu" and len(node.input) > 2 and node.input[2] in self.known:
            scale_C = (activation_scale * weight_scale_C).astype(np.float32)
            new.input[2] = self._bias(node, scale_C, made)
        made.append(new)
        rounded_later = node.name in {each.name for each, _ in self.activations.values()}
        exact = node.name in self.exact or rounded_later
        if self.target == "cpu" and node.op_type == "Conv" and not exact:
            new.output[0] = f"{node.output[0]}.float"
            self._pair(node.name, new.output[0], node.output[0], made)
        return made

    def _rewrite_activation(
        self, node: onnx.NodeProto, new: onnx.NodeProto
    ) -> list[onnx.NodeProto]:
        """Round the output of a ReLU or ReLU6 in steps from 0 to its largest value."""
        before, most = self.activations[node.name]
        result = node.output[0]
        _, high = self.range_of.get(result, self.range_of[before.output[0]])
        new.output[0] = f"{result}.float"
        made = [new]
        bounds = 0.0, max(0.0, min(high, most))
        scale = self._pair(node.name, new.output[0], result, made, bounds)
        self._pairs[result] = result, scale
        return made

    def _activation(self, node: onnx.NodeProto, made: list[onnx.NodeProto]) -> tuple[str, float]:
        tensor = node.input[0]
        if tensor in self._read:  # the record's own uint8: see `folding.fold_pixels`
            step = numpy_helper.to_array(self.known[self._read[tensor].input[1]])
            return tensor, float(step)
        if tensor not in self._pairs:
            result = rounded(tensor)
            self._pairs[tensor] = result, self._pair(node.name, tensor, result, made)
        return self._pairs[tensor]

    def _pair(
        self,
        layer: str,
        source: str,
        result: str,
        made: list[onnx.NodeProto],
        bounds: Range | None = None,
    ) -> float:
        """Add QuantizeLinear and DequantizeLinear from `source` to `result`; return the scale."""
        bounds = bounds or self.range_of[source.removesuffix(".float")]
        scale, zero = activation_scale(bounds, self.target)
        names = [
            self._constant(f"{result}.scale", np.array(scale, np.float32)),
            self._constant(f"{result}.zero", zero),
        ]
        steps = f"{result}.steps"
        side = "output" if source.endswith(".float") else "input"
        for kind, taken, given in (
            ("QuantizeLinear", source, steps),
            ("DequantizeLinear", steps, result),
        ):
            name = f"{layer}/{side}/{kind}"
            made.append(helper.make_node(kind, [taken, *names], [given], name))
        return scale

    def _weight(self, name: str, axis: int, made: list[onnx.NodeProto]) -> tuple[str, Float32]:
        if (name, axis) not in self._weights:
            weight = numpy_helper.to_array(self.known[name]).astype(np.float32)
            limit, learnt_C = WEIGHT_LIMIT[self.target], self.scale_of.get(name)
            step, scale_C = quantise_weight(weight, axis, limit, learnt_C)
            result = f"{name}.int8.{axis}"
            made.append(self._dequantise(result, step, scale_C, axis))
            self._weights[name, axis] = result, scale_C
        return self._weights[name, axis]

    def _bias(self, node: onnx.NodeProto, scale_C: Float32, made: list[onnx.NodeProto]) -> str:
        bias_C = numpy_helper.to_array(self.known[node.input[2]]).astype(np.float64)
        step_C = np.clip(np.rint(bias_C / scale_C), -(2**31), 2**31 - 1).astype(np.int32)
        # Named after the output: two layers may share a bias, but not its scale.
        result = f"{node.output[0]}.bias.int32"
        made.append(self._dequantise(result, step_C, scale_C, 0))
        return result

    def _dequantise(
        self, result: str, step: NDArray[Any], scale_C: Float32, axis: int
    ) -> onnx.NodeProto:
        inputs = [
            self._constant(f"{result}.steps", step),
            self._constant(f"{result}.scale", scale_C),
            self._constant(f"{result}.zero", np.zeros(scale_C.shape, step.dtype)),
        ]
        return helper.make_node(
            "DequantizeLinear", inputs, [result], f"{result}/DequantizeLinear", axis=axis
        )

    def _constant(self, name: str, array: NDArray[Any]) -> str:
        self.graph.initializer.append(numpy_helper.from_array(array, name))
        return name


def _activations(
    model: onnx.ModelProto,
) -> Iterator[tuple[onnx.NodeProto, onnx.NodeProto, float]]:
    """Each Conv that a ReLU, or a Clip from 0, alone reads; that node; and its largest value."""
    known = constants(model.graph)
    readers = _readers(model.graph)
    outputs = {output.name for output in model.graph.output}
    for node in model.graph.node:
        after = readers.get(node.output[0], [])
        if node.op_type != "Conv" or len(after) != 1 or node.output[0] in outputs:
            continue
        if after[0].op_type == "Relu":
            yield node, after[0], math.inf
        elif after[0].op_type == "Clip" and all(name in known for name in after[0].input[1:]):
            bounds = [float(numpy_helper.to_array(known[name])) for name in after[0].input[1:]]
            if len(bounds) == 2 and bounds[0] == 0:
                yield node, after[0], bounds[1]


def quantise_weight(
    weight: Float32, axis: int, limit: int, scale_C: Float32 | None = None
) -> tuple[NDArray[np.int8], Float32]:
    """Quantise a weight to -limit..limit, symmetrically, with a scale per channel along `axis`.

    Args:
        scale_C: the scales; by default from the largest weight of each channel.
    """
    others = tuple(i for i in range(weight.ndim) if i != axis)
    if scale_C is None:
        scale_C = np.maximum(np.abs(weight).max(axis=others), _TINY).astype(np.float32) / limit
    shape = [-1 if i == axis else 1 for i in range(weight.ndim)]
    step = np.clip(np.rint(weight / scale_C.reshape(shape)), -limit, limit)
    return step.astype(np.int8), scale_C.astype(np.float32)


def activation_scale(bounds: Range, target: Target) -> tuple[float, NDArray[Any]]:
    """The step and the zero point that cover a range."""
    low, high = bounds
    if target == "tensorrt":
        return max(-low, high, _TINY) / 127, np.array(0, np.int8)
    scale = max(high - low, _TINY) / 255
    return scale, np.array(np.clip(np.rint(-low / scale), 0, 255), np.uint8)


def _readers(graph: onnx.GraphProto) -> dict[str, list[onnx.NodeProto]]:
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    return readers


def _channel_axis(node: onnx.NodeProto) -> int:
    """The weight's axis of output channels."""
    if node.op_type == "Conv" or _attribute(node, "transB", 0):
        return 0
    return 1


def _attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    for attribute in node.attribute:
        if attribute.name == name:
            return helper.get_attribute_value(attribute)
    return default
