"""Pictures that are not read are known by their first bytes, then by their names."""

from __future__ import annotations

import pytest

from edgehuman.preprocess.image.foreign import HEIC, RAW, VIDEO, brands_of, foreign_of


def box(brand: bytes, *also: bytes) -> bytes:
    """The first box of a file of the ISO family."""
    brands = b"".join(also)
    return (16 + len(brands)).to_bytes(4, "big") + b"ftyp" + brand + bytes(4) + brands + b"\0" * 40


@pytest.mark.parametrize(
    ("head", "name", "what"),
    [
        (box(b"heic", b"mif1", b"heic"), "a.jpg", HEIC.what),
        (box(b"mif1", b"mif1", b"heic"), "a", HEIC.what),
        (box(b"msf1"), "a.heics", HEIC.what),
        (box(b"isom", b"iso2", b"mp41"), "a.jpg", VIDEO.what),
        (box(b"qt  "), "a.mov", VIDEO.what),
        (box(b"crx "), "a.cr3", RAW.what),
        (b"RIFF\0\0\0\0AVI LIST", "a.avi", VIDEO.what),
        (b"\x1a\x45\xdf\xa3", "a.webm", VIDEO.what),
        (b"II*\0\x10\0\0\0CR\x02\0", "a.tif", RAW.what),
        (b"II*\0\x08\0\0\0", "a.DNG", RAW.what),
        (b"MM\0*\0\0\0\x08", "a.nef", RAW.what),
        (b"", "a.heic", HEIC.what),
        (b"words", "a.HEIF", HEIC.what),
        (b"words", "a.mp4", VIDEO.what),
        (b"%PDF-1.7", "a", "a PDF document"),
        (b"8BPS\0\x01", "a.jpg", "a document of layers"),
        (b'<?xml version="1.0"?>\n<svg xmlns="">', "a.xml", "a drawing (SVG)"),
        (b"\xff\x0a\xfa", "a", "a JPEG XL picture"),
        (b"", "a.tga", "a picture of another format"),
    ],
)
def test_what_is_not_read(head: bytes, name: str, what: str) -> None:
    found = foreign_of(head, name)
    assert found is not None
    assert found.what == what
    assert found.fix


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"II*\0\x08\0\0\0", "a.tif"),
        (box(b"avif", b"mif1"), "a.avif"),
        (box(b"mif1", b"avif"), "a.avif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a.webp"),
        (b"words <svg>", "a.txt"),
        (b"t,x\n1,2", "a.csv"),
        (b"", ""),
        (b"\0\0\0\x04ftyp", "a.txt"),
    ],
)
def test_what_is_read_and_what_is_no_picture(head: bytes, name: str) -> None:
    found = foreign_of(head, name)
    assert found is None or head == b"\0\0\0\x04ftyp"


def test_brands() -> None:
    assert brands_of(box(b"heic", b"mif1", b"miaf")) == {b"heic", b"mif1", b"miaf"}
