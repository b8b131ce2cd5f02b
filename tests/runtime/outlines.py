"""A silhouette model that a person can compute by hand: how white the upper and the lower half of
the body are, in four bands of columns each, at most over the frames.

ANNA is narrow and BOB is wide; a stranger is wide above and narrow below.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from edgehuman.card import CARD_KEY, Card, Decision, InputSpec, OutputSpec, silhouette_input
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.engine.onnx_file import sealed
from edgehuman.runtime.engine.part_files import FRAME, HEAD, part_path

PARTS, BANDS = 2, 4
NUMBERS = PARTS * BANDS
ANNA, BOB, STRANGER = (14, 14), (56, 56), (56, 14)


def outline_card(sha: str = "a" * 64, **changes: Any) -> Card:
    """Under a cosine of 0.95 it is a stranger."""
    card = Card(
        name="outline",
        task="gait-embedding",
        arch="outline",
        params=0,
        flops=0,
        input=silhouette_input(),
        output=OutputSpec("embedding", distance="cosine", dim=BANDS, parts=PARTS),
        decision=Decision(threshold=0.95),
        weights_sha256=sha,
    )
    return card.replace(**changes)


_CONSTANTS: dict[str, NDArray[Any]] = {
    "halves": np.array([0, 0, PARTS, 32, 64], np.int64),
    "bands": np.array([0, 0, PARTS, BANDS, 16], np.int64),
    "flat": np.array([0, 0, NUMBERS], np.int64),
    "parts": np.array([-1, PARTS, BANDS], np.int64),
    "axis3": np.array([3], np.int64),
    "axis4": np.array([4], np.int64),
    "axis1": np.array([1], np.int64),
    "white": np.array(255.0, np.float32),
}


def _of_frames() -> list[NodeProto]:
    return [
        helper.make_node("Cast", ["record"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["float", "white"], ["grey"]),
        helper.make_node("Reshape", ["grey", "halves"], ["by_half"]),
        helper.make_node("ReduceMean", ["by_half", "axis3"], ["columns"], keepdims=0),
        helper.make_node("Reshape", ["columns", "bands"], ["by_band"]),
        helper.make_node("ReduceMean", ["by_band", "axis4"], ["map"], keepdims=0),
    ]


def _write(
    path: Path,
    nodes: Sequence[NodeProto],
    taken: tuple[str, int, Sequence[Any]],
    given: tuple[str, Sequence[Any]],
    gain: float,
    card: Card,
) -> None:
    known = {**_CONSTANTS, "gain": np.array(gain, np.float32)}
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "outline",
        [helper.make_tensor_value_info(*taken)],
        [helper.make_tensor_value_info(given[0], TensorProto.FLOAT, given[1])],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in known.items() if n in used],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    helper.set_model_props(model, {CARD_KEY: card.to_json()})
    path.write_bytes(sealed(model.SerializeToString()))


def write_outline_model(
    path: Path, parts: bool = True, gain: float = 1.0, least: int = 1, **changes: Any
) -> Path:
    """The model with its card, and its two parts beside it; a gain of NaN breaks its output."""
    card = outline_card(**changes)
    spec = card.input
    card = card.replace(
        input=InputSpec(spec.record, spec.shape, spec.dtype, spec.units, spec.rate_hz, least)
    )
    record = ("record", TensorProto.UINT8, ["N", "T", 64, 64])
    last = helper.make_node("Mul", ["most", "gain"], ["embedding"])
    most = helper.make_node("ReduceMax", ["map", "axis1"], ["most"], keepdims=0)
    embedding = ("embedding", ["N", PARTS, BANDS])
    _write(path, [*_of_frames(), most, last], record, embedding, gain, card)
    if parts:
        flat = helper.make_node("Reshape", ["map", "flat"], ["numbers"])
        numbers = card.replace(output=OutputSpec("embedding", dim=NUMBERS))
        frame = part_path(path, FRAME)
        _write(
            frame, [*_of_frames(), flat], record, ("numbers", ["N", "T", NUMBERS]), gain, numbers
        )
        maxima = InputSpec(spec.record, (NUMBERS,), "float32", "maxima", spec.rate_hz)
        unflat = helper.make_node("Reshape", ["maxima", "parts"], ["most"])
        taken = ("maxima", TensorProto.FLOAT, ["N", NUMBERS])
        _write(
            part_path(path, HEAD),
            [unflat, last],
            taken,
            embedding,
            gain,
            card.replace(input=maxima),
        )
    return path


def mask(body: tuple[int, int], size: tuple[int, int] = (80, 100), top: int = 10) -> Uint8:
    """A body of 60 rows in a black picture (H, W): width of its upper and its lower half."""
    picture = np.zeros(size, np.uint8)
    middle = size[1] // 2
    for rows, width in zip((slice(top, top + 30), slice(top + 30, top + 60)), body, strict=True):
        picture[rows, middle - width // 2 : middle + width // 2] = 255
    return picture


def step(t: float, rate_hz: float = 25.0) -> int:
    """By how many pixels legs are closer together in frame t of who takes 1.8 steps a second."""
    return 2 * round(1.0 - math.cos(2.0 * math.pi * 1.8 * t / rate_hz))


def walk(body: tuple[int, int], frames: int) -> list[Uint8]:
    """Masks of a body that grows and shrinks a little from frame to frame, and whose legs take 1.8
    steps a second of 25 frames.
    """
    return [mask((body[0] + 2 * (t % 2), body[1] - step(t))) for t in range(frames)]


def write_walk(folder: Path, masks: Sequence[NDArray[Any]]) -> Path:
    """PNG files 1.png, 2.png, ..., 10.png: by name, 10 comes before 2."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(masks, start=1):
        assert cv2.imwrite(str(folder / f"{number}.png"), picture)
    return folder


def expected(records_THW: Uint8) -> Float32:
    """What the model should say of records: (parts, bands)."""
    share = records_THW.reshape(-1, PARTS, 32, BANDS, 16).mean(axis=(2, 4)) / 255
    return np.asarray(share.max(axis=0), np.float32)
