"""Looks at single people in videos: who stands alone and whole, in a box, and large enough.

The boxes are those of MOTChallenge's truth where a text of it lies beside the video; else the
project's own detector finds them, in frames where it finds one person.

Axes: H height, W width, C colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgehuman.data.image.frames.load import load_frames
from edgehuman.errors import DataError
from edgehuman.records import Float32, Float64, Uint8
from edgehuman.runtime.image.frames.answer import Watching, answer_frame
from edgehuman.runtime.image.frames.source import FrameSource

FULL = 0
"""The height that means: the picture as it is."""
_EDGE_PX, _MARGIN = 4, 0.5
# Who is covered by another's box by more of the own is not alone.
_MOST_COVERED = 0.03
_OF_VIDEO, _OF_TRACK = 10**12, 10**7


@dataclass(frozen=True, slots=True)
class Sight:
    """A person in a picture.

    Attributes:
        frame_HWC: RGB, cut around the person.
        box_4: x1, y1, x2, y2 in it.
        place: number of the frame in its video; of another video or another person far from it.
    """

    frame_HWC: Uint8
    box_4: Float32
    place: int

    @property
    def height_px(self) -> float:
        """Of the box."""
        return float(self.box_4[3] - self.box_4[1])


@dataclass(frozen=True, slots=True)
class Looking:
    """Who is looked at.

    Attributes:
        tall: least height of a person, pixels.
        first: frames before this one are left out.
    """

    tall: int = 200
    first: int = 0


def sights_of(path: str, watching: Watching, video: int, looking: Looking) -> list[Sight]:
    """The people of a video who are alone, whole and tall enough, each person's frames in order.

    Raises:
        DataError: no such video, or a text of truth beside it that cannot be read.
    """
    is_told = Path(path).with_suffix(".txt").is_file()
    seen = _told(Path(path), looking) if is_told else _found(path, watching, looking)
    made = (_cut(frame_HWC, box_4, place + video * _OF_VIDEO) for frame_HWC, box_4, place in seen)
    sights = [each for each in made if each is not None and each.height_px >= looking.tall]
    return sorted(sights, key=lambda each: each.place)


def _found(path: str, watching: Watching, looking: Looking) -> Iterator[tuple[Uint8, Float32, int]]:
    """Frames with the box of the only person that the detector finds."""
    for taken in FrameSource(path):
        people = answer_frame(watching, taken).people
        if taken.image_HWC is not None and len(people) == 1 and taken.index >= looking.first:
            yield taken.image_HWC, people[0].box_4, taken.index


def _told(path: Path, looking: Looking) -> Iterator[tuple[Uint8, Float32, int]]:
    """Frames with the boxes of people whom nobody else's box covers."""
    frames = load_frames(path.parent)
    chosen = [i for i in range(len(frames.frames)) if frames.sequence_N[i] == path.stem]
    if not chosen or frames.tracks is None:
        raise DataError(
            f"{path.with_suffix('.txt')} does not say who is who in {path.name}; it must be truth "
            "of MOTChallenge. Move it away to have people found instead"
        )
    for number, index in enumerate(chosen):
        if number < looking.first:
            continue
        truth, frame_HWC = frames.tracks[index], frames.frames[index]
        for track, box_4 in zip(truth.track_G.tolist(), alone(truth.box_G4), strict=True):
            if box_4 is not None:
                yield frame_HWC, box_4.astype(np.float32), track * _OF_TRACK + number


def alone(box_G4: Float64) -> list[Float64 | None]:
    """Each box (x1, y1, x2, y2), or None where another covers it."""
    low_GG2 = np.maximum(box_G4[:, None, :2], box_G4[None, :, :2])
    high_GG2 = np.minimum(box_G4[:, None, 2:], box_G4[None, :, 2:])
    shared_GG = np.maximum(high_GG2 - low_GG2, 0).prod(axis=2)
    np.fill_diagonal(shared_GG, 0.0)
    area_G = (box_G4[:, 2:] - box_G4[:, :2]).prod(axis=1)
    is_alone_G = (shared_GG <= _MOST_COVERED * area_G[:, None]).all(axis=1)
    return [box_4 if is_alone else None for box_4, is_alone in zip(box_G4, is_alone_G, strict=True)]


def _cut(frame_HWC: Uint8, box_4: Float32, place: int) -> Sight | None:
    """The person with room on all sides; None where the frame's edge is too near."""
    height, width = frame_HWC.shape[:2]
    x0, y0, x1, y1 = box_4.tolist()
    if min(x0, y0, width - x1, height - y1) < _EDGE_PX:
        return None
    around = _MARGIN * (y1 - y0)
    left, top = int(max(0, x0 - around)), int(max(0, y0 - around))
    cut_HWC = frame_HWC[top : int(y1 + around), left : int(x1 + around)].copy()
    return Sight(cut_HWC, box_4 - np.array((left, top, left, top), np.float32), place)


def spread(sights: Sequence[Sight], most: int) -> list[Sight]:
    """At most so many, in pairs of neighbours so that the next frame is there, from all over."""
    if len(sights) <= most:
        return list(sights)
    first = np.linspace(0, len(sights) - 2, most // 2).astype(int)
    return [sights[i] for i in np.unique(np.concatenate([first, first + 1])).tolist()]


def smaller(sight: Sight, height: int) -> Sight:
    """The picture in which the person is so tall; `FULL`: as it is."""
    if height == FULL or sight.height_px <= height:
        return sight
    share = height / sight.height_px
    size = [max(1, round(share * each)) for each in sight.frame_HWC.shape[1::-1]]
    made_HWC: Uint8 = np.asarray(
        cv2.resize(sight.frame_HWC, size, interpolation=cv2.INTER_AREA), np.uint8
    )
    scale_2 = np.array(size, np.float32) / np.array(sight.frame_HWC.shape[1::-1], np.float32)
    return Sight(made_HWC, np.asarray(sight.box_4 * np.tile(scale_2, 2), np.float32), sight.place)
