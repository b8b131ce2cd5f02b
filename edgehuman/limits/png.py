"""Whether the chunks of a PNG lie within its bytes.

    if not holds_its_chunks(data): ...          before it is decoded

OpenCV makes room for a first chunk of the size that it states, whatever it is: 35 bytes take 4 GB.
Source: the PNG specification, 5.3 (chunk layout) and 5.6 (IHDR comes first).
"""

from __future__ import annotations

_BEGIN, _HEADER = b"\x89PNG\r\n\x1a\n", b"\x00\x00\x00\x0dIHDR"
_PIXELS, _END = b"IDAT", b"IEND"
_AROUND = 12  # bytes of a chunk besides its data: length, name and checksum


def holds_its_chunks(data: bytes) -> bool:
    """Whether a PNG begins with its header, has pixels and an end, and all chunks to there lie
    within the data.
    """
    if not data.startswith(_BEGIN + _HEADER):
        return False
    place, pixels = len(_BEGIN), False
    while len(data) - place >= _AROUND:
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        if kind == _END:  # the decoder reads on after one that is not as it should be
            return pixels and not length
        pixels |= kind == _PIXELS
        place += _AROUND + length
    return False
