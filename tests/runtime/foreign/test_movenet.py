"""MoveNet's numbers become joints and boxes of the frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from edgehuman.errors import ArtefactError, DataError
from edgehuman.records import Float64
from edgehuman.runtime.foreign.movenet import MoveNet
from tests.runtime.foreign.told import write_told

FRAME = np.zeros((288, 384, 3), np.uint8)


def single(folder: Path, yxs_J3: Float64) -> MoveNet:
    answer = {"Identity:0": yxs_J3.reshape(1, 1, 17, 3).astype(np.float32)}
    path = write_told(folder / "one.onnx", (1, 192, 192, 3), answer, TensorProto.INT32)
    return MoveNet(path)


def multi(folder: Path, rows: Float64) -> MoveNet:
    answer = {"Identity:0": rows.reshape(1, 6, 56).astype(np.float32)}
    path = write_told(folder / "six.onnx", (1, "h", "w", 3), answer, TensorProto.INT32)
    return MoveNet(path)


def test_single_pose_is_y_x_of_a_square_about_the_box(tmp_path: Path) -> None:
    yxs_J3 = np.full((17, 3), 0.5)
    yxs_J3[0] = (0.0, 1.0, 0.9)
    yxs_J3[1] = (0.1, 0.1, 0.1)  # not sure: no part of the box
    box_4 = np.array((100, 100, 140, 180), np.float32)
    (found,) = single(tmp_path, yxs_J3).find(FRAME, box_4)
    assert found.joint_J3 is not None
    # The square is 1.25 * 80 = 100 long, about (120, 140).
    np.testing.assert_allclose(found.joint_J3[0], (170, 90, 0.9), rtol=1e-6)
    np.testing.assert_allclose(found.joint_J3[1], (80, 100, 0.1), rtol=1e-6)
    np.testing.assert_allclose(found.box_4, (120, 90, 170, 140))
    assert found.score == pytest.approx((0.9 + 0.1 + 15 * 0.5) / 17)


def test_single_pose_of_the_whole_frame(tmp_path: Path) -> None:
    (found,) = single(tmp_path, np.full((17, 3), 0.5)).find(FRAME)
    assert found.joint_J3 is not None
    np.testing.assert_allclose(found.joint_J3[:, :2], np.tile((192, 144), (17, 1)))


def test_multi_pose_is_sorted_and_its_padding_rows_are_dropped(tmp_path: Path) -> None:
    rows = np.zeros((6, 56))
    rows[1, 51:] = (0.25, 0.5, 0.75, 0.625, 0.4)
    rows[4, :3] = (0.5, 0.25, 0.8)
    rows[4, 51:] = (0.0, 0.0, 1.0, 0.5, 0.7)
    first, second = multi(tmp_path, rows).find(FRAME)
    assert [first.score, second.score] == pytest.approx([0.7, 0.4])
    np.testing.assert_allclose(first.box_4, (0, 0, 192, 288))
    np.testing.assert_allclose(second.box_4, (192, 72, 240, 216))
    assert first.joint_J3 is not None
    np.testing.assert_allclose(first.joint_J3[0], (96, 144, 0.8), rtol=1e-6)


def test_multi_pose_in_a_box_answers_in_the_frame(tmp_path: Path) -> None:
    rows = np.zeros((6, 56))
    rows[0, 51:] = (0.0, 0.0, 1.0, 1.0, 0.7)
    net = multi(tmp_path, rows)
    (found,) = net.find(FRAME, np.array((96, 72, 192, 144), np.float32))
    np.testing.assert_allclose(found.box_4, (96, 72, 192, 144))


def test_nothing_and_numbers_that_are_none(tmp_path: Path) -> None:
    assert multi(tmp_path, np.zeros((6, 56))).find(FRAME) == []
    with pytest.raises(DataError, match="not finite"):
        multi(tmp_path, np.full((6, 56), np.nan)).find(FRAME)
    with pytest.raises(DataError, match="not finite"):
        single(tmp_path, np.full((17, 3), np.nan)).find(FRAME)


def test_another_network_is_refused(tmp_path: Path) -> None:
    path = write_told(tmp_path / "a.onnx", (1, 192, 192, 3), {"a": np.zeros((1, 5), np.float32)})
    with pytest.raises(ArtefactError, match="not MoveNet"):
        MoveNet(path)
