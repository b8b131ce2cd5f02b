"""A photo of any size, read with no more pixels than a network needs.

    photo = read_photo(path, 128, 64)
    photo.image_HWC                    upright RGB; of a large JPEG a half, a quarter or an eighth

Photos of up to 4 megapixels are decoded whole. Of a larger JPEG the decoder makes a smaller picture
from the start, of at least twice the network's input, so that its memory grows little with the
photo. Other formats are decoded whole, into one array: three bytes a pixel, or four with
transparency. What decoders make up for damaged parts is an error.

Axes: H height, W width.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgehuman.errors import ImageError
from edgehuman.limits.sizes import MOST_PICTURE, read_bounded
from edgehuman.preprocess.image.complaints import complaints
from edgehuman.preprocess.image.header import ImageHeader
from edgehuman.preprocess.image.pixels import decode_as, require_whole
from edgehuman.records import Uint8

WHOLE_PIXELS = 4_000_000
_SHRINKS = (8, 4, 2)
# Formats whose decoders make a picture of any bytes. Copies that stopped are often filled up with
# zeros; the files of pictures of one colour have shorter runs of them.
_WITHOUT_CHECKS = frozenset({"WebP", "JPEG 2000"})
_ZEROS = 1024
# A side of a shrunk photo has at least so many times the pixels of the network's: averaging over
# areas of two pixels and more hardly depends on where their edges lie.
_SPARE = 2


@dataclass(frozen=True, slots=True)
class Photo:
    """Attributes:
    image_HWC: uint8 RGB, upright; may be smaller than the photo.
    height, width: of the photo, upright, in pixels.
    remark: about the file, such as an animation; empty if there is none.
    """

    image_HWC: Uint8
    height: int
    width: int
    remark: str = ""


def read_photo(path: Path, height: int, width: int) -> Photo:
    """Read a photo for a network.

    Args:
        height, width: of the network's input, pixels.

    Raises:
        ImageError: no such file, no permission, not an image, truncated, damaged, under 8 pixels a
            side, or too large.
    """
    try:
        data = read_bounded(path, MOST_PICTURE, ImageError, "picture")
    except OSError as error:
        raise ImageError(f"{path}: {error.strerror}; give the path of an image") from None
    header = require_whole(data, str(path))
    shrink = shrink_for(header, height, width)
    has_zeros = header.format in _WITHOUT_CHECKS and bytes(max(_ZEROS, len(data) // 8)) in data
    source = path if path.is_file() else data  # a pipe is read once
    del data  # before a large picture is made
    with complaints() as said:
        image_HWC = decode_as(source, header, str(path), shrink, silent=False)
    remarks = [_remark(line, header, path) for line in said]
    if has_zeros:
        remarks.append("an eighth of it is zeros, so it may be damaged")
    if header.animated:
        remarks.append(f"an animated {header.format}, of which the first frame was read")
    rows, columns = image_HWC.shape[:2]
    if shrink > 1:
        rows, columns = header.height, header.width
    return Photo(image_HWC, rows, columns, "; ".join(filter(None, remarks)))


def shrink_for(header: ImageHeader, height: int, width: int) -> int:
    """How far to shrink a photo while decoding it: 1, 2, 4 or 8."""
    if header.format != "JPEG" or header.height * header.width <= WHOLE_PIXELS:
        return 1
    fitting = min(header.height // (_SPARE * height), header.width // (_SPARE * width))
    return next((shrink for shrink in _SHRINKS if shrink <= fitting), 1)


def _remark(line: str, header: ImageHeader, path: Path) -> str:
    """What a decoder's complaint says of a photo that was decoded; empty if it matters not.

    Raises:
        ImageError: the decoder made up a part of the picture.
    """
    if "extraneous bytes before marker 0xd9" in line:
        return "it holds bytes that belong to no pixel, so it may be damaged"
    if "Inconsistent progression" in line:
        return "its scans do not follow each other as they should, so it may be damaged"
    made_up = ("Corrupt JPEG", "Premature end", "TIFF_Error")
    found = next((each for each in made_up if each in line), None)
    if found is None:
        return ""
    raise ImageError(
        f"{path}: a damaged {header.format} ({line[line.index(found) :].strip()}); copy it again, "
        "or remove it"
    )
