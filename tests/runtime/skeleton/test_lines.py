"""Lines of poses: what is read, what is dropped, and what is said of it."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from edgehuman.runtime.skeleton.lines import NOTHING, PoseParser, joined
from tests.runtime.gait_models import ANNA, pose


def text(**changes: Any) -> str:
    return json.dumps(pose(1.5, ANNA, 7, width=640, height=480) | changes)


def test_a_line_is_a_person_in_a_frame() -> None:
    block = PoseParser().parse([text(), "", text(t=2, id="B")])
    assert block.stamp_s_T.tolist() == [1.5, 2.0]
    assert block.track_T == ("7", "B")
    assert block.joint_TJ3.shape == (2, 18, 3)
    assert block.joint_TJ3[0, 0].tolist() == pytest.approx([90, 10, 0.9])
    assert (block.width_T.tolist(), block.height_T.tolist()) == ([640, 640], [480, 480])
    assert len(block.head(1)) == 1
    assert joined([block.head(1), block.part(1, 2)]).track_T == block.track_T
    assert len(NOTHING) == 0
    assert joined([]) is NOTHING


JOINTS = pose(0, ANNA)["joints"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[1]", "a line must be an object"),
        ('{"t": 1}', "joints missing"),
        (text(t="soon"), "'soon'"),
        (text(t=None), "None"),
        (text(joints=JOINTS[:14]), "14"),
        (text(joints="many"), "joints"),
        (text(joints=[[1e9, 1, 1], *JOINTS[1:]]), "give x and y in pixels"),
        (text(joints=[[1e300, 1, 1], *JOINTS[1:]]), "finite|x and y in pixels"),
        (text(id="x" * 99), "printable"),
        (text(id="a\nb"), "printable"),
        (text(width=-4), "image size is .* give 0 "),
        (text(width=1e12), "image size is .* give 0 "),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_bad_line_is_dropped_counted_and_told(line: str, said: str) -> None:
    parser = PoseParser()
    block = parser.parse([text(), line, text(t=3)])
    assert block.stamp_s_T.tolist() == [1.5, 3.0]
    report = parser.report()
    assert (report["rows"], report["bad_poses"]) == (2, 1)
    assert report["first_bad"][0].startswith("line 2: ")
    assert np.isfinite(block.joint_TJ3).all()
    assert re.search(said, report["first_bad"][0])


@pytest.mark.parametrize(
    "joint",
    [None, [None, None, None], [1.0, 2.0], [1.0, 2.0, None], [0, 0, 0.4], [float("nan")] * 3],
)
def test_a_joint_that_was_not_seen_does_not_drop_its_line(joint: Any) -> None:
    parser = PoseParser()
    block = parser.parse([text(joints=JOINTS), text(joints=[*JOINTS[:4], joint, *JOINTS[5:]])])
    assert (len(block), parser.bad) == (2, 0)
    assert block.joint_TJ3[1, 4].tolist() == [0.0, 0.0, 0.0]
    np.testing.assert_array_equal(block.joint_TJ3[1, 5:], block.joint_TJ3[0, 5:])
    assert parser.report()["remarks"] == []


def test_lines_without_confidences_are_seen_and_said_so() -> None:
    parser = PoseParser()
    block = parser.parse([text(joints=[each[:2] for each in JOINTS])] * 2)
    assert (block.joint_TJ3[..., 2] == 1.0).all()
    assert parser.report()["remarks"] == ["joints have no confidence; 1 is assumed"]


def test_a_last_line_cut_short_is_truncated_not_bad() -> None:
    parser = PoseParser()
    assert len(parser.parse_last(text()[:50])) == 0
    assert (parser.bad, parser.truncated, parser.told) == (0, 1, [])
    parser.parse_last('{"t": 1}')
    assert (parser.bad, parser.truncated) == (1, 1)


def test_a_reason_is_told_once_however_its_values_differ() -> None:
    parser = PoseParser()
    parser.parse([text(t=f"now {k}") for k in range(9)] + [text(joints=JOINTS[:14])])
    assert parser.bad == 10
    first, second = parser.told
    assert first == "line 1: t is 'now 0'; it must be a finite number"
    assert second.startswith("line 10: found 14 joints; valid: ")


def test_only_the_first_bad_lines_are_kept() -> None:
    parser = PoseParser()
    parser.parse(["{", "[1]", '{"t": 1}', text(t="soon")])
    assert (parser.bad, len(parser.told)) == (4, 3)


@pytest.mark.parametrize("joints", [None, []])
def test_a_line_without_joints_is_a_frame_without_anybody(joints: Any) -> None:
    parser = PoseParser()
    block = parser.parse([text(), text(joints=joints)])
    assert (len(block), parser.bad) == (2, 0)
    assert not block.joint_TJ3[1].any()


def test_a_mark_before_the_first_line_and_commas_after_lines_are_passed_over() -> None:
    parser = PoseParser()
    assert len(parser.parse(["\ufeff" + text(), text(t=2) + ",", text(t=3) + ", \r"])) == 3
    assert parser.bad == 0
