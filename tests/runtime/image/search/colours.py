"""A model of colours that a person can compute by hand: a picture's vector is its mean red, green
and blue, a sentence's the colours that it names; both of length 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from edgehuman.card import CARD_KEY, Card, InputSpec, OutputSpec, TrainingData, image_input
from edgehuman.preprocess.image.bpe import FIRST_BYTE, Bpe, Merges
from edgehuman.runtime.engine.onnx_file import sealed
from edgehuman.runtime.engine.part_files import TEXT, part_path

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
SIZE = (32, 16)


def merges_of(words: Sequence[str]) -> Merges:
    """Merges that make a token of each word with its space."""
    merges: list[tuple[int, int]] = []
    for word in words:
        (left, *rest) = (FIRST_BYTE + byte for byte in f" {word}".encode())
        for byte in rest:
            if (left, byte) not in merges:
                merges.append((left, byte))
            left = Bpe(merges).of_word(f" {word}")[0]
    return tuple(merges)


MERGES = merges_of(list(COLOURS))
BPE = Bpe(MERGES)
CARD = Card(
    name="colours",
    task="text-reid",
    arch="colours",
    params=0,
    flops=0,
    input=image_input(*SIZE),
    output=OutputSpec("embedding", distance="cosine", dim=3),
    data=(TrainingData("made", "training", "none", "", 1, 1),),
    weights_sha256="a" * 64,
)


def write_colours(path: Path, simulated: bool = False, text_sha: str = "a" * 64) -> Path:
    """Write the graph of pictures, and that of sentences beside it."""
    row = TrainingData("made", "training", "none", "", 1, 1, simulated)
    card = CARD.replace(data=(row,))
    units = "token ids"
    text = card.replace(
        input=InputSpec("Sentence", (0,), "int32", units, 0.0, 8, MERGES), weights_sha256=text_sha
    )
    table_V3 = np.full((BPE.size, 3), 1e-3, np.float32)
    for word, colour in COLOURS.items():
        table_V3[BPE.of_word(f" {word}")[0]] += colour
    _write(
        path,
        [
            helper.make_node("Cast", ["record"], ["float"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["float", "sides"], ["mean"], keepdims=0),
        ],
        (TensorProto.UINT8, ["batch", *SIZE, 3]),
        {"sides": np.array([1, 2], np.int64)},
        card,
    )
    _write(
        part_path(path, TEXT),
        [
            helper.make_node("Gather", ["table", "record"], ["rows"]),
            helper.make_node("ReduceMean", ["rows", "tokens"], ["mean"], keepdims=0),
        ],
        (TensorProto.INT32, ["batch", "tokens"]),
        {"table": table_V3, "tokens": np.array([1], np.int64)},
        text,
    )
    return path


def _write(
    path: Path,
    nodes: list[NodeProto],
    taken: tuple[int, list[Any]],
    known: dict[str, np.ndarray[Any, Any]],
    card: Card,
) -> None:
    known = {**known, "last": np.array([1], np.int64)}
    nodes += [
        helper.make_node("ReduceL2", ["mean", "last"], ["length"], keepdims=1),
        helper.make_node("Div", ["mean", "length"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("record", *taken)],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", 3])],
        [numpy_helper.from_array(value, name) for name, value in known.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {CARD_KEY: card.to_json()})
    path.write_bytes(sealed(model.SerializeToString()))


def write_photo(path: Path, colour: tuple[int, int, int]) -> Path:
    """A picture of one colour (RGB) with a little grey."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image_HWC = np.full((48, 24, 3), 20, np.uint8)
    image_HWC[4:44, 2:22] = colour
    cv2.imwrite(str(path), image_HWC[..., ::-1])
    return path
