"""A camera that goes on whatever happens to it."""

from __future__ import annotations

import itertools
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.image.camera.camera import Camera
from edgehuman.runtime.image.frames.taken import TakenFrame
from tests.runtime.image.camera.cameras import (
    Mjpeg,
    at_once,
    gone,
    is_running,
    number_of,
    stage,
)
from tests.runtime.image.camera.rtsp import RtspServer

__all__ = ["at_once", "stage"]
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def first(camera: Camera, count: int, within_s: float = 20.0) -> list[TakenFrame]:
    """So many frames and events."""
    until_s, found = time.monotonic() + within_s, []
    with camera:
        for taken in camera:
            found.append(taken)
            if len(found) == count:
                break
            assert time.monotonic() < until_s, found
    return found


def until(camera: Camera, event: str) -> list[TakenFrame]:
    """Frames and events up to one."""
    found = []
    for taken in camera:
        found.append(taken)
        if taken.event == event:
            break
    return found


def events(found: list[TakenFrame]) -> list[str]:
    return [taken.event for taken in found if taken.event]


def test_frames_have_numbers_times_and_ages(stage: str) -> None:
    camera = Camera(f"{stage}steady", "all")
    begin_s = time.time()
    found = first(camera, 5)
    assert [taken.name for taken in found] == ["0", "1", "2", "3", "4"]
    assert camera.name == "http://***@stage/steady"
    assert {taken.source for taken in found} == {camera.name}
    for before, after in itertools.pairwise(found):
        assert before.t_s is not None
        assert after.t_s is not None
        assert after.t_s - before.t_s == pytest.approx(0.01, abs=0.03)
        assert after.stream_s == pytest.approx(10 * after.index / 1e3)
    assert found[0].wall_s == pytest.approx(begin_s, abs=5)
    assert 0 < found[-1].age_ms < 5000
    assert found[0].image_HWC is not None
    assert found[0].image_HWC[0, 0].tolist() == [40, 40, 0]
    assert found[0].image_HWC.flags.c_contiguous


@pytest.mark.slow
def test_the_newest_counts_and_every_third(stage: str) -> None:
    """It gives a frame each 10 ms, and we take one each 50."""
    numbers = []
    with Camera(f"{stage}steady") as camera:
        for taken in itertools.islice(camera, 8):
            numbers.append(taken.index)
            time.sleep(0.05)
    steps = [b - a for a, b in itertools.pairwise(numbers)]
    assert sum(steps) / len(steps) > 3
    assert camera.report()["passed_over"] >= 15
    assert [taken.index for taken in first(Camera(f"{stage}steady", "every-3"), 3)] == [0, 3, 6]


def test_a_video_of_a_server_ends_and_all_of_it_is_taken(stage: str) -> None:
    with Camera(f"{stage}file?count=6") as camera:
        found = list(camera)
    assert [(taken.index, taken.t_s) for taken in found] == [(k, k / 100) for k in range(6)]
    assert found[0].wall_s is None
    assert (camera.report()["grabbed"], camera.report()["missing_frames"]) == (6, 0)
    assert camera.is_video


def test_a_video_that_its_server_breaks_off_goes_on_where_it_was(
    stage: str, at_once: None, tmp_path: Path
) -> None:
    with Camera(f"{stage}file?count=900&at=4&once={tmp_path / 'broke'}") as camera:
        found = list(camera)
    numbers = [taken.index for taken in found if not taken.event]
    assert numbers == list(range(900))  # each once
    assert events(found) == ["lost", "back"]
    assert "its stream ended after 0 of 9 s" in found[4].reason
    assert [taken.t_s for taken in found if not taken.event][5] == pytest.approx(0.05)
    report = camera.report()
    assert (report["grabbed"], report["passed_over"], report["missing_frames"]) == (900, 0, 0)


def test_a_video_that_ends_twice_at_the_same_place_is_over(stage: str, at_once: None) -> None:
    with Camera(f"{stage}file?count=900&at=4") as camera:
        found = list(camera)
    assert [taken.index for taken in found if not taken.event] == [0, 1, 2, 3]
    assert events(found) == ["lost"]
    assert camera.report()["missing_frames"] == 896


@pytest.mark.parametrize("state", ["black", pytest.param("frozen", marks=pytest.mark.long)])
def test_pictures_that_show_nothing_are_told_and_never_given(
    state: str, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Camera(f"{stage}{state}") as camera:
        found = until(camera, state)
        assert events(found) == [state]
        if state == "frozen":  # for ever; told within its 2 s
            return
        found = until(camera, "back")
        assert events(found) == ["back"]
        assert "there is a picture again, after 0." in found[-1].reason
        after = next(iter(camera))
    assert after.index >= 20
    assert camera.report()["black"] == 17


def test_the_size_may_change_from_frame_to_frame(stage: str) -> None:
    found = first(Camera(f"{stage}sizes", "all"), 9)
    assert [(taken.height, taken.width) for taken in found] == [(48 + k % 7, 64) for k in range(9)]


# What goes wrong ----------------------------------------------------------------------------------


@pytest.mark.slow
@on_linux
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("hang", "its process did not answer, and was ended"),
        ("hang-open", "its process did not answer, and was ended"),
        ("crash", "its process ended by signal 6"),
        ("absent", "it cannot be opened"),
        ("raises", "OpenCV ended with an error (RuntimeError: error: (-215) what OpenCV says)"),
        ("broken", "no frame could be decoded for 0.1 s"),
        ("steady?count=4", "its stream ended"),
        ("talks", "401 for rtsp://***@stage/"),
    ],
)
def test_a_camera_that_fails_is_lost_and_opened_again(
    path: str, said: str, stage: str, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgehuman.runtime.image.camera.camera._GRACE_S", 0.1)
    numbers: list[int] = []
    with Camera(stage + path, open_s=0.3, read_s=0.1) as camera:
        found = until(camera, "lost")
        assert said in found[-1].reason
        assert "trying again for ever" in found[-1].reason
        before = [taken.index for taken in found if not taken.event]
        numbers.append(camera._process.number if camera._process else 0)
        if before:  # it gives some frames before it fails: numbers and times go on
            again = until(camera, "back")[-1]
            after = next(iter(camera))
            assert after.index > before[-1]
            assert after.t_s is not None
            assert again.t_s is not None
            assert found[-1].t_s is not None
            assert again.t_s > found[-1].t_s
            assert camera.report()["lost"] == 1
    assert gone([number for number in numbers if number])


@pytest.mark.slow
def test_a_server_that_vanishes_and_returns(at_once: None) -> None:
    server = Mjpeg()
    with server:
        camera = Camera(server.url)
        camera.start(camera._wake, time.monotonic_ns())
        before = until_frame(camera)
    lost = until(camera, "lost")[-1]
    assert "secret" not in lost.reason
    assert "stream ended" in lost.reason
    with server:
        found = until(camera, "back")
        after = until_frame(camera)
    camera.close()
    assert events(found) == ["back"]
    assert after.index > before.index
    assert after.t_s is not None
    assert before.t_s is not None
    assert after.t_s > before.t_s


def until_frame(camera: Camera) -> TakenFrame:
    return next(taken for taken in camera if not taken.event)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_server_that_accepts_and_says_nothing(scheme: str) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        url = f"{scheme}://me:secret@127.0.0.1:{server.getsockname()[1]}/1"
        begin_s = time.monotonic()
        (taken,) = first(Camera(url, open_s=0.5), 1)
        assert taken.event == "lost"
        assert taken.reason.startswith("no answer for 0.5 s")
        assert time.monotonic() - begin_s < 6


@pytest.mark.slow
def test_a_camera_whose_answer_takes_longer_is_waited_for_longer(at_once: None) -> None:
    with Mjpeg() as server, Camera(server.url, open_s=0.5) as camera:
        server.late_s = 1.5  # 0.5 and 1 s are too short, 2 s are enough
        stop = threading.Timer(15.0, camera.close)
        stop.start()
        lost = until(camera, "lost")[-1]
        assert lost.reason.startswith("no answer for 0.5 s")
        assert until_frame(camera).index >= 0
        assert camera.report()["lost"] == 1
        stop.cancel()


@pytest.mark.slow
def test_a_server_that_stops_giving_frames(at_once: None) -> None:
    with Mjpeg() as server, Camera(server.url, read_s=0.5) as camera:
        until_frame(camera)
        server.fault = "stall"
        assert until(camera, "lost")[-1].reason.startswith("no frame for 0.")
        server.fault = ""
        until(camera, "back")


def test_nobody_listens_and_no_such_host(at_once: None) -> None:
    (taken,) = first(Camera("rtsp://me:secret@127.0.0.1:9/1"), 1)
    assert "Connection refused" in taken.reason
    assert "secret" not in str(taken)


def test_a_fault_of_ours_stays_a_traceback(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgehuman.runtime.image.camera.process._START", "import os; os._exit(3)")
    (taken,) = first(Camera(f"{stage}steady"), 1)
    assert taken.reason.startswith("its process ended by exit code 3")
    with Camera(f"{stage}steady") as camera:
        camera._told(b"g", {"bug": "Traceback: what we did"})
        with pytest.raises(RuntimeError, match="Traceback: what we did"):
            camera.take()


def test_what_is_no_camera_or_no_number(stage: str) -> None:
    with pytest.raises(UsageError, match="is no camera; give its number"):
        Camera("door.mp4")
    for words in ({"open_s": 0}, {"read_s": float("nan")}, {"read_s": 1e9}):
        with pytest.raises(UsageError, match="must be over 0, at most 3600 seconds"):
            Camera(f"{stage}steady", **words)
    camera = Camera(f"{stage}steady")
    with pytest.raises(UsageError, match="is not open"):
        next(iter(camera))
    camera.close()
    with pytest.raises(UsageError, match="was read or closed already"), camera:
        pass


# Load ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_source_twice_as_fast_as_we_are_has_frames_of_bounded_age() -> None:
    """50 frames a second, and 40 ms a frame: a queue would grow by half a frame each. The age is
    measured from where the server gave the frame out.
    """
    ages = []
    with Mjpeg(50) as server, Camera(server.url) as camera:
        for taken in itertools.islice(camera, 60):
            assert taken.image_HWC is not None
            sent_ns = server.sent_ns[number_of(taken.image_HWC)]
            ages.append((time.monotonic_ns() - sent_ns) / 1e6)
            time.sleep(0.04)
    assert camera.report()["passed_over"] > 30
    assert sorted(ages[-20:])[10] < 400  # of a queue, 1000


@pytest.mark.long
@on_linux
def test_memory_is_flat_over_ten_thousand_frames(stage: str) -> None:
    sizes: dict[int, tuple[int, int]] = {}
    with Camera(f"{stage}steady?fps=1e9", "all") as camera:
        for taken in itertools.islice(camera, 10_001):
            if taken.index % 2500 == 0:
                assert camera._process is not None
                sizes[taken.index] = (resident_kb("self"), resident_kb(camera._process.number))
    for first_kb, last_kb in zip(sizes[2500], sizes[10_000], strict=True):
        assert last_kb - first_kb < 1024
    assert not is_running(0)


def resident_kb(process: Any) -> int:
    (line,) = (
        line
        for line in Path(f"/proc/{process}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )
    return int(line.split()[1])


def shown(camera: Camera, count: int) -> list[TakenFrame]:
    return list(itertools.islice((each for each in camera if not each.event), count))


@pytest.mark.slow
def test_an_rtsp_server_gives_numbers_and_the_times_that_the_stream_states() -> None:
    with RtspServer() as server, Camera(server.url(), "all") as camera:
        found = shown(camera, 12)
    assert [each.index for each in found] == list(range(12))
    assert {(each.height, each.width) for each in found} == {(96, 128)}
    pictures = [each.image_HWC for each in found if each.image_HWC is not None]
    assert any((pictures[0] != each).any() for each in pictures[1:])  # the ball moves
    stated = [each.stream_s for each in found if each.stream_s is not None]
    assert 0.3 < stated[-1] - stated[0] < 0.9  # 11 steps of 0.05 s
    assert "secret" not in found[0].source


@pytest.mark.slow
@pytest.mark.parametrize(
    ("password", "path", "why"), [("wrong", "door", "401"), ("secret", "no", "404")]
)
def test_why_an_rtsp_server_gives_none(password: str, path: str, why: str) -> None:
    with RtspServer() as server, Camera(server.url(password, path)) as camera:
        lost = next(iter(camera))
    assert lost.event == "lost"
    assert why in lost.reason
    assert password not in lost.reason


@pytest.mark.slow
def test_an_rtsp_server_that_is_killed_and_started_again(at_once: None) -> None:
    server = RtspServer()
    with server:
        camera = Camera(server.url())
        camera.__enter__()
        before = shown(camera, 3)[-1]
    try:
        assert next(each for each in camera if each.event).event == "lost"
        with server:
            assert next(each for each in camera if each.event).event == "back"
            after = shown(camera, 1)[0]
    finally:
        camera.close()
    assert after.index > before.index
    assert after.t_s is not None
    assert before.t_s is not None
    assert after.t_s > before.t_s
