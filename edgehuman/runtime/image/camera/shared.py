"""Memory that a camera's process and ours share, in which frames come without being copied.

    fd = new_room()                      ours, before its process is started; -1: there is none
    room = SlotWriter(fd)                its process: room.take(height, width), room.give_back(slot)
    frames = SlotReader(fd)              ours: frames.frame(slot, height, width, when_done)

The memory has no name: nothing lies in /dev/shm, and the system frees it once both processes are
gone, however they ended. A frame keeps its slot until nobody holds it or a part of it any more.
Where all slots are held, or a frame is larger than the first one, it comes through the pipe. The
file cannot be cut while it is mapped (F_SEAL_SHRINK): reading it can never end this process.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import sys
import threading
import weakref
from collections.abc import Callable

import numpy as np

from edgehuman.records import Uint8

SLOTS = 4
"""One that is looked at, one that is written, and two for a page or a film beside the loop."""
_CHANNELS = 3


def new_room() -> int:
    """The descriptor of memory without a name and, so far, without a size; -1 where the system has
    none: then frames come through the pipe.
    """
    if sys.platform != "linux":
        return -1
    try:
        return os.memfd_create("edgehuman frames", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError:
        return -1


class SlotWriter:
    """The slots as the camera's process sees them; the first frame says how large they are.

    Args:
        fd: of `new_room`, inherited; -1: there are no slots.
    """

    def __init__(self, fd: int) -> None:
        self._fd, self._size = fd, 0
        self._memory: mmap.mmap | None = None
        self._free = list(range(SLOTS))
        self._lock = threading.Lock()

    def take(self, height: int, width: int) -> tuple[int, Uint8] | None:
        """A slot and the frame (H, W, 3) to be filled there; None if none is free or large
        enough.
        """
        needed = height * width * _CHANNELS
        with self._lock:
            if self._memory is None and not self._made(needed):
                return None
            if needed > self._size or not self._free:
                return None
            slot = self._free.pop()
        assert self._memory is not None
        room = np.frombuffer(self._memory, np.uint8, needed, slot * self._size)
        return slot, room.reshape(height, width, _CHANNELS)

    def give_back(self, slot: int) -> None:
        """Nobody looks at the frame of a slot any more."""
        with self._lock:
            if slot < SLOTS and slot not in self._free:
                self._free.append(slot)

    def _made(self, needed: int) -> bool:
        if self._fd < 0:
            return False
        import fcntl

        size = -(-needed // mmap.PAGESIZE) * mmap.PAGESIZE
        try:
            os.ftruncate(self._fd, SLOTS * size)
            fcntl.fcntl(self._fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
            self._memory = mmap.mmap(self._fd, SLOTS * size)
        except (OSError, ValueError):  # no memory, or no seals
            self._fd = -1
            return False
        self._size = size
        return True


class SlotReader:
    """The slots as we see them.

    Args:
        fd: of `new_room`; closed with `close`.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._memory: mmap.mmap | None = None

    def frame(
        self, slot: int, height: int, width: int, when_done: Callable[[int], object]
    ) -> Uint8:
        """The frame (H, W, 3) in a slot, not copied.

        Args:
            when_done: called with the slot, on any thread, once nobody holds the frame.

        Raises:
            ValueError: there is no such slot, or the frame does not fit into it.
        """
        memory = self._mapped()
        size, needed = len(memory) // SLOTS, height * width * _CHANNELS
        if not (0 <= slot < SLOTS and 0 < needed <= size):
            raise ValueError(f"a frame of {width}x{height} pixels in slot {slot} of {size:,} bytes")
        held = (ctypes.c_ubyte * needed).from_buffer(memory, slot * size)
        # Every view of the frame holds this object, whatever NumPy makes of chains of views.
        weakref.finalize(held, when_done, slot).atexit = False
        flat: Uint8 = np.frombuffer(memoryview(held), np.uint8)
        return flat.reshape(height, width, _CHANNELS)

    def close(self) -> None:
        """Map no more; frames that are held stay as they are."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with contextlib.suppress(OSError):
                os.close(fd)

    def _mapped(self) -> mmap.mmap:
        if self._memory is None:
            import fcntl

            if self._fd < 0:
                raise ValueError("no memory is shared")
            try:
                sealed = fcntl.fcntl(self._fd, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SHRINK
                size = os.fstat(self._fd).st_size
            except OSError as error:
                raise ValueError(f"the shared memory cannot be read ({error.strerror})") from None
            if not sealed or not size:
                raise ValueError("the shared memory has no size yet, or could be cut")
            self._memory = mmap.mmap(self._fd, size)
        return self._memory
