"""How frames with boxes are read: the reader of a layout, and boxes as files state them.

Axes: M people of one frame.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.data.image.frames.set import FrameSet, People
from edgehuman.data.image.set import FilePictures
from edgehuman.data.image.unlabelled.file_names import Names
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.preprocess.image.pixels import touches_pixels
from edgehuman.reading.values import shown
from edgehuman.records import Bool, Float32, Float64, Text

# No camera has frames of so many pixels a side.
_FAR = 1e6


@dataclass(frozen=True, slots=True)
class FrameReader:
    """Reader of a layout of frames.

    Attributes:
        frames: folder -> the set, boxes as the files state them; `cleaned` leaves out wrong ones.
        composed: whether frames are composed of other data: their boxes are right by construction.
        of_maps: whether boxes are those of label maps, which are right too, and read one by one.
        of_garments: whether it says what people wear; people are the boxes around that, and what is
            wrong is left out and named by the set itself.
    """

    frames: Callable[[Path], FrameSet]
    composed: bool = False
    of_maps: bool = False
    of_garments: bool = False


FrameLayout = Layout[FrameReader]


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one frame, as a file states them.

    Attributes:
        name: of its picture, relative to the folder.
        role: "train" or "test".
        sequence: the camera or video; "": the picture stands alone.
    """

    name: str
    people: People
    role: str = "test"
    sequence: str = ""


def set_of(root: Path, dataset: str, labels: Sequence[Labels]) -> FrameSet:
    """The set of pictures in files."""
    return FrameSet(
        FilePictures(root, Names(each.name for each in labels)),
        [each.people for each in labels],
        [each.name for each in labels],
        texts(each.role for each in labels),
        texts(each.sequence or each.name for each in labels),
        dataset=dataset,
    )


def texts(words: Iterable[str]) -> Text:
    """An array of text, of none too."""
    return np.array(list(words), np.str_)


def corners(boxes: Any, where: str, is_sized: bool = True) -> Float32:
    """Boxes of a file, as x1, y1, x2, y2 (M, 4).

    Args:
        boxes: lists of x, y, width, height; or, unless `is_sized`, of x1, y1, x2, y2.
        where: file and line or record, for the message.

    Raises:
        DataError: something else, or numbers that no picture has.
    """
    try:
        stated = np.array(boxes)
        is_of_numbers = not stated.size or stated.dtype.kind in "iuf"
        box_M4: Float64 = stated.astype(np.float64) if is_of_numbers else np.zeros(0)
        box_M4 = box_M4.reshape(-1, 4) if not stated.size else box_M4
    except (TypeError, ValueError, OverflowError):
        box_M4 = np.zeros(0)
    names = "x, y, width, height" if is_sized else "x1, y1, x2, y2"
    if box_M4.ndim != 2 or box_M4.shape[1] != 4 or not (np.abs(box_M4) < _FAR).all():
        raise DataError(
            f"{where}: {shown(boxes)} are no boxes; each must be [{names}] in pixels. Fix the "
            "labels, or copy them again"
        )
    if is_sized:
        box_M4[:, 2:] += box_M4[:, :2]
    return box_M4.astype(np.float32)


def people_of(boxes: Any, ignore: Sequence[bool], where: str) -> People:
    """People of x, y, width, height; see `corners`."""
    return People(corners(boxes, where), np.array(ignore, np.bool_))


def empty_M(people: People) -> Bool:
    """Which boxes have no area, or so little that no pixel is theirs."""
    return ~touches_pixels(people.box_M4)


def repeated_M(people: People) -> Bool:
    """Which boxes are of the same numbers as an earlier one of their frame."""
    is_repeated_M = np.ones(len(people.box_M4), np.bool_)
    if len(people.box_M4):
        row_M5 = np.concatenate([people.box_M4, people.ignore_M[:, None]], axis=1)
        is_repeated_M[np.unique(row_M5, axis=0, return_index=True)[1]] = False
    return is_repeated_M


def cleaned(frames: FrameSet) -> tuple[FrameSet, str]:
    """The set without boxes of no area and repeated ones; and what was left out, in words."""
    empty = repeated = 0
    people = []
    for each in frames.people:
        is_empty_M, is_repeated_M = empty_M(each), repeated_M(each)
        wrong_M = is_empty_M | is_repeated_M
        empty += int(is_empty_M.sum())
        repeated += int((is_repeated_M & ~is_empty_M).sum())
        people.append(
            People(each.box_M4[~wrong_M], each.ignore_M[~wrong_M]) if wrong_M.any() else each
        )
    if not empty + repeated:
        return frames, ""
    said = f"left out {empty} boxes without area and {repeated} repeated ones"
    return dataclasses.replace(frames, people=people), said
