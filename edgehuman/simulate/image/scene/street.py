"""Surroundings of a person in the picture: the shadow on the ground, and occluders."""

from __future__ import annotations

import cv2
import numpy as np

from edgehuman.geometry import SKELETON_26
from edgehuman.records import Float64, Uint8
from edgehuman.simulate.body.seeding import child_seed, generator
from edgehuman.simulate.body.stance import Body
from edgehuman.simulate.image.character import character, movement
from edgehuman.simulate.image.clothes.fabric import plain
from edgehuman.simulate.image.figure.figure import paint_order
from edgehuman.simulate.image.figure.rig import KNOTS, Piece, Posed, at, make_rig, pose_rig
from edgehuman.simulate.image.figure.tube import Light, View, outline
from edgehuman.simulate.image.scene.painting import Canvas, blank, paint
from edgehuman.simulate.image.scene.shot import Shot

OCCLUDED = 255
_PASSERS_BY = 8

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
_NAMES = sorted({name for bone in _BONES for name in bone[:2]})
_JOINTS = [SKELETON_26.index(name) for name in _NAMES]
_LINES = [(_NAMES.index(first), _NAMES.index(last), wide) for first, last, wide in _BONES]


def cast_shadow(ground_HWC: Uint8, body: Body, view: View, light: Light) -> None:
    """Darken the ground in the shadow of the body."""
    height, width = ground_HWC.shape[:2]
    towards = view.axes_33.T @ np.asarray(light.towards_3)
    joints = body.joints_J3[_JOINTS]
    ground = joints * (1.0, 1.0, 0.0)
    ground[:, :2] -= joints[:, 2:] * (towards[:2] / max(float(towards[2]), 0.25))
    pixel_N2, depth_N = view.project(ground)
    at = np.clip(pixel_N2, -4000.0, 4000.0).astype(np.int64).tolist()
    pixels_per_m = float(view.scale_2[0] / depth_N.mean())
    shade = np.zeros((height, width), np.uint8)
    for first, second, wide_m in _LINES:
        cv2.line(shade, at[first], at[second], 255, max(1, round(2.0 * wide_m * pixels_per_m)))
    soft = cv2.GaussianBlur(shade, (0, 0), height / 90.0)
    strength = 0.75 * light.direct / (light.direct + light.ambient) / 255.0
    left = 1.0 - strength * np.asarray(soft, np.float32)
    ground_HWC[:] = ground_HWC * left[..., None]


def paint_occluder(canvas: Canvas, shot: Shot, view: View) -> None:
    """Paint the occluder between camera and person; its pixels belong to no part."""
    if shot.occluder == "none":
        return
    over = blank(canvas.colour_CHW)
    right, toward = view.axes_33[0], view.position_3 * (1.0, 1.0, 0.0)
    toward = toward / np.sqrt(toward @ toward)
    # Offset from the middle by part of the picture's width at the person's distance.
    shown_m = canvas.owner_HW.shape[1] * float(view.depth(np.zeros(3))) / view.scale_2[0]
    foot = right * (0.5 * shown_m * shot.occluder_side) + toward * 0.7
    if shot.occluder == "passer-by":
        posed, body = _passer_by(shot, foot)
        order_P = paint_order(posed, body, view)
    else:
        posed, order_P = _thing(shot, foot, right, toward), np.zeros(1, np.intp)
    samples = max(64, canvas.owner_HW.shape[0] // 4)
    outlines = outline(posed, order_P, view, shot.camera.light, samples)
    paint(over, posed.rig, outlines, shot.seed)
    hidden = over.owner_HW > 0
    canvas.owner_HW[hidden] = OCCLUDED
    canvas.part_HW[hidden] = 0


def _passer_by(shot: Shot, foot: Float64) -> tuple[Posed, Body]:
    """Another person, closer to the camera."""
    # A camera reuses the same few passers-by, which are cached.
    seed = child_seed(shot.camera.seed, shot.seed % _PASSERS_BY)
    body = movement(seed, "walking").body(shot.phase)
    moved = Body(body.joints_J3 + foot, body.rotation_S33)
    return pose_rig(character(seed).rig, moved), moved


def _thing(shot: Shot, foot: Float64, right: Float64, toward: Float64) -> Posed:
    """A post, a box or a bush."""
    rng = generator(shot.seed, 0x781)
    tall_m, wide_m, low, high = {
        "post": (3.0, rng.uniform(0.04, 0.09), 60, 190),
        "box": (rng.uniform(0.5, 1.0), rng.uniform(0.25, 0.4), 50, 210),
        "bush": (rng.uniform(0.6, 1.1), rng.uniform(0.3, 0.5), 40, 90),
    }[shot.occluder]
    colour = rng.uniform(low, high) * (1.0 + rng.normal(0.0, 0.1, 3))
    bush = shot.occluder == "bush"
    red, green, blue = (colour * (0.8, 1.15, 0.6) if bush else colour).tolist()
    piece = Piece(
        "thing",
        shot.occluder,
        "background",
        at("pelvis"),
        at("pelvis"),
        "pelvis",
        np.full((3, KNOTS), wide_m),
        plain((red, green, blue), 0.08),
        (60.0, 60.0),
        roundness=(0.0, 0.8 if bush else 0.0),
        folds=0.3 if bush else 0.05,
    )
    rig = make_rig([piece])
    ends_P23 = np.stack([foot, foot + np.array([0.0, 0.0, tall_m])])[None]
    return Posed(rig, ends_P23, right[None], toward[None], rig.size_P3K)
