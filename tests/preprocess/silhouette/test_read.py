"""PNG masks are read; what is cut short, damaged, huge or in colour is told by its path."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.preprocess.silhouette.read import read_mask, video_frames
from tests.data.silhouette_trees import person_mask

MASK = person_mask()


@pytest.mark.parametrize(
    "stored",
    [
        MASK,
        MASK // 255,
        np.repeat(MASK[..., None], 3, axis=2),
        np.dstack([MASK, MASK, MASK, np.full_like(MASK, 255)]),
        MASK.astype(np.uint16) * 257,
        MASK.astype(np.uint16),
        MASK.astype(np.uint16) // 255,
    ],
)
def test_every_form_of_a_mask_is_read(tmp_path: Path, stored: NDArray[Any]) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), stored)
    np.testing.assert_array_equal(read_mask(path), MASK)


def _huge() -> bytes:
    """The head of a picture of 100000 x 100000 pixels, with none of them, and an end."""
    body = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    head = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    pixels = struct.pack(">I4sI", 0, b"IDAT", zlib.crc32(b"IDAT"))
    return b"\x89PNG\r\n\x1a\n" + head + pixels + b"\x00\x00\x00\x00IEND\xaeB`\x82"


def test_what_is_no_mask_is_told_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    done, encoded = cv2.imencode(".png", MASK)
    good = encoded.tobytes()
    assert done
    colour = cv2.imencode(".png", np.dstack([MASK, MASK // 2, MASK]))[1].tobytes()
    damaged = good[:44] + bytes(len(good) - 60) + good[-16:]
    for content, why in (
        (b"", "not a PNG"),
        (b"GIF89a" + bytes(40), "not a PNG"),
        (good[: len(good) // 2], "cut short"),
        (_huge(), "100000x100000 pixels"),
        (damaged, "damaged|shows|colour"),
        (colour, "colour picture"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=rf"a\.png.*({why})"):
            read_mask(path)
    with pytest.raises(DataError, match="No such file"):
        read_mask(tmp_path / "none.png")


def test_a_video_that_ends_with_an_error_of_opencv_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def get(self, _: int) -> float:
            return 8.0

        def grab(self) -> bool:
            raise cv2.error("a broken stream")

        def release(self) -> None:
            pass

    monkeypatch.setattr(cv2, "VideoCapture", lambda _: Broken())
    with pytest.raises(DataError, match=r"a\.avi: no readable video \(.*a broken stream"):
        next(video_frames(tmp_path / "a.avi"))
