"""A person in a frame as a line of JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.line import PoseLine, format_line, parse_line

_JOINTS = [[float(j + 1), 2.0 * j, 0.5] for j in range(18)]


def test_a_line_comes_back() -> None:
    joints = np.array(_JOINTS, np.float32)
    line = PoseLine(1.25, "7", joints, 1920, 1080)
    back = parse_line(format_line(line), "line 1")
    assert (back.t_s, back.track, back.width_px, back.height_px) == (1.25, "7", 1920, 1080)
    np.testing.assert_array_equal(back.joints_J3, joints)


def test_the_least_a_line_needs() -> None:
    line = parse_line(json.dumps({"t": 2, "joints": _JOINTS}), "line 1")
    assert (line.t_s, line.track, line.width_px) == (2.0, "0", 0)
    flat = parse_line(json.dumps({"t": 2, "joints": np.ravel(_JOINTS).tolist()}), "line 1")
    np.testing.assert_array_equal(flat.joints_J3, line.joints_J3)


@pytest.mark.parametrize(
    ("keys", "track"),
    [
        ({"id": None}, "0"),
        ({"id": 7}, "7"),
        ({"id": 7.0}, "7"),
        ({"id": 1764460002.0}, "1764460002"),
        ({"track_id": 4}, "4"),
        ({"id": None, "track_id": "door 4"}, "door 4"),
        ({"id": "7", "track_id": 4}, "7"),
    ],
)
def test_the_track_of_a_line(keys: dict[str, object], track: str) -> None:
    assert parse_line(json.dumps({"t": 2, "joints": _JOINTS, **keys}), "line 1").track == track


def test_numbers_may_be_written_as_text() -> None:
    joints = [[str(value) for value in joint] for joint in _JOINTS]
    said = {"t": "2.5", "joints": joints, "width": "640", "height": "480"}
    line = parse_line(json.dumps(said), "line 1")
    assert (line.t_s, line.width_px, line.height_px) == (2.5, 640, 480)
    np.testing.assert_array_equal(line.joints_J3, np.array(_JOINTS, np.float32))


def test_another_layout_is_named_by_the_line() -> None:
    line = parse_line(json.dumps({"t": 0, "joints": _JOINTS[:17], "layout": "coco17"}), "line 1")
    # The neck is the mean of joints 5 and 6, the shoulders.
    assert line.joints_J3[1].tolist() == [6.5, 11.0, 0.5]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing", "line 3: not JSON"),
        ("[" * 100_000, "line 3: not JSON"),
        ("[1]", "found list; a line must be an object"),
        ('{"joints": []}', "t missing"),
        ('{"t": 1}', "joints missing"),
        ('{"t": "now", "joints": []}', "t is 'now'; it must be a finite number"),
        ('{"t": NaN, "joints": []}', "t is 'nan'"),
        (json.dumps({"t": 1, "joints": _JOINTS[:16]}), "found 16 joints; valid: 18 .openpose18"),
        (json.dumps({"t": 1, "joints": _JOINTS, "layout": "coco"}), "18 joints; coco17 has 17"),
        (json.dumps({"t": 1, "joints": [_JOINTS]}), "list .x, y, confidence. per joint"),
        (json.dumps({"t": 1, "joints": [["a", 2, 3]] * 18}), "list .x, y, confidence. per joint"),
        (json.dumps({"t": 1, "joints": [[1, 2, 3]] * 17 + [[1, 1e999, 1]]}), "not a finite num"),
        (json.dumps({"t": 1, "joints": _JOINTS, "layout": "mine"}), "unknown layout 'mine'; valid"),
        (json.dumps({"t": 1, "joints": _JOINTS, "layout": ["coco17"]}), "unknown layout .*valid"),
        (json.dumps({"t": 1, "joints": _JOINTS, "width": "x"}), "width is 'x'"),
        (json.dumps({"t": 1, "joints": _JOINTS, "height": 10**400}), "height is '1000"),
        (json.dumps({"t": [1], "joints": _JOINTS}), r"t is '\[1\]'; it must be a finite"),
        (json.dumps({"t": 1, "joints": [[10**400, 2, 1]] * 18}), "list .x, y, confidence. per"),
    ],
)
def test_what_is_no_line_is_named(text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        parse_line(text, "line 3")
