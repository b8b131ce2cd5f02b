"""Simulated people as cut-outs: seen from all sides, walking, and from above.

People in photos of fashion mostly stand and look at the camera; walkers from the side and the back
come from here.
"""

from __future__ import annotations

import dataclasses

from edgehuman.data.image.crowds.cutouts import CutOut, cut_out
from edgehuman.simulate.body.seeding import child_seed, generator
from edgehuman.simulate.image.people import PARTS, render_worn
from edgehuman.simulate.image.scene.camera import NUM_CAMERAS, sample_camera
from edgehuman.simulate.image.scene.shot import Shot, sample_shot

NUM_WALKERS = 320
"""Of one stock; the second half is seen from above. About 0.1 MB each."""
_HEIGHT, _WIDTH = 192, 128
_BAG = PARTS.index("bag")
_HIGH_M, _FAR_M = (4.5, 9.0), (7.0, 16.0)


def is_from_above(number: int) -> bool:
    """Whether a walker is seen from a height of several metres."""
    return number >= NUM_WALKERS // 2


def walker(seed: int, number: int) -> CutOut | None:
    """Draw a walker; None: they do not fit the picture."""
    look_seed = child_seed(seed, 0x3A1, number)
    drawn, worn = render_worn(look_seed, _shot(seed, number), _HEIGHT, _WIDTH)
    whole_HW = drawn.part_HW > 0
    body_HW = whole_HW & (drawn.part_HW != _BAG)
    return cut_out(drawn.image_HWC, whole_HW, body_HW, part_HW=drawn.part_HW, worn=worn)


def _shot(seed: int, number: int) -> Shot:
    """A whole body, sharp, with nothing before it."""
    rng = generator(seed, 0x3A1C, number)
    camera = sample_camera(child_seed(seed, 0x3A2), number % NUM_CAMERAS)
    shot = sample_shot(camera, rng)
    distance_m = shot.distance_m
    if is_from_above(number):
        camera = dataclasses.replace(camera, height_m=float(rng.uniform(*_HIGH_M)))
        distance_m = float(rng.uniform(*_FAR_M))
    exposure = dataclasses.replace(shot.exposure, blur_px=0.0, detail=1.0, quality=95)
    return dataclasses.replace(
        shot,
        camera=camera,
        distance_m=distance_m,
        activity="walking" if rng.random() < 0.85 else shot.activity,
        scale=0.94,
        shift=(0.0, 0.0),
        aspect=1.0,
        occluder="none",
        exposure=exposure,
    )
