"""The process that reads a camera, part by part."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edgehuman.runtime.image.camera import child, messages
from edgehuman.runtime.image.camera.capture import Stated
from edgehuman.runtime.image.camera.child import Reader, Server, Shelf, Taken
from tests import leaving

NO_END, READ_S = Stated(0, 25.0), 0.5


class Pictures:
    """A camera that gives these; None: it cannot be decoded."""

    def __init__(self, pictures: list[NDArray[Any] | None]) -> None:
        self._pictures, self.index = pictures, -1
        self.released = False

    def isOpened(self) -> bool:
        return True

    def grab(self) -> bool:
        self.index += 1
        return self.index < len(self._pictures)

    def retrieve(self) -> tuple[bool, NDArray[Any] | None]:
        picture = self._pictures[self.index]
        return picture is not None, picture

    def get(self, name: int) -> float:
        return 100.0 * self.index if name == cv2.CAP_PROP_POS_MSEC else 0.0

    def release(self) -> None:
        self.released = True


def pictures(count: int) -> list[NDArray[Any] | None]:
    return [np.full((9, 8, 3), 50 + k, np.uint8) for k in range(count)]


def taken(index: int) -> Taken:
    return Taken(index, 0, 0.0, 0.0, np.zeros((1, 1, 3), np.uint8))


def read(shelf: Shelf, given: list[NDArray[Any] | None], said: Stated, **words: Any) -> Reader:
    words = {"every": 1, "paced": False, "read_s": READ_S, **words}
    reader = Reader(Pictures(given), shelf, said, **words)
    reader.run()
    return reader


def rest(shelf: Shelf) -> Iterator[int]:
    while shelf.news() == messages.READY:
        yield shelf.take().index


# What waits ---------------------------------------------------------------------------------------


def test_of_a_camera_the_newest_waits() -> None:
    shelf = Shelf(latest=True)
    read(shelf, pictures(5), NO_END)
    assert list(rest(shelf)) == [4]
    assert shelf.news() == messages.GONE
    assert shelf.why == "its stream ended"
    assert shelf.counts["grabbed"] == 5


def test_where_none_may_be_passed_over_the_reader_waits_for_room() -> None:
    shelf = Shelf(latest=False)
    reading = threading.Thread(target=read, args=(shelf, pictures(9), Stated(9, 25.0)))
    reading.start()
    time.sleep(0.05)
    assert reading.is_alive()
    assert list(rest(shelf)) == list(range(9))
    reading.join()
    assert (shelf.news(), shelf.why, shelf.whole) == (messages.GONE, "", True)


def test_every_third() -> None:
    shelf = Shelf(latest=False)
    read(shelf, pictures(8), NO_END, every=3)
    assert list(rest(shelf)) == [0, 3, 6]


def test_nobody_wants_any_more() -> None:
    shelf = Shelf(latest=False)
    threading.Timer(0.05, shelf.close).start()
    read(shelf, pictures(9), NO_END)  # room for four
    assert shelf.news() == b""
    assert shelf.closed


def test_silence_is_told_by_saying_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "ALIVE_S", 0.02)
    shelf = Shelf(latest=True)
    shelf.put(None, "")
    assert shelf.news() == messages.ALIVE
    time.sleep(0.05)
    assert shelf.news() == b""


def test_passing_over_what_was_taken_before_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "ALIVE_S", 0.02)
    shelf = Shelf(latest=False)
    time.sleep(0.05)
    assert shelf.news() == b""
    assert shelf.skip()
    assert shelf.news() == messages.ALIVE
    assert shelf.counts["grabbed"] == 0
    shelf.close()
    assert not shelf.skip()


def test_a_video_goes_on_behind_the_frames_that_were_taken() -> None:
    shelf = Shelf(latest=False)
    read(shelf, pictures(6), Stated(6, 0.0), skip=4)
    assert list(rest(shelf)) == [4, 5]
    assert (shelf.counts["grabbed"], shelf.whole) == (2, True)


def test_black_pictures_are_told_once_and_never_wait() -> None:
    black = np.zeros((9, 8, 3), np.uint8)
    shelf = Shelf(latest=True)
    read(shelf, [*pictures(2), black, black], NO_END)
    assert list(rest(shelf)) == [1]  # it was there before; then `rest` took note of the state
    assert shelf.told == "black"
    assert shelf.news() == messages.GONE
    assert (shelf.counts["black"], shelf.counts["grabbed"]) == (2, 4)


def test_a_video_may_be_as_dark_and_still_as_it_likes() -> None:
    shelf = Shelf(latest=False)
    read(shelf, [np.zeros((9, 8, 3), np.uint8)] * 3, Stated(3, 25.0))
    assert list(rest(shelf)) == [0, 1, 2]


def test_frozen_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgehuman.runtime.image.camera.health.FROZEN_S", -1.0)
    shelf = Shelf(latest=True)
    read(shelf, [*pictures(1), *pictures(1)], NO_END)
    assert list(rest(shelf)) == [0]
    assert shelf.told == "frozen"


def test_a_state_is_told_after_the_frames_before_it_and_again_after_each() -> None:
    shelf = Shelf(latest=True)
    shelf.put(None, "black", "black")
    assert (shelf.news(), shelf.told) == (messages.STATE, "black")
    shelf.put(taken(1), "")
    assert (shelf.news(), shelf.take().index) == (messages.READY, 1)
    shelf.put(taken(2), "")
    shelf.put(None, "black", "black")
    assert (shelf.news(), shelf.take().index) == (messages.READY, 2)
    assert (shelf.news(), shelf.told) == (messages.STATE, "black")


def test_a_frame_that_cannot_be_decoded_is_passed_over_for_a_while() -> None:
    shelf = Shelf(latest=True)
    read(shelf, [*pictures(1), None, *pictures(1)], NO_END)
    assert list(rest(shelf)) == [2]
    assert shelf.counts["broken"] == 1
    shelf = Shelf(latest=True)
    read(shelf, [None] * 3, NO_END, read_s=-1.0)
    assert shelf.why == "no frame could be decoded for -1 s"


def test_a_frame_is_at_most_as_large_as_frames_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "MOST_PIXELS", 71)
    shelf = Shelf(latest=True)
    read(shelf, pictures(2), NO_END)
    assert shelf.why.startswith("frames of 8x9 pixels; at most 71 are read")


def test_what_opencv_raises_ends_the_camera_and_not_the_process() -> None:
    camera, shelf = Pictures(pictures(1)), Shelf(latest=True)
    camera.retrieve = lambda: 1 / 0  # type: ignore[assignment,return-value]
    Reader(camera, shelf, NO_END, 1, False, READ_S).run()
    assert shelf.why.startswith("OpenCV ended with an error (ZeroDivisionError")


def test_a_video_is_played_at_its_pace_where_only_the_newest_counts() -> None:
    shelf, begin_s = Shelf(latest=True), time.monotonic()
    read(shelf, pictures(3), Stated(3, 10.0), paced=True)  # 0.1 s apart
    assert time.monotonic() - begin_s == pytest.approx(0.2, abs=0.1)


# What is sent -------------------------------------------------------------------------------------


def served(monkeypatch: pytest.MonkeyPatch, camera: Any, **words: Any) -> list[Any]:
    """The messages for so many frames that are asked for."""
    monkeypatch.setattr(child, "open_capture", lambda *given: camera)
    request = {"kind": "network", "opened": "http://a", "options": {}, "latest": None, "every": 1,
               "open_s": 5, "read_s": READ_S, **words}  # fmt: skip
    pipe = io.BytesIO()
    server = Server(pipe, ["Connection refused"])
    server._wanted.release(9)
    server.serve(request)
    pipe.seek(0)
    found = []
    while pipe.tell() < len(pipe.getvalue()):
        found.append(messages.receive(pipe))
    return found


def test_a_camera_is_opened_and_its_frames_are_announced_and_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    camera = Pictures(pictures(2))
    found = served(monkeypatch, camera, latest=False)
    kinds = [kind for kind, _ in found if kind != messages.ALIVE]
    assert kinds == [messages.OPENED, *[messages.READY, messages.FRAME] * 2, messages.GONE]
    assert found[0][1] == {"count": 0, "fps": 0.0}
    grabbed = [said for kind, said in found if kind == messages.FRAME]
    assert [(each.index, each.stated_s, each.image_HWC.shape) for each in grabbed] == [
        (0, 0.0, (9, 8, 3)),
        (1, 0.1, (9, 8, 3)),
    ]
    assert found[-1][1] == {
        "why": "its stream ended: Connection refused",
        "counts": {"grabbed": 2},
    }
    assert camera.released


def test_what_was_printed_says_why_a_camera_cannot_be_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    camera = Pictures([])
    camera.isOpened = lambda: False  # type: ignore[method-assign]
    ((kind, said),) = served(monkeypatch, camera)
    assert kind == messages.GONE
    assert said["why"] == "it cannot be opened: Connection refused"


def test_it_imports_no_pytorch_and_little_else() -> None:
    code = (
        "import sys, edgehuman.runtime.image.camera.child\n"
        "heavy = 'torch onnxruntime tyro onnx scipy matplotlib multiprocessing'.split()\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    done = leaving.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
