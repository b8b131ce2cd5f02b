"""Split the graph of a network that takes its frames as a set: one part for the frames, one for the
maxima over them.

    record (N, T, ...) -> frame part -> numbers (N, T, M)
    their maximum over T (N, M) -> head part -> what the whole graph gives

A stream keeps the maximum, so that a new frame costs the same however many there were. The parts
are cut from the finished graph, so they have its precision, and its weights bit by bit; the cut is
where it takes the maximum over axis 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from edgehuman.card import Card, OutputSpec
from edgehuman.errors import ArtefactError, ParityError
from edgehuman.export.graph.sessions import open_session
from edgehuman.export.graph.tidy import constants, drop_unused, infer_shapes, shapes
from edgehuman.export.graph.trace import IR_VERSION, card_of, with_card
from edgehuman.records import Uint8

MAXIMA, NUMBERS = "maxima", "numbers"
_OVER_FRAMES = [1]
_TOLERANCE = {"fp32": 1e-6}
_ROUNDED = 1e-3


def is_set(network: nn.Module) -> bool:
    """Whether a network needs no more of its frames than maxima over them; it then tells the shapes
    of what it takes the maxima of.
    """
    return hasattr(network, "map_shapes")


def split(model: onnx.ModelProto) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """The frame part and the head part of a graph with its card, each with a card of its own.

    Raises:
        ArtefactError: the graph has no maximum over its frames, or needs them behind it too.
    """
    card = card_of(model, "the graph to split")
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    infer_shapes(whole)
    cuts = _maxima(whole.graph)
    known, types = shapes(whole.graph), _types(whole.graph)
    sizes = [known.get(cut.output[0], ())[1:] for cut in cuts]
    if not cuts or not all(size and all(isinstance(s, int) for s in size) for size in sizes):
        raise ArtefactError(f"{card.name}: its graph takes no maximum over frames of a known size")
    maps = [(cut, tuple(map(int, size))) for cut, size in zip(cuts, sizes, strict=True)]
    kinds = [types.get(cut.output[0], TensorProto.FLOAT) for cut in cuts]
    width = sum(int(np.prod(size)) for _, size in maps)
    frame = _frame_part(whole, maps, kinds, width)
    head = _head_part(whole, maps, kinds, width, card)
    numbers = OutputSpec("embedding", dim=width)
    maxima = replace(
        card.input, shape=(width,), dtype="float32", units="maxima over frames of the frame part"
    )
    return with_card(frame, card.replace(output=numbers)), with_card(
        head, card.replace(input=maxima)
    )


def require_equal(
    model: onnx.ModelProto, parts: Sequence[onnx.ModelProto], record_NTHW: Uint8, precision: str
) -> None:
    """Check on samples that the two parts give what the whole graph gives.

    Raises:
        ParityError: they differ by more than rounding.
    """
    whole, frame, head = (open_session(each) for each in (model, *parts))
    for record_1THW in (record_NTHW[i : i + 1] for i in range(len(record_NTHW))):
        expected = whole.run(None, {whole.get_inputs()[0].name: record_1THW})[0]
        numbers = [
            frame.run(None, {frame.get_inputs()[0].name: record_1THW[:, t : t + 1]})[0][:, 0]
            for t in range(record_1THW.shape[1])
        ]
        found = head.run(None, {MAXIMA: np.max(numbers, axis=0)})[0]
        largest = float(np.abs(expected).max())
        apart = float(np.abs(found - expected).max()) / max(largest, 1e-12)
        if not apart <= _TOLERANCE.get(precision, _ROUNDED):
            raise ParityError(
                f"the parts for frames differ by {apart:.1e} of the largest number from the whole "
                f"graph in {precision}; report this, and use the whole graph alone"
            )


def _maxima(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes that take the maximum over the frames and drop their axis."""
    known = constants(graph)
    return [node for node in graph.node if node.op_type == "ReduceMax" and _axes(node, known)]


def _axes(node: onnx.NodeProto, known: dict[str, onnx.TensorProto]) -> bool:
    keeps = next((a.i for a in node.attribute if a.name == "keepdims"), 1)
    axes = known.get(node.input[1]) if len(node.input) > 1 else None
    return axes is not None and not keeps and numpy_helper.to_array(axes).tolist() == (_OVER_FRAMES)


def _types(graph: onnx.GraphProto) -> dict[str, int]:
    return {info.name: info.type.tensor_type.elem_type for info in graph.value_info}


def _constant(graph: onnx.GraphProto, name: str, values: Sequence[int]) -> str:
    graph.initializer.append(numpy_helper.from_array(np.array(values, np.int64), name))
    return name


Maps = Sequence[tuple[onnx.NodeProto, tuple[int, ...]]]


def _frame_part(
    whole: onnx.ModelProto, maps: Maps, kinds: Sequence[int], width: int
) -> onnx.ModelProto:
    """Everything in front of the maxima; the maps of each frame flat, side by side, in float32."""
    part = onnx.ModelProto()
    part.CopyFrom(whole)
    graph = part.graph
    flat: list[str] = []
    shape = _constant(graph, "over_frames/flat", [0, 0, -1])
    for i, ((cut, _), kind) in enumerate(zip(maps, kinds, strict=True)):
        name = f"over_frames/map_{i}"
        graph.node.append(
            helper.make_node("Reshape", [cut.input[0], shape], [name], f"over_frames/Reshape_{i}")
        )
        if kind != TensorProto.FLOAT:
            graph.node.append(
                _cast(name, f"{name}.float", TensorProto.FLOAT, f"over_frames/Cast_{i}")
            )
            name = f"{name}.float"
        flat.append(name)
    graph.node.append(helper.make_node("Concat", flat, [NUMBERS], "over_frames/Concat", axis=2))
    batch, frames = (dim.dim_param for dim in graph.input[0].type.tensor_type.shape.dim[:2])
    del graph.output[:]
    graph.output.append(
        helper.make_tensor_value_info(NUMBERS, TensorProto.FLOAT, [batch, frames, width])
    )
    return _finished(part)


def _head_part(
    whole: onnx.ModelProto, maps: Maps, kinds: Sequence[int], width: int, card: Card
) -> onnx.ModelProto:
    """Everything behind the maxima, which come flat and side by side."""
    part = onnx.ModelProto()
    part.CopyFrom(whole)
    graph = part.graph
    record, batch = graph.input[0].name, graph.input[0].type.tensor_type.shape.dim[0].dim_param
    sizes = [int(np.prod(size)) for _, size in maps]
    pieces = [f"over_frames/piece_{i}" for i in range(len(maps))]
    first: list[onnx.NodeProto] = []
    if len(maps) == 1:
        pieces = [MAXIMA]
    else:
        where = _constant(graph, "over_frames/sizes", sizes)
        first.append(
            helper.make_node("Split", [MAXIMA, where], pieces, "over_frames/Split", axis=1)
        )
    for i, ((cut, size), kind, piece) in enumerate(zip(maps, kinds, pieces, strict=True)):
        if kind != TensorProto.FLOAT:
            first.append(
                _cast(piece, f"over_frames/piece_{i}.narrow", kind, f"over_frames/Cast_{i}")
            )
            piece = f"over_frames/piece_{i}.narrow"
        shape = _constant(graph, f"over_frames/shape_{i}", [-1, *size])
        first.append(
            helper.make_node("Reshape", [piece, shape], [cut.output[0]], f"over_frames/Reshape_{i}")
        )
    cut_names = {cut.output[0] for cut, _ in maps}
    rest = [node for node in graph.node if not cut_names.intersection(node.output)]
    nodes = [type(node).FromString(node.SerializeToString()) for node in [*first, *rest]]
    del graph.node[:], graph.input[:]
    graph.node.extend(nodes)
    graph.input.append(helper.make_tensor_value_info(MAXIMA, TensorProto.FLOAT, [batch, width]))
    drop_unused(graph)
    if any(record in node.input for node in graph.node):
        raise ArtefactError(
            f"{card.name}: its graph needs the frames behind the maximum over them as well"
        )
    return _finished(part)


def _cast(name: str, result: str, kind: int, node: str) -> onnx.NodeProto:
    return helper.make_node("Cast", [name], [result], node, to=kind)


def _finished(part: onnx.ModelProto) -> onnx.ModelProto:
    drop_unused(part.graph)
    infer_shapes(part)
    part.ir_version = IR_VERSION
    onnx.checker.check_model(part, full_check=True)
    return part
