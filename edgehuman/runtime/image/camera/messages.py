"""What a camera's process and ours say to each other over two pipes.

To it: a line of JSON, what to open; then a byte for each frame that is wanted, and the number of
each slot of shared memory (`shared`) that is free again. From it: messages of a kind, a length and
as many bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from edgehuman.outcome import to_json
from edgehuman.preprocess.video import MOST_PIXELS
from edgehuman.reading.parsers import json_of
from edgehuman.records import Uint8

STARTED, OPENED, ALIVE, STATE, READY, GONE = b"s", b"o", b"a", b"h", b"r", b"g"
"""It runs; the camera is open; frames go on coming; black or frozen, or no longer; a frame waits;
it is over. The payload is a JSON object."""
FRAME, SHARED = b"f", b"m"
"""The frame, behind its numbers or in a slot of shared memory."""
WANTED = b"w"
_HEAD = struct.Struct("=cI")
_FRAME, _SLOT = struct.Struct("=QqddII"), struct.Struct("=B")
Fetch: TypeAlias = Callable[[int, int, int], Uint8]
"""Of a slot, height and width, the frame."""
_MOST_TEXT = 1 << 20


@dataclass(frozen=True, slots=True)
class Grabbed:
    """One frame.

    Attributes:
        index: of the frame since the camera was opened.
        grabbed_ns: this machine's monotonic clock when it was taken from the camera.
        wall_s: the same by the wall clock, seconds since 1970.
        stated_s: its time as the stream states it; NaN if it states none.
        image_HWC: uint8 RGB; height and width may differ from those of the last.
    """

    index: int
    grabbed_ns: int
    wall_s: float
    stated_s: float
    image_HWC: Uint8


def send(pipe: BinaryIO, kind: bytes, said: Mapping[str, Any] | None = None) -> None:
    """Write a message.

    Raises:
        OSError: nobody reads.
    """
    payload = to_json(said or {}).encode()
    _write(pipe, _HEAD.pack(kind, len(payload)) + payload)


def send_frame(pipe: BinaryIO, grabbed: Grabbed, slot: int | None = None) -> None:
    """Write a frame.

    Args:
        slot: where the frame lies in shared memory; None: it follows.

    Raises:
        OSError: nobody reads.
    """
    height, width = grabbed.image_HWC.shape[:2]
    about = _FRAME.pack(
        grabbed.index, grabbed.grabbed_ns, grabbed.wall_s, grabbed.stated_s, height, width
    )
    if slot is not None:
        about += _SLOT.pack(slot)
        _write(pipe, _HEAD.pack(SHARED, len(about)) + about)
        return
    _write(pipe, _HEAD.pack(FRAME, len(about)) + about)
    _write(pipe, grabbed.image_HWC.data.cast("B"))


def _nothing_shared(slot: int, height: int, width: int) -> Uint8:
    raise ValueError(f"a frame in slot {slot}, but no memory is shared")


def receive(
    pipe: BinaryIO, fetch: Fetch = _nothing_shared
) -> tuple[bytes, dict[str, Any] | Grabbed]:
    """Read a message; a frame is FRAME, however it came.

    Raises:
        EOFError: the pipe was closed.
        ValueError: what it says is no message.
    """
    kind, length = _HEAD.unpack(_read(pipe, _HEAD.size))
    if length > _MOST_TEXT:
        raise ValueError(f"a message of {length:,} bytes")
    payload = _read(pipe, length)
    if kind not in (FRAME, SHARED):
        return kind, json_of(payload)
    slot = payload[_FRAME.size :] if kind == SHARED else b""
    try:
        about = _FRAME.unpack(payload[: len(payload) - len(slot)])
        places = [_SLOT.unpack(slot)[0]] if kind == SHARED else []
    except struct.error as error:
        raise ValueError(str(error)) from None
    index, grabbed_ns, wall_s, stated_s, height, width = about
    if not 0 < height * width <= MOST_PIXELS:
        raise ValueError(f"a frame of {width}x{height} pixels")
    if places:
        image_HWC = fetch(places[0], height, width)
    else:
        image_HWC = np.empty((height, width, 3), np.uint8)
        _fill(pipe, image_HWC.data.cast("B"))
    return FRAME, Grabbed(index, grabbed_ns, wall_s, stated_s, image_HWC)


def _read(pipe: BinaryIO, length: int) -> bytes:
    content = bytearray(length)
    _fill(pipe, memoryview(content))
    return bytes(content)


def _fill(pipe: BinaryIO, room: memoryview) -> None:
    while len(room):
        count = pipe.readinto(room)  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        room = room[count:]


def _write(pipe: BinaryIO, content: bytes | memoryview) -> None:
    left = memoryview(content)
    while len(left):
        left = left[pipe.write(left) :]
