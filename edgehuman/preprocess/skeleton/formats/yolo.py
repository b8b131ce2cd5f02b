"""YOLO's text files of poses: one file per frame, one person per line, shares of the picture.

    class  x y w h  (x y [confidence]) per joint  [confidence of the box]  [track id]

`yolo pose predict save_txt=True` and `yolo track` write them; a frame without people has no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_NOTE, read_bounded
from edgehuman.preprocess.skeleton.formats.content import DamagedError, beginning, text_of
from edgehuman.preprocess.skeleton.formats.people import Person
from edgehuman.preprocess.skeleton.formats.place import frame_number
from edgehuman.preprocess.skeleton.joints import read_joints
from edgehuman.preprocess.skeleton.layouts import BY_COUNT
from edgehuman.preprocess.skeleton.reading import RawPose, track_name

_USUAL = 17
_COUNTS = (_USUAL, *(count for count in BY_COUNT if count != _USUAL))
_BOX = 5  # class, x, y, width, height


def is_yolo(path: Path) -> bool:
    """Whether a text file holds such lines."""
    if path.suffix != ".txt":
        return False
    lines = beginning(path, 8192).splitlines()
    return bool(lines) and _numbers(lines[0]) is not None


def holds_words(path: Path) -> bool:
    """Whether a text file begins with a word, as classes.txt does."""
    first = beginning(path, 256).split(maxsplit=1)
    return bool(first) and re.match(r"[-+.]?\d", first[0]) is None


def has_confidences(path: Path) -> bool:
    """Whether a line ends in the confidence of its box: then a lone 1 is one too."""
    for line in beginning(path).splitlines():
        found = _numbers(line)
        if found is None:
            continue
        row, count, width = found
        rest = row[_BOX + count * width :]
        if len(rest) and not float(rest[0]).is_integer():
            return True
    return False


def read_yolo(path: Path, ids: bool = True) -> Iterator[Person]:
    """The people of one frame.

    Args:
        ids: whether a lone whole number after the joints is a track id.

    Raises:
        DataError: a line of another form, or a file's name without a number.
    """
    frame = frame_number(path.name, str(path), "the file's name")
    try:
        lines = text_of(read_bounded(path, MOST_NOTE, DataError)).splitlines()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; copy it again") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path}: line {number}"
        found = _numbers(line)
        if found is None:
            raise DamagedError(
                f"{where}: found {len(line.split())} columns; a YOLO pose has class, box of 4 and "
                "x, y, confidence of every joint, then perhaps the box's confidence and a track id"
            )
        row, count, width = found
        joints = read_joints(row[_BOX : _BOX + count * width].reshape(count, width), None, where)
        rest = row[_BOX + count * width :]
        track = track_name(float(rest[-1])) if len(rest) and _is_id(rest, ids) else None
        yield Person(RawPose(joints, frame=frame, track=track, where=where), np.nan, 0)


def _is_id(rest: np.ndarray[tuple[int, ...], np.dtype[np.float64]], ids: bool) -> bool:
    """Whether the last column is a track rather than a confidence."""
    return len(rest) == 2 or (ids and float(rest[-1]).is_integer() and rest[-1] >= 1.0)


def _numbers(
    line: str,
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], int, int] | None:
    """The numbers of a line, how many joints it has, and numbers per joint; None if it is none."""
    try:
        row = np.array(line.split(), np.float64)
    except ValueError:
        return None
    for width in (3, 2):
        for count in _COUNTS:
            if 0 <= len(row) - _BOX - count * width <= 2 and float(row[0]).is_integer():
                return row, count, width
    return None
