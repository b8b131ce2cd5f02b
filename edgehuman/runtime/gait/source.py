"""What a source of a gait model holds: frames, in which people are to be found, or what was found
already: poses, or masks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from edgehuman.catalogue import SIMULATED
from edgehuman.errors import UsageError
from edgehuman.preprocess.skeleton.formats.kind import find_format
from edgehuman.runtime.replay.folder import is_recording

_POSES = (".json", ".jsonl", ".ndjson", ".csv", ".txt")
_NO_CAMERA, _PORTS = ("-", SIMULATED), (f"{SIMULATED}:", "udp://")
_PATTERN = "*?["
# Of a folder, so many names are looked at.
_MOST = 50
# A video of masks is grey, and black or white, in nearly all pixels of the frames looked at.
_LOOKED_AT, _APART = 5, 10
_GREY_NOISE, _NEAR, _LEAST = 24, 48, 0.97


def is_frames(source: str) -> bool:
    """Whether a source of a model of skeletons is a camera, a video, a recording of one, or a
    folder or pattern of pictures and not of poses.

    Raises:
        UsageError: it is empty; or it begins as a camera, and is none that can be opened.
    """
    path = _given(source)
    if path.suffix.lower() in _POSES:
        return False
    if _is_live(source) or _is_pattern(path) or _is_missing_video(path):
        return True
    if path.is_file():
        return _is_video(path)
    return path.is_dir() and find_format(path) is None and _suffix_in(path) is not None


def require_frames(names: Iterable[str], is_one: Callable[[str], bool], flag: str) -> None:
    """Raise UsageError for one of several sources that is poses, or masks: people are found in
    frames alone.

    Args:
        is_one: `is_frames` or `is_people`.
        flag: what named them.
    """
    for name in names:
        if not is_one(name):
            raise UsageError(
                f"{flag} {name} is no camera, no video and no folder of pictures of people, as "
                "several sources have to be; give poses or masks to a run of their own"
            )


def is_people(source: str) -> bool:
    """Whether a source of a model of silhouettes is a camera, a recording of one, a video of people
    and not of masks, or a folder or pattern of pictures that are no PNG files, as masks are.

    Raises:
        UsageError: it is empty; or it begins as a camera, and is none that can be opened.
        DataError: a video whose frames are too large.
    """
    path = _given(source)
    if _is_live(source) or _is_missing_video(path):
        return True
    if _is_pattern(path):
        return path.suffix.lower() != ".png"
    if path.is_file():
        return _is_video(path) and not _shows_masks(path)
    suffix = _suffix_in(path) if path.is_dir() else None
    return suffix is not None and suffix != ".png"


def _is_live(source: str) -> bool:
    """Whether it is a camera, or what a run on one recorded. Nothing of pictures is loaded for a
    source of poses.
    """
    if source in _NO_CAMERA or source.startswith(_PORTS):
        return False
    from edgehuman.runtime.image.camera.address import live_address

    return live_address(source, pipelines=True) is not None or is_recording(source)


def _given(source: str) -> Path:
    """The path that a source may be.

    Raises:
        UsageError: it is empty, which as a path is the current folder.
    """
    if not source.strip():
        raise UsageError(
            f"--source is {source!r}; give a camera (0, rtsp://...), a video, a folder, or a file"
        )
    return Path(source)


def _is_missing_video(path: Path) -> bool:
    """Whether it has the name of a video, and is not there: what reads videos says so."""
    from edgehuman.preprocess.video import SUFFIXES

    return path.suffix.lower() in SUFFIXES and not os.path.lexists(path)


def _is_pattern(path: Path) -> bool:
    from edgehuman.preprocess.image.pixels import IMAGE_SUFFIXES

    is_picture = path.suffix.lower() in IMAGE_SUFFIXES
    return is_picture and any(letter in str(path) for letter in _PATTERN) and not path.exists()


def _is_video(path: Path) -> bool:
    from edgehuman.runtime.image.frames.source import is_video

    return is_video(path)


def _suffix_in(folder: Path) -> str | None:
    """That of a picture in a folder; None: there is none among the first names."""
    from edgehuman.preprocess.image.pixels import IMAGE_SUFFIXES

    for k, each in enumerate(folder.iterdir()):
        if each.suffix.lower() in IMAGE_SUFFIXES:
            return each.suffix.lower()
        if k >= _MOST:
            break
    return None


def _shows_masks(path: Path) -> bool:
    """Whether the first frames of a video are grey, and black or white, in nearly all pixels; not
    where none can be read: what reads videos of people says what is wrong with it.
    """
    from edgehuman.preprocess.video import Video

    is_read = False
    with Video(path) as video:
        for k, frame in enumerate(video.frames(_APART)):
            if frame.bgr_HWC is None or k >= _LOOKED_AT:
                break
            is_read = True
            grey_HW = np.ptp(frame.bgr_HWC, axis=2) < _GREY_NOISE
            bright_HW = frame.bgr_HWC.max(axis=2)
            is_mask_HW = grey_HW & ((bright_HW < _NEAR) | (bright_HW > 255 - _NEAR))
            if is_mask_HW.mean() < _LEAST:
                return False
    return is_read
