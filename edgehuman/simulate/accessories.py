"""What is worn or carried on top: long hair, hats, bags."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehuman.simulate.face import HEAD_SHAPE_3K
from edgehuman.simulate.look import Look
from edgehuman.simulate.parts import PART
from edgehuman.simulate.stance import Body
from edgehuman.simulate.tube import KNOTS, Texture, Tube
from edgehuman.simulate.wardrobe import Wardrobe

Array = NDArray[np.float64]

_LONG_HAIR = np.array(
    [
        [0.050, 0.080, 0.088, 0.092, 0.098, 0.102, 0.102, 0.092, 0.060],
        [0.040, 0.050, 0.045, 0.040, 0.034, 0.030, 0.028, 0.026, 0.020],
        [0.040, 0.070, 0.068, 0.060, 0.050, 0.044, 0.040, 0.034, 0.022],
    ]
)
_TAIL = np.array([0.022, 0.030, 0.034, 0.036, 0.036, 0.034, 0.030, 0.024, 0.012])
_DOME = np.array([1.0, 1.0, 0.99, 0.97, 0.92, 0.83, 0.68, 0.46, 0.12])
_PACK = np.array([0.125, 0.145, 0.152, 0.155, 0.155, 0.152, 0.145, 0.130, 0.100])


def _tube(
    part: str,
    ends: tuple[Array, Array],
    frame_33: Array,
    size_3K: Array,
    texture: Texture,
    roundness: tuple[float, float] = (0.3, 0.3),
    folds: float = 0.0,
    texels: tuple[float, float] | None = None,
    name: str | None = None,
) -> Tube:
    return Tube(
        name or part,
        PART[part],
        np.stack(ends),
        frame_33[:, 1],
        frame_33[:, 0],
        size_3K,
        texture,
        texels or (texture.height, texture.width),
        (0, 0),
        roundness,
        (0.0, 0.0),
        folds,
    )


def head_hair(look: Look, wardrobe: Wardrobe, head_23: Array, body: Body) -> list[Tube]:
    """Hair that stands off the head: long, a pony tail or a bun."""
    frame, chest = body.frame("head"), body.frame("trunk")
    chin, crown = head_23
    height_m = float(np.sqrt(((crown - chin) ** 2).sum()))
    back = chin + 0.62 * (crown - chin) - frame[:, 0] * (0.30 * height_m)
    if look.hair == "long":
        start = chin + 0.80 * (crown - chin) - frame[:, 0] * (0.10 * height_m)
        length_m = 0.16 + 0.14 * (look.seed % 7) / 6.0
        end = body.joint("neck") - chest[:, 0] * 0.075 - chest[:, 2] * length_m
        size = _LONG_HAIR * (height_m / 0.22)
        return [
            _tube(
                "hair",
                (start, end),
                frame,
                size,
                wardrobe.hair,
                (0.5, 0.3),
                0.18,
                (60, 80),
                "long hair",
            )
        ]
    if look.hair == "ponytail":
        start = back - frame[:, 0] * (0.20 * height_m)
        end = body.joint("neck") - chest[:, 0] * 0.13 - chest[:, 2] * 0.06
        return [
            _tube(
                "hair",
                (start, end),
                frame,
                np.stack([_TAIL] * 3),
                wardrobe.hair,
                folds=0.18,
                name="long hair",
            )
        ]
    if look.hair == "bun":
        middle = back - frame[:, 0] * (0.17 * height_m) + frame[:, 2] * (0.25 * height_m)
        size = np.full((3, KNOTS), 0.042)
        ends = (middle - frame[:, 2] * 0.012, middle + frame[:, 2] * 0.012)
        return [_tube("hair", ends, frame, size, wardrobe.hair, (1.0, 1.0), 0.2)]
    return []


def hat(look: Look, wardrobe: Wardrobe, head_23: Array, body: Body) -> list[Tube]:
    """A cap, a beanie or a hat with a brim."""
    if look.hat == "none":
        return []
    frame = body.frame("head")
    chin, crown = head_23
    up = crown - chin
    height_m = float(np.sqrt((up**2).sum()))
    low = {"cap": 0.70, "beanie": 0.62, "brim": 0.72}[look.hat]
    head_3 = HEAD_SHAPE_3K[:, 5] * height_m + 0.014
    size = head_3[:, None] * _DOME
    top = 1.10 if look.hat == "beanie" else 1.06
    made = [
        _tube("hat", (chin + low * up, chin + top * up), frame, size, wardrobe.hat, (0.0, 0.3), 0.1)
    ]
    edge = chin + low * up
    if look.hat == "brim":
        brim = np.repeat((head_3 + 0.065)[:, None], KNOTS, axis=1)
        made.insert(
            0, _tube("hat", (edge, edge + 0.04 * up), frame, brim, wardrobe.hat, (0.0, 0.0))
        )
    if look.hat == "cap":
        ahead = frame[:, 0] * (head_3[1] - 0.01)
        out = frame[:, 0] * 0.075 - frame[:, 2] * 0.015
        turned = np.stack([frame[:, 2], frame[:, 1], frame[:, 0]], axis=1)
        peak = np.stack([np.full(KNOTS, 0.072), np.full(KNOTS, 0.012), np.full(KNOTS, 0.010)])
        ends = (edge + ahead, edge + ahead + out)
        made.append(_tube("hat", ends, turned, peak, wardrobe.hat, (0.0, 0.6)))
    return made


def backpack(wardrobe: Wardrobe, body: Body, scale: float) -> list[Tube]:
    """A pack on the back, from the waist to the shoulders."""
    chest, neck = body.frame("trunk"), body.joint("neck")
    off = chest[:, 0] * (-0.17 * scale)
    ends = (neck - chest[:, 2] * (0.42 * scale) + off, neck - chest[:, 2] * (0.03 * scale) + off)
    size = np.stack([_PACK, 0.5 * _PACK, 0.72 * _PACK]) * scale
    return [_tube("bag", ends, chest, size, wardrobe.bag, (0.4, 0.4), 0.06)]


def shoulder_bag(wardrobe: Wardrobe, body: Body, scale: float, left: bool) -> list[Tube]:
    """A bag at the hip, on a strap that the torso shows."""
    hips = body.frame("pelvis")
    side = 1.0 if left else -1.0
    middle = body.joint("pelvis") + hips[:, 1] * (side * 0.215 * scale) - hips[:, 0] * 0.03
    ends = (middle - hips[:, 2] * (0.15 * scale), middle + hips[:, 2] * (0.07 * scale))
    size = np.repeat(np.array([[0.045], [0.15], [0.15]]) * scale, KNOTS, axis=1)
    return [_tube("bag", ends, hips, size, wardrobe.bag, (0.15, 0.1), 0.05)]


def hand_bag(wardrobe: Wardrobe, body: Body, scale: float, left: bool) -> list[Tube]:
    """A bag that hangs from a hand."""
    name = "l" if left else "r"
    hand = body.joint(f"{name}_hand")
    frame = body.frame("pelvis")
    down = np.array([0.0, 0.0, -1.0])
    size = np.repeat(np.array([[0.05], [0.16], [0.16]]) * scale, KNOTS, axis=1)
    ends = (hand + down * (0.36 * scale), hand + down * (0.12 * scale))
    handle = np.full((3, KNOTS), 0.012)
    return [
        _tube("bag", ends, frame, size, wardrobe.bag, (0.1, 0.1), 0.05),
        _tube("bag", (ends[1], hand), frame, handle, wardrobe.bag),
    ]
