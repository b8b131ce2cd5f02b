"""What surrounds a person in the picture: the shadow on the ground, and what stands in the way."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgehuman.simulate.fabric import plain
from edgehuman.simulate.figure import figure_of, tubes_of
from edgehuman.simulate.painting import Canvas, blank, paint
from edgehuman.simulate.shot import Shot
from edgehuman.simulate.stance import Body, Stance, hold
from edgehuman.simulate.tube import KNOTS, Light, Tube, View
from edgehuman.simulate.wardrobe import look_and_wardrobe

Array = NDArray[np.float64]

OCCLUDED = 255

_BONES = (
    ("head_top", "neck", 0.09),
    ("neck", "pelvis", 0.17),
    ("l_hip", "l_knee", 0.08),
    ("r_hip", "r_knee", 0.08),
    ("l_knee", "l_toe", 0.06),
    ("r_knee", "r_toe", 0.06),
    ("l_shoulder", "l_elbow", 0.05),
    ("r_shoulder", "r_elbow", 0.05),
    ("l_elbow", "l_hand", 0.04),
    ("r_elbow", "r_hand", 0.04),
)


def cast_shadow(canvas: Canvas, body: Body, view: View, light: Light) -> None:
    """Darken the ground where the body keeps the light away."""
    height, width = canvas.owner_HW.shape
    towards = view.axes_33.T @ np.asarray(light.towards_3)
    slope = towards[:2] / max(float(towards[2]), 0.25)
    shade = np.zeros((height, width), np.uint8)
    names = sorted({name for bone in _BONES for name in bone[:2]})
    joints = np.stack([body.joint(name) for name in names])
    ground = joints * (1.0, 1.0, 0.0)
    ground[:, :2] -= joints[:, 2:] * slope
    pixel_N2, depth_N = view.project(ground)
    at = dict(zip(names, np.clip(pixel_N2, -4000, 4000).astype(int).tolist(), strict=True))
    for first, second, wide_m in _BONES:
        pixels = 2.0 * wide_m * view.scale_2[0] / float(depth_N.mean())
        cv2.line(shade, at[first], at[second], 255, max(1, round(pixels)))
    soft = cv2.GaussianBlur(shade, (0, 0), height / 90.0)
    strength = 0.75 * light.direct / (light.direct + light.ambient) / 255.0
    canvas.colour_HWC[:] *= 1.0 - strength * soft[..., None].astype(np.float32)


def paint_occluder(canvas: Canvas, shot: Shot, view: View, random: np.random.Generator) -> None:
    """Paint what stands between camera and person; there the picture shows nobody."""
    if shot.occluder == "none":
        return
    over = blank(canvas.colour_HWC)
    right, toward = view.axes_33[0], view.position_3 * (1.0, 1.0, 0.0)
    toward = toward / np.sqrt(toward @ toward)
    # Beside the middle by part of the width that the picture shows where the person stands.
    shown_m = canvas.owner_HW.shape[1] * view.depth(np.zeros(3)) / view.scale_2[0]
    foot = right * (0.5 * shown_m * shot.occluder_side) + toward * 0.7
    if shot.occluder == "passer-by":
        tubes = _passer_by(shot, view, foot)
    else:
        tubes = [_thing(shot, foot, right, toward, random)]
    paint(over, tubes, view, shot.camera.light, random)
    hidden = over.owner_HW > 0
    canvas.owner_HW[hidden] = OCCLUDED
    canvas.part_HW[hidden] = 0


def _passer_by(shot: Shot, view: View, foot: Array) -> list[Tube]:
    """Somebody else, nearer to the camera."""
    look, wardrobe = look_and_wardrobe(shot.seed)
    body = hold(look.person, Stance("walking", shot.stance.phase, seed=shot.seed))
    moved = Body(body.joints_J3 + foot, body.rotation_S33)
    return tubes_of(figure_of(look, wardrobe, moved), view)


def _thing(
    shot: Shot, foot: Array, right: Array, toward: Array, random: np.random.Generator
) -> Tube:
    """A post, a box or a bush."""
    tall_m, wide_m, low, high = {
        "post": (3.0, random.uniform(0.04, 0.09), 60, 190),
        "box": (random.uniform(0.5, 1.0), random.uniform(0.25, 0.4), 50, 210),
        "bush": (random.uniform(0.6, 1.1), random.uniform(0.3, 0.5), 40, 90),
    }[shot.occluder]
    colour = random.uniform(low, high) * (1.0 + random.normal(0.0, 0.1, 3))
    if shot.occluder == "bush":
        colour *= (0.8, 1.15, 0.6)
    round_end = 0.8 if shot.occluder == "bush" else 0.0
    return Tube(
        "thing",
        0,
        np.stack([foot, foot + (0.0, 0.0, tall_m)]),
        right,
        toward,
        np.full((3, KNOTS), wide_m),
        plain((float(colour[0]), float(colour[1]), float(colour[2])), 0.25, shot.seed),
        (60, 60),
        (0, 0),
        (0.0, round_end),
        (0.0, 0.0),
        0.3 if shot.occluder == "bush" else 0.05,
    )
