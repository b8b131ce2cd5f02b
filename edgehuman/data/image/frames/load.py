"""Frames of cameras with boxes of people, from any known folder, or simulated.

frames = load_frames("CrowdHuman")          the layout is recognised
frames.frames[7], frames.people[7].box_M4
"""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from pathlib import Path

from edgehuman import catalogue
from edgehuman.data.image.frames.labels import LABELLED_FRAMES
from edgehuman.data.image.frames.layout import FrameLayout, FrameReader, cleaned
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.image.published import parsing
from edgehuman.data.layout import Layout, find
from edgehuman.errors import DataError
from edgehuman.progress import tell

SIMULATED_FRAMES = 400
MARK = "simulated_frames.json"
"""In a folder of frames: nobody in them is real."""


@lru_cache(maxsize=1)
def layouts() -> tuple[FrameLayout, ...]:
    """Every layout: our own, then the published ones, in the catalogue's order."""
    rows = catalogue.DATASETS.values()
    return (LABELLED_FRAMES, *(catalogue.load_object(row.frames) for row in rows if row.frames))


def load_frames(path: Path | str, count: int = SIMULATED_FRAMES, seed: int = 0) -> FrameSet:
    """Load the frames at a path. Boxes without area and repeated ones are left out, and told.

    Args:
        path: a dataset's folder, or the word "simulated".
        count, seed: of simulated frames.

    Raises:
        UsageError: fewer than two simulated frames.
        DataError: no such path, no known layout, a missing file, or labels that are wrong.
    """
    if str(path) == catalogue.SIMULATED:
        from edgehuman.data.image.frames.scenes import simulated_frames

        return simulated_frames(count, seed)
    layout, place = find(Path(path), layouts(), what="dataset of frames with boxes")
    frames = layout.read.frames(place)
    if not len(frames):
        raise DataError(f"{place}: holds no frames; copy the dataset again")
    if not (layout.read.composed or layout.read.of_maps or layout.read.of_garments):
        frames, said = cleaned(frames)
        if said:
            tell(f"edgehuman: {place}: {said}; `edgehuman data check` names them")
    if (place / MARK).is_file():
        from edgehuman.data.image.simulated import LICENCE

        return dataclasses.replace(
            frames, dataset=catalogue.SIMULATED, licence=LICENCE, url="", simulated=True
        )
    row = catalogue.DATASETS.get(layout.dataset)
    return frames if row is None else dataclasses.replace(frames, licence=row.licence, url=row.url)


def _composed(root: Path) -> FrameSet:
    from edgehuman.data.image.frames.scenes import ccp_scenes  # OpenCV, and the photos

    return ccp_scenes(root)


CCP_SCENES = Layout(
    dataset="ccp",
    looks_like=parsing.CCP.looks_like,
    recognise=parsing.CCP.recognise,
    read=FrameReader(_composed, composed=True),
    almost=parsing.CCP.almost,
)
"""Crowds composed of its people."""
