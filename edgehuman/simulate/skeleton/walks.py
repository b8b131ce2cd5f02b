"""Skeletons of simulated people who walk past pin-hole cameras: the built-in data for gait.

    walks = simulate_skeletons(num_people=100, each=8, seed=0)
    walks.skeleton_NTJ3[3], walks.person_N[3], walks.view_deg_N[3], walks.condition_N[3]

The walkers of `crowd` are seen by the cameras of `pinhole` and detected by `detector`. The random
numbers of a walk depend only on (seed, person, number of the walk), not on who else is simulated
or how many walks at once.

Axes: N walk, T frame, J joint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.records import Float32, Index, Text
from edgehuman.simulate.gait.pinhole import Cameras, watch
from edgehuman.simulate.gait.strollers import CONDITIONS
from edgehuman.simulate.gait.walks import WalkList, list_walks, require_timing, stroll
from edgehuman.simulate.skeleton.detector import Detector, detect, num_normals

RATE_HZ = 24.0
# Walks posed at once: few enough for their arrays to fit in the CPU cache.
_BLOCK = 32
_CAMERAS, _DETECTOR = Cameras(), Detector()


@dataclass(frozen=True, slots=True)
class SimulatedSkeletons:
    """Walks with all their labels, ordered by person.

    Attributes:
        skeleton_NTJ3: float32 (N, T, 18, 3): x, y in pixels, y downwards, confidence 0..1;
            OpenPose-18. A joint that was not detected is all zero.
        person_N: who walks.
        walk_N: number of the walk within the person's walks, from 0.
        view_deg_N: the camera's nominal azimuth: 0 in front of the walker, 180 behind.
        condition_N: "nm" normal, "bg" with a bag, "cl" in a coat.
        height_px, width_px: of the pictures.
        rate_hz: frames per second.
    """

    skeleton_NTJ3: Float32
    person_N: Index
    walk_N: Index
    view_deg_N: Float32
    condition_N: Text
    height_px: int
    width_px: int
    rate_hz: float

    def __len__(self) -> int:
        return len(self.person_N)


def simulate_skeletons(
    num_people: int,
    each: int,
    seed: int,
    frames: int = 96,
    rate_hz: float = RATE_HZ,
    first_person: int = 0,
    conditions: Sequence[str] = ("nm", "nm", "bg", "cl"),
    cameras: Cameras = _CAMERAS,
    detector: Detector = _DETECTOR,
) -> SimulatedSkeletons:
    """Simulate `each` walks of each of people first_person .. first_person + num_people - 1.

    Args:
        seed: of everything; people with the same number differ between seeds.
        frames, rate_hz: of each walk.
        conditions: of a person's walks, in turn: nm, bg or cl.
        cameras: each walk has one of its azimuths; a person's walks use all of them, in the
            person's own order, before one repeats.
        detector: the pose detector.

    Raises:
        UsageError: a value out of range, or an unknown condition.
    """
    require_timing(frames, rate_hz)
    walks = list_walks(num_people, each, seed, first_person, conditions, cameras)
    skeleton_NTJ3 = np.empty((len(walks), frames, 18, 3), np.float32)
    for first in range(0, len(walks), _BLOCK):
        rows = slice(first, first + _BLOCK)
        part = walks.part(rows)
        skeleton_NTJ3[rows] = _block(seed, part, frames, rate_hz, cameras, detector)
    return SimulatedSkeletons(
        skeleton_NTJ3,
        walks.person_N,
        walks.walk_N,
        walks.view_deg_N.astype(np.float32),
        np.array(CONDITIONS)[walks.condition_N],
        *cameras.size_px,
        rate_hz,
    )


def _block(
    seed: int, walks: WalkList, frames: int, rate_hz: float, cameras: Cameras, detector: Detector
) -> Float32:
    """Simulate a block of walks, (N, T, 18, 3)."""
    noise = num_normals(frames, rate_hz)
    strolls = stroll(seed, walks, frames, rate_hz, cameras, noise)
    seen = watch(
        strolls.joints_J3NT[:18],
        strolls.ahead_3NT,
        strolls.view_deg_N,
        strolls.camera_uniform_NU,
        strolls.camera_normal_NZ,
        cameras,
    )
    coat_N = walks.condition_N == CONDITIONS.index("cl")
    return detect(seen, coat_N, strolls.sensor_normal_NZ, rate_hz, detector, walks.walk_N)
