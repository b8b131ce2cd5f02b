"""Where a pose belongs, as tools write it: its frame or time, and the size of its picture.

A value that is not finite, or of another type than its key needs, counts as absent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.declared import RATES_HZ

_NUMBERS = ("frame", "frame_id", "frame_idx", "frame_index", "frame_number", "frame_num", "frameId")
_FRAMES = (
    *_NUMBERS,
    *("image_id", "image", "image_name", "img_name", "file_name", "filename", "image_path"),
)
_SECONDS = ("t", "time_s", "t_s", "timestamp_s", "time_sec")
_MILLISECONDS = ("timestamp_ms", "time_ms", "t_ms", "timestampMs")
# In an unknown unit, which their steps tell.
_CLOCKS = ("timestamp", "time", "relativeTime")
# Whatever says of an object which frame it is.
TIMED = (*_FRAMES, *_SECONDS, *_MILLISECONDS, *_CLOCKS)
_WIDTHS, _HEIGHTS = ("width", "image_width", "img_width"), ("height", "image_height", "img_height")
_SIZES = ("image_size", "img_size", "resolution")  # width, height
_SHAPES = ("orig_shape", "img_shape", "image_shape")  # height, width
_RATES = ("fps", "frame_rate", "frameRate", "framerate", "rate_hz", "video_fps")
_LAST_NUMBER = re.compile(r"(\d+)(?!.*\d)")
_SUFFIX = re.compile(r"(_keypoints)?\.[A-Za-z]\w{0,4}$")
_ROBOFLOW = re.compile(r"(_(jpe?g|png))?\.rf\.\w+(?=\.|$)")
# Stamps in ns have 19 digits.
_MOST_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of a frame before its people are read.

    Attributes:
        where: file and position, for messages.
        position: of the object in its file, from 0: the frame, if nothing else says it.
        frame: its number; -1: unknown.
        t_s: its time in seconds; NaN: unknown.
        clock: its time in an unknown unit; NaN: unknown.
        width_px, height_px: of the picture; 0: unknown.
        track: of the person, where one object holds a track.
        images: of COCO: id -> the image's object.
        rate_hz: frames per second; 0: unknown.
    """

    where: str
    position: int = 0
    frame: int = -1
    t_s: float = math.nan
    clock: float = math.nan
    width_px: int = 0
    height_px: int = 0
    track: str | None = None
    images: Mapping[Any, Mapping[str, Any]] | None = None
    rate_hz: float = 0.0


def placed(node: Mapping[str, Any], place: Place) -> Place:
    """The place with what an object says of its frame, time, picture and rate.

    Raises:
        DataError: a frame without a number, or with a part of one.
    """
    images = _images(node) or place.images
    frame, size = _frame(node, place.where), _size(node)
    image = _of(images, node.get("image_id"))
    if image is not None:
        frame, size = _image_frame(image, place.where), _size(image)
    seconds = _first_number(node, _SECONDS)
    if seconds is None and (milliseconds := _first_number(node, _MILLISECONDS)) is not None:
        seconds = milliseconds / 1000.0
    clock = _first_number(node, _CLOCKS)
    rate_hz = _first_number(node, _RATES) or 0.0
    width_px, height_px = size or (place.width_px, place.height_px)
    return replace(
        place,
        frame=place.frame if frame is None else frame,
        t_s=place.t_s if seconds is None else seconds,
        clock=place.clock if clock is None else clock,
        width_px=width_px,
        height_px=height_px,
        images=images,
        rate_hz=rate_hz if RATES_HZ[0] <= rate_hz <= RATES_HZ[1] else place.rate_hz,
    )


def number_of(value: Any) -> float | None:
    """A finite number, also written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def frame_number(name: str, where: str, key: str = "the frame's name") -> int:
    """The last number in the name of a picture or a file.

    Raises:
        DataError: there is none, or one of over 20 digits.
    """
    plain = _ROBOFLOW.sub("", re.split(r"[/\\]", name)[-1])
    found = _LAST_NUMBER.search(_SUFFIX.sub("", plain)) or _LAST_NUMBER.search(plain)
    if found is None or len(found[1]) > _MOST_DIGITS:
        raise DataError(
            f"{where}: {key} is {name[:40]!r}; it must end in the frame number, of at most "
            f"{_MOST_DIGITS} digits"
        )
    return int(found[1])


def _images(node: Mapping[str, Any]) -> dict[Any, Mapping[str, Any]] | None:
    images = node.get("images")
    if not isinstance(images, list) or "annotations" not in node:
        return None
    with_id = (each for each in images if isinstance(each, Mapping) and "id" in each)
    return {each["id"]: each for each in with_id if isinstance(each["id"], Hashable)}


def _of(images: Mapping[Any, Mapping[str, Any]] | None, key: Any) -> Mapping[str, Any] | None:
    return images.get(key) if images and isinstance(key, Hashable) else None


def _image_frame(image: Mapping[str, Any], where: str) -> int:
    """The frame number of a COCO image: its own, else that of its file's name, else its id."""
    own = _frame({key: image.get(key) for key in _NUMBERS}, where)
    if own is not None:
        return own
    name = str(image.get("file_name", ""))
    return frame_number(name if _LAST_NUMBER.search(name) else str(image["id"]), where)


def _frame(node: Mapping[str, Any], where: str) -> int | None:
    for key in _FRAMES:
        value = node.get(key)
        if isinstance(value, str):
            return frame_number(value, where, key)
        number = number_of(value)
        if number is None:
            continue
        if not number.is_integer():
            raise DataError(
                f"{where}: {key} is {number:g}; it must be a whole number, or a time in seconds "
                'under the key "t"'
            )
        return int(number)
    return None


def _size(node: Mapping[str, Any]) -> tuple[int, int] | None:
    width, height = _first_number(node, _WIDTHS), _first_number(node, _HEIGHTS)
    if width and height:
        return round(width), round(height)
    for keys, turned in ((_SIZES, False), (_SHAPES, True)):
        pair: list[Any] = next((node[key] for key in keys if isinstance(node.get(key), list)), [])
        first, second = (number_of(each) for each in (*pair[:2], None, None)[:2])
        if first and second:
            return (round(second), round(first)) if turned else (round(first), round(second))
    return None


def _first_number(node: Mapping[str, Any], keys: Sequence[str]) -> float | None:
    return next((found for key in keys if (found := number_of(node.get(key))) is not None), None)
