"""Frames in memory that two processes share: not copied, never overwritten, and gone with them."""

from __future__ import annotations

import gc
import io
import os
import signal
import struct
import sys
import time
from pathlib import Path

import pytest

from edgehuman.records import Uint8
from edgehuman.runtime.image.camera import messages
from edgehuman.runtime.image.camera.address import Address
from edgehuman.runtime.image.camera.policy import Policy
from edgehuman.runtime.image.camera.process import Process
from edgehuman.runtime.image.camera.shared import SLOTS, SlotReader, SlotWriter, new_room
from tests import leaving
from tests.runtime.image.camera.cameras import STAGE, gone, stage

__all__ = ["stage"]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory without a name")


class Both:
    """The two ends, in one process."""

    def __init__(self) -> None:
        fd = new_room()
        self.writer, self.reader = SlotWriter(os.dup(fd)), SlotReader(fd)

    def send(self, value: int, height: int = 6, width: int = 4) -> Uint8 | None:
        """A frame of this value; None if there is no room."""
        taken = self.writer.take(height, width)
        if taken is None:
            return None
        taken[1][:] = value
        return self.reader.frame(taken[0], height, width, self.writer.give_back)


def test_a_frame_is_not_overwritten_while_anybody_holds_it_or_a_part_of_it() -> None:
    both = Both()
    held: list[Uint8 | None] = [both.send(value) for value in range(SLOTS)]
    assert both.send(9) is None
    part = held[2]
    assert part is not None
    part = part[1:3, 2][..., None]  # a view of a view
    held[2] = None
    gc.collect()
    assert both.send(9) is None
    assert [int(frame.min()) for frame in held if frame is not None] == [0, 1, 3]
    del part
    gc.collect()
    frame = both.send(9)
    assert frame is not None
    assert frame.shape == (6, 4, 3)
    assert (frame == 9).all()
    assert both.send(9) is None


def test_smaller_frames_fit_and_larger_ones_do_not() -> None:
    both = Both()
    first = both.send(1, 480, 640)
    small = both.send(2, 240, 320)
    assert first is not None
    assert small is not None
    assert (first == 1).all()
    assert (small == 2).all()
    assert both.send(3, 481, 640) is None
    assert both.send(3, 480, 640) is not None


def test_what_is_held_stays_readable_after_the_camera_was_let_go() -> None:
    both = Both()
    frame = both.send(7)
    both.reader.close()
    both.reader.close()
    assert frame is not None
    assert (frame == 7).all()


def test_the_memory_cannot_be_cut_under_who_reads_it() -> None:
    both = Both()
    assert both.send(1) is not None
    with pytest.raises(OSError, match="not permitted"):
        os.ftruncate(both.reader._fd, 0)


@pytest.mark.parametrize(("slot", "height"), [(SLOTS, 6), (255, 6), (0, 1 << 12)])
def test_a_message_of_a_place_that_is_not_there_is_none(slot: int, height: int) -> None:
    both = Both()
    assert both.send(1) is not None
    about = struct.pack("=QqddIIB", 0, 0, 0, 0, height, 4, slot)
    pipe = io.BytesIO(struct.pack("=cI", messages.SHARED, len(about)) + about)
    fetch = lambda at, rows, columns: both.reader.frame(at, rows, columns, print)  # noqa: E731
    with pytest.raises(ValueError, match="slot"):
        messages.receive(pipe, fetch)


def test_memory_that_could_be_cut_is_not_read() -> None:
    fd = new_room()
    reader = SlotReader(fd)
    with pytest.raises(ValueError, match="no size yet"):
        reader.frame(0, 1, 1, print)
    os.ftruncate(fd, 1 << 16)
    with pytest.raises(ValueError, match="could be cut"):
        reader.frame(0, 1, 1, print)
    reader.close()
    with pytest.raises(ValueError, match="no memory is shared"):
        reader.frame(0, 1, 1, print)


def test_without_such_memory_there_is_no_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*words: object) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "memfd_create", refuse)
    assert new_room() == -1
    assert SlotWriter(-1).take(6, 4) is None
    monkeypatch.setattr(sys, "platform", "darwin")
    assert new_room() == -1


def frames_of(process: Process, hold: bool) -> list[tuple[int, int]]:
    """The number and the brightness of a camera's frames, read when all have come."""
    kept: list[messages.Grabbed] = []
    seen: list[tuple[int, int]] = []
    for kind, said in process.received():
        if kind == messages.READY:
            process.ask()
        if isinstance(said, messages.Grabbed):
            kept.append(said)
            if not hold:
                seen.append((said.index, int(said.image_HWC[0, 0, 0])))
                kept.clear()
        del said
    return seen or [(each.index, int(each.image_HWC[0, 0, 0])) for each in kept]


@pytest.mark.slow
@pytest.mark.parametrize("hold", [False, True])
@pytest.mark.parametrize("path", ["file?count=12", "sizes?count=12"])
def test_every_frame_of_a_process_comes_whole_whoever_keeps_it(
    path: str, hold: bool, stage: str
) -> None:
    """Where all slots are held, and of frames larger than the first, through the pipe."""
    address = Address("network", f"{stage}{path}", "a camera")
    process = Process(address, Policy(latest=False), 5.0, 5.0)
    assert frames_of(process, hold) == [(k, 40 + k) for k in range(12)]
    assert process.close() == ""


@pytest.mark.slow
def test_without_shared_memory_frames_come_through_the_pipe(
    stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgehuman.runtime.image.camera.process.new_room", lambda: -1)
    address = Address("network", f"{stage}file?count=5", "a camera")
    process = Process(address, Policy(latest=False), 5.0, 5.0)
    assert frames_of(process, hold=True) == [(k, 40 + k) for k in range(5)]
    process.close()


PARENT = """
import sys, time
from edgehuman.runtime.image.camera.camera import Camera
with Camera(sys.argv[1]) as camera:
    frames = iter(camera)
    taken = [next(frames) for _ in range(3)]
    print(camera._process.number, flush=True)
    time.sleep(60)
"""


@pytest.mark.slow
def test_nothing_is_left_in_memory_when_both_sides_are_killed(stage: str) -> None:
    before = set(os.listdir("/dev/shm"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(STAGE), *sys.path])}
    parent = leaving.start(
        [sys.executable, "-c", PARENT, f"{stage}steady"], stdout=-1, stderr=-3, env=environment
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    maps = Path(f"/proc/{child}/maps").read_text()
    assert "memfd:edgehuman frames" in maps  # it is used
    assert set(os.listdir("/dev/shm")) <= before
    os.kill(child, signal.SIGKILL)
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    parent.stdout.close()
    assert gone([child])
    assert set(os.listdir("/dev/shm")) <= before


@pytest.mark.slow
def test_a_killed_process_takes_no_frame_with_it(stage: str) -> None:
    """Its camera is opened anew; what is held stays, and descriptors do not pile up."""
    from edgehuman.runtime.image.camera.camera import Camera

    with Camera(f"{stage}steady") as camera:
        frames = iter(camera)
        held = [next(frames)]
        before = len(os.listdir("/proc/self/fd"))
        assert camera._process is not None
        os.kill(camera._process.number, signal.SIGKILL)
        first_HWC = held[0].image_HWC
        assert first_HWC is not None
        value, until_s = int(first_HWC[0, 0, 0]), time.monotonic() + 20
        while held[-1].event != "back" and time.monotonic() < until_s:
            held.append(next(frames))
        assert held[-1].event == "back"
        assert int(first_HWC[0, 0, 0]) == value
        del first_HWC
        held.clear()
        gc.collect()
        assert len(os.listdir("/proc/self/fd")) <= before


def test_a_name_of_the_memory_is_told_nobody() -> None:
    fd = new_room()
    assert os.readlink(f"/proc/self/fd/{fd}").endswith("(deleted)")
    assert not any("edgehuman" in name for name in os.listdir("/dev/shm"))
    os.close(fd)
