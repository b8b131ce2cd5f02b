"""One person's joints as tools write them, as an array: lists, flat lists, objects, columns.

    [[x, y, c], ...]             [[x, y], ...] with a list of scores
    [x, y, c, x, y, c, ...]      [[x, y, z, c], ...], without the z
    [{"x", "y", "score"}, ...]   {"nose": {"x", "y"}, ...}
    {"x": [...], "y": [...], "visible": [...]}

Joints with names (keys, or `name` or `part` of each) may stand in any order, and some may be left
out.

A joint that is null or NaN, that has no confidence while others do, or that lies exactly at (0, 0)
or (-1, -1), was not seen.

Axes: J joint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.layouts import BY_COUNT
from edgehuman.preprocess.skeleton.names import order_by_name
from edgehuman.records import Float64

# Keys of a joint, or of lists of all joints; the first that is there counts.
_X = ("x", "X", "colorX", "color_x")
_Y = ("y", "Y", "colorY", "color_y")
_SURE = (
    *("confidence", "score", "visibility", "visible", "c", "conf", "v", "likelihood"),
    *("prob", "inFrameLikelihood", "trackingState", "TrackingState", "presence"),
)
_INSIDE = ("position", "Position", "point", "pos")
_NAMES = ("name", "part", "bodyPart", "body_part", "joint_name", "keypoint_name", "label")
# The joints of nobody.
NOBODY = np.empty((0, 3))
# Place of the confidence among a joint's numbers: x, y, z, visibility, presence of MediaPipe.
_PLACE = {3: 2, 4: 3, 5: 3}


def read_joints(values: Any, scores: Any = None, where: str = "a pose") -> Float64:
    """Joints (J, 3): x, y, confidence in the units of the file.

    A joint that was not seen is all NaN. Where joints have no confidence, it alone is NaN.

    Args:
        values: joints in one of the forms above, or an array (J, 2 to 5).
        scores: the confidences (J,), if they stand apart.

    Raises:
        DataError: another form, a value that is no number or infinite, too few scores, or an
            unknown name.
    """
    try:
        made = _columns(values) if isinstance(values, Mapping) else _listed(values, where)
        joints = made if isinstance(made, np.ndarray) else _numbers(made)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, DataError):
            raise
        joints = np.empty((0, 0))
    if joints.ndim != 2 or joints.shape[1] not in (2, *_PLACE):
        raise DataError(
            f"{where}: joints are {str(values)[:40]}; give a list [x, y, confidence] per joint"
        )
    if np.isinf(joints).any():
        joint = int(np.argmax(np.isinf(joints).any(axis=1)))
        raise DataError(
            f"{where}: joint {joint} is {joints[joint].tolist()}, not a finite number; write null "
            "for a joint that was not seen"
        )
    sure = joints[:, _PLACE[joints.shape[1]]] if joints.shape[1] > 2 else None
    if scores is not None:
        sure = _scores(scores, len(joints), where)
    return _in_order(_unseen_as_nan(joints[:, :2], sure), _names(values), where)


def _names(values: Any) -> dict[int, str]:
    """Place -> name of the joints that have one; empty where joints have no names."""
    if isinstance(values, Mapping):
        return dict(enumerate(map(str, values))) if _first(values, _X) is None else {}
    first = next((each for each in values if each is not None), None)
    if not isinstance(first, Mapping):
        return {}
    found = {k: _first(each, _NAMES) for k, each in enumerate(values) if isinstance(each, Mapping)}
    is_whole = all(isinstance(name, str) for name in found.values())
    # One word for all is that of the person.
    return found if is_whole and len(set(found.values())) > 1 else {}


def _in_order(joints_J3: Float64, name_of: Mapping[int, str], where: str) -> Float64:
    """The joints in a layout's order by their names, NaN where the layout has more."""
    if not name_of:
        return joints_J3
    places = [*name_of]
    order = order_by_name([*name_of.values()], where)
    made = np.full((len(order), 3), np.nan)
    for row, named in zip(made, order, strict=True):
        row[:] = np.nan if named is None else joints_J3[places[named]]
    return made


def _unseen_as_nan(xy_J2: Float64, sure_J: Float64 | None) -> Float64:
    """(J, 3) with NaN for joints that were not seen."""
    lost_J = ~np.isfinite(xy_J2).all(axis=1)
    lost_J |= ((xy_J2 == 0.0) | (xy_J2 == -1.0)).all(axis=1) & (xy_J2[:, 0] == xy_J2[:, 1])
    if sure_J is None:
        sure_J = np.full(len(xy_J2), np.nan)
    else:
        lost_J |= np.isnan(sure_J)
    joints = np.column_stack([xy_J2, sure_J])
    joints[lost_J] = np.nan
    return joints


def _scores(scores: Any, count: int, where: str) -> Float64:
    try:
        made = np.asarray(scores, np.float64).reshape(-1)
    except (TypeError, ValueError, OverflowError):
        made = np.empty(0)
    if len(made) != count:
        raise DataError(
            f"{where}: found {count} joints and {len(made)} scores; there must be one per joint"
        )
    return made


def _columns(values: Mapping[str, Any]) -> Any:
    """The joints of {"x": [...], "y": [...]}, or of one object per joint."""
    x, y = _first(values, _X), _first(values, _Y)
    if isinstance(x, Sequence) and isinstance(y, Sequence):
        sure = _first(values, _SURE)
        lists = [x, y, sure] if isinstance(sure, Sequence) and len(sure) else [x, y]
        if len({len(each) for each in lists}) > 1:
            return None
        return [list(row) for row in zip(*lists, strict=True)]
    return [None if each is None else _of_object(each) for each in values.values()]


def _listed(values: Any, where: str) -> Any:
    """A row of numbers per joint; None stays for a joint that is null."""
    if isinstance(values, np.ndarray):
        if values.dtype.kind not in "fiu":
            return None
        flat = values.astype(np.float64)
        return _unflat(flat, where) if flat.ndim == 1 else flat
    if not isinstance(values, Sequence) or isinstance(values, str):
        return None
    first = next((each for each in values if each is not None), None)
    if isinstance(first, Mapping):
        return [None if each is None else _of_object(each) for each in values]
    if isinstance(first, (int, float, str)):
        return _unflat(np.asarray(values, np.float64), where)
    return values


def _unflat(flat: Float64, where: str) -> Float64:
    """A flat list as (J, 2 to 5): the width that gives the joints of a known layout."""
    for width in (3, 2, 4, 5):
        if flat.size % width == 0 and flat.size // width in BY_COUNT:
            return flat.reshape(-1, width)
    if flat.size % 3:
        raise DataError(
            f"{where}: found {flat.size} numbers; keypoints need three per joint: x, y, confidence"
        )
    return flat.reshape(-1, 3)


def _of_object(joint: Any) -> list[Any] | None:
    """x, y and confidence of one joint's object; None if it has no place."""
    if not isinstance(joint, Mapping):
        return list(joint)
    place = next((joint[key] for key in _INSIDE if isinstance(joint.get(key), Mapping)), joint)
    sure = _first(joint, _SURE)
    row = [_first(place, _X), _first(place, _Y)]
    return row if sure is None else [*row, sure]


def _first(values: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((values[key] for key in keys if key in values), None)


def _numbers(rows: Any) -> Float64:
    """Rows of numbers as an array; null, and what a shorter row lacks, is NaN.

    Raises:
        TypeError, ValueError: something else than numbers.
    """
    try:
        return np.asarray(rows, np.float64)
    except ValueError:  # rows of several lengths, or a joint that is null
        lists = [[] if row is None else list(row) for row in rows]
    width = max(map(len, lists), default=0)
    made = np.full((len(lists), width), np.nan)
    for row, each in zip(made, lists, strict=True):
        if any(isinstance(value, (str, bool)) for value in each):
            raise TypeError("a word among numbers")
        row[: len(each)] = np.array(
            [np.nan if value is None else value for value in each], np.float64
        )
    return made
