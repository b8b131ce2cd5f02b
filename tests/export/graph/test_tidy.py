"""An exporter's graph made readable: names from our modules, no machine paths, no detours."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

from edgehuman.export.graph.tidy import drop_unused, infer_shapes, shapes


def test_nodes_carry_the_names_of_our_modules_and_no_path_of_this_machine(
    model: onnx.ModelProto,
) -> None:
    names = [node.name for node in model.graph.node]
    assert len(set(names)) == len(names)
    assert {"embed/MatMul", "blocks.1.mlp.0/MatMul", "blocks.0.attention/Softmax"} <= set(names)
    assert b".py" not in model.SerializeToString()


def test_keys_are_transposed_once_and_shapes_are_not_computed(model: onnx.ModelProto) -> None:
    kinds = [node.op_type for node in model.graph.node]
    assert "Shape" not in kinds
    assert "Concat" not in kinds


def made() -> onnx.ModelProto:
    """y = relu(x); z = relu(-x), which nobody asks for."""
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 4]) for n in "xy")
    nodes = [
        helper.make_node("Relu", ["x"], ["h"]),
        helper.make_node("Mul", ["h", "one"], ["y"]),
        helper.make_node("Neg", ["x"], ["minus"]),
        helper.make_node("Mul", ["minus", "two"], ["z"]),
    ]
    numbers = [helper.make_tensor(n, TensorProto.FLOAT, [1], [1.0]) for n in ("one", "two")]
    graph = helper.make_graph(nodes, "made", [x], [y], numbers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def test_what_no_output_needs_goes() -> None:
    model = made()
    infer_shapes(model)
    assert {"h", "minus", "z"} <= set(shapes(model.graph))
    drop_unused(model.graph)
    assert [node.op_type for node in model.graph.node] == ["Relu", "Mul"]
    assert [tensor.name for tensor in model.graph.initializer] == ["one"]
    onnx.checker.check_model(model)


def test_shapes_keep_the_name_of_a_free_axis() -> None:
    model = made()
    assert "h" not in shapes(model.graph)
    infer_shapes(model)
    assert shapes(model.graph)["h"] == ("N", 4)
    assert shapes(model.graph)["one"] == (1,)
