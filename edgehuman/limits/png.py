"""Whether the chunks of a PNG lie within its bytes.

    if not holds_its_chunks(data): ...          before it is decoded

OpenCV makes room for a first chunk of the size that it states, whatever it is: 35 bytes take 4 GB.
Source: the PNG specification, 5.3 (chunk layout) and 5.6 (IHDR comes first).
"""

from __future__ import annotations

_BEGIN, _HEADER, _END = b"\x89PNG\r\n\x1a\n", b"\x00\x00\x00\x0dIHDR", b"IEND"
_AROUND = 12  # bytes of a chunk besides its data: length, name and checksum


def holds_its_chunks(data: bytes) -> bool:
    """Whether a PNG begins with its header, and every chunk to its end lies within the data."""
    if not data.startswith(_BEGIN + _HEADER):
        return False
    place = len(_BEGIN)
    while len(data) - place >= _AROUND:
        following = place + _AROUND + int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] == _END:
            return following <= len(data)
        place = following
    return False
