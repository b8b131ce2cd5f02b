"""Walks of the KTH actions, as one compact .npz: silhouettes with their bits packed along the row.

Fields: silhouette uint8 (frames, 64, 8), length, person, scenario, walk, speed_px (sign: the
direction) per walk, rate_hz. Scenarios: 1 outdoors, 2 outdoors with changing scale, 3 outdoors in
other clothes, 4 indoors. `evaluate` makes each the gallery of each other one; what asks for one
gallery gets scenario 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgehuman.data.containers import bounds, field_names, fields
from edgehuman.data.gait.trees import Named
from edgehuman.data.gait.walks import LeftOut
from edgehuman.data.layout import Layout
from edgehuman.data.silhouette.layout import Walk, WalkReader, walk_of
from edgehuman.data.silhouette.walks import SIDE
from edgehuman.errors import DataError

_FIELDS = {
    "silhouette": "i THW", "length": "i N", "person": "i N", "scenario": "i N", "walk": "i N",
    "speed_px": "f N", "rate_hz": "f",
}  # fmt: skip
_GALLERY = 1


def _recognise(path: Path) -> bool:
    return set(_FIELDS) <= field_names(path)


def _read(path: Path) -> Iterator[Walk | LeftOut]:
    held = fields(path, _FIELDS)
    packed = held["silhouette"]
    if packed.shape[1:] != (SIDE, SIDE // 8) or packed.dtype != np.uint8:
        raise DataError(
            f"{path}: silhouette is {packed.dtype} {packed.shape}; it must be uint8 "
            f"(frames, {SIDE}, {SIDE // 8}); copy it again"
        )
    edges = bounds(path, held["length"], len(packed))
    rate_hz = float(held["rate_hz"])
    for i in range(len(held["length"])):
        person, scenario, walk = (int(held[name][i]) for name in ("person", "scenario", "walk"))
        named = Named(
            f"kth:{person:02d}",
            f"kth:{person:02d}-{scenario}-{walk}",
            "right" if held["speed_px"][i] > 0 else "left",
            f"s{scenario}",
            "gallery" if scenario == _GALLERY else "probe",
        )
        masks = np.unpackbits(packed[edges[i] : edges[i + 1]], axis=2) * np.uint8(255)
        yield walk_of(masks, named, rate_hz)


KTH_WALK = Layout(
    "kth_walk",
    "an .npz with the fields silhouette (bits packed along the row), length, person, scenario, "
    "walk, speed_px, rate_hz",
    _recognise,
    WalkReader(_read, 25.0, "each scenario is the gallery of each other"),
)
