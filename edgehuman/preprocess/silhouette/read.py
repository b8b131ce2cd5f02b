"""Read a mask from a PNG file: uint8 (H, W), white on black."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.limits.png import holds_its_chunks
from edgehuman.limits.sizes import MOST_PICTURE, read_bounded
from edgehuman.preprocess.silhouette.normalise import one_channel
from edgehuman.preprocess.video import MOST_PIXELS, Video
from edgehuman.reading.parsers import foreign
from edgehuman.records import Uint8

_BEGIN = b"\x89PNG\r\n\x1a\n"
_SILENT = 0  # OpenCV's log level


def read_mask(path: Path) -> Uint8:
    """The mask of a PNG file: 0 and 255, 0 and 1, or grey; transparency is ignored.

    Raises:
        DataError: no such file, not a PNG, cut short, damaged, too large, or in colour.
    """
    try:
        data = read_bounded(path, MOST_PICTURE, DataError, "mask")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; give the path of a PNG mask") from None
    if not data.startswith(_BEGIN) or len(data) < 24:
        raise DataError(f"{path}: begins with {data[:8]!r}, which is not a PNG; save it as PNG")
    if not holds_its_chunks(data):
        raise DataError(
            f"{path}: a PNG of {len(data)} bytes without its end, so it was cut short; copy it "
            "again, or remove it"
        )
    width, height = struct.unpack(">II", data[16:24])
    if not 0 < width * height <= MOST_PIXELS:
        raise DataError(
            f"{path}: has {width}x{height} pixels; a mask has 1 to {MOST_PIXELS:,} pixels. Shrink "
            "it, or remove it"
        )
    image = _decoded(data)
    if image is None:
        raise DataError(f"{path}: the PNG is damaged; copy it again, or remove it")
    if image.dtype == np.uint16:
        # 16 bits are used in full, or hold the values of 8.
        image = (image >> 8 if image.max() > 255 else image).astype(np.uint8)
    return one_channel(image, str(path))


def video_frames(path: Path) -> Iterator[NDArray[Any]]:
    """Yield the frames (H, W, 3) of a video of masks; none where OpenCV cannot read it.

    Raises:
        DataError: as `timed_frames`.
    """
    return (image for _, image in timed_frames(path))


def timed_frames(path: Path) -> Iterator[tuple[float, NDArray[Any]]]:
    """Yield the frames of a video of masks, each with its time in the video in seconds.

    Raises:
        DataError: its frames are larger than a mask has, which is seen before one is decoded; or
            OpenCV ends with an error.
    """
    with Video(path, MOST_PIXELS, "a mask") as video:
        for frame in video.frames():
            if frame.bgr_HWC is None:
                return
            yield frame.t_s, frame.bgr_HWC


def _decoded(data: bytes) -> NDArray[Any] | None:
    """Decode with OpenCV, without its warnings on the terminal; None on failure."""
    import cv2

    # OpenCV 5 moved the two functions from `cv2`.
    log = getattr(cv2.utils, "logging", cv2)
    level = log.getLogLevel()
    log.setLogLevel(_SILENT)
    try:
        with foreign():
            found: NDArray[Any] | None = cv2.imdecode(
                np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED
            )
        return found
    except ValueError:
        return None
    finally:
        log.setLogLevel(level)
