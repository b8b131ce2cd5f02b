"""The pixel values of a PNG with a palette: what a label map means, and a decoder turns to colours.

    values_HW = decoded(as_grey(data)) // step_of(data)

OpenCV gives the palette's colours. A copy of the file that calls itself grey has the same pixels,
so the values come out, spread over 0 to 255 where a pixel has fewer than 8 bits. Source: the PNG
specification, chunks IHDR, PLTE and tRNS.
"""

from __future__ import annotations

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_INDEXED, _GREY = 3, 0
_DEPTH, _COLOUR = 24, 25  # bytes of the file
_OF_COLOURS = frozenset([b"PLTE", b"tRNS", b"bKGD", b"hIST", b"sBIT"])


def has_palette(data: bytes) -> bool:
    """Whether a file is a PNG whose pixels are places in a palette."""
    return (
        data[:8] == _SIGNATURE
        and data[12:16] == b"IHDR"
        and data[_COLOUR : _COLOUR + 1] == (bytes([_INDEXED]))
    )


def step_of(data: bytes) -> int:
    """What the values of a pixel are multiplied by when it is decoded as grey: 1 for 8 bits."""
    return 255 // ((1 << min(max(data[_DEPTH], 1), 8)) - 1)


def as_grey(data: bytes) -> bytes:
    """The same pixels as a grey PNG, without what is said of colours."""
    kept, place = [_SIGNATURE], len(_SIGNATURE)
    while place + 12 <= len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        name, content = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length
        if name in _OF_COLOURS:
            continue
        if name == b"IHDR":
            content = content[:9] + bytes([_GREY]) + content[10:]
        kept.append(struct.pack(">I", len(content)) + name + content)
        kept.append(struct.pack(">I", zlib.crc32(name + content)))
    return b"".join(kept)
