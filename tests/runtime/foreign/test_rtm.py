"""RTMO and RTMPose by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehuman.runtime.foreign.families import open_finder, takes_one_person
from edgehuman.runtime.foreign.rtm import decoded
from tests.runtime.frame_models import inputs_seen, write_foreign

FRAME = np.full((100, 200, 3), 200, np.uint8)


def finder(tmp_path: Path, shape: tuple[int, ...], **outputs: NDArray[Any]) -> Any:
    path = write_foreign(tmp_path / "r.onnx", shape, outputs)
    return open_finder(path, notify=lambda _: None)


def test_rtmo_has_the_frame_at_the_top_left_corner_and_rows_of_zeros_are_nobody(
    tmp_path: Path,
) -> None:
    """64x64 for a frame of 200x100: scaled by 0.32, so (32, 16) is (100, 50) in the frame."""
    dets = np.array([[[0, 0, 0, 0, 0], [16, 8, 48, 24, 0.9]]], np.float32)
    joint_1NJ3 = np.tile(np.array((32, 16, 0.8), np.float32), (1, 2, 17, 1))
    rtmo = finder(tmp_path, (1, 3, 64, 64), dets=dets, keypoints=joint_1NJ3)
    (person,) = rtmo.find(FRAME)
    np.testing.assert_allclose(person.box_4, (50, 25, 150, 75), atol=1e-3)
    assert person.joint_J3 is not None
    np.testing.assert_allclose(person.joint_J3[3], (100, 50, 0.8), atol=1e-3)
    nobody = finder(tmp_path, (1, 3, 64, 64), dets=dets[:, :1], keypoints=joint_1NJ3[:, :1])
    assert nobody.find(FRAME) == []


def test_simcc_is_halved_and_its_score_is_the_mean() -> None:
    x_JX, y_JY = np.full((3, 8), -1.0, np.float32), np.full((3, 12), -1.0, np.float32)
    x_JX[0, 6], y_JY[0, 9] = 0.8, 0.6
    x_JX[1, 2], y_JY[1, 2] = 0.5, -0.7
    joint_J3 = decoded(x_JX, y_JY)
    np.testing.assert_allclose(joint_J3[0], (3, 4.5, 0.7), atol=1e-6)
    assert joint_J3[1, 2] == 0  # (0.5 - 0.7) / 2 is not above 0
    assert joint_J3[2, 2] == 0


def test_rtmpose_takes_a_crop_of_a_box_with_margin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The box is 40x60 about (100, 50): at 48:64 it becomes 45x60, times 1.25 56.25x75, so the
    crop of 48x64 pixels begins at (71.875, 12.5). Its pixel (24, 32) is the box's centre.
    """
    simcc_x = np.zeros((1, 17, 96), np.float32)
    simcc_y = np.zeros((1, 17, 128), np.float32)
    simcc_x[:, :, 48], simcc_y[:, :, 64] = 0.9, 0.7
    simcc_x[:, 16] = 0
    seen = inputs_seen(monkeypatch)
    pose = finder(tmp_path, (1, 3, 64, 48), simcc_x=simcc_x, simcc_y=simcc_y)
    assert takes_one_person(pose)
    box_4 = np.array((80, 20, 120, 80), np.float32)
    (person,) = pose.find(FRAME, box_4)
    assert person.joint_J3 is not None
    np.testing.assert_allclose(person.joint_J3[0], (100, 50, 0.8), atol=1e-4)
    np.testing.assert_allclose(person.box_4, box_4)
    assert person.score == pytest.approx((16 * 0.8 + 0.35) / 17)
    assert seen[0].shape == (1, 3, 64, 48)
    assert seen[0][0, :, 32, 24] == pytest.approx(
        [(200 - 123.675) / 58.395, (200 - 116.28) / 57.12, (200 - 103.53) / 57.375], rel=1e-4
    )


def test_more_joints_begin_with_cocos_and_shapes_tell_where_names_do_not(tmp_path: Path) -> None:
    outputs = {"a": np.ones((1, 133, 96), np.float32), "b": np.ones((1, 133, 128), np.float32)}
    (person,) = finder(tmp_path, (1, 3, 64, 48), **outputs).find(FRAME)
    assert person.joint_J3 is not None
    assert person.joint_J3.shape == (17, 3)
    nobody = {"a": np.zeros((1, 17, 96), np.float32), "b": np.zeros((1, 17, 128), np.float32)}
    assert finder(tmp_path, (1, 3, 64, 48), **nobody).find(FRAME) == []
