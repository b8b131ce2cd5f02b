"""The first bytes of pictures, laid out by hand as the formats' specifications have them."""

from __future__ import annotations

import struct

import pytest

from edgehuman.preprocess.image.header import ImageHeader, format_of, read_header


def exif(orientation: int, order: str = "<") -> bytes:
    """One directory of one entry."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def jpeg(height: int, width: int, *segments: bytes, end: bytes = b"\xff\xd9") -> bytes:
    """Markers and no pixels: start, segments, frame, scan, end."""
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 8, 8, height, width, 0)
    return b"\xff\xd8" + b"".join(segments) + frame + b"\xff\xda\0\x02" + b"\0" * 9 + end


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + b"crc_"


def png(height: int, width: int, colour: int, *chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks)


END = (chunk(b"IDAT", b"pixels"), chunk(b"IEND"))


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"RIFF....WEBPVP8 ", "WebP"),
        (b"....ftypavif", "AVIF"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"II+\0", "TIFF"),
        (b"BM", "BMP"),
        (b"GIF89a", "GIF"),
        (b"P6 1 1", "PPM"),
        (b"P2 1 1", "PGM"),
        (b"<html>", ""),
        (b"", ""),
    ],
)
def test_a_format_is_known_by_its_first_bytes(start: bytes, name: str) -> None:
    assert format_of(start) == name
    assert read_header(start).format == name


def test_a_jpeg_says_its_size_and_how_it_is_held() -> None:
    assert read_header(jpeg(480, 640)) == ImageHeader("JPEG", 480, 640)
    turned = segment(0xE1, b"Exif\0\0" + exif(6))
    assert read_header(jpeg(480, 640, turned)) == ImageHeader("JPEG", 640, 480, 6)
    other_order = segment(0xE1, b"Exif\0\0" + exif(3, ">"))
    assert read_header(jpeg(480, 640, other_order)) == ImageHeader("JPEG", 480, 640, 3)


def test_the_end_of_a_thumbnail_is_not_the_picture_s_end() -> None:
    thumbnail = segment(0xE2, b"\xff\xd8 small \xff\xd9")
    assert read_header(jpeg(480, 640, thumbnail)).complete
    assert not read_header(jpeg(480, 640, thumbnail, end=b"")).complete
    assert not read_header(jpeg(480, 640)[:8]).complete


@pytest.mark.parametrize("colour", [0, 2, 3, 4, 6])
def test_a_png_says_its_size_and_whether_it_is_transparent(colour: int) -> None:
    header = read_header(png(7, 9, colour, *END))
    assert header == ImageHeader("PNG", 7, 9, alpha=colour in (4, 6))
    assert read_header(png(7, 9, colour, chunk(b"tRNS", b"\0"), *END)).alpha


def test_a_png_may_be_turned_and_cut_short() -> None:
    assert read_header(png(7, 9, 2, chunk(b"eXIf", exif(8)), *END)) == ImageHeader("PNG", 9, 7, 8)
    assert not read_header(png(7, 9, 2, END[0])).complete


def webp(kind: bytes, body: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    parts = [(kind, body), *chunks]
    inside = b"WEBP" + b"".join(
        name + struct.pack("<I", len(held)) + held + b"\0" * (len(held) % 2) for name, held in parts
    )
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def test_a_webp_says_transparency_orientation_and_its_length() -> None:
    assert read_header(webp(b"VP8 ", b"\0" * 10)) == ImageHeader("WebP")
    assert read_header(webp(b"VP8L", b"\x2f\0\0\0\x10\0")).alpha
    held = webp(b"VP8X", b"\x18" + b"\0" * 9, (b"VP8 ", b"\0" * 5), (b"EXIF", exif(5)))
    assert read_header(held) == ImageHeader("WebP", orientation=5, alpha=True)
    assert not read_header(held[:-1]).complete


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_out_of_range_is_upright(orientation: int) -> None:
    turned = segment(0xE1, b"Exif\0\0" + exif(orientation))
    assert read_header(jpeg(4, 6, turned)) == ImageHeader("JPEG", 4, 6)


def test_a_gif_and_a_png_say_whether_they_are_animated() -> None:
    head = b"GIF89a\x08\0\x08\0\x80\0\0" + bytes(6)
    control = b"!\xf9\x04\0\x0a\0\0\0"
    frame = b",\0\0\0\0\x08\0\x08\0\0" + b"\x02\x02\x44\x01\0"
    coloured = frame.replace(b"\x08\0\0\x02", b"\x08\0\x81" + bytes(12) + b"\x02")
    for one in (frame, coloured):
        for frames in (1, 2, 3):
            content = head + (control + one) * frames + b";"
            assert read_header(content) == ImageHeader("GIF", animated=frames > 1)
    assert not read_header(head + control + frame[:12]).complete
    for frames in (1, 2):
        animated = read_header(png(2, 3, 2, chunk(b"acTL", struct.pack(">II", frames, 0)), *END))
        assert (animated.animated, animated.complete) == (frames == 2, True)
