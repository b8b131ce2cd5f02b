"""A camera that goes on: read by a process of its own, watched, and opened again for ever.

    with Camera("rtsp://door/1") as camera:
        for taken in camera:
            if taken.event:
                print(taken.event, taken.reason)          lost, frozen, black, back
            else:
                print(taken.t_s, taken.age_ms, taken.image_HWC.shape)

`edgehuman.stream(model, camera)` takes one too. A frame's number and time go on rising over every
gap.
"""

from __future__ import annotations

import math
import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from edgehuman.errors import UsageError
from edgehuman.install import not_installed
from edgehuman.reading.secrets import without_secrets
from edgehuman.runtime.image.camera import messages
from edgehuman.runtime.image.camera.address import live_address
from edgehuman.runtime.image.camera.capture import require_there
from edgehuman.runtime.image.camera.policy import policy_of
from edgehuman.runtime.image.camera.process import Process
from edgehuman.runtime.image.frames.taken import BACK, BLACK, FROZEN, LOST, TakenFrame, too_small
from edgehuman.runtime.lines.messages import Backoff
from edgehuman.runtime.loop.opencv import require_gstreamer

OPEN_S, READ_S = 5.0, 5.0
_START_S = 30.0
"""For Python and OpenCV to be imported, on the slowest board."""
_GRACE_S = 2.0
"""Beyond its time-out, until a process that does not answer is ended."""
_LOOK_S = 0.2
_PATIENCE = (1, 2, 4)
"""Times `open_s`, for an address that gave no answer so often in a row: some cameras send a whole
picture every ten or twenty seconds only, and before that there is nothing to open."""
_MOST_EVENTS = 256
_MOST_TIMEOUT_S = 3600.0
_SAID = {
    BLACK: "the picture is black; its lens may be covered, or its light off",
    FROZEN: "the same picture for over 2 s; the camera or its decoder hangs",
}


class Camera:
    """One camera.

    Args:
        source: 0, camera:0, /dev/video0, rtsp://..., http://..., csi://0; see `camera.address`.
        policy: latest, all or every-N; None: latest, and all of a video that a server has.
        every: of the frames 0, every, 2 every, ...
        open_s, read_s: for how long it may give no answer, and no frame, until it counts as lost.
            An address that gave none is waited for twice as long, then four times.
        pipelines: whether `gst:` is allowed; see `camera.address`.

    Attributes:
        name: of the camera in results and messages, without passwords.

    Raises:
        UsageError: the source names no camera, or a value is out of range.
        DataError: a camera of this machine that is not here, or must not be opened.
        MissingDependencyError: OpenCV is not here, or has no GStreamer.
    """

    def __init__(
        self,
        source: str | int,
        policy: str | None = None,
        every: int = 1,
        *,
        open_s: float = OPEN_S,
        read_s: float = READ_S,
        pipelines: bool = False,
    ) -> None:
        address = live_address(str(source), pipelines)
        if address is None:
            raise UsageError(
                f"source {without_secrets(str(source))} is no camera; give its number, /dev/video0,"
                " rtsp://..., http://... or csi://0"
            )
        for name, value in (("open_s", open_s), ("read_s", read_s)):
            if not 0 < value <= _MOST_TIMEOUT_S:
                raise UsageError(f"{name} is {value}; it must be over 0, at most 3600 seconds")
        self.name = address.shown
        self._address, self._policy = address, policy_of(policy, every)
        self._open_s, self._read_s = open_s, read_s
        self._now_open_s = open_s
        if find_spec("cv2") is None:
            raise not_installed("cv2", "a camera")
        if address.kind == "pipeline":
            require_gstreamer(self.name)
        require_there(address)
        self._stop = threading.Event()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._process: Process | None = None
        self._due_s = math.inf  # by when the process has to say something
        self._overdue = ""
        self._events: deque[TakenFrame] = deque(maxlen=_MOST_EVENTS)
        self._frame: messages.Grabbed | None = None
        self._is_ready, self._ended, self._bug = False, False, ""
        self._zero_ns = 0
        self._first, self._next = 0, 0  # numbers: of this opening's first frame, and the next one
        self._is_video, self._fps, self._stated = False, 0.0, 0
        self._was_opened, self._broke_at, self._skipped = False, -1, 0
        self._state, self._since_s = "", 0.0
        self._counts: Counter[str] = Counter()  # of earlier openings
        self._now: Mapping[str, int] = {}  # of this one

    # For one camera by itself ----------------------------------------------------------------

    def __enter__(self) -> Camera:
        self.start(self._wake, time.monotonic_ns())
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[TakenFrame]:
        """Its frames and what happens to it, until it is closed; a video that a server has ends."""
        if self._thread is None:
            raise UsageError(f"{self.name} is not open; iterate inside `with camera:`")
        while not self._stop.is_set():
            taken = self.take()
            if taken is not None:
                yield taken
            elif self.ended:
                return
            else:
                self.look()
                with self._wake:
                    if not self.has_something():
                        self._wake.wait(_LOOK_S)

    def report(self) -> dict[str, Any]:
        """Frames that it gave, and what became of them."""
        with self._wake:
            counts = self._counts + Counter(self._now)
            given = self._counts["given"]
            shown_none = {name: counts[name] for name in (BLACK, FROZEN, "broken")}
            found: dict[str, Any] = {
                "source": self.name,
                "grabbed": counts["grabbed"],
                "passed_over": max(0, counts["grabbed"] - given - sum(shown_none.values())),
                **shown_none,
                "lost": self._counts[LOST],
            }
            if self._is_video:
                found["missing_frames"] = max(0, self._stated - counts["grabbed"])
            return found

    # For several: `frames.several` -----------------------------------------------------------

    @property
    def is_video(self) -> bool:
        """Whether it turned out to be a video that a server has, with an end."""
        return self._is_video

    @property
    def ended(self) -> bool:
        """Whether such a video ended, and all of it was taken."""
        return self._ended and not self.has_something()

    def start(self, wake: threading.Condition, zero_ns: int) -> None:
        """Begin to read.

        Args:
            wake: notified when there is something to take.
            zero_ns: the monotonic clock where t_s is 0.

        Raises:
            UsageError: it was read before.
        """
        if self._thread is not None or self._stop.is_set():
            raise UsageError(f"{self.name} was read or closed already; make another Camera")
        self._wake, self._zero_ns = wake, zero_ns
        self._thread = threading.Thread(target=self._live, name=f"camera {self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Tell its process to let the camera go."""
        self._stop.set()
        with self._wake:
            process = self._process
        if process is not None:
            process.leave()

    def close(self) -> None:
        """Let the camera go, and wait until its process has ended."""
        self.stop()
        if self._thread is not None:
            self._thread.join()

    def has_something(self) -> bool:
        """Whether `take` gives something at once."""
        return bool(self._events or self._is_ready or self._bug) or self._frame is not None

    def look(self) -> None:
        """End the process if it should have said something by now."""
        with self._wake:
            process, late_s = self._process, time.monotonic() - self._due_s
            if process is None or late_s < 0:
                return
            self._due_s = math.inf
            self._overdue = "its process did not answer, and was ended"
        process.kill()

    def take(self) -> TakenFrame | None:
        """What happened to the camera, or the newest frame; None if there is neither.

        Raises:
            RuntimeError: a fault of our own in its process.
        """
        asked: Process | None = None
        while True:
            with self._wake:
                if self._bug:
                    raise RuntimeError(f"the process of {self.name} failed:\n{self._bug}")
                if self._events:
                    return self._events.popleft()
                if self._frame is not None:
                    grabbed, self._frame = self._frame, None
                    self._counts["given"] += 1
                    return self._taken(grabbed)
                if self._is_ready and self._process is not None:
                    self._is_ready, asked = False, self._process
                    asked.ask()
                elif asked is None or self._process is not asked:
                    return None
                self._wake.wait(_LOOK_S)
            self.look()

    def _taken(self, grabbed: messages.Grabbed) -> TakenFrame:
        index = self._first + grabbed.index
        stated_s = None if math.isnan(grabbed.stated_s) else grabbed.stated_s
        height, width = grabbed.image_HWC.shape[:2]
        reason = too_small(height, width)
        t_s = (grabbed.grabbed_ns - self._zero_ns) / 1e9
        if self._is_video and stated_s is not None:
            t_s = stated_s
        return TakenFrame(
            str(index),
            index,
            max(t_s, 0.0),
            None if reason else grabbed.image_HWC,
            height,
            width,
            reason=reason,
            source=self.name,
            grabbed_ns=grabbed.grabbed_ns,
            wall_s=None if self._is_video else grabbed.wall_s,
            stream_s=stated_s if self._address.kind == "network" else None,
        )

    # The thread that watches ------------------------------------------------------------------

    def _live(self) -> None:
        try:
            self._for_ever()
        except BaseException:
            self._bug = traceback.format_exc()  # `take` raises it
        with self._wake:
            self._wake.notify_all()

    def _for_ever(self) -> None:
        backoff, failed = Backoff(), 0
        while not self._stop.is_set():
            self._now_open_s = self._open_s * _PATIENCE[min(failed, len(_PATIENCE) - 1)]
            why, has_begun = self._once()
            if self._ended or self._bug or self._stop.is_set() or self._is_over():
                break
            failed = 0 if has_begun else failed + 1
            if has_begun:
                backoff.worked()
            pause_s = backoff.failed()
            self._change(LOST, f"{why}; trying again for ever, the next time in {pause_s:.0f} s")
            self._stop.wait(pause_s)

    def _is_over(self) -> bool:
        """Whether a video that was opened again ended where it did before: its length is wrong."""
        if not (self._is_video and self._was_opened):
            return False
        self._ended = self._next == self._broke_at
        self._broke_at = self._next
        return self._ended

    def _once(self) -> tuple[str, bool]:
        """Open the camera once and read it to the end; why it ended, and whether frames came. A
        video goes on where it broke off.
        """
        self._first, self._overdue, self._was_opened = self._next, "", False
        self._skipped = self._next if self._is_video else 0
        self._due(_START_S)
        try:
            process = Process(
                self._address, self._policy, self._now_open_s, self._read_s, self._skipped
            )
        except OSError as error:
            return f"its process cannot be started ({error.strerror})", False
        why, has_begun = "", False
        try:
            with self._wake:
                self._process = process
            if self._stop.is_set():  # `close` may not have seen the process
                process.leave()
            for kind, said in process.received():
                if isinstance(said, messages.Grabbed):
                    has_begun = True
                    self._given(said)
                else:
                    why = self._told(kind, said) or why
        finally:
            code = process.close()
            with self._wake:
                self._process, self._due_s, self._is_ready = None, math.inf, False
                self._counts += Counter(self._now)
                self._now = {}
        ended = f"its process ended by {code}" if code else "its process ended"
        return self._overdue or why or ended, has_begun

    def _given(self, grabbed: messages.Grabbed) -> None:
        self._due(self._read_s)
        with self._wake:
            self._change("", "")
            self._frame = grabbed
            self._next = self._first + grabbed.index + 1
            self._now = {**self._now, "grabbed": grabbed.index + 1 - self._skipped}
            self._wake.notify_all()

    def _told(self, kind: bytes, said: Mapping[str, Any]) -> str:
        """Take note of a message; of the last one, why there are no more frames."""
        self._due(self._now_open_s if kind == messages.STARTED else self._read_s)
        if kind == messages.OPENED:
            with self._wake:
                self._is_video, self._stated = said["count"] > 0, said["count"]
                self._was_opened = True
                if self._is_video:  # its process counts the frames that are passed over, too
                    self._first = 0
                self._fps = said["fps"]
        if "counts" in said:
            with self._wake:
                self._now = said["counts"]
                self._next = max(self._next, self._first + self._now.get("grabbed", 0))
        if state := said.get("state"):
            self._change(state, _SAID[state])
        with self._wake:
            self._is_ready |= kind == messages.READY
            self._bug = said.get("bug", "")
            why = without_secrets(str(said.get("why", "")))
            self._ended = kind == messages.GONE and not why and not self._bug
            self._wake.notify_all()
        return why

    def _change(self, state: str, said: str) -> None:
        """Tell when the camera begins to show nothing, and when it shows something again."""
        with self._wake:
            if state == LOST:
                self._counts[LOST] += self._state != LOST
            if state == self._state:
                return
            now_s = time.monotonic()
            if not state:
                said = f"there is a picture again, after {now_s - self._since_s:.1f} s"
            if not self._state:
                self._since_s = now_s
            self._state = state
            t_s = (time.monotonic_ns() - self._zero_ns) / 1e9
            self._events.append(
                TakenFrame(
                    "",
                    -1,
                    t_s,
                    reason=said,
                    source=self.name,
                    wall_s=time.time(),
                    event=state or BACK,
                )
            )
            self._wake.notify_all()

    def _due(self, within_s: float) -> None:
        with self._wake:
            self._due_s = time.monotonic() + within_s + _GRACE_S
