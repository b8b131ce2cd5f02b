"""What a graph computes twice is computed once: batch norms and pixels go into convolutions.

    folded = fold_norms(model)              for FP16 and INT8
    folded = fold_stem(fold_pixels(folded)) for INT8 on a CPU

The exporter folds a batch norm only where its convolution has no other: a tower that all strides of
a detector share keeps a norm for each. onnxruntime folds them when it opens a float graph, but not
between Q and DQ.

Pixels are normalised by a gain and an offset for each colour. As the record is uint8 already, it is
read as INT8 with a step of 1: the gain goes into the weights, what the middle of the colours leaves
of the offset into the bias. Where a kernel leaves the picture, that remainder is not 0 as in the
float graph: at most a fifth of a colour's deviation, in the first row and column of the first map.

A 3x3 convolution of stride 2 over three colours takes onnxruntime's INT8 kernels as long as ten
others: they gather nine times three bytes for each result. Four pixels are one cell of twelve
channels, and it is a 2x2 convolution of stride 1 over cells, with the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from edgehuman.export.graph.tidy import constants, drop_unused
from edgehuman.records import Float64

_EPSILON = 1e-5


def fold_norms(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy in which each batch norm of a convolution alone is part of it."""
    copy = _copy(model)
    graph, known = copy.graph, constants(copy.graph)
    made_by = {name: node for node in graph.node for name in node.output}
    num_readers = _num_readers(graph)
    gone = set()
    for norm in graph.node:
        if norm.op_type != "BatchNormalization":
            continue
        conv = made_by.get(norm.input[0])
        fixed = all(name in known for name in norm.input[1:])
        if (
            conv is None
            or conv.op_type != "Conv"
            or not fixed
            or num_readers[norm.input[0]] > 1
            or any(name not in known for name in conv.input[1:])
        ):
            continue
        gain_C, shift_C = _norm(norm, known)
        _set_weights(graph, conv, known, gain_C, shift_C)
        conv.output[0] = norm.output[0]
        gone.add(norm.name)
    _without(graph, gone)
    return copy


def fold_pixels(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy whose first convolution reads the record's uint8 itself; without the pattern of
    `nets.image.pixels.Pixels` before it, as it is.
    """
    copy = _copy(model)
    graph, known = copy.graph, constants(copy.graph)
    chain = _chain(graph, ("Cast", "Transpose", "Mul", "Add", "Conv"))
    if graph.input[0].type.tensor_type.elem_type != onnx.TensorProto.UINT8 or not chain:
        return copy
    _, transpose, mul, add, conv = chain
    gain_C, shift_C = (_channels(node, known) for node in (mul, add))
    if gain_C.size == 0 or shift_C.size != gain_C.size or conv.input[1] not in known:
        return copy
    zero = int(np.clip(np.rint(np.mean(-shift_C / gain_C)), 0, 255))
    weight_OC11 = numpy_helper.to_array(known[conv.input[1]]).astype(np.float64)
    if weight_OC11.shape[1] != gain_C.size:
        return copy
    rest_C = shift_C + gain_C * zero
    bias_O = np.einsum("ocij,c->o", weight_OC11, rest_C) + _bias(conv, known, len(weight_OC11))
    _put(graph, conv, weight_OC11 * gain_C[:, None, None], bias_O)
    record, raw = graph.input[0].name, f"{conv.name}.raw"
    for part, array in (("scale", np.array(1, np.float32)), ("zero", np.array(zero, np.uint8))):
        graph.initializer.append(numpy_helper.from_array(array, f"{raw}.{part}"))
    turned = helper.make_node("Transpose", [record], [raw], f"{raw}/Transpose", perm=[0, 3, 1, 2])
    read = helper.make_node(
        "DequantizeLinear", [raw, f"{raw}.scale", f"{raw}.zero"], [f"{raw}.float"], f"{raw}/Read"
    )
    conv.input[0] = read.output[0]
    _without(graph, {node.name for node in (chain[0], transpose, mul, add)}, [turned, read])
    return copy


def fold_stem(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy whose first convolution goes over cells of 2x2 pixels; where `fold_pixels` did
    nothing, or the kernel is not 3x3 in steps of 2 over even sides, as it is.
    """
    copy = _copy(model)
    graph, known = copy.graph, constants(copy.graph)
    record = graph.input[0]
    sides = [each.dim_value for each in record.type.tensor_type.shape.dim][1:]
    chain = _chain(graph, ("Transpose", "DequantizeLinear", "Conv"))
    if not chain or len(sides) != 3 or not all(sides):
        return copy
    turned, read, conv = chain
    weight_OC33 = numpy_helper.to_array(known[conv.input[1]]).astype(np.float64)
    height, width, colours = sides
    said = {each.name: list(each.ints) for each in conv.attribute if each.ints}
    wanted = {"strides": [2, 2], "pads": [1, 1, 1, 1], "dilations": [1, 1]}
    is_stem = all(said.get(name) == value for name, value in wanted.items())
    if not is_stem or weight_OC33.shape[1:] != (colours, 3, 3) or height % 2 or width % 2:
        return copy
    # Row 2y - 1 + k of the picture is row (k + 1) % 2 of the cell y - 1 + (k + 1) // 2.
    weight_OYXC22 = np.zeros((len(weight_OC33), 2, 2, colours, 2, 2))
    for row, column in np.ndindex(3, 3):
        (cell_y, y), (cell_x, x) = divmod(row + 1, 2), divmod(column + 1, 2)
        weight_OYXC22[:, y, x, :, cell_y, cell_x] = weight_OC33[:, :, row, column]
    bias_O = _bias(conv, known, len(weight_OC33))
    _put(graph, conv, weight_OYXC22.reshape(-1, 4 * colours, 2, 2), bias_O)
    for name, value in (("strides", [1, 1]), ("pads", [1, 1, 0, 0]), ("kernel_shape", [2, 2])):
        kept = next(each for each in conv.attribute if each.name == name)
        kept.CopyFrom(helper.make_attribute(name, value))
    first = _cells(graph, read.input[0], height, width, colours)
    _without(graph, {turned.name}, first)
    return copy


def _cells(
    graph: onnx.GraphProto, raw: str, height: int, width: int, colours: int
) -> list[onnx.NodeProto]:
    """The nodes that make `raw`, cells of 2x2 pixels (N, 4 C, H / 2, W / 2), of the record."""
    rows, columns = height // 2, width // 2
    shapes = {
        "pairs": [-1, rows, 2, columns, 2 * colours],
        "cells": [-1, rows, columns, 4 * colours],
    }
    for name, shape in shapes.items():
        array = np.array(shape, np.int64)
        graph.initializer.append(numpy_helper.from_array(array, f"{raw}.{name}.shape"))

    def node(kind: str, inputs: list[str], result: str, **said: Any) -> onnx.NodeProto:
        return helper.make_node(kind, inputs, [result], f"{result}/{kind}", **said)

    pairs, mixed, cells = (f"{raw}.{name}" for name in ("pairs", "mixed", "cells"))
    return [
        node("Reshape", [graph.input[0].name, f"{pairs}.shape"], pairs),
        node("Transpose", [pairs], mixed, perm=[0, 1, 3, 2, 4]),
        node("Reshape", [mixed, f"{cells}.shape"], cells),
        node("Transpose", [cells], raw, perm=[0, 3, 1, 2]),
    ]


def _chain(graph: onnx.GraphProto, kinds: Sequence[str]) -> list[onnx.NodeProto]:
    """The nodes of these kinds that stand between the record and all else; none if others do."""
    readers = {name: node for node in graph.node for name in node.input}
    num_readers = _num_readers(graph)
    chain, name = [], graph.input[0].name
    for kind in kinds:
        node = readers.get(name)
        if node is None or node.op_type != kind or num_readers[name] != 1:
            return []
        chain.append(node)
        name = node.output[0]
    return chain


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def _num_readers(graph: onnx.GraphProto) -> dict[str, int]:
    counts = {output.name: 1 for output in graph.output}
    for node in graph.node:
        for name in node.input:
            counts[name] = counts.get(name, 0) + 1
    return counts


def _norm(norm: onnx.NodeProto, known: dict[str, onnx.TensorProto]) -> tuple[Float64, Float64]:
    """Return gain and offset of a batch norm, (C,) each."""
    scale_C, offset_C, mean_C, variance_C = (
        numpy_helper.to_array(known[name]).astype(np.float64) for name in norm.input[1:5]
    )
    epsilon = next((a.f for a in norm.attribute if a.name == "epsilon"), _EPSILON)
    gain_C = scale_C / np.sqrt(variance_C + epsilon)
    return gain_C, offset_C - mean_C * gain_C


def _set_weights(
    graph: onnx.GraphProto,
    conv: onnx.NodeProto,
    known: dict[str, onnx.TensorProto],
    gain_O: Float64,
    shift_O: Float64,
) -> None:
    """Let a convolution be followed by a gain and an offset."""
    weight = numpy_helper.to_array(known[conv.input[1]]).astype(np.float64)
    bias_O = _bias(conv, known, len(weight)) * gain_O + shift_O
    _put(graph, conv, weight * gain_O.reshape(-1, *[1] * (weight.ndim - 1)), bias_O)


def _bias(conv: onnx.NodeProto, known: dict[str, onnx.TensorProto], count: int) -> Float64:
    if len(conv.input) < 3:
        return np.zeros(count)
    return numpy_helper.to_array(known[conv.input[2]]).astype(np.float64)


def _put(graph: onnx.GraphProto, conv: onnx.NodeProto, weight: Float64, bias_O: Float64) -> None:
    """Give a convolution weights of its own, as its old ones may be another's too."""
    names = [f"{conv.name}.folded.weight", f"{conv.name}.folded.bias"]
    for old in [each for each in graph.initializer if each.name in names]:
        graph.initializer.remove(old)
    for name, array in zip(names, (weight, bias_O), strict=True):
        graph.initializer.append(numpy_helper.from_array(array.astype(np.float32), name))
    inputs = [conv.input[0], *names]
    del conv.input[:]
    conv.input.extend(inputs)


def _channels(node: onnx.NodeProto, known: dict[str, onnx.TensorProto]) -> Float64:
    """Return the constant of a node that has one value for each channel; else nothing."""
    for name in node.input:
        if name in known and tuple(known[name].dims)[-2:] == (1, 1):
            return numpy_helper.to_array(known[name]).astype(np.float64).reshape(-1)
    return np.zeros(0)


def _without(
    graph: onnx.GraphProto, gone: set[str], first: list[onnx.NodeProto] | None = None
) -> None:
    nodes = [*(first or []), *(node for node in graph.node if node.name not in gone)]
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(nodes)
    drop_unused(graph)
