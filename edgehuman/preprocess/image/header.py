"""Read an encoded image's format, size, orientation and completeness without decoding it.

The size tells how far a photo can be shrunk while decoding; the end marker tells whether the file
is complete. JPEG, PNG and WebP are parsed; other formats are only identified. Sources: ITU-T
T.81 annex B (JPEG markers), the PNG specification (chunks), the WebP container specification, EXIF
2.3 (orientation).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from edgehuman.limits.png import holds_its_chunks
from edgehuman.preprocess.image.foreign import HEAD, brands_of
from edgehuman.preprocess.image.room import sides_of

_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"GIF8", "GIF"),
    (b"P2", "PGM"),
    (b"P5", "PGM"),
    (b"P3", "PPM"),
    (b"P6", "PPM"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
)
# What is read, for messages: the formats above, and those that hold their name further inside.
FORMATS = (*dict.fromkeys(name for _, name in _SIGNATURES), "WebP", "AVIF")
# Start-of-frame markers hold the size; C4, C8 and CC in this range are tables.
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _APP1 = 0xDA, 0xE1
_GIF_FRAME, _GIF_EXTENSION = 0x2C, 0x21
_ORIENTATION_TAG = 0x0112
_TURNED = (5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Attributes:
    format: "JPEG", "PNG", "WebP" …; empty if the format is unknown.
    height, width: as displayed, after applying the orientation; 0 if unknown.
    orientation: EXIF's 1 to 8; 1 is upright. Read from JPEG, PNG and WebP.
    alpha: some pixels may be transparent.
    complete: the file is not truncated.
    animated: it holds several frames; of GIF, PNG and WebP.
    pixels: as decoded; 0 if unknown.
    room: bytes that the decoded image takes, at least; 0 if unknown.
    """

    format: str
    height: int = 0
    width: int = 0
    orientation: int = 1
    alpha: bool = False
    complete: bool = True
    animated: bool = False
    pixels: int = field(default=0, compare=False)
    room: int = field(default=0, compare=False)


def read_header(data: bytes) -> ImageHeader:
    """Read the header of an encoded image; never raises, whatever the bytes are."""
    name = format_of(data)
    try:
        if name == "JPEG":
            found = _jpeg(data)
            pixels = found.height * found.width
            return replace(found, pixels=pixels, room=3 * pixels)
        if name == "PNG":
            found = _png(data)
        elif name == "WebP":
            found = _webp(data)
        else:
            found = ImageHeader(name, animated=name == "GIF" and _gif_frames(data) > 1)
    except (struct.error, IndexError, OverflowError):
        return ImageHeader(name, complete=False)
    height, width, pixel_bytes = sides_of(data, name)
    return replace(found, pixels=height * width, room=height * width * pixel_bytes)


def format_of(data: bytes) -> str:
    """The format with the signature of the first bytes, or an empty string."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp" and brands_of(data[:HEAD]) & {b"avif", b"avis"}:
        return "AVIF"
    return next((name for start, name in _SIGNATURES if data.startswith(start)), "")


def _jpeg(data: bytes) -> ImageHeader:
    height = width = 0
    orientation, place = 1, 2
    while True:
        marker = data[place + 1]
        if data[place] != 0xFF or marker == 0xFF:  # padding before a marker
            place += 1
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        if marker in _FRAME_MARKERS:
            tall, wide = struct.unpack_from(">HH", data, place + 5)
            height, width = max(height, tall), max(width, wide)
        elif marker == _APP1 and data[place + 4 : place + 10] == b"Exif\0\0":
            orientation = _orientation(data[place + 10 : place + 2 + length])
        elif marker == _SCAN:
            break
        place += 2 + length
    if orientation in _TURNED:
        height, width = width, height
    # Inside a scan 0xFF is always followed by 0 or a restart marker, so this is the end of the
    # image and not of a thumbnail in the header.
    complete = data.rfind(b"\xff\xd9", place) >= 0
    return ImageHeader("JPEG", height, width, orientation, complete=complete)


def _png(data: bytes) -> ImageHeader:
    width, height, _, colour = struct.unpack_from(">IIBB", data, 16)
    orientation, alpha, frames = 1, colour in (4, 6), 1
    for kind, chunk in _png_chunks(data):
        if kind == b"acTL":
            (frames,) = struct.unpack_from(">I", chunk)
        alpha = alpha or kind == b"tRNS"
        if kind == b"eXIf":
            orientation = _orientation(chunk)
    if orientation in _TURNED:
        height, width = width, height
    complete = holds_its_chunks(data)
    return ImageHeader("PNG", height, width, orientation, alpha, complete, frames > 1)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks before the pixels."""
    place = 8
    while data[place + 4 : place + 8] not in (b"IDAT", b""):
        (length,) = struct.unpack_from(">I", data, place)
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length


def _webp(data: bytes) -> ImageHeader:
    (length,) = struct.unpack_from("<I", data, 4)
    complete = len(data) >= length + 8
    kind, orientation, alpha, animated = data[12:16], 1, False, False
    if kind == b"VP8L":
        alpha = bool(data[24] & 0x10)
    elif kind == b"VP8X":
        alpha = bool(data[20] & 0x10)
        orientation = _webp_orientation(data) if data[20] & 0x08 else 1
        animated = bool(data[20] & 0x02)
    return ImageHeader("WebP", 0, 0, orientation, alpha, complete, animated)


def _webp_orientation(data: bytes) -> int:
    place = 12
    while place + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, place + 4)
        if data[place : place + 4] == b"EXIF":
            return _orientation(data[place + 8 : place + 8 + length].removeprefix(b"Exif\0\0"))
        place += 8 + length + length % 2
    return 1


def _gif_frames(data: bytes) -> int:
    """The number of frames, up to 2. Source: the GIF89a specification, blocks and sub-blocks."""
    place, frames = 13 + _colours(data[10]), 0
    while place < len(data) and frames < 2:
        block = data[place]
        if block == _GIF_FRAME:
            frames += 1
            place += 11 + _colours(data[place + 9])
        elif block == _GIF_EXTENSION:
            place += 2
        else:
            break
        while data[place]:
            place += 1 + data[place]
        place += 1
    return frames


def _colours(flags: int) -> int:
    """Bytes of the colour table that these flags of a GIF announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _orientation(exif: bytes) -> int:
    """The orientation in the first directory of an EXIF block; 1 if missing or invalid."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", exif, 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, directory)
        for number in range(entries):
            place = directory + 2 + 12 * number
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, place)
            if tag == _ORIENTATION_TAG:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1
