"""One person whose look is set by hand, for tests that draw them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from edgehuman.records import Float64
from edgehuman.simulate.body.stance import Body, cycle
from edgehuman.simulate.image.clothes.look import Cloth, Look, sample_look
from edgehuman.simulate.image.figure.rig import Anchor, Piece
from edgehuman.simulate.image.figure.tube import View
from edgehuman.simulate.image.scene.camera import look_at

RED, BLUE = (200.0, 40.0, 40.0), (40.0, 40.0, 200.0)


def cloth(pattern: str = "plain", **changes: Any) -> Cloth:
    """Red with a blue pattern."""
    return replace(Cloth(pattern, RED, BLUE, 8, 0.5, 3), **changes)


def dressed(**changes: Any) -> Look:
    """In a plain red T-shirt and blue trousers down to the ankle, with nothing on top."""
    usual = {
        "hair": "short",
        "beard": False,
        "glasses": False,
        "hat": "none",
        "bag": "none",
        "top": "t-shirt",
        "top_cloth": cloth(),
        "bottom_cloth": cloth(ground=BLUE),
        "sleeve": 0.5,
        "bottom": "trousers",
        "reach": 1.9,
        "shoes": "trainers",
        "right_hand": "hang",
        "left_hand": "hang",
    }
    return replace(sample_look(1), **{**usual, **changes})


def standing(look: Look) -> Body:
    return cycle(look.person, "standing").body(0.0)


def place(anchor: Anchor, body: Body) -> Float64:
    """Where a body holds an anchor, metres (3,)."""
    at: Float64 = sum(
        (weight * body.joint(name) for name, weight in anchor.joints), np.zeros(3)
    ) + sum((body.frame(name) @ np.array(move) for name, *move in anchor.offsets), np.zeros(3))
    return at


def ends(piece: Piece, body: Body) -> tuple[Float64, Float64]:
    """Both ends of a piece."""
    return place(piece.start, body), place(piece.end, body)


def seen_from(azimuth_deg: float, height: int = 256, width: int = 128) -> View:
    """From 10 m, level with the waist, the whole person in the picture; 0 is from the front."""
    far = look_at(0.9, 10.0, float(np.radians(azimuth_deg)))
    scale = np.full(2, height / 2.2 * 10.0)
    return View(far.position_3, far.axes_33, scale, np.array([width / 2.0, height / 2.0]))
