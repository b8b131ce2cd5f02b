"""OpenCV's own detector: what its boxes are, and where it is missing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgehuman.bench.evaluate.hog import open_hog
from edgehuman.errors import UsageError


class Descriptor:
    """Finds one person in each frame."""

    def setSVMDetector(self, weights: object) -> None:
        """As OpenCV's."""

    @staticmethod
    def getDefaultPeopleDetector() -> None:
        """As OpenCV's."""

    def detectMultiScale(self, image: object, **how: object) -> tuple[object, object]:
        """One window of 64 x 128, and the distance from the border between the classes."""
        return np.array([[100, 50, 64, 128]]), np.array([3.0])


def test_the_margin_of_its_window_is_taken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "HOGDescriptor", Descriptor, raising=False)
    find = open_hog()
    box_K4, score_K = find(np.zeros((200, 300, 3), np.uint8))
    assert box_K4.tolist() == [[116, 66, 148, 162]]
    assert score_K.tolist() == [0.75]
    assert find(np.zeros((100, 300, 3), np.uint8))[0].shape == (0, 4)


def test_an_opencv_without_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cv2, "HOGDescriptor", raising=False)
    with pytest.raises(UsageError, match="has no HOG detector; leave hog out"):
        open_hog()
