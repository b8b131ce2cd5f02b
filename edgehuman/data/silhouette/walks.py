"""Walks of silhouettes with their labels, read from files or simulated.

Axes: S frames of all walks, N walks, T frames of one, H and W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgehuman.catalogue import SIMULATED
from edgehuman.data.gait.walks import WalkSet
from edgehuman.errors import DataError, UsageError
from edgehuman.records import Index, Uint8

SIDE = 64
SIMULATED_FRAMES = 60
LICENCE = "none needed: simulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class SilhouetteSet(WalkSet):
    """Walks of many people as silhouettes.

    A subset shares its frames with the whole set, so that a set that is larger than the memory can
    be split: use `start_N` and `length_N`, or `sequence`, to find the frames of a walk.

    Attributes:
        silhouette_SHW: uint8 (all frames, 64, 64), white (255) on black (0), size-normalised and
            centred; may be a memory map. Records that others resized may have grey edges.
        first_N: the first frame of each walk; None: the walks follow one another.

    Raises:
        DataError: as `WalkSet`, or something else than silhouettes.
    """

    FRAMES: ClassVar[str] = "silhouette_SHW"

    silhouette_SHW: Uint8
    first_N: Index | None = None

    def __post_init__(self) -> None:
        frames = self.silhouette_SHW
        if frames.shape[1:] != (SIDE, SIDE) or frames.dtype != np.uint8:
            raise DataError(
                f"{self.name}: silhouettes are {frames.dtype} {frames.shape}; they must be uint8 "
                f"(frames, {SIDE}, {SIDE}): normalise masks of other sizes first"
            )
        WalkSet.__post_init__(self)

    def _starts(self) -> Index:
        if self.first_N is None:
            return WalkSet._starts(self)
        first_N, length_N, held = self.first_N, self.length_N, len(self.silhouette_SHW)
        if first_N.shape != length_N.shape or first_N.min() < 0 or length_N.min() < 1:
            raise DataError(
                f"{self.name}: first_N is {first_N.shape}, from {first_N.min()}; it needs the "
                f"first frame of each of the {len(length_N)} walks, and every walk needs a frame"
            )
        if int((first_N + length_N).max()) > held:
            raise DataError(
                f"{self.name}: a walk ends at frame {int((first_N + length_N).max())}, but there "
                f"are {held}; the index belongs to other frames"
            )
        return first_N

    def _frames_of(self, index_N: Index) -> dict[str, Any]:
        return {"first_N": self.start_N[index_N]}

    def sequence(self, i: int) -> Uint8:
        """Walk i: uint8 (T, 64, 64), without a copy."""
        return self.silhouette_SHW[self.rows(i)]


def simulated_set(
    people: int,
    each: int,
    seed: int,
    frames: int = SIMULATED_FRAMES,
    views_deg: Sequence[float] = (),
) -> SilhouetteSet:
    """Simulated people: the first half of each person's walks is the gallery, the rest are probes.

    Gallery walks are normal; probes are normal, with a bag and in a coat, in turn.

    Args:
        views_deg: azimuths of the cameras; by default CASIA-B's eleven.

    Raises:
        UsageError: fewer than one person or two walks.
    """
    # OpenCV draws them; who lists the datasets need not have it.
    from edgehuman.simulate.gait.pinhole import VIEWS_DEG, Cameras
    from edgehuman.simulate.silhouette.walks import SimulatedSilhouettes, simulate_silhouettes

    if each < 2:
        raise UsageError(f"each is {each}; it must be at least 2: one for gallery, one for probe")
    gallery = -(-each // 2)
    wanted = SimulatedSilhouettes(
        people=people,
        walks_each=each,
        frames=frames,
        seed=seed,
        conditions=[*["nm"] * gallery, *(("nm", "bg", "cl")[i % 3] for i in range(each - gallery))],
        cameras=Cameras(views_deg=views_deg or VIEWS_DEG),
    )
    walks = simulate_silhouettes(wanted)
    count = len(walks.person_N)
    who = [f"{SIMULATED}:{seed}:{person}" for person in walks.person_N.tolist()]
    return SilhouetteSet(
        name=SIMULATED,
        silhouette_SHW=walks.silhouette_NTHW.reshape(-1, SIDE, SIDE),
        length_N=np.full(count, frames, np.int64),
        person_N=np.array(who),
        sequence_N=np.array([f"{w}:{k}" for w, k in zip(who, walks.walk_N.tolist(), strict=True)]),
        view_N=np.array([f"{view:03.0f}" for view in walks.view_deg_N.tolist()]),
        condition_N=walks.condition_N,
        role_N=np.where(walks.walk_N < gallery, "gallery", "probe"),
        rate_hz_N=np.full(count, walks.rate_hz),
        image_size_N2=np.zeros((count, 2), np.int64),
        licence=LICENCE,
        simulated=True,
    )
