"""The frames of a path: the photos of a folder or pattern, one photo, or a recorded video. Those of
cameras, and of several sources at once, come through `several`.

    for taken in FrameSource("door.mp4", every=5):
        taken.image_HWC, taken.t_s

A frame that cannot be read is told with its reason; it does not end the source. Axes: H height, W
width.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.image.foreign import HEAD, VIDEO, foreign_of
from edgehuman.preprocess.image.photo import read_photo
from edgehuman.preprocess.video import Video, VideoFrame
from edgehuman.runtime.image.camera.capture import as_rgb
from edgehuman.runtime.image.camera.policy import policy_of
from edgehuman.runtime.image.frames.taken import TakenFrame, array_frame, too_small
from edgehuman.runtime.image.source import find_photos, name_in

__all__ = ["FrameSource", "TakenFrame", "array_frame", "is_video", "photo_frame"]

# Of a large JPEG no fewer pixels are decoded, so that small people in it can still be cropped.
_WHOLE_SIDE = 1024
_AT_LEAST_EVERY_S = 1.0


class FrameSource:
    """The frames of a path, in order.

    Args:
        source: a folder of photos (in the order of their names), one photo, a pattern of photos
            such as `frames/*.jpg`, or a video.
        every: take the frames 0, every, 2 every, ...
        latest: play a video at the pace of its times, and pass over frames that come too late, as
            of a camera.

    Attributes:
        name: the source.
        path: the source.
        video: whether it is a video.
        fps: frames per second that are taken of a video; 0 of photos.
        photos: their paths by name; none of a video.
        others: files of the folder that are no pictures.

    Raises:
        UsageError: an empty path, a live source, `every` under 1, or `latest` of photos.
        DataError: no such path, no photo in it, or a video whose frames are too large.
    """

    def __init__(self, source: str | Path, every: int = 1, latest: bool = False) -> None:
        policy_of(None, every)
        self.name = str(source)
        self.path, self._every, self._latest = Path(source), every, latest
        self.video = is_video(source)
        self.photos: dict[str, Path] = {}
        self.others, self.fps = 0, 0.0
        self._missing, self._late = 0, 0
        if self.video:
            with Video(self.path) as opened:
                self.fps = opened.fps / every
            return
        if latest:
            raise UsageError(
                f"source {source}: photos have no times, so none is the latest; leave --policy out"
            )
        found = find_photos(source, videos=True)
        self.photos = {name_in(self.path, path): path for path in found.photos}
        self.others = found.others

    @property
    def stem(self) -> str:
        """Of the names of what is made of it."""
        return self.path.stem

    @property
    def inputs(self) -> list[Path]:
        """The files that it reads."""
        return [*self.photos.values()] or [self.path]

    def __iter__(self) -> Iterator[TakenFrame]:
        if self.video:
            yield from self._of_video()
            return
        for index, (name, path) in enumerate(self.photos.items()):
            if index % self._every == 0:
                yield photo_frame(path, name, index)

    def report(self) -> dict[str, Any]:
        """Files of the folder that are no pictures; frames that a video states and lacks, and those
        that came too late.
        """
        if not self.video:
            return {"other_files": self.others}
        late = {"passed_over": self._late} if self._latest else {}
        return {"missing_frames": self._missing, **late}

    def _of_video(self) -> Iterator[TakenFrame]:
        wanted = _InTime(1 / self.fps) if self._latest else None
        with Video(self.path) as video:
            for frame in video.frames(self._every, wanted or (lambda t_s: True)):
                yield _video_frame(frame)
                self._late = wanted.late if wanted else 0
            self._missing = video.missing
            if not video.read:
                raise DataError(_without_frames(self.path))


class _InTime:
    """Waits for the time of each frame of a video; refuses those that come more than a frame too
    late, but for one a second where even decoding is too slow.

    Attributes:
        late: how many.
    """

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._zero_s = math.nan
        self._last_s = -math.inf
        self.late = 0

    def __call__(self, t_s: float) -> bool:
        now_s = time.monotonic()
        if math.isnan(self._zero_s):
            self._zero_s = now_s - t_s
        late_s = now_s - self._zero_s - t_s
        if late_s > self._frame_s and now_s - self._last_s < _AT_LEAST_EVERY_S:
            self.late += 1
            return False
        time.sleep(max(0.0, -late_s))
        self._last_s = time.monotonic()
        return True


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
    now_ns = time.monotonic_ns()
    try:
        photo = read_photo(path, _WHOLE_SIDE, _WHOLE_SIDE)
    except DataError as error:
        reason = str(error)
        if is_video(path):
            reason = f"{path} is a video among photos; give it as the source by itself"
        return TakenFrame(name, index, path=path, reason=reason, grabbed_ns=now_ns)
    return TakenFrame(
        name,
        index,
        None,
        photo.image_HWC,
        photo.height,
        photo.width,
        path,
        remark=photo.remark,
        grabbed_ns=now_ns,
    )


def _video_frame(frame: VideoFrame) -> TakenFrame:
    name, bgr_HWC, now_ns = str(frame.index), frame.bgr_HWC, time.monotonic_ns()
    taken = TakenFrame(name, frame.index, frame.t_s, grabbed_ns=now_ns)
    if bgr_HWC is None:
        return dataclasses.replace(taken, reason=f"frame {name} of the video cannot be decoded")
    height, width = bgr_HWC.shape[:2]
    if reason := too_small(height, width):
        return dataclasses.replace(taken, reason=reason)
    return dataclasses.replace(taken, image_HWC=as_rgb(bgr_HWC), height=height, width=width)
