"""Silhouettes of one's own: folders of masks, or a video of masks, of any size.

ROOT/PERSON/WALK/*.png     people and their walks, without roles
FOLDER/*.png               one walk of nobody in particular
FILE.avi, .mp4 ...         one walk: white on black; every frame is one mask
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.gait.trees import Named
from edgehuman.data.gait.walks import LeftOut
from edgehuman.data.layout import Layout, folders
from edgehuman.data.silhouette.layout import Walk, WalkReader, walk_of
from edgehuman.data.silhouette.published import pickles
from edgehuman.data.silhouette.published.images import (
    any_masks,
    frame_files,
    holds_masks,
    read_walk,
    why_no_masks,
)
from edgehuman.errors import DataError
from edgehuman.preprocess.silhouette.read import video_frames
from edgehuman.preprocess.video import SUFFIXES
from edgehuman.reading.parsers import foreign
from edgehuman.records import Uint8

RATE_HZ = 25.0
_WHITE = 127
# A container may state its number of frames from its length in seconds.
_ROUNDED = 0.02
# Photos of people have this file; their masks are labels of parts.
_LABELS = "labels.jsonl"
# Colours of a mask that a video codec kept in colour differ by less.
_GREY_NOISE = 24
# Frames of a video at most: half an hour.
_LONGEST = 90_000


def _is_people(path: Path) -> bool:
    if (path / _LABELS).exists():
        return False
    return any_masks(walk for person in folders(path) for walk in folders(person))


def _people(path: Path) -> Iterator[Walk | LeftOut]:
    for person in folders(path):
        for walk in folders(person):
            if frame_files(walk):
                yield read_walk(walk, Named(person.name, f"{person.name}/{walk.name}"), RATE_HZ)


def _is_walk(path: Path) -> bool:
    return path.is_dir() and not (path / _LABELS).exists() and holds_masks(path)


def _walk(path: Path) -> Iterator[Walk | LeftOut]:
    yield read_walk(path, _unnamed(path), RATE_HZ)


def _unnamed(path: Path) -> Named:
    return Named(f"somebody in {path.name}", path.stem)


def _is_video(path: Path) -> bool:
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        return False
    first = next(islice(_frames(path), 1), None)
    return first is not None and bool(np.mean(_is_clear(first)) > 0.9)


def _is_clear(frame: NDArray[Any]) -> NDArray[Any]:
    """Pixels that are near black or white, and grey."""
    grey = np.ptp(frame, axis=2) < _GREY_NOISE
    return np.asarray(grey & ((frame.max(axis=2) < 50) | (frame.min(axis=2) > 205)))


def _frames(path: Path) -> Iterator[NDArray[Any]]:
    """Frames (H, W, 3) of a video; none if OpenCV cannot read it."""
    yield from islice(video_frames(path), _LONGEST)


def _video(path: Path) -> Iterator[Walk | LeftOut]:
    import cv2

    count = 0

    def masks() -> Iterator[Uint8]:
        nonlocal count
        for frame in _frames(path):
            count += 1
            yield ((frame.max(axis=2) > _WHITE) * np.uint8(255)).astype(np.uint8)

    with foreign():
        video = cv2.VideoCapture(str(path))
        rate_hz = float(video.get(cv2.CAP_PROP_FPS))
        stated = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        video.release()
    rate_hz = rate_hz if 1.0 <= rate_hz <= 1000.0 else RATE_HZ
    walk = walk_of(masks(), _unnamed(path), rate_hz)
    if not count:
        raise DataError(f"{path}: no frame can be read; convert it, e.g. to a folder of PNG masks")
    if isinstance(walk, Walk) and stated - count > _ROUNDED * stated + 1:
        walk = replace(walk, gaps=stated - count)
    yield walk


_ASSUMED = f"{RATE_HZ:g} frames per second; nobody has a role: give a gallery of your own"
OPENGAIT = Layout(
    "opengait",
    "folders PERSON/WALK/VIEW/ of one .pkl, an array uint8 (frames, 64, 64)",
    pickles.holds_any,
    WalkReader(pickles.read, RATE_HZ, _ASSUMED),
)
PEOPLE = Layout(
    "masks",
    "folders PERSON/WALK/ of PNG masks, white on black, one per frame",
    _is_people,
    WalkReader(_people, RATE_HZ, _ASSUMED),
    why_no_masks,
)
WALK = Layout(
    "mask_folder",
    "a folder of PNG masks of one walk, white on black, one per frame",
    _is_walk,
    WalkReader(_walk, RATE_HZ, _ASSUMED),
)
VIDEO = Layout(
    "mask_video",
    "a video of masks of one walk, white on black",
    _is_video,
    WalkReader(_video, RATE_HZ, "nobody has a role: give a gallery of your own"),
)
