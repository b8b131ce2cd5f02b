"""A contact sheet of what a search found: the best first, row by row, with ranks and scores.

Axes: H height, W width of a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgehuman.errors import DataError, UsageError
from edgehuman.files import write_whole
from edgehuman.preprocess.image.cropping import padded
from edgehuman.preprocess.image.photo import read_photo
from edgehuman.preprocess.image.pixels import whole_pixels
from edgehuman.records import Uint8

SUFFIXES = (".jpg", ".jpeg", ".png")
_COLUMNS = 5
_HIGH, _WIDE = 256, 160
_GAP, _TITLE, _LINE, _LEAST_WIDE = 12, 44, 36, 420
_PAPER, _INK, _PALE = (250, 250, 250), (30, 30, 30), (225, 225, 225)
_MARGIN = 0.08
_QUALITY = 90


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture of a sheet.

    Attributes:
        path: of the photo. name: that it is called by. score: of the person.
        box: x0, y0, x1, y1 of the person, pixels of the photo; None: the whole photo.
        image_HWC: the photo itself, RGB, where it is no file; None: it is read.
    """

    path: Path
    name: str
    score: float
    box: Sequence[float] | None = None
    image_HWC: Uint8 | None = None


def require_sheet(path: Path) -> None:
    """Raise UsageError for a file that is not called as a picture."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--save is {path}; a sheet is a picture: {', '.join(SUFFIXES)}")


def write_sheet(path: Path, title: str, shown: Sequence[Shown]) -> None:
    """Write a sheet as JPEG or PNG.

    Raises:
        UsageError: it cannot be written.
    """
    options = [] if path.suffix.lower() == ".png" else [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    _, packed = cv2.imencode(path.suffix, drawn(title, shown)[..., ::-1], options)
    write_whole(path, packed.tobytes(), UsageError)


def drawn(title: str, shown: Sequence[Shown]) -> Uint8:
    """The sheet (H, W, 3), RGB."""
    columns = max(1, min(_COLUMNS, len(shown)))
    rows = -(-len(shown) // columns)
    high, wide = _HIGH + _LINE + _GAP, _WIDE + _GAP
    size = (_TITLE + rows * high + _GAP, max(_LEAST_WIDE, columns * wide + _GAP))
    sheet_HWC = np.full((*size, 3), _PAPER, np.uint8)
    _write(sheet_HWC, title, _GAP, 28, 0.6, sheet_HWC.shape[1] - 2 * _GAP)
    for place, one in enumerate(shown):
        top, left = _TITLE + place // columns * high, _GAP + place % columns * wide
        sheet_HWC[top : top + _HIGH, left : left + _WIDE] = _cell(one)
        said = f"{place + 1}   {one.score:.3f}"
        _write(sheet_HWC, said, left, top + _HIGH + 14, 0.42, _WIDE)
        _write(sheet_HWC, _end_of(one.name), left, top + _HIGH + 30, 0.36, _WIDE)
    return sheet_HWC


def _cell(one: Shown) -> Uint8:
    """The person, as large as fits; pale where the photo cannot be read any more."""
    cell_HWC = np.full((_HIGH, _WIDE, 3), _PALE, np.uint8)
    try:
        image_HWC = _cut(one)
    except DataError:
        return cell_HWC
    rows, columns = image_HWC.shape[:2]
    scale = min(_HIGH / rows, _WIDE / columns)
    high, wide = max(1, round(rows * scale)), max(1, round(columns * scale))
    small_HWC = cv2.resize(image_HWC, (wide, high), interpolation=cv2.INTER_AREA)
    top, left = (_HIGH - high) // 2, (_WIDE - wide) // 2
    cell_HWC[top : top + high, left : left + wide] = small_HWC
    return cell_HWC


def _cut(one: Shown) -> Uint8:
    if one.box is None:
        return read_photo(one.path, _HIGH, _WIDE).image_HWC
    if one.image_HWC is None:
        photo = read_photo(one.path, 4 * _HIGH, 4 * _WIDE)
        image_HWC, rows, columns = photo.image_HWC, photo.height, photo.width
    else:
        image_HWC, (rows, columns) = one.image_HWC, one.image_HWC.shape[:2]
    scale_4 = np.tile((image_HWC.shape[1] / columns, image_HWC.shape[0] / rows), 2)
    x0, y0, x1, y1 = np.array(one.box) * scale_4
    more = _MARGIN * (y1 - y0)
    box = whole_pixels((x0 - more, y0 - more, x1 + more, y1 + more))
    return np.ascontiguousarray(padded(image_HWC, box))


def _end_of(name: str) -> str:
    return name if len(name) <= 24 else f"...{name[-21:]}"


def _write(sheet_HWC: Uint8, text: str, x: int, y: int, size: float, room: int) -> None:
    """Write one line in the letters that OpenCV has, smaller if there is no room for it."""
    plain = text.encode("ascii", "replace").decode()
    wide = cv2.getTextSize(plain, cv2.FONT_HERSHEY_SIMPLEX, size, 1)[0][0]
    size = min(size, max(0.2, size * room / max(1, wide)))
    cv2.putText(sheet_HWC, plain, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, _INK, 1, cv2.LINE_AA)
