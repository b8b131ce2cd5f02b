"""A model that parts people and says the same of every frame, as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from edgehuman.card import CARD_KEY, Card, Decision, OutputSpec, image_input
from edgehuman.metrics.crowds.answers import columns_of
from edgehuman.records import Float32
from edgehuman.runtime.engine.onnx_file import sealed
from tests.data.frame_trees import ANNE, BOB

LABELS = ("background", "hair", "skin", "upper_clothes", "lower_clothes", "whole_clothes", "shoes",
          "accessories")  # fmt: skip
SIZE = (64, 96)  # frames of 60x80 are scaled by 16/15, and lie 5 pixels to the right
SCALE, LEFT = 16 / 15, 5


def rows_of(size: tuple[int, int] = SIZE) -> Float32:
    """Anne (score 0.9), hair above lower clothes, and Bob (0.6), all upper clothes; a third row of
    a low score.
    """
    row_RX = np.zeros((3 + len(LABELS), columns_of(size)), np.float32)
    map_Rhw = np.zeros((len(row_RX), size[0] // 4, size[1] // 4), np.float32)
    map_Rhw[:3] = -9
    map_Rhw[3] = 1
    for row, box, score, upper, lower in ((0, ANNE, 0.9, 1, 4), (1, BOB, 0.6, 3, 3)):
        x1, y1, x2, y2 = np.array(box) * SCALE + (LEFT, 0, LEFT, 0)
        row_RX[row, :5] = x1, y1, x2, y2, score
        columns = slice(round(x1 / 4), round(x2 / 4))
        top, middle, low = (round(y / 4) for y in (y1, (y1 + y2) / 2, y2))
        map_Rhw[row, top:low, columns] = 9
        map_Rhw[3 + upper, top:middle, columns] = 5
        map_Rhw[3 + lower, middle:low, columns] = 5
    row_RX[2, :5] = 0, 0, 9, 9, 0.01
    row_RX[:, 5:] = quartered(map_Rhw)
    return row_RX


def quartered(map_Rhw: Float32) -> Float32:
    """The cells of maps (R, h, w) as they lie in the rows of an answer, (R, h w)."""
    quarters = [map_Rhw[:, i::2, j::2].reshape(len(map_Rhw), -1) for i in (0, 1) for j in (0, 1)]
    return np.concatenate(quarters, axis=1)


def parts_card(
    labels: tuple[str, ...] = LABELS, size: tuple[int, int] = SIZE, threshold: float = 0.3
) -> Card:
    output = OutputSpec("person_parts", labels)
    frame = image_input(*size, "Frame")
    decision = Decision(threshold=threshold)
    return Card("parter", "multi-parsing", "toy", 0, 0, frame, output, decision)


def write_parts(folder: Path, row_RX: Float32, card: Card | None = None) -> Path:
    """`folder/parter.onnx`: (N, 64, 96, 3) -> these rows, for every frame."""
    card = parts_card() if card is None else card
    weights = [
        numpy_helper.from_array(np.array([1, 2, 3], np.int64), "all"),
        numpy_helper.from_array(np.array([-1, 1, 1], np.int64), "column"),
        numpy_helper.from_array(np.array([0], np.float32), "nothing"),
        numpy_helper.from_array(row_RX[None], "rows"),
    ]
    nodes = [
        helper.make_node("Cast", ["record"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float", "all"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
        helper.make_node("Reshape", ["zero", "column"], ["flat"]),
        helper.make_node("Add", ["flat", "rows"], ["answer"]),
    ]
    taken = helper.make_tensor_value_info("record", TensorProto.UINT8, ["N", *card.input.shape])
    given = helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["N", *row_RX.shape])
    graph = helper.make_graph(nodes, "parts", [taken], [given], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    entry = model.metadata_props.add()
    entry.key, entry.value = CARD_KEY, card.to_json()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "parter.onnx"
    path.write_bytes(sealed(model.SerializeToString()))
    return path
