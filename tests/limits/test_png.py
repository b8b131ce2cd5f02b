"""A PNG whose chunks state more than it has is refused before the decoder makes room for them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.data.image.set import load_png_mask
from edgehuman.errors import DataError, ImageError
from edgehuman.limits.png import holds_its_chunks
from edgehuman.preprocess.image.photo import read_photo
from edgehuman.preprocess.image.pixels import decode, read_image
from edgehuman.preprocess.silhouette.read import read_mask

BEGIN = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes, stated: int | None = None) -> bytes:
    size = struct.pack(">I", len(data) if stated is None else stated)
    return size + kind + data + struct.pack(">I", zlib.crc32(kind + data))


HEADER = chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 0, 0, 0, 0))
TEXT, END = chunk(b"tEXt", b"a\0b"), chunk(b"IEND", b"")
PIXELS = chunk(b"IDAT", zlib.compress(b"\0" + bytes(16) + (b"\0" + b"\xff" * 16) * 15))
WHOLE = BEGIN + HEADER + TEXT + PIXELS + END


def hostile() -> Iterator[bytes]:
    """Each chunk as if it were larger, another one first, and every beginning of the file."""
    for stated in (1 << 12, 1 << 28, 0x7FFFFFFF, 0xF8000000, 0xFFFFFFFF):
        for kind in (b"IHDR", b"IEND", b"tEXt", b"IDAT", b"acTL", b"\0\0\0\0"):
            yield BEGIN + chunk(kind, b"abc", stated) + HEADER + PIXELS + END
            yield BEGIN + HEADER + chunk(kind, b"abc", stated) + PIXELS + END
            yield BEGIN + HEADER + PIXELS + chunk(kind, b"abc", stated) + END
    yield BEGIN + TEXT + HEADER + PIXELS + END
    yield from (WHOLE[:size] for size in range(33, len(WHOLE)))


def test_a_whole_one_is_read_with_and_without_bytes_after_its_end(tmp_path: Path) -> None:
    for data in (WHOLE, WHOLE + bytes(100), bytes(cv2.imencode(".png", np.ones((9, 9)))[1])):
        assert holds_its_chunks(data)
    path = tmp_path / "a.png"
    path.write_bytes(WHOLE)
    assert read_mask(path).sum() == 15 * 16 * 255
    assert decode(WHOLE).shape == (16, 16, 3)


def test_none_with_a_stated_size_beyond_it_comes_to_the_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoder(*_: object) -> None:
        raise AssertionError("it was given to the decoder")

    monkeypatch.setattr(cv2, "imdecode", decoder)
    monkeypatch.setattr(cv2, "imread", decoder)
    path = tmp_path / "a.png"
    for data in hostile():
        path.write_bytes(data)
        with pytest.raises(ImageError):
            read_image(path)
        with pytest.raises(ImageError):
            read_photo(path, 64, 32)
        with pytest.raises(ImageError):
            load_png_mask(str(path))
        with pytest.raises(DataError):
            read_mask(path)
