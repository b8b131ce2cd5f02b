"""Cameras for tests: a stage with a false OpenCV, and servers of moving pictures here."""

from __future__ import annotations

import http.server
import os
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.records import Uint8
from edgehuman.runtime.lines.messages import Backoff

STAGE = Path(__file__).parent / "stage"
_BLOCK, _BITS = 16, 12


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of cameras whose path says what they do (`stage/cv2.py`)."""
    monkeypatch.syspath_prepend(str(STAGE))
    return "http://me:secret@stage/"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera is opened again after 0.05 s."""
    monkeypatch.setattr("edgehuman.runtime.image.camera.camera.Backoff", partial(Backoff, 0.05))


def numbered(number: int, height: int = 120, width: int = _BLOCK * _BITS) -> Uint8:
    """A frame, RGB, whose number can be read from it, also after JPEG."""
    picture = np.full((height, width, 3), 90, np.uint8)
    for bit in range(_BITS):
        picture[:_BLOCK, bit * _BLOCK : (bit + 1) * _BLOCK] = 255 * (number >> bit & 1)
    return picture


def number_of(picture: Uint8) -> int:
    """The number of such a frame, whatever its size."""
    row = cv2.resize(picture, (_BLOCK * _BITS, picture.shape[0]))[4, _BLOCK // 2 :: _BLOCK, 0]
    return sum(int(value > 128) << bit for bit, value in enumerate(row))


class Mjpeg:
    """A server whose camera gives `fps` numbered frames a second to everybody.

    Attributes:
        sent_ns: when each frame was given out, by its number.
        fault: "" or, from now on, "silent": accepts and says nothing; "stall": no more frames.
        late_s: from a request until the answer.
    """

    def __init__(self, fps: float = 50.0, picture: Uint8 | None = None) -> None:
        self.fps, self.fault, self.late_s = fps, "", 0.0
        self.sent_ns: dict[int, int] = {}
        self._picture, self._number = picture, 0
        self._port = 0
        self._server: http.server.ThreadingHTTPServer | None = None
        self._stop = threading.Event()

    @property
    def url(self) -> str:
        """With a password."""
        return f"http://me:secret@127.0.0.1:{self._port}/live"

    def __enter__(self) -> Mjpeg:
        camera = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera._serve(self)

            def log_message(self, *words: object) -> None:
                pass

        self._stop = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def _frames(self) -> Iterator[bytes]:
        due_s = time.monotonic()
        while not self._stop.is_set():
            if self.fault == "stall":
                self._stop.wait(0.02)
                continue
            number = self._number = self._number + 1
            picture = numbered(number) if self._picture is None else self._picture
            if self._picture is not None:  # a sensor has noise
                picture = picture.copy()
                picture[-1, :, 0] = number % 251
            jpeg = cv2.imencode(".jpg", picture[..., ::-1])[1].tobytes()
            self.sent_ns[number % (1 << _BITS)] = time.monotonic_ns()
            yield jpeg
            due_s = max(due_s + 1 / self.fps, time.monotonic() - 0.1)
            time.sleep(max(0.0, due_s - time.monotonic()))

    def _serve(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        if self.fault == "silent":
            self._stop.wait(30)
            return
        self._stop.wait(self.late_s)
        handler.send_response(200)
        handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        handler.end_headers()
        try:
            for jpeg in self._frames():
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                handler.wfile.write(head.encode() + jpeg + b"\r\n")
        except OSError:
            pass


def is_running(number: int) -> bool:
    """Whether a process is there, and no zombie."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone(numbers: list[int], within_s: float = 8.0) -> bool:
    """Whether all these processes end in time."""
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        if not any(map(is_running, numbers)):
            return True
        time.sleep(0.02)
    return False


def children(number: int | None = None) -> list[int]:
    """The processes that a process started, by its main thread or another."""
    found = []
    for path in Path(f"/proc/{number or os.getpid()}/task").glob("*/children"):
        found += [int(each) for each in path.read_text().split()]
    return found
