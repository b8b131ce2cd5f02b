"""A part map as an indexed PNG: pixel values are part numbers, the palette gives each a colour.

OpenCV writes no palettes, and a grey image of the values 0 to 19 looks black; an indexed PNG is
both label map and picture. Source: the PNG specification, chunks IHDR, PLTE, IDAT and IEND.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np

from edgehuman.records import Uint8
from edgehuman.runtime.view.palette import Rgb

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_INDEXED = 3
_STRIP = 1_000_000  # pixels


def indexed_png(index_HW: Uint8, palette: Sequence[Rgb]) -> bytes:
    """The bytes of a PNG with these pixel values; value i has colour i (at most 256)."""
    height, width = index_HW.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _INDEXED, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", bytes(part for rgb in palette for part in rgb)),
        (b"IDAT", _compressed(index_HW)),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks)


def _compressed(index_HW: Uint8) -> bytes:
    """The rows, each with its filter before it (0: none), compressed in strips."""
    deflate, parts = zlib.compressobj(6), []
    step = max(1, _STRIP // index_HW.shape[1])
    for top in range(0, len(index_HW), step):
        strip_HW = index_HW[top : top + step]
        rows = np.concatenate([np.zeros((len(strip_HW), 1), np.uint8), strip_HW], axis=1)
        parts.append(deflate.compress(rows.tobytes()))
    return b"".join([*parts, deflate.flush()])


def _chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )
