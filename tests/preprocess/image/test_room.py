"""What an image will take is known from its header, and a bomb is refused before it is decoded."""

from __future__ import annotations

import struct
import time
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.data.image.set import load_png_mask
from edgehuman.errors import DataError, ImageError
from edgehuman.preprocess.image import pixels
from edgehuman.preprocess.image.header import read_header
from edgehuman.preprocess.image.photo import read_photo
from edgehuman.preprocess.image.pixels import decode, read_image
from edgehuman.preprocess.image.room import MOST_PIXELS, sides_of
from edgehuman.preprocess.silhouette.read import read_mask

HEIGHT, WIDTH = 40, 56
SUFFIXES = [".png", ".jpg", ".webp", ".bmp", ".tiff", ".ppm", ".pgm", ".jp2", ".gif", ".avif"]


def encoded(suffix: str, channels: int = 3, depth: type = np.uint8) -> bytes:
    shape = (HEIGHT, WIDTH, channels) if channels > 1 else (HEIGHT, WIDTH)
    image: np.ndarray[Any, Any] = np.random.default_rng(0).integers(0, 255, shape).astype(depth)
    try:
        made, data = cv2.imencode(suffix, image)
    except cv2.error:
        made = False
    if not made:
        pytest.skip(f"this OpenCV writes no {suffix}")
    return data.tobytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_sides_of_every_format_are_those_that_are_decoded(suffix: str) -> None:
    header = read_header(encoded(suffix, 1 if suffix == ".pgm" else 3))
    assert header.complete
    assert header.pixels == HEIGHT * WIDTH
    assert 3 * header.pixels <= header.room <= 12 * header.pixels


@pytest.mark.parametrize(("suffix", "depth", "channels", "pixel_bytes"), [
    (".png", np.uint16, 4, 8), (".png", np.uint8, 1, 1), (".tiff", np.uint16, 4, 8),
    (".tiff", np.float32, 3, 12), (".ppm", np.uint16, 3, 6),
])  # fmt: skip
def test_deep_pixels_take_more(suffix: str, depth: type, channels: int, pixel_bytes: int) -> None:
    header = read_header(encoded(suffix, channels, depth))
    assert header.room == header.pixels * pixel_bytes


def test_the_other_forms_of_webp_bmp_and_tiff() -> None:
    made, lossless = cv2.imencode(".webp", np.zeros((HEIGHT, WIDTH, 4), np.uint8), [64, 101])
    assert made
    assert sides_of(lossless.tobytes(), "WebP")[:2] == (HEIGHT, WIDTH)
    canvas = b"RIFF....WEBPVP8X" + bytes(8) + b"\xff\xff\xff\xfe\xff\xff"
    assert (
        sides_of(canvas, "WebP") == (1 << 24, 1 << 24, 4) or sides_of(canvas, "WebP")[1] == 1 << 24
    )
    core = b"BM" + bytes(12) + struct.pack("<IHH", 12, WIDTH, HEIGHT)
    assert sides_of(core, "BMP") == (HEIGHT, WIDTH, 4)
    upside_down = b"BM" + bytes(12) + struct.pack("<Iii", 40, WIDTH, -HEIGHT)
    assert sides_of(upside_down, "BMP") == (HEIGHT, WIDTH, 4)


def tiff(order: str, big: bool, *tags: tuple[int, int, int]) -> bytes:
    mark = {"<": b"II", ">": b"MM"}[order]
    if big:
        head = (
            mark + struct.pack(f"{order}HHHQ", 43, 8, 0, 16) + struct.pack(f"{order}Q", len(tags))
        )
        rows = [struct.pack(f"{order}HHQQ", tag, 16, 1, value) for tag, _, value in tags]
    else:
        head = mark + struct.pack(f"{order}HI", 42, 8) + struct.pack(f"{order}H", len(tags))
        rows = [
            struct.pack(f"{order}HHI", tag, kind, 1)
            + (
                struct.pack(f"{order}HH", value, 0)
                if kind == 3
                else struct.pack(f"{order}I", value)
            )
            for tag, kind, value in tags
        ]
    return head + b"".join(rows) + bytes(8)


@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_in_both_orders_and_sizes_and_its_tiles(order: str) -> None:
    tags = [(256, 4, 100), (257, 3, 50), (258, 3, 16), (277, 3, 4)]
    assert sides_of(tiff(order, False, *tags), "TIFF") == (50, 100, 8)
    assert sides_of(tiff(order, True, *tags), "TIFF") == (50, 100, 8)
    for log_luv in (34676, 34677):  # floats are made of it, whatever its bits
        assert sides_of(tiff(order, False, *tags, (259, 3, log_luv)), "TIFF") == (50, 100, 16)
    tiles = [(322, 4, 30_000), (323, 4, 40_000)]
    assert sides_of(tiff(order, False, *tags, *tiles), "TIFF") == (40_000, 30_000, 8)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_bomb(side: int) -> bytes:
    """As in the report: whole, valid, and of one colour."""
    packer, parts = zlib.compressobj(9), []
    row = bytes(side // 8 + 2)
    for _ in range(side if side < 5000 else 3):  # no decoder comes to see that rows are missing
        parts.append(packer.compress(row))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    body = chunk(b"IDAT", b"".join([*parts, packer.flush()]))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


def jpeg_bomb() -> bytes:
    data = bytearray(encoded(".jpg"))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, 60_000, 60_000)
    return bytes(data)


def webp_bomb() -> bytes:
    return b"RIFF\x20\0\0\0WEBPVP8L" + bytes(4) + b"\x2f" + b"\xff\xff\xff\x0f" + bytes(20)


def jp2_bomb() -> bytes:
    head = b"\0\0\0\x0cjP  \r\n\x87\n"
    sides = struct.pack(">IIIIIIIIH", 60_000, 60_000, 0, 0, 60_000, 60_000, 0, 0, 3)
    return head + b"\xff\x4f\xff\x51\0\x2f\0\0" + sides + bytes(20)


BOMBS = {
    "a.png": png_bomb(30_000),
    "a.jpg": jpeg_bomb(),
    "a.webp": webp_bomb(),
    "a.bmp": b"BM" + bytes(12) + struct.pack("<Iii", 40, 30_000, -30_000) + bytes(40),
    "a.tiff": tiff("<", False, (256, 4, 30_000), (257, 4, 30_000), (258, 3, 64), (277, 3, 4)),
    "b.tiff": tiff("<", False, (256, 4, 64), (257, 4, 64), (322, 4, 60_000), (323, 4, 60_000)),
    "a.gif": b"GIF89a\xff\xff\xff\xff\0\0\0;",
    "a.ppm": b"P6\n# a remark\n30000 30000 65535\n" + bytes(40),
    "a.pgm": b"P5 99999999999 99999999999 255\n" + bytes(40),
    "a.jp2": jp2_bomb(),
    "a.avif": b"\0\0\0\x18ftypavif\0\0\0\0avifmif1\0\0\0\x14ispe\0\0\0\0\0\0\xff\xff\0\0\xff\xff",
}


@pytest.fixture
def undecoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def decoder(*_: object) -> None:
        raise AssertionError("it was given to the decoder")

    monkeypatch.setattr(cv2, "imdecode", decoder)
    monkeypatch.setattr(cv2, "imread", decoder)


@pytest.mark.usefixtures("undecoded")
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_of_every_format_is_refused_before_the_decoder_sees_it(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(BOMBS[name])
    readers = (lambda: decode(BOMBS[name], name), lambda: read_image(path),
               lambda: read_photo(path, 256, 128), lambda: load_png_mask(str(path)))  # fmt: skip
    for read in readers:
        with pytest.raises(ImageError, match=r"megapixels would take .* are decoded. Shrink it"):
            read()
    with pytest.raises(DataError):
        read_mask(path)


def test_pixels_up_to_the_limit_stay_and_large_jpegs_where_they_are_shrunk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pixels, "MOST_PIXELS", HEIGHT * WIDTH)
    assert decode(encoded(".png")).shape == (HEIGHT, WIDTH, 3)
    monkeypatch.setattr(pixels, "MOST_PIXELS", HEIGHT * WIDTH - 1)
    with pytest.raises(ImageError):
        decode(encoded(".png"))
    data = encoded(".jpg")
    monkeypatch.setattr(pixels, "MOST_SHRUNK_PIXELS", HEIGHT * WIDTH)
    assert pixels.decode_as(data, read_header(data), "a.jpg", 2).shape == (
        HEIGHT // 2,
        WIDTH // 2,
        3,
    )
    assert MOST_PIXELS == 16_384 * 8_192


@pytest.mark.parametrize("place", [1 << 62, 1 << 63, (1 << 64) - 1])
def test_a_place_beyond_any_file_is_no_place(place: int) -> None:
    for order, mark in (("<", b"II"), (">", b"MM")):
        data = mark + struct.pack(f"{order}HHHQ", 43, 8, 0, place) + bytes(40)
        assert sides_of(data, "TIFF") == (0, 0, 0)
        assert read_header(data).pixels == 0


def test_mutated_headers_end_soon_and_never_raise() -> None:
    random = np.random.default_rng(0)
    start = time.process_time()
    for name, bomb in BOMBS.items():
        valid = np.frombuffer(bomb[:4000] if name != "a.png" else bomb[:400], np.uint8)
        for _ in range(300):
            content = valid.copy()
            places = random.integers(len(content), size=random.integers(1, 6))
            content[places] = random.integers(256, size=len(places))
            read_header(content.tobytes()[: random.integers(len(content) + 1)])
    assert time.process_time() - start < 10
