"""The process of a camera, and that nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from edgehuman.runtime.image.camera import messages
from edgehuman.runtime.image.camera.address import Address
from edgehuman.runtime.image.camera.policy import Policy
from edgehuman.runtime.image.camera.process import Process
from tests import leaving
from tests.runtime.image.camera.cameras import STAGE, gone, is_running, stage

__all__ = ["stage"]
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def started(url: str) -> Process:
    return Process(Address("network", url, "a camera"), Policy(), 5.0, 5.0)


@needs_proc
def test_a_frame_comes_for_each_that_is_asked_for(stage: str) -> None:
    process = started(f"{stage}steady?count=3")
    assert "secret" not in Path(f"/proc/{process.number}/cmdline").read_text()
    assert b"secret" not in Path(f"/proc/{process.number}/environ").read_bytes()
    kinds, frames = [], []
    for kind, said in process.received():
        kinds.append(kind)
        if kind == messages.READY:
            process.ask()
        if isinstance(said, messages.Grabbed):
            frames.append(said)
    assert kinds[:2] == [messages.STARTED, messages.OPENED]
    assert kinds[-1] == messages.GONE
    assert frames[0].image_HWC[0, 0].tolist() == [40 + frames[0].index, 40 + frames[0].index, 0]
    assert time.monotonic_ns() - frames[0].grabbed_ns < 5e9  # one clock for all processes
    assert process.close() == ""
    assert not is_running(process.number)


@needs_proc
@pytest.mark.parametrize(("given", "told"), [(None, "rtsp_transport;tcp"), ("a;b", "a;b")])
def test_rtsp_goes_over_tcp_unless_somebody_says_otherwise(
    given: str | None, told: str, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
    monkeypatch.delenv(name, raising=False)
    if given:
        monkeypatch.setenv(name, given)
    process = started(stage.replace("http", "rtsp") + "steady")
    next(process.received())
    environment = Path(f"/proc/{process.number}/environ").read_bytes().split(b"\0")
    assert f"{name}={told}".encode() in environment
    process.close()


def test_what_libraries_print_is_no_message(stage: str) -> None:
    """Argus prints on standard output."""
    process = started(f"{stage}talks")
    *_, (kind, said) = process.received()
    assert kind == messages.GONE
    assert isinstance(said, dict)
    assert said["why"].startswith("it cannot be opened: GST_ARGUS: Creating output stream; [rtsp]")
    process.close()


@needs_proc
@pytest.mark.parametrize(
    "path", [pytest.param("hang", marks=pytest.mark.long), "hang-open", "steady"]
)
def test_it_leaves_when_it_is_told_to_whatever_hangs(path: str, stage: str) -> None:
    process = started(f"{stage}{path}")
    for kind, _ in process.received():
        if kind == (messages.STARTED if path == "hang-open" else messages.OPENED):
            break
    time.sleep(0.1)  # until its fourth frame
    assert os.getpgid(process.number) != os.getpgid(0)  # Ctrl-C on a terminal does not reach it
    process.leave()
    process.close()
    assert not is_running(process.number)


PARENT = """
import sys, time
from edgehuman.runtime.image.camera.camera import Camera
with Camera(sys.argv[1]) as camera:
    taken = next(iter(camera))
    print(camera._process.number, flush=True)
    time.sleep(60)
"""


@needs_proc
@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("hang", signal.SIGKILL),
        pytest.param("steady", signal.SIGKILL, marks=pytest.mark.long),
        pytest.param("steady", signal.SIGINT, marks=pytest.mark.long),
    ],
)
def test_nothing_is_left_behind(path: str, how: signal.Signals, stage: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(STAGE), *sys.path])}
    parent = leaving.start(
        [sys.executable, "-c", PARENT, f"{stage}{path}"], stdout=-1, stderr=-3, env=environment
    )
    assert parent.stdout is not None
    found = [int(parent.stdout.readline())]
    assert is_running(*found)
    parent.send_signal(how)
    parent.wait(10)
    parent.stdout.close()
    assert gone(found)
