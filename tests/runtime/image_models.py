"""Models of person images that a person can compute by hand: their answers are colours.

Cells of 4x4 pixels are averaged. Segmentation: the strongest of red, green and blue is the part.
Heat maps and SimCC: the brightest red and the brightest green cell are the two joints. Attributes:
logits are (mean colour - 128) / 16. Embedding: the mean colour.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edgehuman.card import CARD_KEY, Card, OutputSpec, image_input
from edgehuman.runtime.engine.onnx_file import sealed

HEIGHT, WIDTH = 32, 16
OUTPUTS = {
    "parsing": OutputSpec("segmentation", ("red", "green", "blue")),
    "pose": OutputSpec("heatmaps", ("l_eye", "r_eye")),
    "simcc": OutputSpec("simcc", ("l_eye", "r_eye"), dim=2 * WIDTH),
    "attributes": OutputSpec("attributes", ("reddish", "greenish", "bluish")),
    "reid": OutputSpec("embedding", distance="cosine", dim=3),
}


def image_card(task: str, **changes: Any) -> Card:
    """The card of the model of a task."""
    card = Card(task, task, "colours", 0, 0, image_input(HEIGHT, WIDTH), OUTPUTS[task])
    return card.replace(**changes)


def image_graph(task: str) -> onnx.ModelProto:
    """The graph of a task."""
    nodes = [
        helper.make_node("Cast", ["record"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["float"], ["colour"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["colour"], ["cell"], kernel_shape=[4, 4], strides=[4, 4]),
    ]
    last: dict[str, list[onnx.NodeProto]] = {
        "parsing": [helper.make_node("Div", ["cell", "sixteen"], ["answer"])],
        "pose": [
            helper.make_node("Slice", ["cell", "zero", "two", "one"], ["two_cells"]),
            helper.make_node("Div", ["two_cells", "full"], ["answer"]),
        ],
        "simcc": [
            helper.make_node("Slice", ["cell", "zero", "two", "one"], ["two_cells"]),
            helper.make_node("ReduceMax", ["two_cells", "two"], ["columns"], keepdims=0),
            helper.make_node("ReduceMax", ["two_cells", "three"], ["rows"], keepdims=0),
            helper.make_node("ReduceMax", ["rows", "two"], ["brightest"], keepdims=1),
            helper.make_node("Sub", ["brightest", "middle"], ["there"]),
            helper.make_node("MatMul", ["columns", "of_columns"], ["x"]),
            helper.make_node("MatMul", ["rows", "of_rows"], ["y"]),
            helper.make_node("Concat", ["x", "y", "there"], ["answer"], axis=2),
        ],
        "attributes": [
            helper.make_node("ReduceMean", ["cell", "places"], ["mean"], keepdims=0),
            helper.make_node("Sub", ["mean", "middle"], ["signed"]),
            helper.make_node("Div", ["signed", "sixteen"], ["answer"]),
        ],
        "reid": [helper.make_node("ReduceMean", ["cell", "places"], ["answer"], keepdims=0)],
    }
    shapes: dict[str, list[str | int | None]] = {
        "parsing": ["N", 3, HEIGHT // 4, WIDTH // 4],
        "pose": ["N", 2, HEIGHT // 4, WIDTH // 4],
        "simcc": ["N", 2, 2 * WIDTH + 2 * HEIGHT + 1],
        "attributes": ["N", 3],
        "reid": ["N", 3],
    }
    constants: dict[str, NDArray[Any]] = {
        "sixteen": np.array(16, np.float32),
        "middle": np.array(128, np.float32),
        "full": np.array(255, np.float32),
        "places": np.array([2, 3], np.int64),
        "zero": np.array([0], np.int64),
        "two": np.array([2], np.int64),
        "three": np.array([3], np.int64),
        "of_columns": np.repeat(np.eye(WIDTH // 4, dtype=np.float32), 8, axis=1),
        "of_rows": np.repeat(np.eye(HEIGHT // 4, dtype=np.float32), 8, axis=1),
        "one": np.array([1], np.int64),
    }
    taken = helper.make_tensor_value_info("record", TensorProto.UINT8, ["N", HEIGHT, WIDTH, 3])
    given = helper.make_tensor_value_info("answer", TensorProto.FLOAT, shapes[task])
    weights = [numpy_helper.from_array(np.asarray(a), name) for name, a in constants.items()]
    graph = helper.make_graph([*nodes, *last[task]], task, [taken], [given], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def write_image_model(folder: Path, task: str, **changes: Any) -> Path:
    """`folder/TASK.onnx` with its card."""
    model = image_graph(task)
    entry = model.metadata_props.add()
    entry.key, entry.value = CARD_KEY, image_card(task, **changes).to_json()
    path = folder / f"{task}.onnx"
    path.write_bytes(sealed(model.SerializeToString()))
    return path
