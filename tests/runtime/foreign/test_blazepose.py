"""BlazePose's numbers become squares, joints and masks of the frame."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import ArtefactError, DataError
from edgehuman.records import Float32
from edgehuman.runtime.foreign.blazepose import BlazePose, detected, spanned
from edgehuman.runtime.foreign.graph import Graph
from edgehuman.runtime.foreign.square import Square
from tests.runtime.foreign.told import write_told

FRAME = np.zeros((200, 200, 3), np.uint8)


def detector(folder: Path, rows: dict[int, tuple[float, list[float]]]) -> Path:
    """Anchors by index: a score's logit and twelve numbers; the others are not sure."""
    value = np.zeros((1, 2254, 12), np.float32)
    score = np.full((1, 2254, 1), -50, np.float32)
    for index, (logit, numbers) in rows.items():
        value[0, index], score[0, index] = numbers, logit
    answers = {"Identity": value, "Identity_1": score}
    return write_told(folder / "detector.onnx", (1, 224, 224, 3), answers)


def landmarks(folder: Path, presence: float = 0.9) -> Path:
    """All landmarks in the middle but the nose, at (64, 32); the hips span the same square."""
    row_K5 = np.tile(np.array([128, 128, 0, 2, 5], np.float32), (39, 1))
    row_K5[0] = (64, 32, 0, 80, 80)
    row_K5[34] = (128, 128 - 256 / 2.5, 0, 0, 0)
    mask = np.full((1, 256, 256, 1), -9, np.float32)
    mask[0, 64:192, 96:160] = 9
    answers = {
        "Identity": row_K5.reshape(1, 195),
        "Identity_1": np.array([[presence]], np.float32),
        "Identity_2": mask,
        "Identity_3": np.zeros((1, 64, 64, 39), np.float32),
    }
    return write_told(folder / "landmarks.onnx", (1, 256, 256, 3), answers)


def f32(*values: float) -> Float32:
    return np.array(values, np.float32)


def test_two_points_span_a_turned_square() -> None:
    assert spanned(f32(50, 60), f32(50, 20)) == Square(50, 60, 100, 0)
    # The head points right: a quarter turn clockwise.
    assert spanned(f32(50, 60), f32(90, 60)).angle_rad == pytest.approx(math.pi / 2)


def test_the_detector_decodes_around_its_anchors_and_merges_what_overlaps(tmp_path: Path) -> None:
    # Anchor 0 has its middle at 4, 4 of 224; the last at 208, 208.
    one = [0.0, 0.0, 20.0, 20.0, 108.0, 108.0, 108.0, 68.0, 0.0, 0.0, 0.0, 0.0]
    twin = [0.0, 0.0, 20.0, 20.0, 112.0, 108.0, 112.0, 68.0, 0.0, 0.0, 0.0, 0.0]
    far = [0.0, 0.0, 20.0, 20.0, 0.0, 0.0, 0.0, -112.0, 0.0, 0.0, 0.0, 0.0]
    path = detector(tmp_path, {0: (2.0, one), 1: (2.0, twin), 2253: (1.0, far), 9: (-1.0, one)})
    first, second = detected(Graph(path), FRAME)
    # 200 of 224 pixels; the mean of the two that overlap.
    scale = 200 / 224
    assert (first.x, first.y) == pytest.approx((114 * scale, 112 * scale), rel=1e-5)
    assert first.side == pytest.approx(2.5 * 40 * scale, rel=1e-5)
    assert (second.x, second.y) == pytest.approx((208 * scale, 208 * scale), rel=1e-5)


def test_joints_and_mask_in_the_frame(tmp_path: Path) -> None:
    (found,) = BlazePose(landmarks(tmp_path)).find(FRAME, f32(60, 60, 140, 140))
    # The square is 100 long about (100, 100); the second look is the same.
    assert found.score == pytest.approx(0.9)
    assert found.joint_J3 is not None
    np.testing.assert_allclose(found.joint_J3[0], (75, 62.5, 1), atol=1e-4)
    np.testing.assert_allclose(found.joint_J3[5, :2], (100, 100), atol=1e-4)
    assert found.joint_J3[5, 2] == pytest.approx(1 / (1 + math.exp(-2)))
    assert found.mask_HW is not None
    assert found.mask_HW.shape == (200, 200)
    np.testing.assert_allclose(found.box_4, (87.5, 75, 112.5, 125), atol=1)


def test_with_the_detector_and_with_nobody(tmp_path: Path) -> None:
    one = [0.0, 0.0, 20.0, 20.0, 108.0, 108.0, 108.0, 68.0, 0.0, 0.0, 0.0, 0.0]
    somebody = BlazePose(landmarks(tmp_path), detector=detector(tmp_path, {0: (2.0, one)}))
    assert len(somebody.find(FRAME)) == 1
    nobody = BlazePose(landmarks(tmp_path), detector=detector(tmp_path, {}))
    assert nobody.find(FRAME) == []
    # The detector fires on an empty room: the landmark network decides.
    absent = BlazePose(landmarks(tmp_path, 0.2), detector=detector(tmp_path, {0: (2.0, one)}))
    assert absent.find(FRAME) == []


def test_what_is_not_finite_is_an_error_and_not_nobody(tmp_path: Path) -> None:
    one = [0.0, 0.0, 20.0, 20.0, math.nan, 108.0, 108.0, 68.0, 0.0, 0.0, 0.0, 0.0]
    with pytest.raises(DataError, match="not finite"):
        BlazePose(landmarks(tmp_path, math.nan)).find(FRAME)
    broken = detector(tmp_path, {0: (2.0, one)})
    with pytest.raises(DataError, match="not finite"):
        BlazePose(landmarks(tmp_path), detector=broken).find(FRAME)


def test_another_network_is_refused(tmp_path: Path) -> None:
    path = detector(tmp_path, {})
    with pytest.raises(ArtefactError, match="not a landmark network of BlazePose"):
        BlazePose(path)
    with pytest.raises(ArtefactError, match="not BlazePose's detector"):
        BlazePose(landmarks(tmp_path), detector=landmarks(tmp_path))
