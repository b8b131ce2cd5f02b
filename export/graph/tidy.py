"""Clean up an exporter's graph: names from our modules, no machine paths, plain transposes.

tidy(model) changes the graph in place and keeps its results (the parity gate checks that).
"""

from __future__ import annotations

import ast
from collections import Counter

import onnx

_SCOPES_KEY = "pkg.torch.onnx.name_scopes"
Shape = tuple[int | str, ...]


def tidy(model: onnx.ModelProto) -> None:
    """Name nodes after modules, drop metadata of the exporting machine, simplify transposes."""
    infer_shapes(model)
    graph = model.graph
    _straighten_transposes(graph)
    drop_unused(graph)
    _name_nodes(graph)
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info):
        del part.metadata_props[:]
    for tensor in graph.initializer:
        del tensor.metadata_props[:]
    model.doc_string = graph.doc_string = ""
    for node in graph.node:
        node.doc_string = ""
    infer_shapes(model)


def infer_shapes(model: onnx.ModelProto) -> None:
    """Infer every tensor's type and shape again, in place, also through shape tensors."""
    del model.graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    model.graph.value_info.extend(inferred.graph.value_info)


def drop_unused(graph: onnx.GraphProto) -> None:
    """Remove nodes, initialisers and value infos that no output needs."""
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    _keep(graph.node, kept[::-1])
    _keep(graph.initializer, [t for t in graph.initializer if t.name in needed])
    alive = needed.union(*(node.output for node in graph.node))
    _keep(graph.value_info, [info for info in graph.value_info if info.name in alive])


def _keep(field, kept) -> None:  # type: ignore[no-untyped-def]
    if len(kept) != len(field):
        replace_all(field, kept)


def replace_all(field, kept) -> None:  # type: ignore[no-untyped-def]
    """Let a repeated field hold these messages, which may be its own."""
    copies = [type(item).FromString(item.SerializeToString()) for item in kept]
    del field[:]
    field.extend(copies)


def shapes(graph: onnx.GraphProto) -> dict[str, Shape]:
    """Known shapes by tensor name; a dynamic axis is given by its symbol."""
    table: dict[str, Shape] = {t.name: tuple(t.dims) for t in graph.initializer}
    for info in (*graph.input, *graph.value_info, *graph.output):
        kind = info.type.tensor_type
        if kind.HasField("shape"):
            table[info.name] = tuple(
                dim.dim_value if dim.HasField("dim_value") else (dim.dim_param or "?")
                for dim in kind.shape.dim
            )
    return table


def _name_nodes(graph: onnx.GraphProto) -> None:
    """Name each node by its module's path and operator: `blocks.0.attention.qkv/MatMul`."""
    seen: Counter[str] = Counter()
    for node in graph.node:
        scopes = next((p.value for p in node.metadata_props if p.key == _SCOPES_KEY), "['']")
        module = ast.literal_eval(scopes)[-2:-1]
        name = f"{module[0] if module and module[0] else 'network'}/{node.op_type}"
        seen[name] += 1
        node.name = name if seen[name] == 1 else f"{name}_{seen[name]}"


def _straighten_transposes(graph: onnx.GraphProto) -> None:
    """Replace "reshape to three axes, swap the last two, reshape back" by one Transpose.

    torch writes the keys of scaled_dot_product_attention this way, with Shape, Slice and Concat for
    the dynamic batch; onnxruntime and TensorRT fuse a single Transpose into the product.
    """
    made_by = {name: node for node in graph.node for name in node.output}
    known = shapes(graph)
    for node in graph.node:
        swap = made_by.get(node.input[0]) if node.op_type == "Reshape" else None
        if swap is None or swap.op_type != "Transpose" or _perm(swap) != [0, 2, 1]:
            continue
        flatten = made_by.get(swap.input[0])
        if flatten is None or flatten.op_type != "Reshape":
            continue
        source = known.get(flatten.input[0], ())
        flat, result = known.get(flatten.output[0], ()), known.get(node.output[0], ())
        rank = len(source)
        if rank < 4 or len(flat) != 3 or flat[1:] != source[-2:]:
            continue
        if result != (*source[:-2], source[-1], source[-2]):
            continue
        perm = [*range(rank - 2), rank - 1, rank - 2]
        straight = onnx.helper.make_node(
            "Transpose", [flatten.input[0]], list(node.output), perm=perm
        )
        straight.metadata_props.extend(node.metadata_props)
        node.CopyFrom(straight)


def _perm(node: onnx.NodeProto) -> list[int]:
    return next((list(a.ints) for a in node.attribute if a.name == "perm"), [])


def constants(graph: onnx.GraphProto) -> dict[str, onnx.TensorProto]:
    """Initialisers by name."""
    return {tensor.name: tensor for tensor in graph.initializer}
