"""A foreign graph says what it takes, gives and says of itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgehuman.errors import ArtefactError, EngineError
from edgehuman.runtime.foreign.graph import Graph
from tests.runtime.foreign.told import write_told

ANSWER = {"boxes": np.ones((1, 2, 4), np.float32)}


def test_it_says_what_it_is(tmp_path: Path) -> None:
    path = write_told(tmp_path / "a.onnx", (1, "h", 8, 3), ANSWER, metadata={"task": "pose"})
    graph = Graph(path)
    assert graph.shape == (1, None, 8, 3)
    assert graph.dtype == "tensor(float)"
    assert graph.outputs == {"boxes": (1, 2, 4)}
    assert graph.metadata == {"task": "pose"}
    (boxes,) = graph.run(np.zeros((1, 8, 8, 3), np.float32))
    np.testing.assert_array_equal(boxes, ANSWER["boxes"])


def test_an_input_of_another_size_names_it(tmp_path: Path) -> None:
    graph = Graph(write_told(tmp_path / "a.onnx", (1, 8, 8, 3), ANSWER))
    with pytest.raises(EngineError, match=r"\(1, 9, 8, 3\)"):
        graph.run(np.zeros((1, 9, 8, 3), np.float32))


def test_a_network_of_two_inputs_is_refused(tmp_path: Path) -> None:
    taken = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1,)) for name in "ab"]
    given = helper.make_tensor_value_info("c", TensorProto.FLOAT, (1,))
    made = helper.make_graph([helper.make_node("Add", ["a", "b"], ["c"])], "sum", taken, [given])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(tmp_path / "sum.onnx"))
    with pytest.raises(ArtefactError, match=r"2 inputs \(a, b\)"):
        Graph(tmp_path / "sum.onnx")


def test_a_missing_file_and_another_format(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="no such file"):
        Graph(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("no graph")
    with pytest.raises(ArtefactError, match="not a complete ONNX file"):
        Graph(tmp_path / "text.onnx")
