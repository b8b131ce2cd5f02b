"""A detector that a person can compute by hand: it knows where Anne and Bob may stand, and its
scores are how dark it is there, 0 for white and 1 for black.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgehuman.card import CARD_KEY, Card, OutputSpec, image_input
from edgehuman.runtime.engine.onnx_file import sealed
from tests.data.frame_trees import ANNE, BOB, HEIGHT, WIDTH

OUTPUT = OutputSpec("boxes", ("person",))


def bars_card(**changes: Any) -> Card:
    """The card of the detector."""
    card = Card("bars", "detection", "bars", 0, 0, image_input(HEIGHT, WIDTH, "Frame"), OUTPUT)
    return card.replace(**changes)


def bars_graph() -> onnx.ModelProto:
    """The graph: (N, 60, 80, 3) -> (N, 2, 5)."""
    nodes = [helper.make_node("Cast", ["record"], ["float"], to=TensorProto.FLOAT)]
    weights = [
        numpy_helper.from_array(np.array([1, 2], np.int64), "plane"),
        numpy_helper.from_array(np.array([1, 2, 3], np.int64), "all"),
        numpy_helper.from_array(np.array([-1 / 255], np.float32), "scale"),
        numpy_helper.from_array(np.array([1], np.float32), "one"),
        numpy_helper.from_array(np.array([-1, 1, 1], np.int64), "column"),
        numpy_helper.from_array(np.array([0], np.float32), "nothing"),
    ]
    for name, (x1, y1, x2, y2) in (("anne", ANNE), ("bob", BOB)):
        row = np.array([[[x1, y1, x2, y2]]], np.float32)
        weights += [
            numpy_helper.from_array(np.array([y1, x1], np.int64), f"{name}_from"),
            numpy_helper.from_array(np.array([y2, x2], np.int64), f"{name}_to"),
            numpy_helper.from_array(row, f"{name}_box"),
        ]
        nodes += [
            helper.make_node(
                "Slice", ["float", f"{name}_from", f"{name}_to", "plane"], [f"{name}_part"]
            ),
            helper.make_node("ReduceMean", [f"{name}_part", "all"], [f"{name}_mean"], keepdims=0),
            helper.make_node("Mul", [f"{name}_mean", "scale"], [f"{name}_share"]),
            helper.make_node("Add", [f"{name}_share", "one"], [f"{name}_flat"]),
            helper.make_node("Reshape", [f"{name}_flat", "column"], [f"{name}_score"]),
            helper.make_node("Mul", [f"{name}_score", "nothing"], [f"{name}_zero"]),
            helper.make_node("Add", [f"{name}_zero", f"{name}_box"], [f"{name}_boxes"]),
            helper.make_node("Concat", [f"{name}_boxes", f"{name}_score"], [f"{name}_row"], axis=2),
        ]
    nodes.append(helper.make_node("Concat", ["anne_row", "bob_row"], ["answer"], axis=1))
    taken = helper.make_tensor_value_info("record", TensorProto.UINT8, ["N", HEIGHT, WIDTH, 3])
    given = helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["N", 2, 5])
    graph = helper.make_graph(nodes, "bars", [taken], [given], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def write_bars(folder: Path, **changes: Any) -> Path:
    """`folder/bars.onnx` with its card."""
    model = bars_graph()
    entry = model.metadata_props.add()
    entry.key, entry.value = CARD_KEY, bars_card(**changes).to_json()
    path = folder / "bars.onnx"
    path.write_bytes(sealed(model.SerializeToString()))
    return path
