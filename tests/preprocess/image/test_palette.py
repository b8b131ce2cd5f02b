"""Label maps with a palette are read by their numbers, whatever the colours and the depth."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.image.set import load_png_mask
from edgehuman.preprocess.image.palette import as_grey, has_palette, step_of

VALUES = np.array([[0, 1, 1, 0, 1, 0, 0, 1], [1, 0, 1, 1, 0, 0, 1, 0]], np.uint8)


def chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def png(depth: int, colour: int = 3) -> bytes:
    """`VALUES` at a depth of so many bits, with a palette in which every colour is red."""
    bits = np.unpackbits(VALUES[..., None], axis=2)[:, :, 8 - depth :].reshape(len(VALUES), -1)
    rows = np.packbits(bits, axis=1)
    header = struct.pack(">IIBBBBB", 8, 2, depth, colour, 0, 0, 0)
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), chunk(b"PLTE", b"\xff\0\0" * 2),
            chunk(b"tRNS", b"\0\x80"), chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND", b""),
        ]
    )  # fmt: skip


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_numbers_come_out_although_the_colours_are_the_same(tmp_path: Path, depth: int) -> None:
    data = png(depth)
    assert has_palette(data)
    assert step_of(data) == 255 // (2**depth - 1)
    assert not has_palette(as_grey(data))
    path = tmp_path / "a.png"
    path.write_bytes(data)
    assert load_png_mask(str(path)).tolist() == VALUES.tolist()


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", png(8)[:20], b"\xff\xd8" * 20])
def test_what_has_no_palette_is_left_alone(data: bytes) -> None:
    assert not has_palette(data)


def test_a_grey_one_has_none() -> None:
    assert not has_palette(png(8, colour=0))


def test_a_file_that_ends_early_is_not_read_beyond() -> None:
    assert len(as_grey(png(8)[:40])) <= 40
