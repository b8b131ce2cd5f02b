"""What goes over the pipes."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from edgehuman.runtime.image.camera import messages
from edgehuman.runtime.image.camera.messages import Grabbed, receive, send, send_frame


class Piecemeal(io.BytesIO):
    """A pipe that gives and takes a little at a time."""

    def readinto(self, room: object) -> int:
        return super().readinto(memoryview(room)[:7])  # type: ignore[arg-type]

    def write(self, content: object) -> int:
        return super().write(memoryview(content)[:5])  # type: ignore[arg-type]


def test_messages_and_frames_arrive_as_they_were_sent() -> None:
    pipe, image_HWC = Piecemeal(), np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    send(pipe, messages.OPENED, {"fps": 25.0})
    send_frame(pipe, Grabbed(7, 8, 9.5, float("nan"), image_HWC))
    send(pipe, messages.ALIVE)
    pipe.seek(0)
    assert receive(pipe) == (messages.OPENED, {"fps": 25.0})
    kind, grabbed = receive(pipe)
    assert isinstance(grabbed, Grabbed)
    assert (kind, grabbed.index, grabbed.grabbed_ns, grabbed.wall_s) == (messages.FRAME, 7, 8, 9.5)
    assert np.isnan(grabbed.stated_s)
    np.testing.assert_array_equal(grabbed.image_HWC, image_HWC)
    assert receive(pipe) == (messages.ALIVE, {})
    with pytest.raises(EOFError):
        receive(pipe)


@pytest.mark.parametrize(
    "content",
    [
        b"f\xff\xff\xff\xff",
        struct.pack("=cI", b"o", 3) + b"nul",
        struct.pack("=cI", b"f", 40) + struct.pack("=QqddII", 0, 0, 0, 0, 1 << 20, 1 << 20),
        struct.pack("=cI", b"f", 40) + struct.pack("=QqddII", 0, 0, 0, 0, 0, 5),
    ],
)
def test_what_is_no_message_asks_for_no_memory(content: bytes) -> None:
    with pytest.raises(ValueError):
        receive(io.BytesIO(content))
