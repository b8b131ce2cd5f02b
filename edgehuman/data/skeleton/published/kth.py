"""Joints of the KTH walks (`data.gait.kth`): COCO's 17 as MoveNet Thunder saw them, whole numbers
(frames, 17, 3) that `skeleton_scale` turns into x and y in pixels and a score.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgehuman.data.containers import field_names
from edgehuman.data.gait.kth import ASSUMED, LABELS, RATE_HZ, kth_fields, kth_names
from edgehuman.data.layout import Layout
from edgehuman.data.skeleton.layout import Walk, WalkReader
from edgehuman.errors import DataError

_FRAMES, _SCALE = "skeleton", "skeleton_scale"
_JOINTS = 17
WIDTH_PX, HEIGHT_PX = 160, 120


def _recognise(path: Path) -> bool:
    return {_FRAMES, _SCALE, *LABELS} <= field_names(path)


def _read(path: Path) -> Iterator[Walk]:
    held, edges = kth_fields(path, _FRAMES, "i TJ3", {_SCALE: "f 3"})
    stored, scale_3 = held[_FRAMES], held[_SCALE]
    if stored.shape[1:] != (_JOINTS, 3) or scale_3.shape != (3,):
        raise DataError(
            f"{path}: skeleton is {stored.shape} and skeleton_scale {scale_3.shape}; they must be "
            f"(frames, {_JOINTS}, 3) and (3,); copy it again"
        )
    for i, named in enumerate(kth_names(held)):
        joints_TJ3 = stored[edges[i] : edges[i + 1]].astype(np.float32) * scale_3
        yield Walk(
            joints_TJ3, named.person, named.sequence, named.view, named.condition, named.role,
            float(held["rate_hz"]), height_px=HEIGHT_PX, width_px=WIDTH_PX,
        )  # fmt: skip


KTH_WALK = Layout(
    "kth_walk",
    "an .npz with the fields skeleton, skeleton_scale, length, person, scenario, walk, speed_px, "
    "rate_hz",
    _recognise,
    WalkReader(_read, RATE_HZ, ASSUMED),
)
