"""The process that reads one camera: all that may hang, crash or leak in a driver or decoder.

`process.Process` starts it; `messages` says what goes over the pipes. Three threads: one takes
frames, as a queue of frames that nobody takes is a camera that lags; one listens; the main one
sends. It ends with the pipe to it, so with the process that started it, however that ended.
"""

from __future__ import annotations

import math
import os
import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, BinaryIO

from numpy.typing import NDArray

from edgehuman.preprocess.video import MOST_PIXELS
from edgehuman.reading.parsers import foreign, json_of
from edgehuman.runtime.image.camera import messages
from edgehuman.runtime.image.camera.address import Address
from edgehuman.runtime.image.camera.capture import (
    Stated,
    as_rgb,
    open_capture,
    position_s,
    stated,
    why_not,
)
from edgehuman.runtime.image.camera.health import Health, State
from edgehuman.runtime.image.camera.printed import printed
from edgehuman.runtime.image.camera.shared import SlotWriter

ALIVE_S = 0.5
_LEAVE_S = 2.0
_MOST_REQUEST = 1 << 20
_WAITING = 4
"""Frames that wait where none may be passed over; then the camera does."""
_PRINTING_S = 0.05
_HANGS_S = 0.5
"""Beyond its time-out, until a constructor that does not return is given up."""
_EARLY_S, _EARLY = 2.0, 0.05
"""A video that ends so long before its length, or that share of it, was broken off."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture as OpenCV gave it, with the fields of `messages.Grabbed`."""

    index: int
    grabbed_ns: int
    wall_s: float
    stated_s: float
    picture: NDArray[Any]


class Shelf:
    """What the thread that takes frames leaves for the one that sends.

    Args:
        latest: a new frame replaces the one that waits; else it waits for room.

    Attributes:
        counts: frames `grabbed`, and of them `black`, `frozen` and `broken`.
        why: why there are no more; "" as long as there are.
        whole: whether a video ended as it should.
    """

    def __init__(self, latest: bool) -> None:
        self.counts: Counter[str] = Counter()
        self.why, self.whole = "", False
        self._latest = latest
        self._frames: deque[Taken] = deque()
        self._state: State = ""
        self._told: State = ""
        self._closed = False
        self._moved_s = time.monotonic()
        self._changed = threading.Condition()

    def put(self, taken: Taken | None, state: State, what: str = "") -> bool:
        """Leave a frame, None where it shows nothing; False once nobody wants any more.

        Args:
            what: the frame is, for the counts; "" of one that is left.
        """
        with self._changed:
            self.counts["grabbed"] += 1
            if what:
                self.counts[what] += 1
            self._moved_s, self._state = time.monotonic(), state
            if taken is not None:
                while not self._latest and len(self._frames) >= _WAITING and not self._closed:
                    self._changed.wait(ALIVE_S)
                if self._latest:
                    self._frames.clear()
                self._frames.append(taken)
            self._changed.notify_all()
            return not self._closed

    def skip(self) -> bool:
        """A frame that was taken before; False once nobody wants any more."""
        with self._changed:
            self._moved_s = time.monotonic()
            return not self._closed

    def end(self, why: str, whole: bool = False) -> None:
        """There are no more frames."""
        with self._changed:
            self.why, self.whole = why, whole
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody wants any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def news(self) -> bytes:
        """The next message: STATE, READY, ALIVE after half a second of neither, GONE; b"" if there
        is nothing to say: no frame came either, or nobody wants any.
        """
        with self._changed:
            if not self._has_news():
                self._changed.wait(ALIVE_S)
            if self._closed:
                return b""
            if self._frames:  # they are older than a state in which nothing is shown
                return messages.READY
            if self._state != self._told:
                self._told = self._state
                return messages.STATE
            if self.why or self.whole:
                return messages.GONE
            return messages.ALIVE if time.monotonic() - self._moved_s < 2 * ALIVE_S else b""

    def take(self) -> Taken:
        """The frame that waits."""
        with self._changed:
            taken = self._frames.popleft()
            self._told = ""  # whoever has a frame knows that something is shown
            self._changed.notify_all()
            return taken

    @property
    def closed(self) -> bool:
        """Whether nobody wants any more."""
        return self._closed

    @property
    def told(self) -> State:
        """The last state that was told."""
        return self._told

    def _has_news(self) -> bool:
        ended = bool(self.why or self.whole)
        return bool(self._frames) or ended or self._closed or self._state != self._told


class Reader:
    """Takes the frames of an open camera until it gives no more.

    Args:
        every: of the frames 0, every, 2 every, ...
        paced: at the pace of the times that the frames state: of a video, as if it were a camera.
        skip: frames of a video that were taken before its server broke off.
    """

    def __init__(
        self,
        capture: Any,
        shelf: Shelf,
        said: Stated,
        every: int,
        paced: bool,
        read_s: float,
        skip: int = 0,
    ) -> None:
        self._capture, self._shelf, self._stated = capture, shelf, said
        self._skip, self._stated_s = skip, math.nan
        self._every, self._paced, self._read_s = every, paced, read_s
        self._health, self._good_s = Health(), time.monotonic()
        self._zero_s: float | None = None
        self._state: State = ""

    def run(self) -> None:
        """Take frames; what ends it is told to the shelf."""
        index = 0
        try:
            while self._one(index):
                index += 1
        except ValueError as error:
            self._shelf.end(f"OpenCV ended with an error ({error})")
        except BaseException:
            self._shelf.end(traceback.format_exc())
            raise

    def _one(self, index: int) -> bool:
        began_s = time.monotonic()
        with foreign():
            there = self._capture.grab()
        grabbed_ns, wall_s = time.monotonic_ns(), time.time()
        if not there:
            self._end(index, time.monotonic() - began_s)
            return False
        stated_s = self._stated_s = position_s(self._capture)
        if index < self._skip:
            return self._shelf.skip()
        if self._paced:
            self._wait(stated_s)
        if index % self._every:
            return self._shelf.put(None, self._state)
        with foreign():
            is_read, picture = self._capture.retrieve()
        if not is_read or picture is None or not picture.size:
            if grabbed_ns / 1e9 - self._good_s > self._read_s:
                self._shelf.end(f"no frame could be decoded for {self._read_s:g} s")
                return False
            return self._shelf.put(None, self._state, "broken")
        self._good_s = grabbed_ns / 1e9
        if picture.shape[0] * picture.shape[1] > MOST_PIXELS:
            self._shelf.end(
                f"frames of {picture.shape[1]}x{picture.shape[0]} pixels; at most {MOST_PIXELS:,} "
                "are read. Set the camera to a smaller size"
            )
            return False
        if not self._stated.count:  # a video may be as still as it likes
            self._state = self._health.look(picture, grabbed_ns / 1e9)
        if self._state:
            return self._shelf.put(None, self._state, self._state)
        return self._shelf.put(Taken(index, grabbed_ns, wall_s, stated_s, picture), "")

    def _end(self, index: int, waited_s: float) -> None:
        """Tell that there is no frame of this number, after so many seconds."""
        length_s = self._stated.count / self._stated.fps if self._stated.fps else math.inf
        is_early = length_s - self._stated_s > max(_EARLY_S, _EARLY * length_s)
        is_whole = self._stated.count > 0 and index > 0 and not is_early
        said = "its stream ended"
        if self._stated.count > 0 and index > 0:
            said += f" after {self._stated_s:.0f} of {length_s:.0f} s"
        if waited_s > 0.9 * self._read_s:
            said = f"no frame for {waited_s:.1f} s"
        self._shelf.end("" if is_whole else said, is_whole)

    def _wait(self, stated_s: float) -> None:
        now_s = time.monotonic()
        if self._zero_s is None:
            self._zero_s = now_s - stated_s
        while not self._shelf.closed and (left_s := self._zero_s + stated_s - now_s) > 0:
            time.sleep(min(left_s, ALIVE_S))
            now_s = time.monotonic()


class Server:
    """Opens the camera, and sends what it gives until it ends or nobody wants any more.

    Args:
        pipe: to whoever started this process.
        printed: the last lines that libraries printed: FFmpeg says there what went wrong.
    """

    def __init__(self, pipe: BinaryIO, printed: Sequence[str]) -> None:
        self._pipe, self._printed = pipe, printed
        self._wanted = threading.Semaphore(0)
        self._shelf: Shelf | None = None
        self._room = SlotWriter(-1)
        self._closed = False
        self._opening, self._is_back = threading.Lock(), False

    def listen(self, commands: BinaryIO) -> None:
        """Count what is asked for, and take slots back; when the pipe is closed, end, if need be by
        force.
        """
        while command := commands.read(1):
            if command == messages.WANTED:
                self._wanted.release()
            else:
                self._room.give_back(command[0])
        self._closed = True
        if self._shelf is not None:
            self._shelf.close()
            self._wanted.release()
            time.sleep(_LEAVE_S)  # to let the camera go: Argus and RTSP servers remember
        os._exit(0)

    def serve(self, request: Mapping[str, Any]) -> None:
        """Send until the end.

        Args:
            request: see `process.Process`.

        Raises:
            OSError: nobody reads.
        """
        options = MappingProxyType(dict(request["options"]))
        address = Address(request["kind"], request["opened"], "", options)
        open_s, read_s = float(request["open_s"]), float(request["read_s"])
        self._room = SlotWriter(int(request.get("room", -1)))
        began_s, why, capture = time.monotonic(), "", None
        hangs = threading.Timer(open_s + _HANGS_S, self._hangs, (open_s,))
        hangs.daemon = True
        hangs.start()
        try:
            capture = open_capture(address, open_s, read_s)
        except ValueError as error:
            why = f"OpenCV ended with an error ({error})"
        hangs.cancel()
        with self._opening:
            self._is_back = True
        if capture is None or not capture.isOpened():
            waited_s = time.monotonic() - began_s
            slow = f"no answer for {waited_s:.1f} s" if waited_s > 0.9 * open_s else ""
            self._gone(why or why_not(address) or slow or "it cannot be opened")
            return
        said = stated(capture)
        latest = not said.count if request["latest"] is None else bool(request["latest"])
        messages.send(self._pipe, messages.OPENED, {"count": said.count, "fps": said.fps})
        shelf = self._shelf = Shelf(latest)
        paced = bool(said.count and latest)
        skip = int(request.get("skip", 0)) if said.count else 0
        reader = Reader(capture, shelf, said, int(request["every"]), paced, read_s, skip)
        thread = threading.Thread(target=reader.run, name="reader", daemon=True)
        thread.start()
        try:
            self._send_all(shelf)
        finally:
            shelf.close()
            thread.join(_LEAVE_S)
            if not thread.is_alive():  # it would crash inside grab()
                capture.release()

    def _hangs(self, open_s: float) -> None:
        """Say so, with what was printed, and end: GStreamer waits for ever for a pipeline of which
        it has only the end.
        """
        with self._opening:
            if not self._is_back:
                self._gone(f"no answer for {open_s:.1f} s")
                os._exit(0)

    def _send_all(self, shelf: Shelf) -> None:
        while not self._closed:
            kind = shelf.news()
            if kind == messages.READY:
                self._send_one(shelf)
            elif kind == messages.GONE:
                self._gone(shelf.why, shelf.counts)
                return
            elif kind:
                state = {"state": shelf.told} if kind == messages.STATE else {}
                messages.send(self._pipe, kind, {"counts": dict(shelf.counts), **state})

    def _send_one(self, shelf: Shelf) -> None:
        messages.send(self._pipe, messages.READY)
        while not self._wanted.acquire(timeout=ALIVE_S):
            messages.send(self._pipe, messages.ALIVE, {"counts": dict(shelf.counts)})
        if self._closed:
            return
        taken = shelf.take()
        slot = self._room.take(*taken.picture.shape[:2])
        rgb_HWC = as_rgb(taken.picture, None if slot is None else slot[1])
        frame = messages.Grabbed(
            taken.index, taken.grabbed_ns, taken.wall_s, taken.stated_s, rgb_HWC
        )
        messages.send_frame(self._pipe, frame, None if slot is None else slot[0])

    def _gone(self, why: str, counts: Mapping[str, int] = MappingProxyType({})) -> None:
        """Say why there are no more frames, with what was printed last; "": a video ended."""
        time.sleep(_PRINTING_S)
        if why and self._printed:
            why = f"{why}: {'; '.join(self._printed)}"
        messages.send(self._pipe, messages.GONE, {"why": why, "counts": dict(counts)})


def main() -> None:
    """The process. Its standard output is the pipe, so what a library prints there goes to standard
    error: Argus does.
    """
    commands, pipe = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    server = Server(pipe, printed())
    try:
        import cv2

        cv2.setNumThreads(1)
        messages.send(pipe, messages.STARTED)
        request = json_of(commands.readline(_MOST_REQUEST))
        threading.Thread(target=server.listen, args=(commands,), daemon=True).start()
        server.serve(request)
    except OSError:
        pass  # nobody reads any more
    except BaseException:
        messages.send(pipe, messages.GONE, {"bug": traceback.format_exc()})
    os._exit(0)  # the interpreter's own end would wait for a decoder that hangs
