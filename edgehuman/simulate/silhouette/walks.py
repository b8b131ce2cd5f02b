"""Silhouettes of simulated people who walk past pin-hole cameras.

    walks = simulate_silhouettes(SimulatedSilhouettes(people=100, walks_each=8, seed=0))
    walks.silhouette_NTHW[3], walks.person_N[3], walks.view_deg_N[3], walks.condition_N[3]

The walkers and cameras are those of `simulate.skeleton`: the same seed, person and number of the
walk are the same walk in both. The body is made of convex solids (`figure`), whose outlines are
drawn and segmented with the mistakes of real masks (`segmentation`), then cut and centred.

Axes: N walk, T frame, F frame of any walk, S solid, K vertex, H row, W column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edgehuman.geometry import SKELETON_26
from edgehuman.records import Bool, Float32, Float64, Index, Text, Uint8
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.gait.pinhole import Cameras, Stands, stand
from edgehuman.simulate.gait.strollers import CONDITIONS, sample_stroller
from edgehuman.simulate.gait.walks import (
    Strolls,
    WalkList,
    list_walks,
    require_timing,
    require_whole,
    stroll,
)
from edgehuman.simulate.silhouette.centre import SIDE, centred
from edgehuman.simulate.silhouette.figure import LOSABLE, Solid, body_of, solids_of
from edgehuman.simulate.silhouette.segmentation import (
    SIDE_PX,
    TALL_PX,
    Segmentation,
    make_mistakes,
    segment,
)
from edgehuman.simulate.silhouette.shadow import shadow_of
from edgehuman.simulate.silhouette.shape import dress
from edgehuman.simulate.silhouette.solids import Sight, outline, tangents

RATE_HZ = 24.0
# Walks posed at once: few enough for their arrays to fit in the CPU cache.
_BLOCK = 8
# Vertices have four binary places.
_SHIFT = 4
_CAMERAS, _SEGMENTATION = Cameras(), Segmentation()
# Skeletons have no girth; beside a body of flesh, their arms would stand off.
_CLOSER_RAD = 0.13
_PELVIS = SKELETON_26.index("pelvis")


@dataclass(frozen=True, slots=True)
class SimulatedSilhouettes:
    """Which walks to simulate.

    Attributes:
        people: number of people; walks_each: walks of each of them.
        frames, rate_hz: of each walk.
        seed: of everything; people with the same number differ between seeds.
        first_person: number of the first one.
        conditions: of a person's walks, in turn: "nm" normal, "bg" with a bag, "cl" in a coat.
        cameras: each walk has one of its azimuths; a person's walks use all of them, in the
            person's own order, before one repeats.
        segmentation: the quality of the masks.

    Raises:
        UsageError: a value out of range, or an unknown condition.
    """

    people: int
    walks_each: int = 4
    frames: int = 60
    seed: int = 0
    rate_hz: float = RATE_HZ
    first_person: int = 0
    conditions: Sequence[str] = ("nm", "nm", "bg", "cl")
    cameras: Cameras = _CAMERAS
    segmentation: Segmentation = _SEGMENTATION

    def __post_init__(self) -> None:
        require_whole("people", self.people, 1, 10**7)
        require_whole("walks_each", self.walks_each, 1, 10**5)
        require_timing(self.frames, self.rate_hz)
        self.listed()

    def listed(self) -> WalkList:
        """The walks, ordered by person."""
        return list_walks(
            self.people,
            self.walks_each,
            self.seed,
            self.first_person,
            self.conditions,
            self.cameras,
        )


@dataclass(frozen=True, slots=True)
class SilhouetteWalks:
    """Walks with all their labels, ordered by person.

    Attributes:
        silhouette_NTHW: uint8 (N, T, 64, 64): 0 or 255, size-normalised and centred.
        person_N: who walks.
        walk_N: number of the walk within the person's walks, from 0.
        view_deg_N: the camera's nominal azimuth: 0 in front of the walker, 180 behind.
        condition_N: "nm", "bg" or "cl".
        rate_hz: frames per second.
    """

    silhouette_NTHW: Uint8
    person_N: Index
    walk_N: Index
    view_deg_N: Float32
    condition_N: Text
    rate_hz: float

    def __len__(self) -> int:
        return len(self.person_N)


def simulate_silhouettes(wanted: SimulatedSilhouettes) -> SilhouetteWalks:
    """Simulate walks; each is the same whoever else is simulated."""
    walks = wanted.listed()
    silhouette_NTHW = np.empty((len(walks), wanted.frames, SIDE, SIDE), np.uint8)
    for first in range(0, len(walks), _BLOCK):
        rows = slice(first, first + _BLOCK)
        _fill(silhouette_NTHW[rows], wanted, walks.part(rows))
    return SilhouetteWalks(
        silhouette_NTHW,
        walks.person_N,
        walks.walk_N,
        walks.view_deg_N.astype(np.float32),
        np.array(CONDITIONS)[walks.condition_N],
        wanted.rate_hz,
    )


def _fill(silhouette_NTHW: Uint8, wanted: SimulatedSilhouettes, walks: WalkList) -> None:
    """Simulate a block of walks into its place."""
    seed, frames, cameras = wanted.seed, wanted.frames, wanted.cameras
    quality, rate_hz = wanted.segmentation, wanted.rate_hz
    strolls = stroll(seed, walks, frames, rate_hz, cameras, closer_rad=_CLOSER_RAD)
    stands = stand(strolls.view_deg_N, strolls.camera_uniform_NU, strolls.camera_normal_NZ, cameras)
    height_m_N = _heights(seed, walks)
    sight = _sight(strolls, stands, height_m_N)
    rngs = [
        generator(seed, 0x5E6, *key)
        for key in zip(walks.person_N.tolist(), walks.walk_N.tolist(), strict=True)
    ]
    solids = _solids(seed, walks, strolls, height_m_N)
    solids += shadow_of(rngs, strolls.joints_J3NT, quality.shadowed)
    outlines_FSK2 = np.stack([outline(sight, solid.blobs) for solid in solids], axis=1)
    vertices_FSK2 = np.rint(outlines_FSK2 * (1 << _SHIFT)).astype(np.int32)
    there_FS = _there(solids, len(vertices_FSK2))
    part_S = np.array([LOSABLE.index(one.part) if one.part else len(LOSABLE) for one in solids])
    track_NT = (sight.origin_2F[0] * sight.focal_px_F).reshape(len(walks), frames)
    for n, rng in enumerate(rngs):
        mistakes = make_mistakes(rng, track_NT[n], rate_hz, quality)
        lost_TL = np.pad(mistakes.lost_TL, ((0, 0), (0, 1)))
        rows = slice(n * frames, (n + 1) * frames)
        drawn_TS = there_FS[rows] & ~lost_TL[:, part_S]
        for t in range(frames):
            canvas_HW = draw(vertices_FSK2[rows][t], drawn_TS[t])
            silhouette_NTHW[n, t] = centred(segment(canvas_HW, mistakes, t))


def draw(vertices_SK2: Index, drawn_S: Bool) -> Uint8:
    """A picture (H, W) of solids in white; vertices have four binary places."""
    canvas_HW = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    for s in np.flatnonzero(drawn_S).tolist():
        cv2.fillConvexPoly(canvas_HW, vertices_SK2[s], 255, cv2.LINE_8, _SHIFT)
    return canvas_HW


def _heights(seed: int, walks: WalkList) -> Float64:
    """Height of the walkers in metres."""
    strollers = [sample_stroller(seed, person) for person in walks.person_N.tolist()]
    return np.array([one.height_m for one in strollers])


def _solids(seed: int, walks: WalkList, strolls: Strolls, height_m_N: Float64) -> list[Solid]:
    """The walkers' solids, over all frames of all walks."""
    frames = strolls.joints_J3NT.shape[3]
    shape = dress(
        seed,
        walks.person_N.tolist(),
        walks.walk_N.tolist(),
        walks.condition_N,
        strolls.day_uniform_NU,
    )
    body = body_of(
        strolls.joints_J3NT.reshape(len(SKELETON_26), 3, -1),
        strolls.ahead_3NT.reshape(3, -1),
        np.repeat(height_m_N, frames),
        {name: np.repeat(values, frames) for name, values in shape.items()},
    )
    return solids_of(body)


def _there(solids: Sequence[Solid], size: int) -> Bool:
    """(F, S) whether a frame has a solid."""
    every = np.ones(size, bool)
    return np.stack([every if one.there_F is None else one.there_F for one in solids], axis=1)


def _sight(strolls: Strolls, stands: Stands, height_m_N: Float64) -> Sight:
    """The cameras, following the pelvis at a zoom that shows everyone in the same size."""
    frames = strolls.joints_J3NT.shape[3]

    def each_frame(of_walk: Float64) -> Float64:
        repeated: Float64 = np.repeat(of_walk, frames, axis=-1)
        return repeated

    size = (0.5 * SIDE_PX, 0.5 * SIDE_PX)
    axes_33F = each_frame(stands.axes_33N)
    ones = np.ones(axes_33F.shape[-1])
    place_3F = each_frame(stands.position_3N)
    still = Sight(place_3F, axes_33F[0], axes_33F[1], axes_33F[2], np.zeros((2, 1)), ones, size)
    pelvis_3F = strolls.joints_J3NT[_PELVIS].reshape(3, -1)
    right_F, down_F, depth_F = tangents(still, pelvis_3F)
    focal_px_F = TALL_PX * depth_F / each_frame(height_m_N)
    origin_2F = np.stack([right_F, down_F])
    return Sight(place_3F, axes_33F[0], axes_33F[1], axes_33F[2], origin_2F, focal_px_F, size)
