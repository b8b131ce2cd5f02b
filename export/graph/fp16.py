"""FP16 in the graph: every float tensor in float16, but for islands that stay in float32.

Islands by rule: LayerNorm and the other norms, softmax, reductions and the operators that sum
squares or exponents, the bias added to attention scores, and the module that normalises raw
coordinates (`normalise`), as float16 counts pixels beyond 2048 in twos. Islands by measurement:
every node whose input or output goes beyond float16 on the given samples, or whose constants do,
and every Q/DQ node whose scale is too small for it. Inputs and outputs of the graph keep their
type.

An initialiser that serves both halves appears twice, under two names: the public converter gives
two casts of one shared initialiser the same name, and TensorRT's parser refuses that graph.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edgehuman.errors import ArtefactError
from edgehuman.export.graph.sessions import batch_of, exposed, open_session
from edgehuman.export.graph.tidy import constants, drop_unused, infer_shapes

ISLANDS = frozenset(
    [
        "LayerNormalization",
        "RMSNormalization",
        "GroupNormalization",
        "InstanceNormalization",
        "BatchNormalization",
        "LpNormalization",
        "MeanVarianceNormalization",
        "Softmax",
        "LogSoftmax",
        "ReduceMean",
        "ReduceSum",
        "ReduceSumSquare",
        "ReduceL1",
        "ReduceL2",
        "ReduceLogSum",
        "ReduceLogSumExp",
        "ReduceProd",
        "GlobalAveragePool",
        "CumSum",
        "Pow",
        "Exp",
        "Log",
        "Sqrt",
        "Reciprocal",
        "Resize",
    ]
)
# Moves numbers without computing: takes the type it is given, so no cast is needed around it.
_MOVES = frozenset(
    [
        "Reshape",
        "Transpose",
        "Slice",
        "Squeeze",
        "Unsqueeze",
        "Flatten",
        "Identity",
        "Expand",
        "Gather",
        "Split",
        "Tile",
    ]
)
# The module, at any depth, whose input is in raw units.
_RAW = "normalise"
# Half of float16's largest number: the samples seen are not all there are.
LIMIT = 65504.0 / 2
# Float16's smallest number with all its bits: a scale below it would be rounded coarsely, or to 0.
SMALLEST_SCALE = 2.0**-14


def convert(
    model: onnx.ModelProto, wide: Collection[str]
) -> tuple[onnx.ModelProto, tuple[str, ...]]:
    """A copy of the float32 graph in float16, and the names of its islands. An INT8 graph is taken
    too: what it left in float32 becomes float16.

    Args:
        wide: the tensors that float16 cannot hold, as `overflowing` finds them.

    Raises:
        ArtefactError: the graph has sub-graphs (If, Loop), which have no place here.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for node in copy.graph.node:
        if any(a.type == onnx.AttributeProto.GRAPH for a in node.attribute):
            raise ArtefactError(
                f"{node.name}: {node.op_type} has a sub-graph; FP16 takes graphs without"
            )
    infer_shapes(copy)
    floats = _float_tensors(copy)
    islands = _islands(copy, set(wide) | _wide_constants(copy, floats))
    writer = _Writer(copy.graph, floats)
    nodes = [
        made for node in model.graph.node for made in writer.rewrite(node, node.name in islands)
    ]
    nodes += list(writer.outputs())
    del copy.graph.node[:]
    copy.graph.node.extend(nodes)
    drop_unused(copy.graph)
    infer_shapes(copy)
    onnx.checker.check_model(copy, full_check=True)
    return copy, tuple(node.name for node in model.graph.node if node.name in islands)


def _float_tensors(model: onnx.ModelProto) -> set[str]:
    infos = (*model.graph.input, *model.graph.value_info, *model.graph.output)
    found = {i.name for i in infos if i.type.tensor_type.elem_type == TensorProto.FLOAT}
    return found | {t.name for t in model.graph.initializer if t.data_type == TensorProto.FLOAT}


def _islands(model: onnx.ModelProto, wide: set[str]) -> set[str]:
    softmaxed = {node.input[0] for node in model.graph.node if node.op_type == "Softmax"}
    islands = _finely_scaled(model)
    for node in model.graph.node:
        is_attention_bias = node.op_type == "Add" and node.output[0] in softmaxed
        if (
            node.op_type in ISLANDS
            or is_attention_bias
            or _RAW in node.name.rpartition("/")[0].split(".")
            or wide.intersection([*node.input, *node.output])
        ):
            islands.add(node.name)
    return islands


def _finely_scaled(model: onnx.ModelProto) -> set[str]:
    """Q/DQ nodes with a scale that float16 cannot hold."""
    known = constants(model.graph)
    return {
        node.name
        for node in model.graph.node
        if node.op_type in ("QuantizeLinear", "DequantizeLinear")
        and np.min(numpy_helper.to_array(known[node.input[1]])) < SMALLEST_SCALE
    }


def _wide_constants(model: onnx.ModelProto, floats: set[str]) -> set[str]:
    return {
        name
        for name, tensor in constants(model.graph).items()
        if name in floats and _largest(numpy_helper.to_array(tensor)) > LIMIT
    }


def overflowing(model: onnx.ModelProto, samples: NDArray[Any]) -> set[str]:
    """Float tensors that go beyond half of float16's range on raw records (N, ...).

    The model's types must be inferred, as `to_onnx` leaves them.
    """
    floats = _float_tensors(model)
    wide: set[str] = set()
    made = [name for node in model.graph.node for name in node.output if name in floats]
    session = open_session(exposed(model, made), os.cpu_count() or 1)
    feed = session.get_inputs()[0].name
    if feed in floats and _largest(samples) > LIMIT:
        wide.add(feed)
    batch = batch_of(samples)
    for start in range(0, len(samples), batch):
        values = session.run(made, {feed: samples[start : start + batch]})
        wide |= {name for name, value in zip(made, values, strict=True) if _largest(value) > LIMIT}
    return wide


def _largest(array: NDArray[Any]) -> float:
    return max(float(np.max(array, initial=0.0)), -float(np.min(array, initial=0.0)))


class _Writer:
    """Writes nodes with the casts they need; each tensor is cast once to each type."""

    def __init__(self, graph: onnx.GraphProto, floats: set[str]) -> None:
        self.graph = graph
        self.floats = floats
        self.known = constants(graph)
        self.half: set[str] = set()
        self._cast: dict[tuple[str, bool], str] = {}
        self._final = {
            info.name: f"{info.name}.graph" for info in graph.output if info.name in floats
        }

    def rewrite(self, node: onnx.NodeProto, island: bool) -> Iterator[onnx.NodeProto]:
        """The casts that this node needs, then the node."""
        new = onnx.NodeProto()
        new.CopyFrom(node)
        wants_half = not island
        if node.op_type in _MOVES and node.input[0] not in self.known:
            wants_half = node.input[0] in self.half
        elif not any(name in self.floats for name in node.input):
            # Made from no float at all (a Cast of uint8, a ConstantOfShape): float32 as it stands.
            wants_half = False
        for i, name in enumerate(node.input):
            if name in self.floats and not (node.op_type == "Resize" and i > 0):
                new.input[i] = yield from self._as(name, wants_half)
        for i, name in enumerate(node.output):
            new.output[i] = self._final.get(name, name)
            if wants_half and name in self.floats:
                self.half.add(name)
        yield new

    def outputs(self) -> Iterator[onnx.NodeProto]:
        """The graph's own outputs, in float32 under their own names."""
        for name, inner in self._final.items():
            to = helper.make_node("Cast", [inner], [name], f"{name}/Cast", to=TensorProto.FLOAT)
            same = helper.make_node("Identity", [inner], [name], f"{name}/Identity")
            yield to if name in self.half else same

    def _as(self, name: str, half: bool) -> Any:
        inner = self._final.get(name, name)
        if name in self.known:
            return self._constant(name, half)
        if (name in self.half) == half:
            return inner
        if (name, half) not in self._cast:
            result = f"{name}.{'float16' if half else 'float32'}"
            kind = TensorProto.FLOAT16 if half else TensorProto.FLOAT
            yield helper.make_node("Cast", [inner], [result], f"{result}/Cast", to=kind)
            self._cast[name, half] = result
        return self._cast[name, half]

    def _constant(self, name: str, half: bool) -> str:
        if not half:
            return name
        if (name, True) not in self._cast:
            result = f"{name}.float16"
            array = numpy_helper.to_array(self.known[name]).astype(np.float16)
            self.graph.initializer.append(numpy_helper.from_array(array, result))
            self._cast[name, True] = result
        return self._cast[name, True]
