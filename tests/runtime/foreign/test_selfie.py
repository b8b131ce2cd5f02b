"""A mask of whoever is near becomes one person of the frame, or none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import ArtefactError, DataError
from edgehuman.runtime.foreign.selfie import Selfie
from tests.runtime.foreign.told import write_told

FRAME = np.zeros((128, 512, 3), np.uint8)


def selfie(folder: Path, level: float = 0.8) -> Selfie:
    mask = np.zeros((1, 256, 256, 1), np.float32)
    mask[0, 64:192, 128:192] = level
    return Selfie(write_told(folder / "a.onnx", (1, 256, 256, 3), {"mask": mask}))


def test_the_mask_is_stretched_onto_the_frame(tmp_path: Path) -> None:
    (found,) = selfie(tmp_path).find(FRAME)
    np.testing.assert_allclose(found.box_4, (256, 32, 384, 96), atol=1)
    assert found.score == pytest.approx(0.8, abs=0.05)
    assert found.joint_J3 is None


def test_in_a_box_and_an_eighth_around_it(tmp_path: Path) -> None:
    box_4 = np.array((100, 24, 180, 104), np.float32)
    (found,) = selfie(tmp_path).find(FRAME, box_4)
    # The part is 100 x 100 from (90, 14).
    np.testing.assert_allclose(found.box_4, (140, 39, 165, 89), atol=1)


def test_nobody(tmp_path: Path) -> None:
    assert selfie(tmp_path, 0.4).find(FRAME) == []
    with pytest.raises(DataError, match="not finite"):
        selfie(tmp_path, np.nan).find(FRAME)
    outside_4 = np.array((600, 10, 700, 100), np.float32)
    assert selfie(tmp_path).find(FRAME, outside_4) == []


def test_another_network_is_refused(tmp_path: Path) -> None:
    answer = {"mask": np.zeros((1, 64, 64, 1), np.float32)}
    path = write_told(tmp_path / "b.onnx", (1, 64, 64, 3), answer)
    with pytest.raises(ArtefactError, match="not selfie segmentation"):
        Selfie(path)
