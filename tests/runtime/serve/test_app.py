"""What the page answers: to those who may see it, to those who may not, and to broken ones."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.runtime.serve.app import HEAD
from edgehuman.runtime.serve.viewer import MOST_VIEWERS
from tests.runtime.serve.browser import Browser, program
from tests.runtime.serve.viewing import TOKEN, Picture, Running, running, until_alone

EVIL = "<img src=x onerror=alert(1)>"
INKS = """(() => {
  const canvas = document.querySelector("NAME");
  const rgba = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(new Uint32Array(rgba.buffer)).size;
})()"""


@pytest.mark.slow
def test_a_viewer_gets_the_newest_picture_and_no_older_one(page: Running) -> None:
    page.board.show(Picture(1, stamp_ns=123))
    with page.socket() as viewer:
        row, picture = viewer.update()
        number, stamp_ns = HEAD.unpack(picture[: HEAD.size])
        assert (number, stamp_ns, picture[HEAD.size :]) == (1, 123, Picture(1).jpeg(False))
        assert (row["about"]["model"], row["shots"][0]["number"]) == ("zoo:x", 1)
        for later in (2, 3, 4, 5):
            page.board.show(Picture(later))
            page.board.add({"t": later})
        time.sleep(0.2)  # nothing comes before the acknowledgement
        viewer.acknowledge(row)
        row, picture = viewer.update()
        assert (HEAD.unpack(picture[: HEAD.size])[0], "about" in row) == (5, False)
        assert [line["t"] for line in row["lines"]] == [2, 3, 4, 5]
        viewer.acknowledge(row)
        row, picture = viewer.update()  # after a second of nothing
        assert (row["shots"], picture, row["figures"]["viewers"]) == ([], b"", 1)
    assert page.server.page.viewers.skipped >= 3
    until_alone(page)


def test_each_source_has_its_newest_picture() -> None:
    with running() as page:
        for number, source in enumerate(["door", "gate", "door", "door", "gate"], start=1):
            page.board.show(Picture(number, source=source))
        with page.socket() as viewer:
            row, _ = viewer.update()
        found = [(shot["source"], shot["number"]) for shot in row["shots"]]
        numbers = [HEAD.unpack(each[: HEAD.size])[0] for each in viewer.pictures]
        assert (found, numbers) == ([("door", 4), ("gate", 5)], [4, 5])
        with page.connected() as link:
            head = f"host: {page.headers['host']}\r\ncookie: {page.headers['cookie']}"
            link.sendall(f"GET /stream.mjpg?source=gate HTTP/1.1\r\n{head}\r\n\r\n".encode())
            content = b""
            while Picture(5).jpeg(True) not in content:
                content += link.recv(4096)
            assert Picture(4).jpeg(True) not in content


def test_only_so_many_watch_at_a_time(page: Running) -> None:
    with contextlib.ExitStack() as stack:
        viewers = [stack.enter_context(page.socket()) for _ in range(MOST_VIEWERS)]
        assert all(viewer.update()[0] for viewer in viewers)
        late = stack.enter_context(page.socket())
        assert (late.update()[0], late.closed) == ({}, 1013)
        assert page.ask("/stream.mjpg").status == 503
        assert page.ask("/").status == 200
    until_alone(page)
    with page.socket() as viewer:
        assert viewer.update()[0]
    until_alone(page)


def test_the_stream_is_jpeg_with_what_was_found_drawn_in(page: Running) -> None:
    page.board.show(Picture(7))
    request = f"GET /stream.mjpg HTTP/1.1\r\nhost: {page.headers['host']}\r\n"
    with page.connected() as link:
        link.sendall(f"{request}cookie: {page.headers['cookie']}\r\n\r\n".encode())
        content = b""
        while Picture(7).jpeg(True) not in content:
            content += link.recv(4096)
        page.board.show(Picture(8))
        while Picture(8).jpeg(True) not in content:
            content += link.recv(4096)
    assert b"multipart/x-mixed-replace; boundary=edgehumanframe" in content
    assert b"Content-Type: image/jpeg\r\nContent-Length: 9\r\n" in content
    assert page.ask("/stream.mjpg", method="HEAD").status == 200
    until_alone(page)


def test_a_run_without_pictures_has_no_stream_and_tells_when_it_is_over() -> None:
    with running("samples") as page:
        assert page.ask("/stream.mjpg").status == 404
        with page.socket() as viewer:
            row, _ = viewer.update()
            page.board.add({"t": 1.0, "label": "walking"})
            page.board.end({"windows": 1})
            viewer.acknowledge(row)
            row, _ = viewer.update()
            assert (row["ended"], row["lines"][0]["label"]) == ({"windows": 1}, "walking")
            viewer.acknowledge(row)
            assert (viewer.update()[0], viewer.closed) == ({}, 1001)


def test_names_are_announced(page: Running) -> None:
    for identifies in (False, True):
        with running(identifies=identifies) as other, other.socket() as viewer:
            assert viewer.update()[0]["about"]["identifies"] is identifies


class Seen(Picture):
    """A shot with a person in it."""

    def jpeg(self, drawn: bool) -> bytes:
        grey_HWC = np.full((90, 120, 3), 120, np.uint8)
        return bytes(cv2.imencode(".jpg", grey_HWC)[1].tobytes())

    def row(self) -> dict[str, Any]:
        joints = {name: [60.0, 40.0, 0.9] for name in ("nose", "l_eye", "r_eye")}
        person = {"box": [30.0, 20.0, 80.0, 80.0], "score": 0.9, "track": "4", "joints": joints}
        outline = [[[30, 20], [80, 20], [55, 80]]]
        named = {**person, "outline": outline, "name": EVIL}
        where = {"frame": "12", "t_s": 1.2, "width": 120, "height": 90, "latency_ms": 8.0}
        return {"number": self.number, **where, "reason": "", "people": [named]}


@pytest.mark.long
@pytest.mark.parametrize(("width", "dark"), [(1280, True), (390, False)])
def test_in_a_browser_frames_are_drawn_and_nothing_that_is_named_runs(
    width: int, dark: bool, tmp_path: Path
) -> None:
    path = program()
    with running(identifies=True, source=EVIL) as page, Browser(path, tmp_path) as browser:
        page.board.show(Seen(1))
        page.board.show(Seen(2, source=EVIL))
        page.board.extend([{"t": t / 10, "people": 1, "tracks": ["4"]} for t in range(300)])
        worn = {"t": 30.0, "label": "walking_upstairs", "score": 0.9, "said": EVIL, "track": "4"}
        page.board.extend([{**worn, "sensor": EVIL}, {**worn, "sensor": "ben", "reason": "turned"}])
        page.board.add({"t": 31.0, "sensor": "ben", "event": "lost", "said": "nothing came"})
        page.meter.answered(0.0123, 0.0456)
        tab = browser.open(f"http://127.0.0.1:{page.port}/?token={TOKEN}", width, 900, dark)
        tab.until("document.body.innerText.includes('frame 12 at 1.20 s: 1 person')")
        tab.until("document.getElementById('state').textContent === 'live'")
        assert tab.ask("location.search") == ""
        text = tab.ask("document.body.innerText")
        assert EVIL in text
        assert "Identification is on." in text
        assert "12.3 ms" in text
        rows = "[...document.querySelectorAll('#wearers li')].map(row => row.innerText)"
        first, second = sorted(tab.ask(rows), key=len, reverse=True)
        assert first.count(EVIL) == 2
        assert "walking upstairs 0.90" in first
        assert second.split("\n") == ["ben", "nothing came", "lost"]
        for name in ("#timeline", "figure:nth-of-type(1) canvas", "figure:nth-of-type(2) canvas"):
            inks = tab.ask(INKS.replace("NAME", name))
            assert inks > 3, (name, inks)
        assert tab.ask("document.documentElement.scrollWidth <= innerWidth")
        assert tab.ask("document.scripts.length") == 2
        tab.ask("document.getElementById('pause').click()")
        page.board.show(Seen(3))
        page.board.end({"frames": 2})
        tab.until("document.getElementById('state').textContent === 'the run has ended'")
        assert tab.errors() == []


@pytest.mark.long
def test_in_a_browser_labels_and_the_signal_are_drawn(tmp_path: Path) -> None:
    path = program()
    with running("samples") as page, Browser(path, tmp_path) as browser:
        imu = [[0.0, 1.0, 0.1, 0.2, 0.0, -0.4]] * 16
        line = {"label": "walking_upstairs", "raw": "sitting", "score": 0.5, "latency_ms": 3.0}
        line |= {"reason": "", "true": "sitting", "prob": [0.3, 0.7], "imu": imu, "step_s": 0.04}
        page.board.extend([{"t": 2.56 + 0.64 * place, **line} for place in range(40)])
        tab = browser.open(f"http://127.0.0.1:{page.port}/?token={TOKEN}", 390, 844, True)
        tab.until("document.getElementById('label').textContent === 'walking upstairs'")
        for name in ("#accel", "#gyro", "#timeline"):
            assert tab.ask(INKS.replace("NAME", name)) > 3
        assert tab.ask("document.getElementById('seen').hidden")
        assert tab.ask("document.querySelectorAll('#bars span').length") == 4
        assert tab.ask("document.documentElement.scrollWidth <= innerWidth")
        page.server.stop()
        tab.until("document.getElementById('state').textContent === 'connection lost'")
        assert [
            error for error in tab.errors() if "ERR_" not in error and "WebSocket" not in error
        ] == []
