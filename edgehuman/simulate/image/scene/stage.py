"""A camera that stands, and people who walk before it: frames of a scene, with who is where.

    where = stage(seed)
    ada = passer(look_seed, motion, begin_s, end_s, heading_rad=0.0, place_m=(0.0, 0.5))
    image_HWC = where.frame([ada], t_s)

The motion is that of a walker, so the same walk can be sensed by a wearable. Nobody's shadow falls
on anybody else.

Axes: H height, W width, C channels, T frames of the motion, J joints, S segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from edgehuman.geometry import SKELETON_26
from edgehuman.records import Float64, Uint8
from edgehuman.simulate.body.stance import Body
from edgehuman.simulate.body.walker import Motion
from edgehuman.simulate.image.character import character
from edgehuman.simulate.image.figure.figure import paint_order
from edgehuman.simulate.image.figure.rig import pose_rig
from edgehuman.simulate.image.figure.tube import View, outline
from edgehuman.simulate.image.scene.backdrop import Spot, backdrop, scene
from edgehuman.simulate.image.scene.camera import (
    Camera,
    Exposure,
    expose,
    look_at,
    sample_camera,
)
from edgehuman.simulate.image.scene.painting import blank, paint
from edgehuman.simulate.image.scene.street import cast_shadow

HEIGHT_PX, WIDTH_PX = 360, 640
_FOCAL_PX, _AWAY_M, _HIGH_M, _SIDE_DEG = 800.0, 7.5, 2.2, 75.0
_SPOT = Spot(wall_m=3.5, wall_rad=0.0, along_m=6.0, floor_rad=0.0, floor_m=(1.0, 2.0))
_FEET = [SKELETON_26.index(name) for name in ("l_heel", "r_heel", "l_toe", "r_toe")]
_PELVIS = SKELETON_26.index("pelvis")
_HEAD_M = 0.12  # from the top joint to the hair's end


@dataclass(frozen=True, slots=True)
class Passer:
    """Somebody who walks past.

    Attributes:
        look_seed: of `character`.
        joints_TJ3, rotation_TS33: as `Motion`, in the stage's coordinates.
        rate_hz: frames per second of these.
        begin_s: when they come.
    """

    look_seed: int
    joints_TJ3: Float64
    rotation_TS33: Float64
    rate_hz: float
    begin_s: float

    def body(self, t_s: float) -> Body | None:
        """The pose at a time; None: they are not there."""
        frame = round((t_s - self.begin_s) * self.rate_hz)
        if not 0 <= frame < len(self.joints_TJ3):
            return None
        return Body(self.joints_TJ3[frame], self.rotation_TS33[frame])


def passer(
    look_seed: int,
    motion: Motion,
    begin_s: float,
    end_s: float,
    heading_rad: float,
    place_m: tuple[float, float],
    at_s: float | None = None,
) -> Passer:
    """Part of a walk, turned and moved so that it leads past the camera.

    Args:
        begin_s, end_s: of the motion.
        heading_rad: from its beginning to its end: 0 to the left of the picture, pi to the right.
        place_m: of the middle of the walk: along, and towards the camera.
        at_s: when it begins on the stage; None: at `begin_s`.
    """
    part = slice(round(begin_s * motion.rate_hz), round(end_s * motion.rate_hz))
    joints_TJ3, rotation_TS33 = motion.joints_TJ3[part], motion.rotation_TS33[part]
    way_T2 = joints_TJ3[:, _PELVIS, :2]
    along_2 = way_T2[-1] - way_T2[0]
    turn = heading_rad - float(np.arctan2(along_2[1], along_2[0]))
    cosine, sine = np.cos(turn), np.sin(turn)
    turned_33 = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    middle_2 = 0.5 * (way_T2.min(axis=0) + way_T2.max(axis=0))
    from_3 = np.array([*middle_2, joints_TJ3[:, _FEET, 2].min()])
    moved_TJ3 = (joints_TJ3 - from_3) @ turned_33.T + np.array([*place_m, 0.0])
    start_s = begin_s if at_s is None else at_s
    return Passer(look_seed, moved_TJ3, turned_33 @ rotation_TS33, motion.rate_hz, start_s)


@dataclass(frozen=True, slots=True)
class Stage:
    """Attributes:
    camera: its light and sensor.
    view: where it stands and looks.
    height, width: of its pictures, pixels.
    """

    camera: Camera
    view: View
    height: int
    width: int

    def frame(self, passers: Sequence[Passer], t_s: float) -> Uint8:
        """The picture at a time, uint8 (H, W, 3), RGB."""
        height, width, half = self.height, self.width, self.view.shrunk(0.5)
        here = [(each, body) for each in passers if (body := each.body(t_s)) is not None]
        place = scene(self.camera.family, self.camera.seed)
        behind = backdrop(place, _SPOT, half, height // 2, width // 2)
        for _, body in here:
            cast_shadow(behind, body, half, self.camera.light)
        planes = cv2.split(cv2.resize(behind, (width, height)))
        canvas = blank(np.array(planes, np.float32))
        here.sort(key=lambda each: -float(self.view.depth(each[1].joint("pelvis")[None])[0]))
        for each, body in here:
            rig = character(each.look_seed).rig
            posed = pose_rig(rig, body)
            order_P = paint_order(posed, body, self.view)
            samples = max(64, height // 4)
            paint(canvas, rig, outline(posed, order_P, self.view, self.camera.light, samples), 1)
        grain = (round(t_s * 1000) * 37 % 256, round(t_s * 1000) * 91 % 384)
        return expose(canvas.colour_CHW, self.camera, Exposure(1.0, 0.2, 1.0, grain, 85))

    def box(self, body: Body) -> Float64:
        """Where somebody is: x1, y1, x2, y2, pixels; may reach out of the picture."""
        pixel_J2, _ = self.view.project(body.joints_J3)
        top_J2, _ = self.view.project(body.joints_J3 + np.array([0.0, 0.0, _HEAD_M]))
        low_2 = np.minimum(pixel_J2.min(axis=0), top_J2.min(axis=0))
        return np.concatenate([low_2, pixel_J2.max(axis=0)])


def stage(seed: int, height: int = HEIGHT_PX, width: int = WIDTH_PX) -> Stage:
    """A camera before a wall, 7.5 m from where people walk, and its light."""
    camera = replace(sample_camera(seed, 0), noise=2.5, detail=1.0)
    far = look_at(_HIGH_M, _AWAY_M, float(np.radians(_SIDE_DEG)))
    focal = _FOCAL_PX * width / WIDTH_PX
    middle_2 = np.array([(width - 1) / 2, (height - 1) / 2])
    view = View(far.position_3, far.axes_33, np.array([focal, focal]), middle_2)
    return Stage(camera, view, height, width)
