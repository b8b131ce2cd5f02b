"""A camera and sensors as one stream of results."""

from __future__ import annotations

import pytest

import edgehuman
from edgehuman.runtime.image.frames.results import FrameResult
from edgehuman.runtime.together.results import WornResult
from tests.runtime.together.test_opening import video, walk

__all__ = ["video", "walk"]
MODEL = "zoo:person-detector-int8"


def test_results_of_both_come_in_order(video: str, walk: str) -> None:
    with edgehuman.stream(MODEL, video, worn={"anna": walk}, worn_offset_s={"anna": -2.4}) as live:
        found = list(live)
    times = [one.t_s for one in found]
    assert times == sorted(times)
    assert min(times) >= 0
    assert sum(isinstance(one, FrameResult) for one in found) == 6
    windows = [one for one in found if isinstance(one, WornResult)]
    assert windows[0].t_s == pytest.approx(0.14)
    assert {one.source for one in windows} == {"anna"}
    report = live.report()
    assert report["sides"]["camera"]["frames"] == 6
    assert report["sides"]["anna"]["windows"] == 3


def test_a_stream_that_is_never_read_lets_go_of_its_port(video: str) -> None:
    for _ in range(2):
        edgehuman.stream(MODEL, video, worn={"a": "udp://127.0.0.1:50713"}).close()
