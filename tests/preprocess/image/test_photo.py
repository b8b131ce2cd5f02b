"""Large photos are shrunk while they are decoded, and damaged ones are refused."""

from __future__ import annotations

import os
import random
import struct
import sys
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.errors import ImageError
from edgehuman.preprocess.image.header import ImageHeader
from edgehuman.preprocess.image.photo import read_photo, shrink_for
from edgehuman.preprocess.image.pixels import decode, read_image, resize
from edgehuman.records import Uint8

OPENCV = tuple(map(int, cv2.__version__.split(".")[:2]))


def picture(height: int, width: int) -> Uint8:
    """Smooth colours with a sharp edge."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (16, 8, 3), np.uint8)
    image_HWC = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    image_HWC[height // 3 :, : width // 4] = (250, 10, 20)
    return np.asarray(image_HWC, np.uint8)


def encoded(suffix: str, image_HWC: Uint8, *words: int) -> bytes:
    ok, content = cv2.imencode(suffix, image_HWC, list(words))
    assert ok
    return content.tobytes()


def turned_to(orientation: int, jpeg: bytes) -> bytes:
    """The JPEG with an EXIF orientation."""
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes([orientation, 0, 0, 0])
    exif += bytes(4)
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


@pytest.mark.parametrize(
    ("size", "kind", "shrink"),
    [
        ((2000, 2000), "JPEG", 1),  # 4 megapixels
        ((2001, 2000), "JPEG", 4),  # an eighth has 250 rows, and twice 128 is 256
        ((2100, 2000), "JPEG", 8),
        ((4000, 3000), "JPEG", 8),
        ((8000, 1000), "JPEG", 4),  # an eighth has 125 columns, and twice 64 is 128
        ((40000, 130), "JPEG", 1),
        ((8000, 6000), "PNG", 1),
        ((8000, 6000), "WebP", 1),
    ],
)
def test_how_far_a_photo_is_shrunk(size: tuple[int, int], kind: str, shrink: int) -> None:
    assert shrink_for(ImageHeader(kind, *size), 128, 64) == shrink


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
def test_a_photo_of_up_to_four_megapixels_is_what_it_was(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encoded(suffix, picture(500, 300)))
    photo = read_photo(path, 128, 64)
    assert np.array_equal(photo.image_HWC, read_image(path))
    assert (photo.height, photo.width, photo.remark) == (500, 300, "")


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".jp2"])
def test_a_large_photo_of_another_format_is_whole(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encoded(suffix, picture(2600, 1700)))
    photo = read_photo(path, 128, 64)
    assert np.array_equal(photo.image_HWC, read_image(path))
    assert (photo.height, photo.width) == (2600, 1700)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_photo_of_any_channels_and_depth_is_what_its_bytes_are(
    channels: int, kind: type, tmp_path: Path
) -> None:
    values = np.random.default_rng(0).integers(0, np.iinfo(kind).max + 1, (90, 70, channels))
    path = tmp_path / "a.png"
    path.write_bytes(encoded(".png", np.asarray(values, kind)))
    assert np.array_equal(read_photo(path, 128, 64).image_HWC, read_image(path))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_tiff_is_turned(orientation: int, tmp_path: Path) -> None:
    path = tmp_path / "a.tiff"
    whole = encoded(".tiff", picture(40, 24))
    (begin,) = struct.unpack_from("<I", whole, 4)
    (count,) = struct.unpack_from("<H", whole, begin)
    rows = [whole[begin + 2 + 12 * i : begin + 14 + 12 * i] for i in range(count)]
    turned = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    rows = sorted(
        [row for row in rows if row[:2] != turned[:2]] + [turned],
        key=lambda row: row[1] << 8 | row[0],
    )
    table = struct.pack("<H", len(rows)) + b"".join(rows) + bytes(4)
    path.write_bytes(whole[:4] + struct.pack("<I", len(whole)) + whole[8:] + table)
    image_HWC = read_photo(path, 128, 64).image_HWC
    assert image_HWC.shape == ((40, 24, 3) if orientation < 5 else (24, 40, 3))
    assert np.array_equal(image_HWC, read_image(path))


@pytest.mark.parametrize("lacking", ["a target (OpenCV before 4.10)", "names of this kind"])
def test_an_opencv_that_cannot_read_a_file_as_ours_gives_the_same(
    lacking: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(".png", picture(40, 24)))
    imread = cv2.imread

    def limited(name: str, *words: Any) -> Any:
        if lacking == "names of this kind":
            return None
        if len(words) > 1:
            raise cv2.error("Overload resolution failed")
        return imread(name, *words)

    monkeypatch.setattr(cv2, "imread", limited)
    assert np.array_equal(read_photo(path, 128, 64).image_HWC, read_image(path))


@pytest.mark.skipif(sys.platform == "win32", reason="makes a pipe")
def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    path, content = tmp_path / "a.png", encoded(".png", picture(40, 24))
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(content,))
    writer.start()
    photo = read_photo(path, 128, 64)
    writer.join()
    assert np.array_equal(photo.image_HWC, decode(content))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_shrunk_photo_is_turned_and_nearly_the_whole_one(
    orientation: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(turned_to(orientation, encoded(".jpg", picture(2600, 1700))))
    photo, whole_HWC = read_photo(path, 128, 64), read_image(path)
    assert (photo.height, photo.width) == whole_HWC.shape[:2]
    assert photo.image_HWC.size < whole_HWC.size / 15
    away = np.abs(
        resize(photo.image_HWC, 128, 64).astype(int) - resize(whole_HWC, 128, 64).astype(int)
    )
    assert away.mean() < 1.5


@pytest.mark.slow
@pytest.mark.parametrize("words", [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)])
@pytest.mark.parametrize("size", [(600, 300), (2600, 1700)])
def test_a_jpeg_broken_in_the_middle_is_refused(
    size: tuple[int, int], words: tuple[int, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    noisy_HWC = np.asarray(picture(*size) // 2 + rng.integers(0, 100, (*size, 3)), np.uint8)
    whole, chance = encoded(".jpg", noisy_HWC, *words), random.Random(0)
    caught, tries = 0, 12
    path = tmp_path / "a.jpg"
    for _ in range(tries):
        at = chance.randrange(len(whole) // 3, 2 * len(whole) // 3)
        path.write_bytes(whole[:at] + chance.randbytes(400) + whole[at + 400 :])
        try:
            caught += "damaged" in read_photo(path, 128, 64).remark
        except ImageError as error:
            caught += "damaged" in str(error)
    # Decoders find their way back from some damage without noticing it.
    assert caught >= tries - 2
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(OPENCV < (4, 11), reason="an OpenCV that passes over such damage")
def test_every_format_that_tells_of_damage(tmp_path: Path) -> None:
    for suffix in (".png", ".tiff"):
        content = bytearray(encoded(suffix, picture(300, 200)))
        content[len(content) // 2 : len(content) // 2 + 200] = bytes(200)
        path = tmp_path / f"a{suffix}"
        path.write_bytes(bytes(content))
        with pytest.raises(ImageError, match="damaged"):
            read_photo(path, 128, 64)


def test_bytes_that_belong_to_no_pixel_are_remarked(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    jpeg = encoded(".jpg", picture(64, 32))
    path.write_bytes(jpeg[:-2] + b"\x01" * 30 + jpeg[-2:])
    photo = read_photo(path, 128, 64)
    assert "may be damaged" in photo.remark
    path.write_bytes(jpeg + b"after its end")
    assert read_photo(path, 128, 64).remark == ""


@pytest.mark.parametrize("suffix", [".webp", ".jp2"])
def test_a_copy_filled_up_with_zeros_is_remarked(suffix: str, tmp_path: Path) -> None:
    noise_HWC = np.random.default_rng(0).integers(0, 256, (200, 100, 3), np.uint8)
    whole = encoded(suffix, noise_HWC)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(whole)
    assert not read_photo(path, 128, 64).remark
    path.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
    assert "zeros, so it may be damaged" in read_photo(path, 128, 64).remark
    path.write_bytes(encoded(suffix, np.zeros((2000, 1500, 3), np.uint8)))
    assert not read_photo(path, 128, 64).remark


@pytest.mark.skipif(OPENCV < (4, 11), reason="an OpenCV that reads no animated WebP")
def test_of_an_animation_the_first_frame_is_read_and_told_of(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    plain = encoded(".webp", picture(32, 16), cv2.IMWRITE_WEBP_QUALITY, 101)
    frame = bytes(6) + (15).to_bytes(3, "little") + (31).to_bytes(3, "little") + bytes(4)
    frame += plain[12:]
    canvas = b"\x02\0\0\0" + frame[6:12]
    body = b"WEBPVP8X" + (10).to_bytes(4, "little") + canvas
    body += b"ANIM" + (6).to_bytes(4, "little") + bytes(6)
    body += (b"ANMF" + len(frame).to_bytes(4, "little") + frame) * 2
    path.write_bytes(b"RIFF" + len(body).to_bytes(4, "little") + body)
    photo = read_photo(path, 128, 64)
    assert photo.image_HWC.shape == (32, 16, 3)
    assert photo.remark == "an animated WebP, of which the first frame was read"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="No such file"):
        read_photo(tmp_path / "a.jpg", 128, 64)
