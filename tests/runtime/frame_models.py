"""Models of whole frames that a person can compute by hand, and networks of others of any shape.

`write_detector`: in the frame a person is a rectangle of pure red, green or blue; its score is the
level of its colour, 0 to 1. `write_foreign`: the outputs are constants, whatever the input.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edgehuman.card import CARD_KEY, Card, OutputSpec, image_input
from edgehuman.records import Uint8
from edgehuman.runtime.engine.onnx_file import sealed
from edgehuman.runtime.foreign.graph import Graph

HEIGHT, WIDTH = 64, 96
RGB = ("red", "green", "blue")


def frame_card(**changes: Any) -> Card:
    """The card of the detector of colours."""
    taken = image_input(HEIGHT, WIDTH, record="Frame")
    return Card("colours", "detection", "colours", 0, 0, taken, OutputSpec("boxes")).replace(
        **changes
    )


def write_detector(folder: Path, broken: bool = False, **changes: Any) -> Path:
    """`folder/detector.onnx` with its card.

    Args:
        broken: its boxes are not finite.
    """
    nodes = [
        helper.make_node("Cast", ["record"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Greater", ["float", "half"], ["bright"]),
        helper.make_node("Cast", ["bright"], ["is"], to=TensorProto.FLOAT),
    ]  # fmt: skip
    for across, name in (("rows", "x"), ("columns", "y")):
        nodes += [
            helper.make_node("ReduceMax", ["is", across], [f"line_{name}"], keepdims=0),
            helper.make_node("Greater", [f"line_{name}", "zero"], [f"there_{name}"]),
            helper.make_node("Where", [f"there_{name}", f"low_{name}", "far"], [f"lows_{name}"]),
            helper.make_node("Where", [f"there_{name}", f"high_{name}", "zero"], [f"tops_{name}"]),
            helper.make_node("ReduceMin", [f"lows_{name}", "first"], [f"{name}1"], keepdims=0),
            helper.make_node("ReduceMax", [f"tops_{name}", "first"], [f"{name}2"], keepdims=0),
        ]
    nodes += [
        helper.make_node("ReduceMax", ["float", "places"], ["level"], keepdims=0),
        helper.make_node("Div", ["level", "zero" if broken else "full"], ["scaled"]),
        helper.make_node("Sub", ["scaled", "zero"], ["score"]),
    ]
    columns = ["x1", "y1", "x2", "y2", "score"]
    nodes += [helper.make_node("Unsqueeze", [name, "last"], [f"{name}_"]) for name in columns]
    nodes.append(helper.make_node("Concat", [f"{name}_" for name in columns], ["boxes"], axis=2))

    def steps(count: int, first: int) -> NDArray[np.float32]:
        return np.arange(first, count + first, dtype=np.float32)[None, :, None]

    constants: dict[str, NDArray[Any]] = {
        "half": np.array(128, np.float32),
        "zero": np.array(0, np.float32),
        "full": np.array(255, np.float32),
        "far": np.array(9999, np.float32),
        "rows": np.array([1], np.int64),
        "columns": np.array([2], np.int64),
        "first": np.array([1], np.int64),
        "places": np.array([1, 2], np.int64),
        "last": np.array([2], np.int64),
        "low_x": steps(WIDTH, 0),
        "high_x": steps(WIDTH, 1),
        "low_y": steps(HEIGHT, 0),
        "high_y": steps(HEIGHT, 1),
    }
    taken = helper.make_tensor_value_info("record", TensorProto.UINT8, ["N", HEIGHT, WIDTH, 3])
    given = helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["N", 3, 5])
    weights = [numpy_helper.from_array(np.asarray(a), name) for name, a in constants.items()]
    graph = helper.make_graph(nodes, "colours", [taken], [given], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    return _written(folder / "detector.onnx", model, frame_card(**changes))


def write_rows(folder: Path, row_R5: NDArray[np.float32], name: str = "rows.onnx") -> Path:
    """A detector of ours whose rows are always these."""
    model = _constant(np.uint8, ("N", HEIGHT, WIDTH, 3), {"boxes": row_R5[None]})
    return _written(folder / name, model, frame_card())


def write_foreign(
    path: Path,
    shape: tuple[int | str, ...],
    outputs: Mapping[str, NDArray[Any]],
    dtype: Any = np.float32,
    **metadata: str,
) -> Path:
    """A file without a card whose outputs are always these.

    Args:
        shape, dtype: of its input.
        metadata: as Ultralytics writes it.
    """
    model = _constant(dtype, shape, outputs)
    helper.set_model_props(model, metadata)
    path.write_bytes(model.SerializeToString())
    return path


def inputs_seen(monkeypatch: pytest.MonkeyPatch) -> list[NDArray[Any]]:
    """What networks of others are given from now on."""
    seen: list[NDArray[Any]] = []
    run = Graph.run

    def watched(graph: Graph, array: NDArray[Any]) -> list[NDArray[Any]]:
        seen.append(array)
        return run(graph, array)

    monkeypatch.setattr(Graph, "run", watched)
    return seen


def street(height: int = 128, width: int = 192, *boxes: tuple[int, int, int, int]) -> Uint8:
    """A dark frame with a person of red, green and blue for each box x1, y1, x2, y2."""
    frame_HWC = np.full((height, width, 3), 20, np.uint8)
    for place, (x0, y0, x1, y1) in enumerate(boxes):
        frame_HWC[y0:y1, x0:x1] = 0
        frame_HWC[y0:y1, x0:x1, place] = 255
    return frame_HWC


def write_video(path: Path, frames: list[Uint8], fps: float = 10.0, codec: str = "MJPG") -> Path:
    """A video of frames of one size."""
    import cv2

    size = frames[0].shape[1], frames[0].shape[0]
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, size)
    for frame_HWC in frames:
        video.write(frame_HWC[..., ::-1])
    video.release()
    return path


def _constant(
    dtype: Any, shape: tuple[int | str, ...], outputs: Mapping[str, NDArray[Any]]
) -> onnx.ModelProto:
    element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    nodes = [helper.make_node("Identity", [f"{name}_is"], [name]) for name in outputs]
    given = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(value.dtype), list(value.shape)
        )
        for name, value in outputs.items()
    ]
    weights = [numpy_helper.from_array(value, f"{name}_is") for name, value in outputs.items()]
    taken = helper.make_tensor_value_info("images", element, list(shape))
    graph = helper.make_graph(nodes, "constant", [taken], given, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def _written(path: Path, model: onnx.ModelProto, card: Card) -> Path:
    helper.set_model_props(model, {CARD_KEY: card.to_json()})
    path.write_bytes(sealed(model.SerializeToString()))
    return path
