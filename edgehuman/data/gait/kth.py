"""The compact .npz of the KTH walks: who walks where, for the readers of its masks and joints.

Fields beside those: length, person, scenario, walk, speed_px (sign: the direction) per walk, and
rate_hz. Scenarios: 1 outdoors, 2 outdoors with changing scale, 3 outdoors in other clothes, 4
indoors. `evaluate` makes each the gallery of each other one; what asks for one gallery gets
scenario 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgehuman.data.containers import bounds, fields
from edgehuman.data.gait.trees import Named
from edgehuman.records import Index

LABELS: Mapping[str, str] = {
    "length": "i N", "person": "i N", "scenario": "i N", "walk": "i N", "speed_px": "f N",
    "rate_hz": "f",
}  # fmt: skip
RATE_HZ = 25.0
ASSUMED = "each scenario is the gallery of each other"
_GALLERY = 1


def kth_fields(
    path: Path, frames: str, axes: str, also: Mapping[str, str]
) -> tuple[dict[str, NDArray[Any]], Index]:
    """Read the labels, the field `frames` whose first axis is frames, and others.

    Args:
        axes: kinds and axes of `frames`, and of `also` by name; see `containers.fields`.

    Returns:
        The fields, and where each walk begins and ends in `frames`.

    Raises:
        DataError: a field is missing or of another kind, or the lengths do not add up.
    """
    held = fields(path, {frames: axes, **LABELS, **also})
    return held, bounds(path, held["length"], len(held[frames]))


def kth_names(held: Mapping[str, NDArray[Any]]) -> Iterator[Named]:
    """The labels of each walk."""
    columns = (held[name].tolist() for name in ("person", "scenario", "walk", "speed_px"))
    for person, scenario, walk, speed_px in zip(*columns, strict=True):
        yield Named(
            f"kth:{person:02d}",
            f"kth:{person:02d}-{scenario}-{walk}",
            "right" if speed_px > 0 else "left",
            f"s{scenario}",
            "gallery" if scenario == _GALLERY else "probe",
        )
