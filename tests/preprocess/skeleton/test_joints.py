"""The forms in which tools write a person's joints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.geometry import COCO_17
from edgehuman.preprocess.skeleton.joints import read_joints

NAN = float("nan")
# COCO-17 whose joint j is at (j + 1, 2 j) with confidence 0.5.
ROWS = [[j + 1.0, 2.0 * j, 0.5] for j in range(17)]
ARRAY = np.array(ROWS)


@pytest.mark.parametrize(
    "values",
    [
        ROWS,
        ARRAY,
        ARRAY.ravel().tolist(),
        ARRAY.ravel(),
        [str(value) for value in ARRAY.ravel()],
        [[x, y, 9.0, c] for x, y, c in ROWS],
        [[x, y, 9.0, c, 0.7] for x, y, c in ROWS],
        [value for x, y, c in ROWS for value in (x, y, 9.0, c)],
        [{"x": x, "y": y, "score": c, "name": "a"} for x, y, c in ROWS],
        [{"x": x, "y": y, "z": 9.0, "visibility": c, "presence": 0.1} for x, y, c in ROWS],
        [{"position": {"x": x, "y": y}, "score": c} for x, y, c in ROWS],
        {f"joint {j}": {"x": x, "y": y, "c": c} for j, (x, y, c) in enumerate(ROWS)},
        {"x": ARRAY[:, 0].tolist(), "y": ARRAY[:, 1].tolist(), "visible": ARRAY[:, 2].tolist()},
    ],
)
def test_every_form_is_x_y_confidence(values: Any) -> None:
    np.testing.assert_array_equal(read_joints(values), ARRAY)


@pytest.mark.parametrize("scores", [ARRAY[:, 2].tolist(), ARRAY[:, 2:].tolist()])
def test_scores_may_stand_apart(scores: Any) -> None:
    np.testing.assert_array_equal(read_joints(ARRAY[:, :2].tolist(), scores), ARRAY)


@pytest.mark.parametrize(
    "values",
    [
        [[x, y] for x, y, _ in ROWS],
        ARRAY[:, :2].ravel().tolist(),
        [{"x": x, "y": y} for x, y, _ in ROWS],
        {"x": ARRAY[:, 0].tolist(), "y": ARRAY[:, 1].tolist()},
    ],
)
def test_joints_without_confidences_have_none(values: Any) -> None:
    found = read_joints(values)
    np.testing.assert_array_equal(found[:, :2], ARRAY[:, :2])
    assert np.isnan(found[:, 2]).all()


@pytest.mark.parametrize(
    "joint",
    [
        None,
        [],
        [None, None, None],
        [NAN, NAN, NAN],
        [3.0, NAN, 0.5],
        [3.0, 4.0, None],
        [3.0, 4.0, NAN],
        [3.0, 4.0],
        [0, 0, 0.9],
        [0.0, 0.0, 0],
        [-1, -1, 0.9],
    ],
)
def test_a_joint_that_was_not_seen_is_nan_and_the_others_stay(joint: Any) -> None:
    found = read_joints([*ROWS[:3], joint, *ROWS[4:]])
    assert np.isnan(found[3]).all()
    np.testing.assert_array_equal(np.delete(found, 3, 0), np.delete(ARRAY, 3, 0))


def test_null_among_flat_numbers_is_one_joint() -> None:
    flat: list[float | None] = [*ARRAY.ravel().tolist()]
    flat[9:12] = [None, None, None]
    assert np.flatnonzero(np.isnan(read_joints(flat)).any(axis=1)).tolist() == [3]


def test_an_object_without_a_place_was_not_seen() -> None:
    rows: list[Any] = [{"x": x, "y": y, "score": c} for x, y, c in ROWS]
    rows[2] = {"x": None, "y": None, "score": 0.9}
    rows[3] = None
    assert np.flatnonzero(np.isnan(read_joints(rows)[:, 0])).tolist() == [2, 3]


@pytest.mark.parametrize(
    ("values", "scores", "said"),
    [
        ("many", None, r"joints are many; give a list \[x, y, confidence\] per joint"),
        (7, None, "joints are 7"),
        ([["a", 1, 2]] * 17, None, "joints are"),
        ([[1.0]] * 17, None, "joints are"),
        ([[[1.0, 2.0, 3.0]]] * 17, None, "joints are"),
        ([1.0, 2.0], None, "found 2 numbers; keypoints need three per joint"),
        ([[1, 1e999, 1], *ROWS[1:]], None, r"joint 0 is \[1.0, inf, 1.0\], not a finite number"),
        (ROWS, [0.5] * 16, "found 17 joints and 16 scores"),
        (ROWS, ["a"] * 17, "found 17 joints and 0 scores"),
        ({"x": [1, 2], "y": [1]}, None, "joints are"),
    ],
)
def test_what_is_no_joints_is_named(values: Any, scores: Any, said: str) -> None:
    with pytest.raises(DataError, match=f"^here: .*{said}"):
        read_joints(values, scores, "here")


def test_named_joints_may_stand_in_any_order_and_one_be_null() -> None:
    named = [
        {"name": name, "x": x, "y": y, "score": c}
        for name, (x, y, c) in zip(COCO_17, ROWS, strict=True)
    ]
    turned: list[Any] = named[::-1]
    np.testing.assert_array_equal(read_joints(turned), ARRAY)
    turned[0] = None  # the right ankle
    np.testing.assert_array_equal(read_joints(turned)[:16], ARRAY[:16])
    assert np.isnan(read_joints(turned)[16]).all()
    by_key = {joint["name"]: joint for joint in named[::-1]}
    np.testing.assert_array_equal(read_joints(by_key), ARRAY)
    by_key["left_knee"] = by_key.pop("l_knee")
    by_key["Nase"] = by_key.pop("nose")
    with pytest.raises(DataError, match="here: joint 'Nase' is not known"):
        read_joints(by_key, where="here")
