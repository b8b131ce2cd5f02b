"""Walks of skeletons with their labels, read from files or simulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgehuman.catalogue import SIMULATED
from edgehuman.data.gait.walks import WalkSet
from edgehuman.errors import UsageError
from edgehuman.preprocess.skeleton.walk import require_skeleton
from edgehuman.records import Float32
from edgehuman.simulate.skeleton.detector import Detector
from edgehuman.simulate.skeleton.walks import simulate_skeletons

SIMULATED_FRAMES = 96

_DETECTOR = Detector()


@dataclass(frozen=True, slots=True, kw_only=True)
class SkeletonSet(WalkSet):
    """Walks of many people as skeletons.

    Attributes:
        skeleton_SJ3: float32 (all frames, 18, 3): x, y in pixels, y downwards, confidence 0..1;
            OpenPose-18. A joint that was not seen is all zero.
        remarks: what was decided and assumed of the files, in words.

    Raises:
        DataError: as `WalkSet`, or something else than skeletons.
    """

    FRAMES: ClassVar[str] = "skeleton_SJ3"

    skeleton_SJ3: Float32
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_skeleton(self.skeleton_SJ3, self.name)
        WalkSet.__post_init__(self)

    def sequence(self, i: int) -> Float32:
        """Sequence i: float32 (T, 18, 3), without a copy."""
        return self.skeleton_SJ3[self.rows(i)]


def simulated_set(
    people: int,
    each: int,
    seed: int,
    frames: int = SIMULATED_FRAMES,
    detector: Detector = _DETECTOR,
) -> SkeletonSet:
    """Simulated people: the first half of each person's walks is the gallery, the rest are probes.

    Gallery walks are normal; probes are normal, with a bag and in a coat, in turn. No view repeats
    until a person has been seen from all of them.

    Raises:
        UsageError: fewer than one person or two walks.
    """
    if each < 2:
        raise UsageError(f"each is {each}; it must be at least 2: one for gallery, one for probe")
    gallery = -(-each // 2)
    conditions = [*["nm"] * gallery, *(("nm", "bg", "cl")[i % 3] for i in range(each - gallery))]
    walks = simulate_skeletons(
        people, each, seed, frames=frames, conditions=conditions, detector=detector
    )
    count = len(walks)
    who = [f"{SIMULATED}:{seed}:{person}" for person in walks.person_N.tolist()]
    return SkeletonSet(
        name=SIMULATED,
        skeleton_SJ3=walks.skeleton_NTJ3.reshape(-1, 18, 3),
        length_N=np.full(count, frames, np.int64),
        person_N=np.array(who),
        sequence_N=np.array([f"{w}:{k}" for w, k in zip(who, walks.walk_N.tolist(), strict=True)]),
        view_N=np.array([f"{view:03.0f}" for view in walks.view_deg_N.tolist()]),
        condition_N=walks.condition_N,
        role_N=np.where(walks.walk_N < gallery, "gallery", "probe"),
        rate_hz_N=np.full(count, walks.rate_hz),
        image_size_N2=np.tile(np.array([[walks.height_px, walks.width_px]]), (count, 1)),
        licence="none needed: simulated",
        simulated=True,
    )
