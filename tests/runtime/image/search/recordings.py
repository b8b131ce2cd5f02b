"""Recordings of walkers in plain colours, for searches."""

from __future__ import annotations

from pathlib import Path

from edgehuman.records import Uint8
from tests.runtime.frame_models import street, write_video

NOBODY = (0, 0, 0, 0)


def walks(count: int = 12) -> list[Uint8]:
    """Somebody in red crosses to the right for all of the time; of the last third somebody in blue
    stands on the right, larger at the end.
    """
    frames = []
    for k in range(count):
        boxes = [(10 + 3 * k, 30, 40 + 3 * k, 110), NOBODY]
        if k >= 2 * count // 3:
            boxes.append((140, 40 - k, 180, 110))
        frames.append(street(128, 192, *boxes))
    return frames


def write_walks(folder: Path) -> Path:
    """The same as a video of ten frames a second."""
    return write_video(folder / "walks.avi", walks())
