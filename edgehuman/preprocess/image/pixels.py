"""Pictures to records: any encoded image to uint8 RGB, and crops of one person to one size.

    image_HWC = decode(path.read_bytes(), str(path))

Training and device both read pictures with this file. Axes: H height, W width, C channel, J joint.
A box is (x0, y0, x1, y1) in pixels from the top left corner of the image; x1 and y1 are excluded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError, ImageError
from edgehuman.limits.sizes import MOST_PICTURE, read_bounded
from edgehuman.preprocess.image.foreign import HEAD, foreign_of
from edgehuman.preprocess.image.header import FORMATS, ImageHeader, read_header
from edgehuman.preprocess.image.room import MOST_PIXELS, MOST_ROOM, MOST_SHRUNK_PIXELS
from edgehuman.reading.parsers import foreign
from edgehuman.records import Bool, Float32, Float64, Uint8

Box = tuple[float, float, float, float]

HEIGHT, WIDTH = 256, 128
# Nothing can be recognised in a person smaller than this.
MIN_SIDE = 8
_SILENT, _ERRORS = 0, 2  # OpenCV's log levels
# Colours of a large picture are converted in strips of about so many values, not all at once.
_STRIP = 4_000_000
_ROUNDING = 1e-6  # of a pixel, that boxes are off
_SUFFIXES = (
    ".jpg .jpeg .jpe .jfif .jfi .jif .pjp .pjpeg .mpo .jp2 .png .apng .webp .bmp .dib .tif .tiff"
    " .ppm .pgm .gif .avif"
)
IMAGE_SUFFIXES = frozenset(_SUFFIXES.split())
# Names of OpenCV's flags. OpenCV is imported where it is used: a device without a camera lacks it.
_REDUCED = {
    1: "IMREAD_COLOR",
    2: "IMREAD_REDUCED_COLOR_2",
    4: "IMREAD_REDUCED_COLOR_4",
    8: "IMREAD_REDUCED_COLOR_8",
}
_TURN = {3: "ROTATE_180", 6: "ROTATE_90_CLOCKWISE", 8: "ROTATE_90_COUNTERCLOCKWISE"}


def decode(data: bytes, name: str = "the image") -> Uint8:
    """Decode an image to uint8 RGB (H, W, 3), upright.

    Greyscale is repeated to three channels, CMYK is converted, of 16 bits the upper 8 are kept,
    transparent pixels are blended with white, and the EXIF orientation is applied. An animation
    gives its first frame.

    Args:
        data: the bytes of the file.
        name: what to call it in an error.

    Raises:
        ImageError: empty, not an image, truncated, damaged, under 8 pixels a side, or too large.
    """
    header = require_whole(data, name)
    return decode_as(data, header, name)


def require_whole(data: bytes, name: str) -> ImageHeader:
    """Return the header of an image, after checking that it is complete and not too large.

    Raises:
        ImageError: empty, not an image, truncated, or of more pixels than are ever decoded.
    """
    if not data:
        raise ImageError(f"{name} is empty (0 bytes); copy it again, or remove it")
    header = read_header(data)
    foreign = foreign_of(data[:HEAD], name)
    if foreign is not None and header.format in ("", "TIFF"):
        raise ImageError(f"{name} is {foreign.what}, which is not read; {foreign.fix}")
    if not header.format:
        raise ImageError(
            f"{name} begins with {data[:8]!r}, which is not an image; supported: "
            f"{', '.join(FORMATS)}. Convert it, or remove it"
        )
    if not header.complete:
        raise ImageError(
            f"{name}: a {header.format} of {len(data)} bytes without its end, so it was cut short; "
            "copy it again, or remove it"
        )
    require_room(header, name, 2 if header.format == "JPEG" else 1)
    return header


def require_room(header: ImageHeader, name: str, shrink: int = 1) -> None:
    """Check, before it is decoded, that an image fits into memory: 134 megapixels and 1 GB; of a
    JPEG that is shrunk meanwhile, 268 megapixels.

    Raises:
        ImageError: it is larger.
    """
    most = MOST_PIXELS if shrink == 1 else MOST_SHRUNK_PIXELS
    if header.pixels > most or header.room // shrink**2 > MOST_ROOM:
        raise ImageError(
            f"{name}: a {header.format} of {header.pixels / 1e6:,.0f} megapixels would take "
            f"{header.room >> 20:,} MB; at most {most / 1e6:.0f} megapixels and "
            f"{MOST_ROOM >> 20:,} MB are decoded. Shrink it, or remove it"
        )


def decode_as(
    source: bytes | Path, header: ImageHeader, name: str, shrink: int = 1, silent: bool = True
) -> Uint8:
    """`decode` with a header already read.

    Args:
        source: the bytes of the file, or its path: then OpenCV reads it piece by piece and decodes
            into one array, which takes the least memory.
        shrink: 2, 4 or 8 downscales a JPEG while decoding, and others after it.
        silent: whether OpenCV keeps its errors to itself; see `complaints`.

    Raises:
        ImageError: damaged, under 8 pixels a side, or too large.
    """
    import cv2

    require_room(header, name, shrink)
    own = header.format in ("JPEG", "PNG", "WebP")
    if header.alpha and shrink == 1:
        flags = cv2.IMREAD_UNCHANGED
    else:
        flags = getattr(cv2, _REDUCED[shrink]) | (cv2.IMREAD_IGNORE_ORIENTATION if own else 0)
    bgr = _decoded(source, flags, _SILENT if silent else _ERRORS)
    if bgr is None:
        raise ImageError(
            f"{name}: the {header.format} cannot be decoded; it is damaged, or OpenCV does not "
            "support it. Save it again as JPEG or PNG, or remove it"
        )
    height, width = bgr.shape[:2]
    if min(height, width) * shrink < MIN_SIDE:
        raise ImageError(
            f"{name} is {width}x{height} pixels; each side must be at least {MIN_SIDE}. Remove it"
        )
    rgb = _to_rgb(bgr)
    return turn(rgb, header.orientation) if own and header.orientation != 1 else rgb


def _decoded(source: bytes | Path, flags: int, log_level: int) -> NDArray[Any] | None:
    """Decode with OpenCV, without its warnings on the terminal; None on failure."""
    import cv2

    # OpenCV 5 moved the two functions from `cv2`.
    log = getattr(cv2.utils, "logging", cv2)
    level = log.getLogLevel()
    log.setLogLevel(log_level)
    try:
        found = _from_file(source, flags) if isinstance(source, Path) else None
        if found is None:
            # What Windows cannot open by a name outside its code page is read here.
            if isinstance(source, Path):
                source = read_bounded(source, MOST_PICTURE, ImageError)
            with foreign():
                found = cv2.imdecode(np.frombuffer(source, np.uint8), flags)
        return found
    except ValueError:
        return None
    finally:
        log.setLogLevel(level)


def _from_file(path: Path, flags: int) -> NDArray[Any] | None:
    """Decode into an array of NumPy's own; without one, OpenCV's array is copied into one."""
    import cv2

    with foreign():
        try:
            return cv2.imread(str(path), None, flags)
        except (TypeError, cv2.error):  # OpenCV before 4.10
            return cv2.imread(str(path), flags)


def _to_rgb(bgr: NDArray[Any]) -> Uint8:
    """Convert OpenCV's array, of any depth and channels, to uint8 RGB, and overwrite it if the
    result has room there.
    """
    height, width = bgr.shape[:2]
    num_bytes = height * width * 3
    # In place, a strip of the result ends before the next strip of the source begins.
    in_place = bgr.flags.c_contiguous and bgr.nbytes >= num_bytes
    room = bgr.reshape(-1).view(np.uint8) if in_place else np.empty(num_bytes, np.uint8)
    rgb_HWC = room[:num_bytes].reshape(height, width, 3)
    rows = max(1, _STRIP // (3 * width))
    for top in range(0, height, rows):
        rgb_HWC[top : top + rows] = _strip_to_rgb(bgr[top : top + rows])
    return rgb_HWC


def _strip_to_rgb(bgr: NDArray[Any]) -> NDArray[Any]:
    import cv2

    if bgr.dtype == np.uint16:
        bgr = (bgr >> 8).astype(np.uint8)
    if bgr.ndim == 3 and bgr.shape[2] == 4:
        alpha = bgr[..., 3:].astype(np.uint16)
        over = bgr[..., :3] * alpha + 255 * (255 - alpha)
        bgr = ((over + 127) // 255).astype(np.uint8)
    return cv2.cvtColor(bgr, cv2.COLOR_GRAY2RGB if bgr.ndim == 2 else cv2.COLOR_BGR2RGB)


def turn(image_HWC: Uint8, orientation: int) -> Uint8:
    """Turn an image upright according to its EXIF orientation (1 to 8)."""
    import cv2

    if orientation in (5, 7):  # mirrored along a diagonal: a transpose, rotated for 7
        image_HWC = np.ascontiguousarray(image_HWC.transpose(1, 0, 2))
        orientation = 1 if orientation == 5 else 3
    if orientation in (2, 4):
        return np.asarray(cv2.flip(image_HWC, 1 if orientation == 2 else 0), np.uint8)
    if orientation not in _TURN:
        return image_HWC
    return np.asarray(cv2.rotate(image_HWC, getattr(cv2, _TURN[orientation])), np.uint8)


def read_image(path: Path | str) -> Uint8:
    """Read an image file as uint8 RGB (H, W, 3); see `decode`.

    Raises:
        ImageError: no such file, no permission, or see `decode`.
    """
    try:
        return decode(read_bounded(Path(path), MOST_PICTURE, ImageError, "picture"), str(path))
    except OSError as error:
        raise ImageError(f"{path}: {error.strerror}; give the path of an image") from None


def resize(image_HWC: Uint8, height: int, width: int) -> Uint8:
    """Resize an image: area averaging to shrink, interpolation to enlarge.

    Shrinking by interpolation causes aliasing, and enlarging by averaging makes blocks, so each
    direction uses its own method.
    """
    import cv2

    rows, columns = image_HWC.shape[:2]
    if (rows, columns) == (height, width):
        return image_HWC.copy()
    sized: NDArray[Any] = image_HWC
    smaller = (min(columns, width), min(rows, height))
    if smaller != (columns, rows):
        sized = cv2.resize(sized, smaller, interpolation=cv2.INTER_AREA)
    if smaller != (width, height):
        sized = cv2.resize(sized, (width, height), interpolation=cv2.INTER_LINEAR)
    return sized


def resize_labels(label_HW: Uint8, height: int, width: int) -> Uint8:
    """Resize a map of class indices by nearest neighbour, as indices cannot be averaged."""
    import cv2

    size = (width, height)
    return np.asarray(cv2.resize(label_HW, size, interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


def clip_box(
    box: Sequence[float],
    height: int,
    width: int,
    outside: Literal["clip", "refuse"] = "clip",
    name: str = "the image",
) -> tuple[int, int, int, int]:
    """The whole pixels of a box inside an image: (x0, y0, x1, y1).

    Args:
        box: (x0, y0, x1, y1), pixels.
        height, width: of the image.
        outside: whether to clip a box that crosses the edge, or to raise an error.
        name: what to call the image in an error.

    Raises:
        DataError: not a box (a side under a pixel, a value that is not finite); none of it inside;
            or, with `outside="refuse"`, some of it outside.
    """

    def shown() -> str:
        return "(" + ", ".join(f"{value:g}" for value in box) + ")"

    if len(box) != 4 or not all(map(math.isfinite, box)):
        raise DataError(f"{name}: the box {shown()} is not four finite numbers x0, y0, x1, y1")
    x0, y0, x1, y1 = whole_pixels(box)
    if x1 <= x0 or y1 <= y0:
        raise DataError(f"{name}: the box {shown()} has no area; it must have x0 < x1 and y0 < y1")
    inside = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if inside[2] <= inside[0] or inside[3] <= inside[1]:
        raise DataError(
            f"{name}: the box {shown()} is wholly outside the image of {width}x{height} pixels; "
            "the boxes belong to other images, or to another image size"
        )
    if outside == "refuse" and inside != (x0, y0, x1, y1):
        raise DataError(
            f"{name}: the box {shown()} reaches outside the image of {width}x{height} pixels; it "
            'must lie inside. Fix the box, or clip it with outside="clip"'
        )
    return inside


def touches_pixels(box_N4: NDArray[Any]) -> Bool:
    """Which boxes (N, 4) `clip_box` takes as having an area; of less than 1e-6 pixels a side, some
    have none.
    """
    whole_N4 = touched(box_N4.astype(np.float64))
    return np.asarray((whole_N4[:, 2:] > whole_N4[:, :2]).all(axis=1), bool)


def whole_pixels(box: Sequence[float]) -> tuple[int, int, int, int]:
    """The whole pixels that a box touches, as `touched`."""
    x0, y0, x1, y1 = map(float, box)
    return (
        math.floor(x0 + _ROUNDING),
        math.floor(y0 + _ROUNDING),
        math.ceil(x1 - _ROUNDING),
        math.ceil(y1 - _ROUNDING),
    )


def touched(box_N4: Float64) -> Float64:
    """The whole pixels that boxes touch; a touch of 1e-6 pixels is rounding."""
    low_N2, high_N2 = box_N4[:, :2] + _ROUNDING, box_N4[:, 2:] - _ROUNDING
    return np.concatenate([np.floor(low_N2), np.ceil(high_N2)], axis=1)


def to_crop(point_J3: Float32, box: Sequence[float], height: int, width: int) -> Float32:
    """Map joints (J, 3), x and y in image pixels, to pixels of a crop of `box` at a size.

    Args:
        box: the whole pixels of the crop, as `clip_box` returns them.

    The third column (visibility) is unchanged. The centre of the first pixel is 0, 0 at any size,
    as in COCO, and a resize keeps the picture's edges in place.
    """
    x0, y0, x1, y1 = box
    scale = np.array([width / (x1 - x0), height / (y1 - y0)], np.float32)
    moved = point_J3.astype(np.float32, copy=True)
    moved[:, :2] = (moved[:, :2] + 0.5 - np.array([x0, y0], np.float32)) * scale - 0.5
    return moved
