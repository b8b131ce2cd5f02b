"""Files that hold pictures and are not read here: what they are, and what converts them.

Judged by their first bytes, then by the end of their name. Videos and documents are among them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Foreign:
    """Attributes:
    what: it is, with an article.
    fix: what to do, as a sentence without its full stop.
    """

    what: str
    fix: str


HEIC = Foreign(
    "a HEIC picture",
    "convert it with `heif-convert PHOTO.heic PHOTO.jpg`, or set the phone's camera to JPEG",
)
RAW = Foreign("a camera's raw picture", "develop it, e.g. with `darktable-cli PHOTO.dng PHOTO.jpg`")
VIDEO = Foreign(
    "a video", "take photos out of it with `ffmpeg -i VIDEO.mp4 -vf fps=1 frames/%05d.png`"
)
_SVG = Foreign("a drawing (SVG)", "convert it with `rsvg-convert PHOTO.svg -o PHOTO.png`")
_PDF = Foreign("a PDF document", "convert it with `pdftoppm -jpeg PHOTO.pdf PHOTO`")
_LAYERS = Foreign("a document of layers", "export it as PNG from the program that wrote it")
_JXL = Foreign("a JPEG XL picture", "convert it with `djxl PHOTO.jxl PHOTO.jpg`")
_OTHER = Foreign("a picture of another format", "convert it with `magick PHOTO.tga PHOTO.png`")

_RAW_SUFFIXES = frozenset(
    f".{end}"
    for end in (
        *("3fr", "arw", "cr2", "cr3", "crw", "dng", "erf", "iiq", "kdc", "mrw", "nef", "nrw"),
        *("orf", "pef", "raf", "rw2", "sr2", "srf", "srw", "x3f"),
    )
)
_SUFFIXES = {
    HEIC: ".avci .heic .heics .heif .heifs .hif",
    VIDEO: ".3gp .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .webm .wmv",
    _SVG: ".svg .svgz",
    _PDF: ".ai .eps .pdf",
    _LAYERS: ".psb .psd .xcf",
    _JXL: ".jxl",
    _OTHER: ".dds .exr .hdr .icns .ico .jpc .jxr .pcx .tga .wdp",
}
_BY_SUFFIX = {
    **{suffix: foreign for foreign, listed in _SUFFIXES.items() for suffix in listed.split()},
    **dict.fromkeys(_RAW_SUFFIXES, RAW),
}
_SIGNATURES = (
    (b"%PDF", _PDF),
    (b"%!PS", _PDF),
    (b"8BPS", _LAYERS),
    (b"gimp xcf", _LAYERS),
    (b"\xff\x0a", _JXL),
    (b"\0\0\0\x0cJXL ", _JXL),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"IIRO", RAW),
    (b"IIRS", RAW),
    (b"MMOR", RAW),
    (b"IIU\0", RAW),
    (b"FOVb", RAW),
    (b"\x1a\x45\xdf\xa3", VIDEO),
    (b"\0\0\x01\xba", VIDEO),
    (b"FLV\x01", VIDEO),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", VIDEO),
)
_HEIF_BRANDS = frozenset(b"heic heix heim heis hevc hevx hevm hevs mif1 msf1".split())
HEAD = 512
"""Bytes of a file's beginning that tell what it is."""


def foreign_of(head: bytes, name: str) -> Foreign | None:
    """What a file is that is not read; None for a picture that is, and for what is no picture.

    Args:
        head: the first `HEAD` bytes, or more.
        name: the file's; the end of it counts where the bytes tell nothing.
    """
    suffix = os.path.splitext(name)[1].lower()
    if head[:4] in (b"II*\0", b"MM\0*"):  # TIFF, and most cameras' raw formats
        return RAW if suffix in _RAW_SUFFIXES or head[8:10] == b"CR" else None
    if head[4:8] == b"ftyp":
        return _of_brands(brands_of(head))
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return VIDEO
    if b"<svg" in head[:HEAD] and head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return _SVG
    found = next((foreign for start, foreign in _SIGNATURES if head.startswith(start)), None)
    return found or _BY_SUFFIX.get(suffix)


def brands_of(head: bytes) -> frozenset[bytes]:
    """The brands of a file of the ISO family: its formats, such as b"heic", b"avif" or b"isom"."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    places = [8, *range(16, end - 3, 4)]
    return frozenset(head[place : place + 4] for place in places)


def _of_brands(brands: frozenset[bytes]) -> Foreign | None:
    if b"avif" in brands or b"avis" in brands:
        return None
    if b"crx " in brands:
        return RAW
    return HEIC if brands & _HEIF_BRANDS else VIDEO
