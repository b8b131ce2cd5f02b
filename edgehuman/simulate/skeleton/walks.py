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

from edgehuman.errors import UsageError
from edgehuman.records import Float32, Float64, Index, Text
from edgehuman.simulate.body.crowd import pose_walks
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.skeleton.detector import Detector, detect
from edgehuman.simulate.skeleton.detector import num_normals as detector_normals
from edgehuman.simulate.skeleton.pinhole import NUM_NORMALS, NUM_UNIFORMS, Cameras, watch
from edgehuman.simulate.skeleton.strollers import (
    CONDITIONS,
    NUM_DAY_NORMALS,
    NUM_DAY_UNIFORMS,
    num_knots,
    plan_walks,
    sample_stroller,
)

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
    _check(num_people, each, seed, frames, rate_hz, first_person, conditions)
    person_N = np.repeat(np.arange(first_person, first_person + num_people), each)
    walk_N = np.tile(np.arange(each), num_people)
    condition_N = np.array([CONDITIONS.index(name) for name in conditions])[
        walk_N % len(conditions)
    ]
    view_N = np.concatenate(
        [_views(seed, person, each, cameras) for person in np.unique(person_N).tolist()]
    )
    skeleton_NTJ3 = np.empty((len(person_N), frames, 18, 3), np.float32)
    for first in range(0, len(person_N), _BLOCK):
        part = slice(first, first + _BLOCK)
        skeleton_NTJ3[part] = _block(
            seed, person_N[part], walk_N[part], condition_N[part], view_N[part],
            frames, rate_hz, cameras, detector,
        )  # fmt: skip
    return SimulatedSkeletons(
        skeleton_NTJ3,
        person_N,
        walk_N,
        view_N.astype(np.float32),
        np.array(CONDITIONS)[condition_N],
        *cameras.size_px,
        rate_hz,
    )


def _views(seed: int, person: int, each: int, cameras: Cameras) -> Float64:
    """Nominal azimuths of a person's walks, degrees."""
    count = len(cameras.views_deg)
    order = generator(seed, 0x71E, person).permutation(count)
    taken: Float64 = np.array(cameras.views_deg)[order[np.arange(each) % count]]
    return taken


def _block(
    seed: int,
    person_N: Index,
    walk_N: Index,
    condition_N: Index,
    view_N: Float64,
    frames: int,
    rate_hz: float,
    cameras: Cameras,
    detector: Detector,
) -> Float32:
    """Simulate a block of walks, (N, T, 18, 3)."""
    counts = (num_knots(frames, rate_hz), detector_normals(frames, rate_hz))
    day, sight = NUM_DAY_NORMALS, NUM_DAY_NORMALS + NUM_NORMALS
    uniform_NU = np.empty((len(person_N), NUM_DAY_UNIFORMS + NUM_UNIFORMS))
    normal_NZ = np.empty((len(person_N), sight + sum(counts)), np.float32)
    for row, key in enumerate(zip(person_N.tolist(), walk_N.tolist(), strict=True)):
        rng = generator(seed, 0x3A1C, *key)
        rng.random(out=uniform_NU[row])
        rng.standard_normal(dtype=np.float32, out=normal_NZ[row])
    strollers = [sample_stroller(seed, person) for person in person_N.tolist()]
    walks = plan_walks(
        strollers, condition_N, normal_NZ[:, :day].astype(np.float64), uniform_NU,
        normal_NZ[:, sight : sight + counts[0]].astype(np.float64), frames, rate_hz,
    )  # fmt: skip
    joints_J3NT, ahead_3NT = pose_walks(walks)
    sight_NZ = normal_NZ[:, day:sight].astype(np.float64)
    seen = watch(
        joints_J3NT[:18], ahead_3NT, view_N + cameras.view_spread_deg * sight_NZ[:, 1],
        uniform_NU[:, NUM_DAY_UNIFORMS:], sight_NZ, cameras,
    )  # fmt: skip
    coat_N = condition_N == CONDITIONS.index("cl")
    return detect(seen, coat_N, normal_NZ[:, sight + counts[0] :], rate_hz, detector)


def _check(
    num_people: int,
    each: int,
    seed: int,
    frames: int,
    rate_hz: float,
    first_person: int,
    conditions: Sequence[str],
) -> None:
    for name, value, low, high in (
        ("num_people", num_people, 1, 10**7),
        ("each", each, 1, 10**5),
        ("seed", seed, 0, 2**63 - 1),
        ("frames", frames, 2, 10**5),
        ("first_person", first_person, 0, 2**62),
    ):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            raise UsageError(f"{name} is {value!r}; it must be an integer")
        if not low <= value <= high:
            raise UsageError(f"{name} is {value}; it must be {low} to {high}")
    if not 5.0 <= rate_hz <= 240.0:
        raise UsageError(f"rate_hz is {rate_hz}; it must be 5 to 240 Hz")
    unknown = [name for name in conditions if name not in CONDITIONS]
    if unknown or not conditions:
        raise UsageError(
            f"conditions are {list(conditions)}; give one or more of {', '.join(CONDITIONS)}"
        )
