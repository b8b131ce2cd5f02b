"""One frame of a source, or what happened to a source in the place of one.

Axes: H height, W width.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgehuman.errors import DataError
from edgehuman.preprocess.image.pixels import MIN_SIDE
from edgehuman.records import Uint8

LOST, FROZEN, BLACK, BACK = "lost", "frozen", "black", "back"
"""What can happen to a camera: it gives no frames; the same picture for over two seconds; a black
one; and it shows something again."""


@dataclass(frozen=True, slots=True)
class TakenFrame:
    """One frame of a source.

    Attributes:
        name: a photo's path inside the folder, or its file's name; the number of a video's or
            camera's frame.
        index: of the frame in its source, from 0.
        t_s: its time, seconds: in the video; of a camera, since the run began, by a clock that
            never jumps. None of a photo.
        image_HWC: uint8 RGB, upright; of a large JPEG smaller than the photo. None: it cannot be
            read.
        height, width: of the frame, pixels.
        path: of the photo; None of a video's frame or an array.
        reason: why it cannot be read; empty if it can.
        remark: about the file, such as an animation.
        source: what gave it, without passwords; empty where there is one source and it is no
            camera.
        grabbed_ns: when it was taken from the source, by this machine's monotonic clock; 0: not
            known.
        wall_s: the same by the wall clock, seconds since 1970; None of what is recorded.
        stream_s: its time as a network camera states it; None where it states none.
        event: of no frame, what happened to the camera, with `reason` in words; else empty.
    """

    name: str
    index: int
    t_s: float | None = None
    image_HWC: Uint8 | None = None
    height: int = 0
    width: int = 0
    path: Path | None = None
    reason: str = ""
    remark: str = ""
    source: str = ""
    grabbed_ns: int = 0
    wall_s: float | None = None
    stream_s: float | None = None
    event: str = ""

    @property
    def age_ms(self) -> float:
        """How long ago it was taken from its source."""
        return (time.monotonic_ns() - self.grabbed_ns) / 1e6 if self.grabbed_ns else 0.0


def array_frame(image_HWC: object, index: int) -> TakenFrame:
    """The frame of an array, uint8 RGB (H, W, 3).

    Raises:
        DataError: no such array.
    """
    now_ns = time.monotonic_ns()
    array = np.asarray(image_HWC)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise DataError(
            f"frame {index} is {array.dtype} {array.shape}; give uint8 RGB (height, width, 3). "
            "OpenCV reads BGR: image[..., ::-1]"
        )
    height, width = array.shape[:2]
    if min(height, width) < MIN_SIDE:
        raise DataError(
            f"frame {index} is {width}x{height} pixels; each side must be at least {MIN_SIDE}"
        )
    image_HWC = np.ascontiguousarray(array)
    return TakenFrame(str(index), index, None, image_HWC, height, width, grabbed_ns=now_ns)


def too_small(height: int, width: int) -> str:
    """Why nobody is looked for in frames of this size; empty if they are large enough."""
    if min(height, width) >= MIN_SIDE:
        return ""
    return f"frames of {width}x{height} pixels; each side must be at least {MIN_SIDE}"
