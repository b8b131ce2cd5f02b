"""FP16 in the graph: every float tensor in float16, except islands that stay in float32.

Islands by rule: LayerNorm and the other norms, softmax, reductions and operators that sum squares
or exponents, the bias added to attention scores, the modules that normalise raw coordinates
(`normalise`) or make boxes (`decode`), as float16 has a resolution of 2 pixels beyond 2048, and
what joins boxes with other numbers. Islands by measurement: every node whose input, output or
constants exceed float16 on the given samples, and every Q/DQ node whose scale is too small for it.
Inputs and outputs of the graph keep their type.

An initialiser that is used in both precisions is stored twice, under two names: the public
converter gives two casts of a shared initialiser the same name, and TensorRT's parser refuses that
graph.
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
# Operators that move numbers without computing: they keep their input's type, so need no cast.
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
# Names of modules, at any depth, whose input or output is in raw units or pixels.
_DECODE = "decode"
_RAW = {"normalise", _DECODE}
# Half of float16's largest number, as a margin for unseen samples.
LIMIT = 65504.0 / 2
# Float16's smallest normal number: a smaller scale would be rounded coarsely, or to 0.
SMALLEST_SCALE = 2.0**-14


def convert(
    model: onnx.ModelProto, wide: Collection[str]
) -> tuple[onnx.ModelProto, tuple[str, ...]]:
    """Convert a copy of the float32 graph to float16; also return the names of its islands. In an
    INT8 graph, the float32 nodes become float16.

    Args:
        wide: the tensors that float16 cannot hold, as found by `overflowing`.

    Raises:
        ArtefactError: the graph has sub-graphs (If, Loop), which are not supported.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for node in copy.graph.node:
        if any(a.type == onnx.AttributeProto.GRAPH for a in node.attribute):
            raise ArtefactError(
                f"{node.name}: {node.op_type} has a sub-graph, which FP16 export does not support; "
                "export in fp32, or write that layer without control flow"
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
    islands = _finely_scaled(model) | _joining_decoded(model)
    for node in model.graph.node:
        is_attention_bias = node.op_type == "Add" and node.output[0] in softmaxed
        if (
            node.op_type in ISLANDS
            or is_attention_bias
            or _RAW.intersection(_modules(node))
            or wide.intersection([*node.input, *node.output])
        ):
            islands.add(node.name)
    return islands


def _modules(node: onnx.NodeProto) -> list[str]:
    return node.name.rpartition("/")[0].split(".")


def _joining_decoded(model: onnx.ModelProto) -> set[str]:
    """Nodes that join what a `decode` module made with other numbers: pixels stay as they are."""
    joining: set[str] = set()
    decoded: set[str] = set()
    for node in model.graph.node:
        is_joined = node.op_type == "Concat" and bool(decoded.intersection(node.input))
        is_moved = node.op_type in _MOVES and node.input[0] in decoded
        if is_joined:
            joining.add(node.name)
        if is_joined or is_moved or _DECODE in _modules(node):
            decoded.update(node.output)
    return joining


def _finely_scaled(model: onnx.ModelProto) -> set[str]:
    """Q/DQ nodes with a scale too small for float16."""
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
    """Float tensors that exceed half of float16's range on raw records (N, ...).

    The model must have inferred types, as from `to_onnx`.
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
    """Write nodes with the casts they need; each tensor is cast once to each type."""

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
        """Yield the casts that this node needs, then the node."""
        new = onnx.NodeProto()
        new.CopyFrom(node)
        wants_half = not island
        if node.op_type in _MOVES and node.input[0] not in self.known:
            wants_half = node.input[0] in self.half
        elif not any(name in self.floats for name in node.input):
            # No float input (a Cast of uint8, a ConstantOfShape): it stays in float32.
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
        """Yield the nodes of the graph's outputs, in float32 under their own names."""
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
