"""Walks of the CMU motion capture, as one compact .npz of joints in metres, y up.

A camera's picture is what the networks read: each subject's motion is given to bodies of other
proportions, each seen from all round by simulated cameras and a simulated detector
(`simulate.skeleton.motion`). So a person here is a subject's motion in one body; nobody's own bones
are in it. No walk has a role: it is data to learn from.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgehuman.data.containers import bounds, field_names, fields
from edgehuman.data.gait.walks import LeftOut
from edgehuman.data.layout import Layout
from edgehuman.data.skeleton.layout import Walk, WalkReader
from edgehuman.errors import DataError
from edgehuman.simulate.gait.pinhole import Cameras
from edgehuman.simulate.skeleton.motion import film, sample_build

_FIELDS = {
    "joints": "f TK3", "length": "i N", "subject": "i N", "trial": "i N", "names": "s K",
    "rate_hz": "f",
}  # fmt: skip
BODIES, TAKES = 24, 6
_SEED = 5_000_000


def _recognise(path: Path) -> bool:
    return set(_FIELDS) <= field_names(path)


def _read(path: Path) -> Iterator[Walk | LeftOut]:
    held = fields(path, _FIELDS)
    names = [str(name) for name in held["names"]]
    edges, rate_hz = bounds(path, held["length"], len(held["joints"])), float(held["rate_hz"])
    height_px, width_px = Cameras().size_px
    for subject in np.unique(held["subject"]).tolist():
        own = np.flatnonzero(held["subject"] == subject).tolist()
        for body in range(BODIES):
            person = subject * BODIES + body
            build = sample_build(_SEED, person)
            for take in range(TAKES):
                clip = own[take % len(own)]
                joints_TK3 = np.asarray(held["joints"][edges[clip] : edges[clip + 1]], np.float64)
                sequence = f"cmu:{subject:02d}-{body:02d}-{take}"
                try:
                    skeleton_TJ3, view_deg = film(
                        joints_TK3, names, build, rate_hz, _SEED, person, take
                    )
                except DataError as error:
                    yield LeftOut(sequence, f"{path}: subject {subject}: {error}")
                    continue
                yield Walk(
                    skeleton_TJ3, f"cmu:{subject:02d}-{body:02d}", sequence,
                    f"{view_deg:03.0f}", "", "", rate_hz, height_px=height_px, width_px=width_px,
                    layout="openpose18",
                )  # fmt: skip


CMU_WALK = Layout(
    "cmu_walk",
    f"an .npz file with the fields {', '.join(_FIELDS)}",
    _recognise,
    WalkReader(
        _read,
        30.0,
        f"the motion of each subject on {BODIES} bodies of other proportions, each seen by "
        f"{TAKES} simulated cameras with a simulated detector",
    ),
)
