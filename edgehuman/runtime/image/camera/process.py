"""The process of one camera (`child`), as the one that started it sees it.

A process and no thread: a decoder or driver that hangs cannot be stopped otherwise, and one that
crashes takes nothing with it. It is no `multiprocessing.Process`, which would import the caller's
script, and PyTorch with it. The address is written to a pipe: words of a command line are for
everybody to read.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from edgehuman.install import code_line
from edgehuman.outcome import to_json
from edgehuman.records import Uint8
from edgehuman.runtime.image.camera import messages
from edgehuman.runtime.image.camera.address import Address
from edgehuman.runtime.image.camera.policy import Policy
from edgehuman.runtime.image.camera.shared import SlotReader, new_room

_START = "from edgehuman.runtime.image.camera.child import main; main()"
_FFMPEG = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_PIPE_BYTES = 1 << 20
_LEAVE_S, _DIE_S = 3.0, 5.0


class Process:
    """A process that has one camera open.

    Args:
        open_s, read_s: time-outs.
        skip: frames of a video that were taken before.

    Attributes:
        number: of the process.
    """

    def __init__(
        self, address: Address, policy: Policy, open_s: float, read_s: float, skip: int = 0
    ) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        if address.opened.lower().startswith("rtsp"):  # by UDP, half of a frame is grey
            environment.setdefault(_FFMPEG, "rtsp_transport;tcp")
        if address.kind == "pipeline":  # which element is missing, OpenCV does not say
            environment = {"GST_DEBUG": "1", "GST_DEBUG_NO_COLOR": "1", **environment}
        room = new_room()
        self._frames = SlotReader(room)
        try:
            self._process = subprocess.Popen(
                code_line(_START),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                pipesize=_PIPE_BYTES if sys.platform == "linux" else -1,
                start_new_session=True,  # Ctrl-C is for us: it has to let the camera go in peace
                env=environment,
                pass_fds=[room] if room >= 0 else (),
            )
        except BaseException:
            self._frames.close()
            raise
        self.number = self._process.pid
        request = {
            "kind": address.kind, "opened": address.opened, "options": dict(address.options),
            "latest": policy.latest, "every": policy.every, "open_s": open_s, "read_s": read_s,
            "room": room, "skip": skip,
        }  # fmt: skip
        with contextlib.suppress(OSError):  # it is gone already, which `received` tells
            self._pipe(self._process.stdin).write(to_json(request).encode() + b"\n")

    def received(self) -> Iterator[tuple[bytes, dict[str, Any] | messages.Grabbed]]:
        """Its messages, until it ends."""
        pipe = self._pipe(self._process.stdout)
        with contextlib.suppress(EOFError, OSError, ValueError):
            while True:
                yield messages.receive(pipe, self._frame)

    def ask(self) -> None:
        """Ask for a frame."""
        with contextlib.suppress(OSError, ValueError):
            self._pipe(self._process.stdin).write(messages.WANTED)

    def _frame(self, slot: int, height: int, width: int) -> Uint8:
        """A frame in shared memory, whose slot is free again once nobody holds it."""
        return self._frames.frame(slot, height, width, self._give_back)

    def _give_back(self, slot: int) -> None:
        with contextlib.suppress(OSError, ValueError):  # it has left
            self._pipe(self._process.stdin).write(bytes([slot]))

    def leave(self) -> None:
        """Tell it to let the camera go and to end; `received` ends then."""
        with contextlib.suppress(OSError):
            self._pipe(self._process.stdin).close()

    def kill(self) -> None:
        """End it at once, from any thread; `received` ends then."""
        self._process.kill()

    def close(self) -> str:
        """Wait until it has left, or end it. How it ended, in words, if not in peace."""
        self.leave()
        for patience_s in (_LEAVE_S, _DIE_S):
            try:
                self._process.wait(patience_s)
                break
            except subprocess.TimeoutExpired:
                self._process.kill()
        with contextlib.suppress(OSError):
            self._pipe(self._process.stdout).close()
        self._frames.close()
        code = self._process.returncode
        return "" if not code else f"signal {-code}" if code < 0 else f"exit code {code}"

    @staticmethod
    def _pipe(pipe: Any) -> BinaryIO:
        assert pipe is not None
        opened: BinaryIO = pipe
        return opened
