"""INT8 in the graph: QuantizeLinear / DequantizeLinear around layers with weights only.

One set of ranges gives two graphs:

    cpu         uint8 activations, int8 weights per output channel, int32 biases, quantised Conv
                outputs, which onnxruntime's CPU kernels fuse into MatMulIntegerToFloat, QGemm and
                QLinearConv
    tensorrt    symmetric int8 activations, int8 weights per output channel, float biases:
                TensorRT's parser supports neither int32 biases nor zero points

Kept in float by rule: LayerNorm, softmax, GELU, residual sums, and attention's products of
activations.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
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


def weight_layers(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """The nodes to quantise: Conv, Gemm and MatMul with a constant weight."""
    known = constants(model.graph)
    return [
        node
        for node in model.graph.node
        if node.op_type in ("Conv", "Gemm", "MatMul")
        and node.input[1] in known
        and node.input[0] not in known
        and (node.op_type == "Conv" or len(known[node.input[1]].dims) == 2)
        and not _attribute(node, "transA", 0)
    ]


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


def quantise(
    model: onnx.ModelProto,
    range_of: Mapping[str, Range],
    target: Target,
    float_layers: Collection[str] = (),
    scale_of: Mapping[str, Float32] | None = None,
) -> onnx.ModelProto:
    """Quantise the weight layers of a copy of the float graph, except `float_layers`.

    Args:
        scale_of: learnt steps (C,) of weights, by initialiser; of the others the largest weight of
            a channel is its last step.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    writer = _Writer(copy, range_of, target, scale_of or {})
    chosen = {node.name for node in weight_layers(model)} - set(float_layers)
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
    ) -> None:
        self.graph = model.graph
        self.known = constants(model.graph)
        self.range_of = range_of
        self.target = target
        self.scale_of = scale_of
        self._pairs: dict[str, tuple[str, float]] = {}
        self._weights: dict[tuple[str, int], tuple[str, Float32]] = {}

    def rewrite(self, node: onnx.NodeProto, chosen: bool) -> list[onnx.NodeProto]:
        """The nodes that replace this one."""
        if not chosen:
            return [node]
        new = onnx.NodeProto()
        new.CopyFrom(node)
        made: list[onnx.NodeProto] = []
        new.input[0], activation_scale = self._activation(node, made)
        axis = _channel_axis(node)
        new.input[1], weight_scale_C = self._weight(node.input[1], axis, made)
        if self.target == "cpu" and len(node.input) > 2 and node.input[2] in self.known:
            scale_C = (activation_scale * weight_scale_C).astype(np.float32)
            new.input[2] = self._bias(node, scale_C, made)
        made.append(new)
        if self.target == "cpu" and node.op_type == "Conv":
            new.output[0] = f"{node.output[0]}.float"
            self._pair(node.name, new.output[0], node.output[0], made)
        return made

    def _activation(self, node: onnx.NodeProto, made: list[onnx.NodeProto]) -> tuple[str, float]:
        tensor = node.input[0]
        if tensor not in self._pairs:
            result = rounded(tensor)
            self._pairs[tensor] = result, self._pair(node.name, tensor, result, made)
        return self._pairs[tensor]

    def _pair(self, layer: str, source: str, result: str, made: list[onnx.NodeProto]) -> float:
        """Add QuantizeLinear and DequantizeLinear from `source` to `result`; return the scale."""
        bounds = self.range_of[source.removesuffix(".float")]
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
