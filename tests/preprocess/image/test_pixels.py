"""Any encoded image to uint8 RGB; boxes to crops; what cannot be read says why and what to do."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edgehuman.errors import DataError, ImageError
from edgehuman.preprocess.image.header import read_header
from edgehuman.preprocess.image.pixels import (
    clip_box,
    decode,
    read_image,
    resize,
    resize_labels,
    to_crop,
    turn,
)
from edgehuman.records import Uint8

# 16 x 8 pixels of RGB (200, 30, 60), as a CMYK JPEG with Adobe's inverted inks.
CMYK = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAW"
    "EBETFBUVFQwPFxgWFBgSFBUU/8AAFAgACAAQBEMRAE0RAFkRAEsRAP/EABYAAQEBAAAAAAAAAAAAAAAAAAAICf/EABQQ"
    "AQAAAAAAAAAAAAAAAAAAAAD/2gAOBEMATQBZAEsAAD8AsBn0kpqmAP/Z"
)
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters(height: int = 32, width: int = 16) -> Uint8:
    """Red and green above, blue and white below."""
    rgb = np.empty((height, width, 3), np.uint8)
    y, x = height // 2, width // 2
    rgb[:y, :x], rgb[:y, x:], rgb[y:, :x], rgb[y:, x:] = RED, GREEN, BLUE, WHITE
    return rgb


def encode(array: NDArray[Any], suffix: str = ".png") -> bytes:
    """RGB, RGBA or grey as a file's bytes."""
    code = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    if array.ndim == 3:
        array = cv2.cvtColor(array, code[array.shape[2]])
    done, data = cv2.imencode(suffix, array)
    assert done
    return bytes(data.tobytes())


def exif(orientation: int) -> bytes:
    """The smallest EXIF block: one directory with one entry."""
    return b"II*\0" + struct.pack("<IHHHIHH", 8, 1, 0x0112, 3, 1, orientation, 0)


def jpeg_turned(rgb: Uint8, orientation: int) -> bytes:
    block = b"Exif\0\0" + exif(orientation)
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    data = encode(rgb, ".jpg")
    return data[:2] + segment + data[2:]


def corners(rgb: Uint8) -> list[tuple[int, ...]]:
    """The four corner pixels, each channel to 0 or 255."""
    picked = [rgb[1, 1], rgb[1, -2], rgb[-2, 1], rgb[-2, -2]]
    return [tuple(int(value > 127) * 255 for value in pixel) for pixel in picked]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tiff", ".ppm"])
def test_every_format_gives_the_same_four_colours(suffix: str) -> None:
    rgb = decode(encode(quarters(), suffix))
    assert rgb.shape == (32, 16, 3)
    assert rgb.dtype == np.uint8
    assert corners(rgb) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tiff"])
def test_grey_is_repeated(suffix: str) -> None:
    rgb = decode(encode(np.full((12, 10), 77, np.uint8), suffix))
    assert rgb.shape == (12, 10, 3)
    assert np.abs(rgb.astype(int) - 77).max() <= 1


def test_transparent_pixels_are_laid_on_white() -> None:
    rgba = np.zeros((8, 10, 4), np.uint8)
    rgba[..., 0] = 200
    rgba[:, :5, 3] = 255
    rgba[0, 9, 3] = 51  # a fifth of 200, four fifths of 255
    for suffix in (".png", ".webp"):
        rgb = decode(encode(rgba, suffix))
        assert rgb[4, 2].tolist() == pytest.approx([200, 0, 0], abs=2)
        assert rgb[4, 8].tolist() == [255, 255, 255]
    assert decode(encode(rgba))[0, 9].tolist() == [244, 204, 204]


def test_sixteen_bits_become_the_upper_eight() -> None:
    deep = np.array([[0x00FF, 0x1234], [0x8000, 0xFFFF]], np.uint16).repeat(8, 0).repeat(8, 1)
    for array in (deep, np.dstack([deep] * 3)):
        rgb = decode(encode(array))
        assert rgb[0, 0, 0] <= 1
        assert rgb[0, 8, 1] == 0x12
        assert (rgb[8, 0, 2], rgb[8, 8, 0]) == (0x80, 0xFF)


def test_inks_become_light() -> None:
    rgb = decode(CMYK)
    assert rgb.shape == (8, 16, 3)
    assert rgb.mean(axis=(0, 1)) == pytest.approx([200, 30, 60], abs=3)


@pytest.mark.parametrize(
    ("orientation", "shown"),
    [
        (1, [RED, GREEN, BLUE, WHITE]),
        (2, [GREEN, RED, WHITE, BLUE]),
        (3, [WHITE, BLUE, GREEN, RED]),
        (4, [BLUE, WHITE, RED, GREEN]),
        (5, [RED, BLUE, GREEN, WHITE]),
        (6, [BLUE, RED, WHITE, GREEN]),
        (7, [WHITE, GREEN, BLUE, RED]),
        (8, [GREEN, WHITE, RED, BLUE]),
    ],
)
def test_a_photo_is_turned_as_its_exif_says(orientation: int, shown: list[object]) -> None:
    data = jpeg_turned(quarters(), orientation)
    rgb = decode(data)
    header = read_header(data)
    assert corners(rgb) == shown
    assert rgb.shape[:2] == ((32, 16) if orientation < 5 else (16, 32))
    assert (header.height, header.width) == rgb.shape[:2]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_our_turning_is_that_of_opencv(orientation: int) -> None:
    data = jpeg_turned(quarters(), orientation)
    theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert theirs is not None
    assert np.array_equal(decode(data), theirs[..., ::-1])
    assert np.array_equal(turn(decode(jpeg_turned(quarters(), 1)), orientation), theirs[..., ::-1])


def test_a_png_and_a_webp_are_turned_too() -> None:
    block = exif(6)
    chunk = struct.pack(">I", len(block)) + b"eXIf" + block
    chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
    png = encode(quarters())
    assert corners(decode(png[:33] + chunk + png[33:])) == [BLUE, RED, WHITE, GREEN]
    webp = encode(quarters(), ".webp")
    extended = b"VP8X" + struct.pack("<I", 10) + b"\x08\0\0\0" + b"\x0f\0\0\x1f\0\0"
    parts = extended + webp[12:] + b"EXIF" + struct.pack("<I", len(block)) + block
    turned = b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts
    assert corners(decode(turned)) == [BLUE, RED, WHITE, GREEN]


def test_an_orientation_that_makes_no_sense_is_none() -> None:
    assert read_header(jpeg_turned(quarters(), 9)).orientation == 1
    data = jpeg_turned(quarters(), 6)
    assert read_header(data.replace(b"II*\0", b"XX*\0")).orientation == 1
    assert read_header(data.replace(b"II*\0\x08\0\0\0", b"II*\0\xff\xff\xff\x7f")).orientation == 1


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_picture_cut_short_is_refused(suffix: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 30, 3), np.uint8)
    data = encode(noise, suffix)
    with pytest.raises(ImageError, match=r"a\.x: a \w+ .*cut short|cannot be decoded"):
        decode(data[: int(share * len(data))], "a.x")


def test_a_thumbnail_with_an_end_does_not_hide_a_missing_one() -> None:
    thumbnail = encode(quarters(), ".jpg")
    block = b"Exif\0\0" + exif(1) + thumbnail
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    data = encode(quarters(), ".jpg")
    whole = data[:2] + segment + data[2:]
    assert decode(whole).shape == (32, 16, 3)
    with pytest.raises(ImageError, match="cut short"):
        decode(whole[:-2])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"some words, not pixels", "begins with b'some wor', which is not an image"),
        (b"\xff\xd8\xff", "cut short"),
        (b"\x89PNG\r\n\x1a\n", "cut short"),
        (b"BM" + bytes(60), "cannot be decoded"),
        (b"II*\0" + bytes(60), "cannot be decoded"),
        (encode(np.zeros((1, 1, 3), np.uint8)), "is 1x1 pixels; each side must be at least 8"),
        (encode(np.zeros((100, 7, 3), np.uint8)), "is 7x100 pixels"),
        (encode(np.zeros((9, 9), np.float32), ".tiff"), "cannot be decoded"),
    ],
)
def test_what_is_no_picture_of_a_person_says_so(
    data: bytes, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ImageError) as caught:
        decode(data, "x.jpg")
    assert str(caught.value).startswith("x.jpg")
    assert said in str(caught.value)
    assert "WARN" not in capfd.readouterr().err
    assert isinstance(caught.value, DataError)


def test_the_message_lists_what_is_read() -> None:
    with pytest.raises(ImageError) as said:
        decode(b"some words, not pixels")
    for suffix in (".jpg", ".png", ".webp", ".bmp", ".tif", ".jp2", ".ppm"):
        kept, data = cv2.imencode(suffix, np.zeros((64, 64, 3), np.uint8))
        assert kept
        assert read_header(data.tobytes()).format in str(said.value)
    assert "GIF" in str(said.value)
    assert "AVIF" in str(said.value)


def test_no_bytes_of_any_kind_crash_the_header_reader() -> None:
    draw = np.random.default_rng(0)
    starts = [encode(quarters(), suffix)[:40] for suffix in (".jpg", ".png", ".webp")]
    known = 0
    for number in range(300):
        start = starts[number % 3][: draw.integers(0, 40)]
        header = read_header(start + draw.bytes(int(draw.integers(0, 80))))
        # Sides are known both or neither, and a turn is one of EXIF's.
        assert (header.height > 0) == (header.width > 0)
        assert 1 <= header.orientation <= 8
        known += header.format == ("JPEG", "PNG", "WebP")[number % 3]
    assert known > 150


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"none\.png: No such file.*give the path"):
        read_image(tmp_path / "none.png")
    with pytest.raises(ImageError, match="Is a directory"):
        read_image(tmp_path)
    (tmp_path / "a.png").write_bytes(encode(quarters()))
    assert np.array_equal(read_image(tmp_path / "a.png"), quarters())


def test_shrinking_takes_the_mean_of_an_area() -> None:
    checks = np.indices((64, 32)).sum(axis=0) % 2 * 200
    grey = np.dstack([checks.astype(np.uint8)] * 3)
    assert np.unique(resize(grey, 16, 8)).tolist() == [100]
    # Half as high, twice as wide: rows are averaged, columns are not skipped.
    assert np.abs(resize(grey, 32, 64).astype(int) - 100).max() <= 1


def test_growing_is_smooth_and_the_same_size_is_the_same() -> None:
    ramp = np.tile(np.arange(0, 160, 10, dtype=np.uint8)[:, None, None], (1, 8, 3))
    grown = resize(ramp, 64, 8)[:, 0, 0].astype(int)
    assert set(np.diff(grown[8:-8]).tolist()) <= {2, 3}
    same = resize(ramp, 16, 8)
    assert np.array_equal(same, ramp)
    assert same is not ramp


def test_class_numbers_are_never_mixed() -> None:
    label = np.zeros((10, 10), np.uint8)
    label[:, 5:] = 40
    assert set(np.unique(resize_labels(label, 33, 7)).tolist()) == {0, 40}


def test_a_box_is_clipped_or_refused() -> None:
    assert clip_box((2, 3, 6, 9), 20, 10) == (2, 3, 6, 9)
    assert clip_box((-5, 3, 16, 90), 20, 10) == (0, 3, 10, 20)
    assert clip_box((1.4, 1.6, 2.2, 3.5), 20, 10) == (1, 1, 3, 4)
    with pytest.raises(DataError, match=r"a\.jpg: the box \(-5, 3, 16, 90\) reaches outside"):
        clip_box((-5, 3, 16, 90), 20, 10, "refuse", "a.jpg")
    assert clip_box((-4, -4, 4, 4), quarters().shape[0], quarters().shape[1]) == (0, 0, 4, 4)


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ((3, 3, 3, 9), "has no area"),
        ((6, 3, 2, 9), "has no area"),
        ((0, 0, float("nan"), 9), "is not four finite numbers"),
        ((1, 2, 3), "is not four finite numbers"),
        ((40, 3, 60, 9), r"wholly outside the image of 16x32 pixels"),
        ((-9, 3, 0, 9), "wholly outside"),
    ],
)
def test_a_box_that_holds_nothing_is_an_error(box: tuple[float, ...], said: str) -> None:
    with pytest.raises(DataError, match=said):
        clip_box(box, quarters().shape[0], quarters().shape[1])


def test_joints_move_with_the_crop() -> None:
    joints = np.array([[20.0, 30.0, 2.0], [40.0, 90.0, 1.0]], np.float32)
    moved = to_crop(joints, (20, 10, 60, 90), 256, 128)
    # Three pixels of the crop to one of the image: the middle of the first lands on 1.1 and 1.1.
    assert moved == pytest.approx(np.array([[1.1, 65.1, 2.0], [65.1, 257.1, 1.0]]))
    assert joints[0, 0] == 20


@pytest.mark.parametrize("kind", ["grey", "grey16", "colour", "colour16", "clear"])
def test_colours_are_converted_in_strips(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    depth = 65535 if kind.endswith("16") else 255
    channels = {"grey": 1, "colou": 3, "clear": 4}[kind.removesuffix("16")[:5]]
    shape = (40, 30) if channels == 1 else (40, 30, channels)
    values = np.random.default_rng(0).integers(0, depth + 1, shape)
    ok, content = cv2.imencode(".png", values.astype(np.uint16 if depth > 255 else np.uint8))
    assert ok
    whole_HWC = decode(content.tobytes())
    monkeypatch.setattr("edgehuman.preprocess.image.pixels._STRIP", 200)
    assert np.array_equal(decode(content.tobytes()), whole_HWC)
