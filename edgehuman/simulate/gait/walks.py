"""Walks past a camera, before any sensor: who walks, in which condition, seen from where.

Skeletons and silhouettes share this: the same seed, person and number of the walk give the same
walk and the same camera in both. The random numbers of a walk depend on nothing else.

Axes: N walk, T frame, J joint of `geometry.SKELETON_26`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.records import Float32, Float64, Index
from edgehuman.simulate.body.crowd import pose_walks
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.gait.pinhole import NUM_NORMALS, NUM_UNIFORMS, Cameras
from edgehuman.simulate.gait.strollers import (
    CONDITIONS,
    NUM_DAY_NORMALS,
    NUM_DAY_UNIFORMS,
    num_knots,
    plan_walks,
    sample_stroller,
)


@dataclass(frozen=True, slots=True)
class WalkList:
    """Walks to simulate, ordered by person.

    Attributes:
        person_N: who walks.
        walk_N: number of the walk within the person's walks, from 0.
        condition_N: index into `strollers.CONDITIONS`.
        view_deg_N: the camera's nominal azimuth: 0 in front of the walker, 180 behind.
    """

    person_N: Index
    walk_N: Index
    condition_N: Index
    view_deg_N: Float64

    def __len__(self) -> int:
        return len(self.person_N)

    def part(self, rows: slice) -> WalkList:
        """The walks of a slice."""
        return WalkList(
            self.person_N[rows], self.walk_N[rows], self.condition_N[rows], self.view_deg_N[rows]
        )


@dataclass(frozen=True, slots=True)
class Strolls:
    """Walks in the world, and the random numbers left for who watches them.

    Attributes:
        joints_J3NT: world positions, metres: x along the walk, y to the left, z up.
        ahead_3NT: unit directions of the head.
        view_deg_N: the camera's own azimuth, about the nominal one.
        day_uniform_NU: uniform numbers that chose the day's start, bag and size of the bag.
        camera_uniform_NU, camera_normal_NZ: of the camera, for `pinhole`.
        sensor_normal_NZ: of the sensor.
    """

    joints_J3NT: Float64
    ahead_3NT: Float64
    view_deg_N: Float64
    day_uniform_NU: Float64
    camera_uniform_NU: Float64
    camera_normal_NZ: Float64
    sensor_normal_NZ: Float32


def list_walks(
    num_people: int,
    each: int,
    seed: int,
    first_person: int,
    conditions: Sequence[str],
    cameras: Cameras,
) -> WalkList:
    """List `each` walks of people first_person .. first_person + num_people - 1.

    A person's walks use all of the cameras' azimuths, in the person's own order, before one
    repeats; the conditions are taken in turn.

    Raises:
        UsageError: a value out of range, or an unknown condition.
    """
    require_whole("num_people", num_people, 1, 10**7)
    require_whole("each", each, 1, 10**5)
    require_whole("seed", seed, 0, 2**63 - 1)
    require_whole("first_person", first_person, 0, 2**62)
    unknown = [name for name in conditions if name not in CONDITIONS]
    if unknown or not conditions:
        raise UsageError(
            f"conditions are {list(conditions)}; give one or more of {', '.join(CONDITIONS)}"
        )
    people = range(first_person, first_person + num_people)
    walk_N = np.tile(np.arange(each), num_people)
    number = np.array([CONDITIONS.index(name) for name in conditions])
    return WalkList(
        np.repeat(np.arange(people.start, people.stop), each),
        walk_N,
        number[walk_N % len(conditions)],
        np.concatenate([_views(seed, person, each, cameras) for person in people]),
    )


def require_timing(frames: int, rate_hz: float) -> None:
    """Raise UsageError unless a walk may have that many frames and that rate."""
    require_whole("frames", frames, 2, 10**5)
    if not 5.0 <= rate_hz <= 240.0:
        raise UsageError(f"rate_hz is {rate_hz}; it must be 5 to 240 Hz")


def require_whole(name: str, value: object, low: int, high: int) -> None:
    """Raise UsageError unless a value is an integer from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise UsageError(f"{name} is {value!r}; it must be an integer")
    if not low <= value <= high:
        raise UsageError(f"{name} is {value}; it must be {low} to {high}")


def _views(seed: int, person: int, each: int, cameras: Cameras) -> Float64:
    """Nominal azimuths of a person's walks, degrees."""
    count = len(cameras.views_deg)
    order = generator(seed, 0x71E, person).permutation(count)
    taken: Float64 = np.array(cameras.views_deg)[order[np.arange(each) % count]]
    return taken


def stroll(
    seed: int,
    walks: WalkList,
    frames: int,
    rate_hz: float,
    cameras: Cameras,
    num_sensor_normals: int = 0,
    closer_rad: float = 0.0,
) -> Strolls:
    """Let the people of a list walk; arguments as for `strollers.plan_walks`."""
    knots, day = num_knots(frames, rate_hz), NUM_DAY_NORMALS
    sight, sensor = day + NUM_NORMALS, day + NUM_NORMALS + knots
    uniform_NU = np.empty((len(walks), NUM_DAY_UNIFORMS + NUM_UNIFORMS))
    normal_NZ = np.empty((len(walks), sensor + num_sensor_normals), np.float32)
    keys = zip(walks.person_N.tolist(), walks.walk_N.tolist(), strict=True)
    for row, key in enumerate(keys):
        rng = generator(seed, 0x3A1C, *key)
        rng.random(out=uniform_NU[row])
        rng.standard_normal(dtype=np.float32, out=normal_NZ[row])
    planned = plan_walks(
        [sample_stroller(seed, person) for person in walks.person_N.tolist()],
        walks.condition_N,
        normal_NZ[:, :day].astype(np.float64),
        uniform_NU,
        normal_NZ[:, sight:sensor].astype(np.float64),
        frames,
        rate_hz,
        closer_rad,
    )
    joints_J3NT, ahead_3NT = pose_walks(planned)
    camera_NZ = normal_NZ[:, day:sight].astype(np.float64)
    return Strolls(
        joints_J3NT,
        ahead_3NT,
        walks.view_deg_N + cameras.view_spread_deg * camera_NZ[:, 1],
        uniform_NU[:, :NUM_DAY_UNIFORMS],
        uniform_NU[:, NUM_DAY_UNIFORMS:],
        camera_NZ,
        normal_NZ[:, sensor:],
    )
