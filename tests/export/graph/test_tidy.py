"""Names, metadata and detours of an exporter's graph, on small graphs made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edgehuman.export.graph.sessions import open_session, run
from edgehuman.export.graph.tidy import constants, drop_unused, infer_shapes, shapes, tidy

Ends = tuple[int | str, ...]


def graph_of(
    nodes: list[onnx.NodeProto], x: Ends, y: Ends, **arrays: NDArray[Any]
) -> onnx.ModelProto:
    """x -> y, with these constants."""
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, y)],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def of_module(node: onnx.NodeProto, path: str) -> onnx.NodeProto:
    """A node as the exporter writes it: of the module at this path."""
    scopes = repr(["", path, node.op_type.lower()])
    node.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=scopes)
    node.metadata_props.add(key="pkg.torch.onnx.stack_trace", value="/home/me/network.py")
    node.doc_string = "/home/me/network.py"
    return node


def keys_as_torch_writes_them(perm: list[int]) -> onnx.ModelProto:
    """(N, 2, 3, 4) -> (N, 2, 4, 3), by way of three axes, with sizes worked out from the batch."""
    nodes = [
        helper.make_node("Reshape", ["x", "flat"], ["x3"]),
        helper.make_node("Transpose", ["x3"], ["swapped"], perm=perm),
        helper.make_node("Shape", ["x"], ["batch"], start=0, end=1),
        helper.make_node("Concat", ["batch", "rest"], ["sizes"], axis=0),
        of_module(helper.make_node("Reshape", ["swapped", "sizes"], ["y"]), "attention"),
    ]
    flat, rest = np.array([-1, 3, 4]), np.array([2, 4, 3])
    return graph_of(nodes, ("N", 2, 3, 4), ("N", 2, 4, 3), flat=flat, rest=rest)


def test_keys_are_transposed_in_one_node() -> None:
    model = keys_as_torch_writes_them([0, 2, 1])
    x_NHTD = np.arange(48, dtype=np.float32).reshape(2, 2, 3, 4)
    before = run(open_session(model), x_NHTD)
    tidy(model)
    (node,) = model.graph.node
    assert (node.op_type, node.name) == ("Transpose", "attention/Transpose")
    assert list(helper.get_node_attr_value(node, "perm")) == [0, 1, 3, 2]
    assert not model.graph.initializer
    np.testing.assert_array_equal(run(open_session(model), x_NHTD), before)
    np.testing.assert_array_equal(before, x_NHTD.swapaxes(2, 3))


def test_another_transpose_stays_as_it_is() -> None:
    model = keys_as_torch_writes_them([0, 1, 2])
    tidy(model)
    kinds = [node.op_type for node in model.graph.node]
    assert kinds == ["Reshape", "Transpose", "Shape", "Concat", "Reshape"]


def test_nodes_are_named_for_their_module_and_numbered() -> None:
    nodes = [
        of_module(helper.make_node("Add", ["x", "x"], ["a"]), "blocks.0.mlp"),
        of_module(helper.make_node("Add", ["a", "x"], ["b"]), "blocks.0.mlp"),
        helper.make_node("Add", ["b", "x"], ["y"]),
    ]
    model = graph_of(nodes, ("N", 2), ("N", 2))
    tidy(model)
    names = [node.name for node in model.graph.node]
    assert names == ["blocks.0.mlp/Add", "blocks.0.mlp/Add_2", "network/Add"]


def test_no_path_of_the_exporting_machine_stays() -> None:
    nodes = [of_module(helper.make_node("Neg", ["x"], ["y"]), "head")]
    model = graph_of(nodes, ("N", 2), ("N", 2))
    model.doc_string = model.graph.doc_string = "/home/me"
    model.metadata_props.add(key="where", value="/home/me")
    model.graph.input[0].metadata_props.add(key="where", value="/home/me")
    tidy(model)
    assert b"/home" not in model.SerializeToString()


def test_what_no_output_needs_is_dropped() -> None:
    nodes = [
        helper.make_node("Add", ["x", "used"], ["y"]),
        helper.make_node("Mul", ["x", "unused"], ["nowhere"]),
    ]
    one = np.ones(2, np.float32)
    model = graph_of(nodes, ("N", 2), ("N", 2), used=one, unused=one)
    infer_shapes(model)
    assert "nowhere" in shapes(model.graph)
    drop_unused(model.graph)
    assert [node.op_type for node in model.graph.node] == ["Add"]
    assert list(constants(model.graph)) == ["used"]
    assert "nowhere" not in shapes(model.graph)


def test_shapes_keep_the_symbol_of_a_dynamic_axis() -> None:
    nodes = [
        helper.make_node("Add", ["x", "bias"], ["sum"]),
        helper.make_node("Flatten", ["sum"], ["y"]),
    ]
    model = graph_of(nodes, ("N", 2, 3), ("N", 6), bias=np.zeros(3, np.float32))
    infer_shapes(model)
    expected = {"x": ("N", 2, 3), "bias": (3,), "sum": ("N", 2, 3), "y": ("N", 6)}
    assert shapes(model.graph) == expected


def test_shapes_that_contradict_each_other_are_an_error() -> None:
    model = graph_of([helper.make_node("Neg", ["x"], ["y"])], ("N", 2), ("N", 5))
    with pytest.raises(onnx.shape_inference.InferenceError):
        infer_shapes(model)


def test_a_traced_network_has_our_names_and_no_path_of_this_machine(
    model: onnx.ModelProto,
) -> None:
    names = [node.name for node in model.graph.node]
    assert len(set(names)) == len(names)
    assert {"embed/MatMul", "blocks.1.mlp.0/MatMul", "blocks.0.attention/Softmax"} <= set(names)
    assert b".py" not in model.SerializeToString()


def test_a_traced_attention_computes_no_shapes(model: onnx.ModelProto) -> None:
    kinds = [node.op_type for node in model.graph.node]
    assert "Shape" not in kinds
    assert kinds.count("Concat") == 1  # of the raw and the fine view
