"""Silhouettes of the KTH walks (`data.gait.kth`): uint8 (frames, 64, 8), bits along the row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgehuman.data.containers import field_names
from edgehuman.data.gait.kth import ASSUMED, LABELS, RATE_HZ, kth_fields, kth_names
from edgehuman.data.gait.walks import LeftOut
from edgehuman.data.layout import Layout
from edgehuman.data.silhouette.layout import Walk, WalkReader, walk_of
from edgehuman.data.silhouette.walks import SIDE
from edgehuman.errors import DataError

_FRAMES = "silhouette"


def _recognise(path: Path) -> bool:
    return {_FRAMES, *LABELS} <= field_names(path)


def _read(path: Path) -> Iterator[Walk | LeftOut]:
    held, edges = kth_fields(path, _FRAMES, "i THW", {})
    packed = held[_FRAMES]
    if packed.shape[1:] != (SIDE, SIDE // 8) or packed.dtype != np.uint8:
        raise DataError(
            f"{path}: silhouette is {packed.dtype} {packed.shape}; it must be uint8 "
            f"(frames, {SIDE}, {SIDE // 8}); copy it again"
        )
    rate_hz = float(held["rate_hz"])
    for i, named in enumerate(kth_names(held)):
        masks = np.unpackbits(packed[edges[i] : edges[i + 1]], axis=2) * np.uint8(255)
        yield walk_of(masks, named, rate_hz)


KTH_WALK = Layout(
    "kth_walk",
    "an .npz with the fields silhouette (bits packed along the row), length, person, scenario, "
    "walk, speed_px, rate_hz",
    _recognise,
    WalkReader(_read, RATE_HZ, ASSUMED),
)
