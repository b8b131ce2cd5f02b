"""Make a graph readable where its card is not read: in Netron, or with plain onnxruntime.

make_readable(model, card)      in place; the answers stay the same, bit by bit

axes            batch, and frames or height, instead of the exporter's symbols
first nodes     no Identity, no conversion that is undone, sizes where they are used
doc_string      what the graph takes, what it gives, how to read that, what taught it
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import onnx
from onnx import TensorProto, helper

from edgehuman.card import Card, OutputSpec
from edgehuman.catalogue import RECORDS
from edgehuman.export.graph.tidy import drop_unused, replace_all

BATCH = "batch"
# The exporter's word for nodes that belong to no module.
_NO_MODULE = "_empty_nn_module_stack_from_metadata_hook"
_SIZES = ("Shape", "Size")
_WHOLE_NUMBERS = (TensorProto.UINT8, TensorProto.INT8, TensorProto.BOOL)
_ROUNDED_ALIKE = (TensorProto.FLOAT, TensorProto.FLOAT16)


def make_readable(model: onnx.ModelProto, card: Card) -> None:
    """Name the axes, clean the first nodes and write the descriptions, in place."""
    graph = model.graph
    _name_axes(graph, _axes(card))
    _clean(graph)
    model.doc_string = description(model, card)
    graph.name = re.sub(r"\W+", "_", card.name).strip("_") or "network"
    graph.doc_string = f"{card.name}: {card.arch}, {card.precision.name}"
    graph.input[0].doc_string = _input_in_words(graph.input[0], card)
    graph.output[0].doc_string = _output_in_words(graph.output[0], card)


def description(model: onnx.ModelProto, card: Card) -> str:
    """What somebody needs to use the graph without edgehuman, in a few lines."""
    (taken, *_), (given, *_) = model.graph.input, model.graph.output
    lines = [
        f"{card.name}: {card.arch} for {card.task}, {card.params:,} parameters, in "
        f"{card.precision.name}; made by edgehuman.",
        f"Input {taken.name}: {_input_in_words(taken, card)}.",
        f"Output {given.name}: {_output_in_words(given, card)}.",
    ]
    if card.output.labels:
        lines.append(f"Labels: {', '.join(card.output.labels)}.")
    if card.output.placements:
        lines.append(f"Placements: {', '.join(card.output.placements)}.")
    terms = dict.fromkeys(f"{row.dataset} ({row.licence})" for row in card.data)
    lines.append(f"Learned from: {', '.join(terms) or card.recipe or 'not stated'}.")
    lines.append(
        f'Call: onnxruntime.InferenceSession(path).run(None, {{"{taken.name}": array}})[0]. '
        "The whole card is JSON in metadata_props under edgehuman; docs/howto/onnx.md of edgehuman "
        "shows the rest."
    )
    return "\n".join(lines)


def _input_in_words(taken: onnx.ValueInfoProto, card: Card) -> str:
    rate = f", {card.input.rate_hz:g} a second" if card.input.rate_hz else ""
    least = f", at least {card.input.least} {_axes(card)[1]}" if card.input.least > 1 else ""
    sizes = _sizes_in_words(taken)
    return f"{card.input.record}, {card.input.dtype} {sizes}: {card.input.units}{rate}{least}"


def _output_in_words(given: onnx.ValueInfoProto, card: Card) -> str:
    return f"float32 {_sizes_in_words(given)}: {_reading(card.output, card.decision.temperature)}"


def _reading(output: OutputSpec, temperature: float) -> str:
    """How the answer is read from the output."""
    if output.kind == "classes":
        softmax = f"softmax(logits / {temperature:g})" if temperature != 1 else "softmax(logits)"
        if len(output.placements) > 1:
            return (
                f"logits, placement by placement, {len(output.labels)} labels each; logsumexp over "
                f"the placements gives a logit for each label, {softmax} its probability"
            )
        return f"logits, one for each label; {softmax} gives probabilities"
    if output.kind == "embedding":
        mean = ", the mean over its parts" if output.parts else ""
        by = f", compared by {output.distance} distance{mean}" if output.distance else ""
        return f"embedding{by}"
    return {
        "attributes": "logits, one for each label; yes where over 0",
        "heatmaps": "heat maps, one for each joint, which is at the largest value",
        "simcc": f"for each joint {output.dim} logits of x, two a pixel, then those of y and one "
        "of its presence",
        "segmentation": "logits, one map for each label; argmax over axis 1 labels each pixel",
        "tokens": "tokens",
        "boxes": "x1, y1, x2, y2 in pixels of the input and a score from 0 to 1, in any order; "
        "each row whose score is high enough is another person",
        "part_attributes": "one row each: x1, y1, x2, y2 in pixels of the input, a score of 0 to "
        f"1, the index of a label, {len(output.attributes)} logits of attributes, then those of a "
        "mask at a stride of 4, quarter by quarter",
        "person_parts": "people, then one row for each label: x1, y1, x2, y2 in pixels of the "
        "input and a score, or five zeros; then logits at a stride of 4 of the person's mask or of "
        "the label: of every 2x2 cells the upper left, row by row, then the upper right, the lower "
        "left, the lower right. One row alone: nobody is chosen yet, which edgehuman does",
    }[output.kind]


def _sizes_in_words(info: onnx.ValueInfoProto) -> str:
    sizes = (str(dim.dim_value or dim.dim_param or "?") for dim in info.type.tensor_type.shape.dim)
    return f"({', '.join(sizes)})"


def _axes(card: Card) -> tuple[str, ...]:
    """Names of the axes of the record, the batch first."""
    record = card.input.record
    known = RECORDS[record].axes if record in RECORDS else ()
    return BATCH, *known, *(f"axis_{i}" for i in range(len(known) + 1, len(card.input.shape) + 1))


def _name_axes(graph: onnx.GraphProto, names: Sequence[str]) -> None:
    """Rename the symbols of the record's dynamic axes wherever they stand."""
    dims = graph.input[0].type.tensor_type.shape.dim
    pairs = [(dim.dim_param, name) for dim, name in zip(dims, names, strict=False)]
    table = {symbol: name for symbol, name in reversed(pairs) if symbol}
    if dims and not dims[0].dim_param and not dims[0].dim_value:
        dims[0].dim_param = BATCH
    for info in (*graph.input, *graph.output, *graph.value_info):
        for dim in info.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_param = re.sub(
                    r"\w+", lambda word: table.get(word.group(), word.group()), dim.dim_param
                )


def _clean(graph: onnx.GraphProto) -> None:
    made_by = {name: node for node in graph.node for name in node.output}
    for node in graph.node:
        if node.op_type in _SIZES:
            _read_source(node, made_by)
        if node.op_type == "Cast":
            _join_casts(node, made_by, graph)
    _drop_identities(graph)
    drop_unused(graph)
    _name_without_module(graph)
    nodes = [type(node).FromString(node.SerializeToString()) for node in _ordered(graph)]
    replace_all(graph.node, nodes)


def _read_source(node: onnx.NodeProto, made_by: Mapping[str, onnx.NodeProto]) -> None:
    """Let a node that asks for sizes ask the tensor before a conversion, which has the same."""
    while (source := made_by.get(node.input[0])) is not None:
        if source.op_type not in ("Cast", "Identity"):
            return
        node.input[0] = source.input[0]


def _join_casts(
    node: onnx.NodeProto, made_by: Mapping[str, onnx.NodeProto], graph: onnx.GraphProto
) -> None:
    """Bytes -> float32 -> transposed -> float16: convert them once, as both hold them exactly."""
    moved = made_by.get(node.input[0])
    first = moved
    if moved is not None and moved.op_type == "Transpose":
        first = made_by.get(moved.input[0])
    if moved is None or first is None or first.op_type != "Cast":
        return
    readers = [each for each in graph.node if {*moved.output, *first.output} & {*each.input}]
    if any(each is not node and each is not moved for each in readers):
        return
    types = {info.name: info.type.tensor_type.elem_type for info in graph.input}
    if types.get(first.input[0]) not in _WHOLE_NUMBERS or _to(node) not in _ROUNDED_ALIKE:
        return
    for attribute in first.attribute:
        if attribute.name == "to":
            attribute.i = _to(node)
    changed = {*moved.output, *first.output}
    kept = [info for info in graph.value_info if info.name not in changed]
    replace_all(graph.value_info, kept)
    node.CopyFrom(helper.make_node("Identity", [node.input[0]], list(node.output), node.name))


def _to(node: onnx.NodeProto) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == "to"), 0)


def _drop_identities(graph: onnx.GraphProto) -> None:
    """Let whoever reads an Identity read what it copies; that of an output stays."""
    outputs = {output.name for output in graph.output}
    copied: dict[str, str] = {}
    for node in graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = copied.get(name, name)
        if node.op_type == "Identity" and node.output[0] not in outputs:
            copied[node.output[0]] = node.input[0]


def _name_without_module(graph: onnx.GraphProto) -> None:
    taken = {node.name for node in graph.node}
    for node in graph.node:
        if not node.name.startswith(_NO_MODULE):
            continue
        stem = node.name.replace(_NO_MODULE, "network")
        name = next(n for n in _numbered(stem) if n not in taken)
        taken.add(name)
        node.name = name


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}_{number}"
        number += 1


def _ordered(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes in their order, but what works out sizes right before its first reader."""
    constant = {tensor.name for tensor in graph.initializer} | {""}
    waiting: dict[str, onnx.NodeProto] = {}
    ordered: list[onnx.NodeProto] = []

    def place(node: onnx.NodeProto) -> None:
        for name in node.input:
            if (source := waiting.pop(name, None)) is not None:
                for output in source.output:
                    waiting.pop(output, None)
                place(source)
        ordered.append(node)

    for node in graph.node:
        rest = [name for name in node.input if name not in constant]
        if node.op_type in _SIZES or (rest and all(name in waiting for name in rest)):
            waiting |= dict.fromkeys(node.output, node)
        else:
            place(node)
    while waiting:
        place(waiting.pop(next(iter(waiting))))
    return ordered
