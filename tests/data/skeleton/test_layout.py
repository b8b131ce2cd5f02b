"""From walks as files hold them to one set: rates, gaps, names, and walks that are left out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgehuman.data.gait.walks import LeftOut
from edgehuman.data.skeleton.layout import Walk, gather
from edgehuman.errors import DataError


def walk(frames: int = 4, **changes: Any) -> Walk:
    """OpenPose-18 whose every joint moves a pixel to the right in each frame."""
    joints = np.full((frames, 18, 3), (0.0, 5.0, 0.5), np.float32)
    joints[..., 0] = np.arange(frames)[:, None]
    return replace(Walk(joints, "p", "w", rate_hz=25.0), **changes)


def test_walks_lie_one_after_the_other() -> None:
    made = gather([walk(4), walk(3, sequence="v", role="probe", height_px=240)], "x", "here")
    assert made.name == "x"
    assert made.length_N.tolist() == [4, 3]
    assert made.sequence(1)[:, 0, 0].tolist() == [0, 1, 2]
    assert made.sequence_N.tolist() == ["w", "v"]
    assert made.role_N.tolist() == ["", "probe"]
    assert made.image_size_N2.tolist() == [[0, 0], [240, 0]]


def test_the_layout_s_rate_is_that_of_walks_that_do_not_say() -> None:
    made = gather([walk(), walk(sequence="v", rate_hz=0.0)], "x", "here", rate_hz=30.0)
    assert made.rate_hz_N.tolist() == [25.0, 30.0]
    with pytest.raises(DataError, match="w: rate_hz is 0; it must be 1 to 1000"):
        gather([walk(rate_hz=0.0)], "x", "here")


def test_a_missing_frame_is_bridged_and_a_gap_parts_the_walk() -> None:
    # At 10 a second: one frame is missing after the second, many after the fourth.
    stamps = np.array([0.0, 0.1, 0.3, 0.4, 9.0, 9.1])
    made = gather([walk(6, stamp_s_T=stamps, rate_hz=10.0)], "x", "here")
    assert made.sequence_N.tolist() == ["w#0", "w#1"]
    assert made.length_N.tolist() == [5, 2]
    assert made.sequence(0)[:, 0, 0] == pytest.approx([0, 1, 1.5, 2, 3], abs=1e-5)


def test_what_is_left_out_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="edgehuman.data"):
        made = gather([LeftOut("v", "v: no rate"), walk()], "x", "here")
    assert made.left_out == (LeftOut("v", "v: no rate"),)
    assert caplog.messages == ["here: 1 of 2 walks are skipped, such as v: no rate"]


@pytest.mark.parametrize(
    ("walks", "said"),
    [
        ([], "here has no walks; check it with"),
        ([LeftOut("v", "v: no rate")], "^v: no rate$"),
        ([walk(0)], "here has no walks"),
        ([walk(joints_TJ3=np.zeros((4, 16, 3)))], "w: found 16 joints"),
        ([walk(), walk()], "1 duplicate sequence names"),
    ],
)
def test_sets_that_are_none(walks: Sequence[Walk | LeftOut], said: str) -> None:
    with pytest.raises(DataError, match=said):
        gather(walks, "x", "here")


def test_confidences_mean_the_same_in_every_walk() -> None:
    """A set whose second walk alone shows that its scores go to 10."""
    low, high = walk(30), walk(30, sequence="v")
    low.joints_TJ3[..., 2] = 0.5
    high.joints_TJ3[..., 2] = np.linspace(2.0, 8.0, 30)[:, None]
    made = gather([low, high], "x", "here")
    assert (made.sequence(0)[1:, :, 2] == 0.5 / 8.0).all()
    assert made.sequence(1)[-1, 0, 2] == 1.0
    said = "confidences reach 8: read as scores of 0 to 8, divided by 8"
    assert made.remarks == (said,)
