"""Graphs in memory on onnxruntime: batches, outputs from inside, and integers that stay exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edgehuman.errors import ArtefactError
from edgehuman.export.graph.sessions import batch_of, exposed, interleaved_ms, open_session, run


def _graph(nodes: list[onnx.NodeProto], **constants: NDArray[Any]) -> onnx.ModelProto:
    """A graph from x (N, 4) to y, of these nodes and constants."""
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", None])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 17)])


def _loud_product() -> onnx.ModelProto:
    """Both factors in INT8 as TensorRT takes them, each step 1; every product is near the limit."""
    return _graph(
        [
            helper.make_node("QuantizeLinear", ["x", "one", "zero"], ["x.int8"]),
            helper.make_node("DequantizeLinear", ["x.int8", "one", "zero"], ["x.dq"]),
            helper.make_node("DequantizeLinear", ["w", "one", "zero"], ["w.dq"]),
            helper.make_node("MatMul", ["x.dq", "w.dq"], ["y"]),
        ],
        one=np.array(1, np.float32),
        zero=np.array(0, np.int8),
        w=np.full((4, 3), 127, np.int8),
    )


def test_integers_of_a_tensorrt_graph_do_not_overflow_on_any_processor() -> None:
    loud = np.full((2, 4), 127, np.float32)
    assert run(open_session(_loud_product()), loud).tolist() == [[4 * 127 * 127] * 3] * 2


def test_batches_are_joined_in_order() -> None:
    double = _graph([helper.make_node("Add", ["x", "x"], ["y"])])
    given = np.arange(4 * 150, dtype=np.float32).reshape(150, 4)
    np.testing.assert_array_equal(run(open_session(double), given), 2 * given)


def test_a_batch_is_64_small_records_and_one_large_one() -> None:
    assert batch_of(np.zeros((200, 8), np.float32)) == 64
    assert batch_of(np.zeros((3, 1 << 20), np.float32)) == 1
    assert batch_of(np.zeros((0, 8), np.float32)) == 64


def test_a_tensor_inside_the_graph_can_be_looked_at() -> None:
    two = _graph(
        [helper.make_node("Add", ["x", "x"], ["h"]), helper.make_node("Neg", ["h"], ["y"])]
    )
    session = open_session(exposed(two, ["h"]))
    assert [output.name for output in session.get_outputs()] == ["h"]
    assert run(session, np.ones((1, 4), np.float32)).tolist() == [[2, 2, 2, 2]]


def test_a_graph_that_onnxruntime_does_not_know_is_an_error_of_ours() -> None:
    with pytest.raises(ArtefactError, match="onnxruntime cannot run the graph"):
        open_session(_graph([helper.make_node("NoSuchOperator", ["x"], ["y"])]))


def test_calls_take_turns() -> None:
    seen: list[str] = []
    spent = interleaved_ms(
        {"a": lambda: seen.append("a"), "b": lambda: seen.append("b")}, rounds=10
    )
    assert seen == ["a", "b"] * 13  # three to warm up
    assert set(spent) == {"a", "b"}
