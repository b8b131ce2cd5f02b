"""`edgehuman.stream` with sensors beside the camera."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgehuman
from edgehuman.errors import UsageError
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


def test_without_sensors_it_is_the_stream_of_frames(video: str) -> None:
    assert len(list(edgehuman.stream(MODEL, video))) == 6


def test_a_stream_that_is_never_read_lets_go_of_its_port(video: str) -> None:
    for _ in range(2):
        edgehuman.stream(MODEL, video, worn={"a": "udp://127.0.0.1:50713"}).close()


@pytest.mark.parametrize(
    ("model", "source", "words", "message"),
    [
        (
            MODEL,
            np.zeros((2, 64, 64, 3), np.uint8),
            {"worn": "a.csv"},
            "beside a video or a camera",
        ),
        (MODEL, "x.mp4", {"worn": {}}, "worn is empty; give sensors"),
        (MODEL, "x.mp4", {"worn": "a.csv", "wait_s": -1.0}, "--wait-s is -1"),
        ("zoo:person-garments-int8", "x.mp4", {"worn": "a.csv"}, "takes photos of one person"),
        ("zoo:activity-int8", "a.csv", {"worn": "b.csv"}, "worn is not an argument for zoo:activ"),
    ],
)
def test_wrong_words_are_named(
    model: str, source: object, words: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        edgehuman.stream(model, source, **words)


def test_a_sensor_that_is_not_there_is_an_error_at_the_call(video: str, tmp_path: Path) -> None:
    with pytest.raises(edgehuman.errors.DataError, match=r"nothing\.csv"):
        edgehuman.stream(MODEL, video, worn={"a": str(tmp_path / "nothing.csv")})
