"""`edgehuman.stream` with sensors beside the camera."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgehuman
from edgehuman.errors import UsageError
from tests.runtime.together.test_opening import video, walk

__all__ = ["video", "walk"]
MODEL = "zoo:person-detector-int8"


def test_without_sensors_it_is_the_stream_of_frames(video: str) -> None:
    assert len(list(edgehuman.stream(MODEL, video))) == 6


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
