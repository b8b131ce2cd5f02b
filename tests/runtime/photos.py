"""Photos that tests of pictures share."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edgehuman.records import Uint8

RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


def photo(path: Path, image_HWC: Uint8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ok, content = cv2.imencode(path.suffix, image_HWC[..., ::-1])
    assert ok
    path.write_bytes(content.tobytes())
    return path


def flag(height: int = 64, width: int = 32) -> Uint8:
    """Upper half red, lower half green."""
    image_HWC = np.zeros((height, width, 3), np.uint8)
    image_HWC[: height // 2], image_HWC[height // 2 :] = RED, GREEN
    return image_HWC
