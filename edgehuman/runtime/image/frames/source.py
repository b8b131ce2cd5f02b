"""The frames of a path: the photos of a folder, one photo, or a recorded video.

    for taken in FrameSource("door.mp4", every=5):
        taken.image_HWC, taken.t_s

A frame that cannot be read is told with its reason; it does not end the source. Axes: H height, W
width.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.image.foreign import HEAD, VIDEO, foreign_of
from edgehuman.preprocess.image.photo import read_photo
from edgehuman.preprocess.image.pixels import MIN_SIDE
from edgehuman.preprocess.video import Video, VideoFrame
from edgehuman.records import Uint8
from edgehuman.runtime.image.source import find_photos, name_in

# Of a large JPEG no fewer pixels are decoded, so that small people in it can still be cropped.
_WHOLE_SIDE = 1024


@dataclass(frozen=True, slots=True)
class TakenFrame:
    """One frame of a source.

    Attributes:
        name: a photo's path inside the folder, or its file's name; the number of a video's frame.
        index: of the frame in its source, from 0.
        t_s: its time in the video, seconds; None of a photo.
        image_HWC: uint8 RGB, upright; of a large JPEG smaller than the photo. None: it cannot be
            read.
        height, width: of the frame, pixels.
        path: of the photo; None of a video's frame or an array.
        reason: why it cannot be read; empty if it can.
        remark: about the file, such as an animation.
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


class FrameSource:
    """The frames of a path, in order.

    Args:
        source: a folder of photos (in the order of their names), one photo, or a video.
        every: take the frames 0, every, 2 every, ...

    Attributes:
        path: the source.
        video: whether it is a video.
        fps: frames per second that are taken of a video; 0 of photos.
        photos: their paths by name; none of a video.
        others: files of the folder that are no pictures.

    Raises:
        UsageError: an empty path, a live source, or `every` under 1.
        DataError: no such path, no photo in it, or a video whose frames are too large.
    """

    def __init__(self, source: str | Path, every: int = 1) -> None:
        if every < 1:
            raise UsageError(f"--every must be at least 1 (got {every}); 1 takes every frame")
        self.path, self._every = Path(source), every
        self.video = is_video(source)
        self.photos: dict[str, Path] = {}
        self.others, self.fps = 0, 0.0
        self._missing = 0
        if self.video:
            with Video(self.path) as opened:
                self.fps = opened.fps / every
            return
        found = find_photos(source, videos=True)
        self.photos = {name_in(self.path, path): path for path in found.photos}
        self.others = found.others

    def __iter__(self) -> Iterator[TakenFrame]:
        if self.video:
            yield from self._of_video()
            return
        for index, (name, path) in enumerate(self.photos.items()):
            if index % self._every == 0:
                yield photo_frame(path, name, index)

    def report(self) -> dict[str, Any]:
        """Files of the folder that are no pictures; frames that a video states and lacks."""
        return {"missing_frames": self._missing} if self.video else {"other_files": self.others}

    def _of_video(self) -> Iterator[TakenFrame]:
        with Video(self.path) as video:
            for frame in video.frames(self._every):
                yield _video_frame(frame)
            self._missing = video.missing
            if not video.read:
                raise DataError(_without_frames(self.path))


def _without_frames(path: Path) -> str:
    if not path.stat().st_size:
        return f"source {path} is empty (0 bytes); copy or record the video again"
    return (
        f"source {path}: no frame of the video can be read; it was cut short, is damaged, or is of "
        "a format that OpenCV lacks. Copy it again, or convert it, e.g. with "
        "`ffmpeg -i VIDEO NEW.mp4`"
    )


def is_video(source: str | Path) -> bool:
    """Whether a path is a file that begins as a video, or is named as one."""
    path = Path(source)
    if not str(source).strip() or not path.is_file():
        return False
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError:
        return False
    return foreign_of(head, path.name) is VIDEO


def photo_frame(path: Path, name: str, index: int) -> TakenFrame:
    """The frame of a photo; one that cannot be read, with its reason."""
    try:
        photo = read_photo(path, _WHOLE_SIDE, _WHOLE_SIDE)
    except DataError as error:
        reason = str(error)
        if is_video(path):
            reason = f"{path} is a video among photos; give it as the source by itself"
        return TakenFrame(name, index, path=path, reason=reason)
    return TakenFrame(
        name, index, None, photo.image_HWC, photo.height, photo.width, path, remark=photo.remark
    )


def array_frame(image_HWC: object, index: int) -> TakenFrame:
    """The frame of an array, uint8 RGB (H, W, 3).

    Raises:
        DataError: no such array.
    """
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
    return TakenFrame(str(index), index, None, np.ascontiguousarray(array), height, width)


def _video_frame(frame: VideoFrame) -> TakenFrame:
    name, bgr_HWC = str(frame.index), frame.bgr_HWC
    if bgr_HWC is None:
        reason = f"frame {name} of the video cannot be decoded"
        return TakenFrame(name, frame.index, frame.t_s, reason=reason)
    height, width = bgr_HWC.shape[:2]
    if min(height, width) < MIN_SIDE:
        reason = f"frames of {width}x{height} pixels; each side must be at least {MIN_SIDE}"
        return TakenFrame(name, frame.index, frame.t_s, reason=reason)
    if bgr_HWC.dtype != np.uint8:
        bgr_HWC = (bgr_HWC >> 8).astype(np.uint8)
    if bgr_HWC.ndim == 2:
        bgr_HWC = np.repeat(bgr_HWC[..., None], 3, axis=2)
    image_HWC = np.ascontiguousarray(bgr_HWC[..., 2::-1])
    return TakenFrame(name, frame.index, frame.t_s, image_HWC, height, width)
