"""How much memory an encoded image will take once it is decoded, by its header.

    require_room(header, name)         before it is decoded

A PNG of one colour of 30,000 x 30,000 pixels has 2.6 MB, and takes 2.7 GB. Every decoder of OpenCV
trusts the header, so that the header is enough to refuse one.

Sources: the PNG specification; the WebP container and bitstream specifications; GIF89a; BMP's
BITMAPCOREHEADER and BITMAPINFOHEADER; TIFF 6.0 and BigTIFF; Netpbm; JPEG 2000 (ITU-T T.800 A.5.1,
I.5.3); ISO/IEC 23008-12 (ispe).
"""

from __future__ import annotations

import re
import struct
from math import prod

# 16,384 x 8,192; the largest phone cameras have 200 megapixels, as JPEG, which is shrunk meanwhile.
MOST_PIXELS = 1 << 27
MOST_SHRUNK_PIXELS = 1 << 28
MOST_ROOM = 1 << 30
"""Bytes of a decoded image."""

_NETPBM = re.compile(
    rb"P[2356](?:\s+|#[^\n]*\n)+(\d+)(?:\s+|#[^\n]*\n)+(\d+)(?:\s+|#[^\n]*\n)+(\d+)"
)
_CHANNELS = {0: 1, 2: 3, 3: 4, 4: 4, 6: 4}  # of PNG's colour types, as OpenCV makes them
_CODESTREAM = b"\xff\x4f\xff\x51"
_WIDTH, _HEIGHT, _BITS, _SAMPLES, _TILE_WIDTH, _TILE_HEIGHT = 256, 257, 258, 277, 322, 323
_COMPRESSION, _LOG_LUV = 259, (34676, 34677)  # of LogLuv, 16 bits a sample, floats are made
_TIFF_TYPES = {1: "B", 3: "H", 4: "I", 16: "Q"}
_MOST_TAGS = 4096
_MOST_BITS = 64


def sides_of(data: bytes, name: str) -> tuple[int, int, int]:
    """Height, width and bytes of a pixel of an image, by its header; 0, 0, 0 if it does not say
    them, so that no decoder can read it.

    Args:
        name: of the format; not JPEG, whose sides its markers hold.
    """
    try:
        return _sides(data, name)
    except (struct.error, IndexError, OverflowError):  # the last: places beyond 63 bits
        return 0, 0, 0


def _sides(data: bytes, name: str) -> tuple[int, int, int]:
    if name == "PNG":
        width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
        return height, width, _CHANNELS.get(colour, 4) * (2 if depth == 16 else 1)
    if name == "WebP":
        return (*_webp(data), 4)
    if name == "GIF":
        width, height = struct.unpack_from("<HH", data, 6)
        return height, width, 4
    if name == "BMP":
        return _bmp(data)
    if name == "TIFF":
        return _tiff(data)
    if name in ("PGM", "PPM"):
        return _netpbm(data)
    if name == "JPEG 2000":
        return _jpeg_2000(data)
    return (*_avif(data), 4) if name == "AVIF" else (0, 0, 0)


def _webp(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        return int.from_bytes(data[27:30], "little") + 1, width
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return height & 0x3FFF, width & 0x3FFF


def _bmp(data: bytes) -> tuple[int, int, int]:
    (size,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if size == 12 else "<ii", data, 18)
    return abs(height), abs(width), 4


def _tiff(data: bytes) -> tuple[int, int, int]:
    """Of the first picture: by its own sides or those of its tiles, whichever are larger."""
    order = "<" if data[:2] == b"II" else ">"
    if data[2:4] in (b"+\0", b"\0+"):
        place, count, entry, value = _first(order, data, 8, "Q"), "Q", 20, 12
    else:
        place, count, entry, value = _first(order, data, 4, "I"), "H", 12, 8
    found: dict[int, int] = {_BITS: 1, _SAMPLES: 1}
    first = place + struct.calcsize(count)
    for number in range(min(_first(order, data, place, count), _MOST_TAGS)):
        at = first + entry * number
        tag, kind = struct.unpack_from(f"{order}HH", data, at)
        if kind not in _TIFF_TYPES or tag not in (*range(256, 260), 277, 322, 323):
            continue
        letter = _TIFF_TYPES[kind]
        values = _first(order, data, at + 4, "Q" if count == "Q" else "I")
        room = entry - value
        if values * struct.calcsize(letter) > room:  # several, elsewhere: the first stands for all
            at = _first(order, data, at + value, "Q" if count == "Q" else "I") - value
        if at + value + struct.calcsize(letter) > len(data):
            found[tag] = _MOST_BITS  # only the bits of the samples lie elsewhere
            continue
        found[tag] = max(found.get(tag, 0), _first(order, data, at + value, letter))
    height = max(found.get(_HEIGHT, 0), found.get(_TILE_HEIGHT, 0))
    width = max(found.get(_WIDTH, 0), found.get(_TILE_WIDTH, 0))
    bits = max(32, found[_BITS]) if found.get(_COMPRESSION) in _LOG_LUV else found[_BITS]
    return height, width, max(3, found[_SAMPLES] * -(-bits // 8))


def _first(order: str, data: bytes, at: int, letter: str) -> int:
    return int(struct.unpack_from(order + letter, data, at)[0])


def _netpbm(data: bytes) -> tuple[int, int, int]:
    found = _NETPBM.match(data[:4096])
    if found is None or max(map(len, found.groups())) > 18:
        return 0, 0, 0
    width, height, most = map(int, found.groups())
    return height, width, 3 if most < 256 else 6


def _jpeg_2000(data: bytes) -> tuple[int, int, int]:
    """OpenJPEG holds every sample in four bytes."""
    at = data.find(_CODESTREAM)
    if at < 0:
        return 0, 0, 0
    right, bottom, left, top = struct.unpack_from(">IIII", data, at + 8)
    (components,) = struct.unpack_from(">H", data, at + 40)
    return max(0, bottom - top), max(0, right - left), 4 * components


def _avif(data: bytes) -> tuple[int, int]:
    """The largest of the images in the file."""
    sides, at = [(0, 0)], data.find(b"ispe")
    while at >= 0:
        width, height = struct.unpack_from(">II", data, at + 8)
        sides.append((height, width))
        at = data.find(b"ispe", at + 4)
    return max(sides, key=prod)
