"""A tiny activity model that a person can compute by hand, in a real ONNX file with a real card."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edgehuman.card import CARD_KEY, Card, Decision, InputSpec, OutputSpec
from edgehuman.runtime.engine.onnx_file import sealed
from edgehuman.runtime.gallery import empty_gallery, write_gallery
from tests.runtime.gait_models import ANNA, BOB, gait_card, walk, write_gait_model, write_poses

LABELS = ("walking", "sitting", "laying")
MakeModel = Callable[..., Path]


def tiny_card(**changes: Any) -> Card:
    """The card of the tiny model: (128, 6) at 50 Hz -> walking, sitting, laying."""
    card = Card(
        name="tiny",
        task="activity",
        arch="mean",
        params=3,
        flops=0,
        input=InputSpec("ImuWindow", (128, 6), "float32", "g and rad/s", 50.0),
        output=OutputSpec("classes", LABELS),
        decision=Decision(hop_s=0.64),
    )
    return card.replace(**changes)


def tiny_graph(gain: float = 4.0, length: int = 128) -> onnx.ModelProto:
    """Logits = gain x the window's mean (ax, ay, az): the axis that points up names the label."""
    nodes = [
        helper.make_node("ReduceMean", ["record", "time"], ["mean"], keepdims=0),
        helper.make_node("Slice", ["mean", "from", "to", "channel"], ["accel"]),
        helper.make_node("Mul", ["accel", "gain"], ["logits"]),
    ]
    constants: dict[str, NDArray[Any]] = {
        "time": np.array([1], np.int64),
        "from": np.array([0], np.int64),
        "to": np.array([3], np.int64),
        "channel": np.array([1], np.int64),
        "gain": np.array([gain], np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("record", TensorProto.FLOAT, ["N", length, 6])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 3])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    """Writes the tiny model and gives its path: `make_model(card=..., gain=..., seal=...)`."""

    def make(
        card: Card | None = None,
        gain: float = 4.0,
        name: str = "tiny.onnx",
        with_card: bool = True,
        seal: bool = True,
        length: int = 128,
    ) -> Path:
        model = tiny_graph(gain, length)
        if with_card:
            helper.set_model_props(model, {CARD_KEY: (card or tiny_card()).to_json()})
        content = model.SerializeToString()
        path = tmp_path / name
        path.write_bytes(sealed(content) if seal else content)
        return path

    return make


@pytest.fixture
def tiny(make_model: MakeModel) -> Path:
    """The path of the tiny model, sealed."""
    return make_model()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model, and who walks by."""
    write_gait_model(tmp_path / "nose.onnx")
    write_poses(tmp_path / "anna.jsonl", walk(ANNA, 2))
    write_poses(tmp_path / "bob.jsonl", walk(BOB, 2))
    write_poses(tmp_path / "door.jsonl", walk(ANNA, 2, 1), walk(BOB, 2, 2), walk((50, 50), 2, 3))
    return tmp_path


@pytest.fixture
def nose(tmp_path: Path) -> Path:
    """A gait model; beside it who walks by, and a gallery that knows ANNA."""
    write_poses(tmp_path / "door.jsonl", walk(ANNA, 2, 1), walk(BOB, 2, 2))
    vector_D = np.array([90.0, 10.0], np.float32)
    write_gallery(tmp_path / "g.npz", empty_gallery(gait_card()).enrol("ANNA", "w", vector_D))
    return write_gait_model(tmp_path / "nose.onnx")
