"""Bare arrays of joints in JSON, as `output.tolist()` of a network writes them.

(frames, 17, 3), (frames, 1, 1, 17, 3)    MoveNet of one person: y, x, score, shares
(frames, people, 56)                      MoveNet of several: 17 joints, box, score of the box
(frames, J, 2 to 5)                       any known number of joints
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.geometry import COCO_17
from edgehuman.preprocess.skeleton.formats.people import Person
from edgehuman.preprocess.skeleton.joints import read_joints
from edgehuman.preprocess.skeleton.layouts import BY_COUNT
from edgehuman.preprocess.skeleton.reading import RawPose
from edgehuman.records import Float64

_BEGINNING = re.compile(r"\[\s*(\[\s*)+-?[\d.]")
_MULTIPOSE = 56
_LEAST_SCORE = 0.2
_UPPER = [COCO_17.index(name) for name in ("l_shoulder", "r_shoulder")]
_LOWER = [COCO_17.index(name) for name in ("l_ankle", "r_ankle")]


def is_numbers(text: str) -> bool:
    """Whether JSON begins as nested lists of numbers."""
    return _BEGINNING.match(text) is not None


def read_array(objects: list[Any], where: str) -> Iterator[Person]:
    """The people of an array, a frame for each of its first axis.

    Raises:
        DataError: an array of another shape.
    """
    try:
        array = np.asarray(objects, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DataError(
            f"{where}: its lists differ in length; give (frames, joints, 3), or an object with "
            '"joints" per person'
        ) from None
    if array.ndim == 3 and array.shape[-1] == _MULTIPOSE:
        yield from _multipose(array, where)
        return
    frames = array.reshape(len(array), *(size for size in array.shape[1:] if size != 1))
    if frames.ndim != 3 or frames.shape[1] not in BY_COUNT or not 2 <= frames.shape[2] <= 5:
        raise DataError(
            f"{where}: found an array {array.shape}; give (frames, joints, 3): x, y, confidence"
        )
    layout = "movenet17" if frames.shape[1] == len(COCO_17) and _is_y_first(frames) else None
    for number, joints in enumerate(frames):
        place = f"{where}: frame {number}"
        pose = RawPose(read_joints(joints, None, place), frame=number, layout=layout, where=place)
        yield Person(pose, np.nan, number)


def _multipose(array: Float64, where: str) -> Iterator[Person]:
    joints_FP = array[..., : 3 * len(COCO_17)].reshape(*array.shape[:2], len(COCO_17), 3)
    for number, (frame, scores) in enumerate(zip(joints_FP, array[..., -1], strict=True)):
        for joints in frame[scores >= _LEAST_SCORE]:
            place = f"{where}: frame {number}"
            pose = RawPose(
                read_joints(joints, None, place), frame=number, layout="movenet17", where=place
            )
            yield Person(pose, np.nan, number)


def _is_y_first(frames: Float64) -> bool:
    """Whether the first number is y: shoulders and ankles lie apart along it, feet below."""
    apart = np.nanmedian(frames[:, _LOWER, :2].mean(axis=1) - frames[:, _UPPER, :2].mean(axis=1), 0)
    return bool(apart[0] > abs(apart[1]))
