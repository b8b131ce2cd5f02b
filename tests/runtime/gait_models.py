"""A gait model that a person can compute by hand: the vector is where the nose is on average.

ANNA's nose is at (90, 10), BOB's at (10, 90), so under the cosine they are plainly apart.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from edgehuman.card import CARD_KEY, Card, Decision, InputSpec, OutputSpec
from edgehuman.geometry import OPENPOSE_18
from edgehuman.runtime.engine.onnx_file import sealed

FRAMES, RATE_HZ = 6, 12.0
ANNA, BOB = (90.0, 10.0), (10.0, 90.0)


def gait_card(sha: str = "a" * 64, **changes: Any) -> Card:
    """Windows of half a second, a new one every quarter; under 0.9 it is a stranger."""
    card = Card(
        name="nose",
        task="gait-embedding",
        arch="nose",
        params=0,
        flops=0,
        input=InputSpec("SkeletonSequence", (FRAMES, 18, 3), "float32", "pixels", RATE_HZ),
        output=OutputSpec("embedding", distance="cosine", dim=2),
        decision=Decision(threshold=0.9, hop_s=0.25),
        weights_sha256=sha,
    )
    return card.replace(**changes)


def write_gait_model(path: Path, gain: float = 1.0, **changes: Any) -> Path:
    """The model with its card; a gain of NaN breaks its output."""
    nodes = [
        helper.make_node("Slice", ["record", "from", "to", "axes"], ["nose"]),
        helper.make_node("ReduceMean", ["nose", "over"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "gain"], ["vector"]),
    ]
    constants = {
        "from": np.array([0, 0], np.int64),
        "to": np.array([1, 2], np.int64),
        "axes": np.array([2, 3], np.int64),
        "over": np.array([1, 2], np.int64),
        "gain": np.array(gain, np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "nose",
        [helper.make_tensor_value_info("record", TensorProto.FLOAT, ["N", FRAMES, 18, 3])],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["N", 2])],
        [numpy_helper.from_array(np.asarray(a), name) for name, a in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    entry = model.metadata_props.add()
    entry.key, entry.value = CARD_KEY, gait_card(**changes).to_json()
    path.write_bytes(sealed(model.SerializeToString()))
    return path


# From the nose, in OpenPose-18's order: somebody 70 pixels tall who faces the camera.
_RIGHT_ARM, _LEFT_ARM = ((-8, 10), (-9, 24), (-9, 36)), ((8, 10), (9, 24), (9, 36))
_RIGHT_LEG, _LEFT_LEG = ((-5, 36), (-5, 52), (-5, 68)), ((5, 36), (5, 52), (5, 68))
_HEAD = ((-2, -2), (2, -2), (-4, -1), (4, -1))
_BODY = ((0, 10), *_RIGHT_ARM, *_LEFT_ARM, *_RIGHT_LEG, *_LEFT_LEG, *_HEAD)


def pose(t_s: float, nose: tuple[float, float], track: Any = 0, **changes: Any) -> dict[str, Any]:
    """A line: the nose somewhere, all other joints of a body that comes closer (and goes again
    after ten seconds) wandering slowly below it, and the ankles taking 1.8 steps a second.
    """
    near = math.exp(0.12 * (10.0 - abs(10.0 - t_s % 20.0)))
    others = [[nose[0] + near * x, nose[1] + near * y + t_s, 0.8] for x, y in _BODY]
    lift = near * 5.0 * math.sin(1.8 * math.pi * t_s)
    for joint, away in (("r_ankle", lift), ("l_ankle", -lift)):
        others[OPENPOSE_18.index(joint) - 1][1] += away
    return {"t": t_s, "id": track, "joints": [[*nose, 0.9], *others], **changes}


def walk(
    nose: tuple[float, float], seconds: float, track: Any = 0, begin_s: float = 0.0
) -> list[dict[str, Any]]:
    """Lines at 12 Hz."""
    count = round(seconds * RATE_HZ)
    return [pose(begin_s + k / RATE_HZ, nose, track) for k in range(count)]


def write_poses(path: Path, *walks: list[dict[str, Any]]) -> Path:
    """The lines of several tracks, in the order of time."""
    lines = sorted((line for each in walks for line in each), key=lambda line: float(line["t"]))
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
