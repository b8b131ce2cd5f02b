"""Which tensors a quantised network rounds: those that the export's INT8 rounds in its graph.

    plan = make_plan(network, model)

Every weight layer of the graph (`int8.weight_layers`) is found in the network by its weight: by its
name where the exporter kept it, by its module's path where the exporter stored it transposed; the
numbers must agree. A layer that is not found stays in float.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn

from edgehuman.export.graph.int8 import Target, weight_layers
from edgehuman.export.graph.tidy import constants


@dataclass(frozen=True, slots=True)
class Layer:
    """One weight layer of the graph, in the network.

    Attributes:
        name: of the graph's node.
        weight: name of the parameter, whose output channels are axis 0.
        input: the tensor of the graph that it takes; layers of one tensor share its quantiser.
        output: the tensor that it gives, where that is rounded too; else empty.
        norm: path of the batch norm that is folded into it; else empty.
        whole_bias: whether the graph rounds its bias to products of the two steps.
    """

    name: str
    weight: str
    input: str
    output: str
    norm: str
    whole_bias: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The layers to quantise, and the names of those that stay in float."""

    layers: tuple[Layer, ...]
    float_layers: tuple[str, ...] = ()

    def tensors(self) -> list[str]:
        """The rounded tensors, each once."""
        names = [name for each in self.layers for name in (each.input, each.output) if name]
        return list(dict.fromkeys(names))

    def without(self, names: set[str]) -> Plan:
        """The plan with these layers in float."""
        kept = tuple(layer for layer in self.layers if layer.name not in names)
        gone = [layer.name for layer in self.layers if layer.name in names]
        return Plan(kept, (*self.float_layers, *gone))


def make_plan(
    network: nn.Module, model: onnx.ModelProto, target: Target, norms: Mapping[str, str]
) -> Plan:
    """The plan of a network and its float32 graph.

    Args:
        network: with its batch norms folded.
        model: as `trace.to_onnx` gives it.
        norms: the folded batch norms, as `fold.pairs`; one that is a node of the graph still is
            taken as a layer of its own.
    """
    known = constants(model.graph)
    norm_of = {
        f"{layer}.weight": norm
        for norm, layer in norms.items()
        if f"{norm}.running_mean" not in known
    }
    weights = {
        name: parameter.detach().cpu().numpy()
        for name, parameter in network.named_parameters()
        if parameter.ndim > 1
    }
    layers, missing = [], []
    for node in weight_layers(model):
        array = numpy_helper.to_array(known[node.input[1]])
        weight = next(_matches(node, array, weights), None)
        if weight is None:
            missing.append(node.name)
            continue
        whole_bias = target == "cpu" and node.op_type in ("Conv", "Gemm")
        output = node.output[0] if target == "cpu" and node.op_type == "Conv" else ""
        norm = norm_of.get(weight, "")
        layers.append(Layer(node.name, weight, node.input[0], output, norm, whole_bias))
    return Plan(tuple(layers), tuple(missing))


def _matches(
    node: onnx.NodeProto, array: NDArray[np.float32], weights: Mapping[str, NDArray[np.float32]]
) -> Iterator[str]:
    """The parameters that may be this node's weight, the likeliest first."""
    path = node.name.rpartition("/")[0]
    likely = (node.input[1], f"{path}.weight")
    for name in (*likely, *weights):
        if name in weights and _is_same(node, array, weights[name]):
            yield name


def _is_same(node: onnx.NodeProto, array: NDArray[np.float32], weight: NDArray[np.float32]) -> bool:
    """Whether the node multiplies by this parameter, output channels first."""
    transposed = any(each.name == "transB" and each.i for each in node.attribute)
    own = array if node.op_type == "Conv" or transposed else array.T
    return own.shape == weight.shape and bool(np.array_equal(own, weight))
