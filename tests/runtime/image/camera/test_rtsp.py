"""Cameras at a real RTSP server: pictures, passwords, and a server that is killed."""

from __future__ import annotations

import itertools

import pytest

from edgehuman.runtime.image.camera.camera import Camera
from edgehuman.runtime.image.frames.taken import TakenFrame
from tests.runtime.image.camera.cameras import at_once
from tests.runtime.image.camera.rtsp import RtspServer

__all__ = ["at_once"]
pytestmark = pytest.mark.slow


def frames(camera: Camera, count: int) -> list[TakenFrame]:
    return list(itertools.islice((each for each in camera if not each.event), count))


def test_pictures_with_numbers_and_the_times_that_the_stream_states() -> None:
    with RtspServer() as server, Camera(server.url(), "all") as camera:
        found = frames(camera, 12)
    assert [each.index for each in found] == list(range(12))
    assert {(each.height, each.width) for each in found} == {(96, 128)}
    pictures = [each.image_HWC for each in found if each.image_HWC is not None]
    assert any((pictures[0] != each).any() for each in pictures[1:])  # the ball moves
    stated = [each.stream_s for each in found if each.stream_s is not None]
    assert 0.3 < stated[-1] - stated[0] < 0.9  # 11 steps of 0.05 s
    assert "secret" not in found[0].source


@pytest.mark.parametrize(
    ("password", "path", "why"), [("wrong", "door", "401"), ("secret", "no", "404")]
)
def test_why_it_gives_none(password: str, path: str, why: str) -> None:
    with RtspServer() as server, Camera(server.url(password, path)) as camera:
        lost = next(iter(camera))
    assert lost.event == "lost"
    assert why in lost.reason
    assert password not in lost.reason


def test_a_server_that_is_killed_and_started_again(at_once: None) -> None:
    server = RtspServer()
    with server:
        camera = Camera(server.url())
        camera.__enter__()
        before = frames(camera, 3)[-1]
    try:
        assert next(each for each in camera if each.event).event == "lost"
        with server:
            assert next(each for each in camera if each.event).event == "back"
            after = frames(camera, 1)[0]
    finally:
        camera.close()
    assert after.index > before.index
    assert after.t_s is not None
    assert before.t_s is not None
    assert after.t_s > before.t_s
