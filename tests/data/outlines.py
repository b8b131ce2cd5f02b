"""Made silhouettes that tell people apart at a glance: upright bars, each person's as wide as no
other's.
"""

from __future__ import annotations

import numpy as np

from edgehuman.data.silhouette.walks import SilhouetteSet


def outlines(
    people: int = 6,
    each: int = 4,
    frames: int = 6,
    role: str = "",
    name: str = "made",
    first: int = 0,
) -> SilhouetteSet:
    """Walks of `people`; role "": the first half of each person's walks is the gallery.

    Args:
        first: number of the first person.
    """
    count = people * each
    person_N = np.repeat(np.arange(first, first + people), each)
    walk_N = np.tile(np.arange(each), people)
    silhouette_NTHW = np.zeros((count, frames, 64, 64), np.uint8)
    for i, (person, walk) in enumerate(zip(person_N.tolist(), walk_N.tolist(), strict=True)):
        for t in range(frames):
            left = 14 + (t + walk) % 3
            silhouette_NTHW[i, t, 2:62, left : left + 2 + 3 * person] = 255
    halves_N = np.where(walk_N < each // 2, "gallery", "probe")
    return SilhouetteSet(
        name=name,
        silhouette_SHW=silhouette_NTHW.reshape(-1, 64, 64),
        length_N=np.full(count, frames, np.int64),
        person_N=np.array([f"p{p}" for p in person_N.tolist()]),
        sequence_N=np.array([f"{name}:p{p}-{w}" for p, w in zip(person_N, walk_N, strict=True)]),
        view_N=np.full(count, "090"),
        condition_N=np.full(count, "nm"),
        role_N=np.full(count, role) if role else halves_N,
        rate_hz_N=np.full(count, 25.0),
        image_size_N2=np.zeros((count, 2), np.int64),
        licence="none needed: made",
        simulated=True,
    )


def joined(*sets: SilhouetteSet) -> SilhouetteSet:
    """Several sets as one."""
    names = ("length_N", "person_N", "sequence_N", "view_N", "condition_N", "role_N", "rate_hz_N",
             "image_size_N2", "silhouette_SHW")  # fmt: skip
    parts = {name: np.concatenate([getattr(each, name) for each in sets]) for name in names}
    return SilhouetteSet(name=sets[0].name, licence="none needed: made", simulated=True, **parts)
