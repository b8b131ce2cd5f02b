"""OpenCV's pedestrian detector, to compare with: histograms of gradients and a linear SVM.

Source: Dalal and Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR 2005; the
weights are OpenCV's default people detector. Its boxes have the margin of the windows that taught
it, 16 of 64 by 128 pixels on each side, which is taken off.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.metrics.boxes.detection import Found
from edgehuman.records import Uint8

HOG = "hog"
_MARGIN_X, _MARGIN_Y = 16 / 64, 16 / 128


def open_hog() -> Callable[[Uint8], Found]:
    """A frame (H, W, 3) -> boxes in its pixels, and scores.

    Raises:
        UsageError: this OpenCV has no such detector.
    """
    import cv2

    if not hasattr(cv2, "HOGDescriptor"):
        raise UsageError(f"OpenCV {cv2.__version__} has no HOG detector; leave {HOG} out")
    detector = cv2.HOGDescriptor()
    detector.setSVMDetector(cv2.HOGDescriptor.getDefaultPeopleDetector())

    def find(frame_HWC: Uint8) -> Found:
        if min(frame_HWC.shape[0] / 128, frame_HWC.shape[1] / 64) < 1:
            return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
        bgr_HWC = np.ascontiguousarray(frame_HWC[..., ::-1])
        sized, weight = detector.detectMultiScale(bgr_HWC, winStride=(8, 8), scale=1.05)
        sized_K4 = np.array(sized, np.float32).reshape(-1, 4)
        inset_K2 = sized_K4[:, 2:] * np.array((_MARGIN_X, _MARGIN_Y), np.float32)
        low_K2, high_K2 = sized_K4[:, :2] + inset_K2, sized_K4[:, :2] + sized_K4[:, 2:] - inset_K2
        margin_K = np.maximum(np.array(weight, np.float32).reshape(-1), 0)
        return np.concatenate([low_K2, high_K2], axis=1), margin_K / (1 + margin_K)

    return find
