"""Gait of a video in Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import edgehuman
from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.gait import walkers as of_gait
from edgehuman.runtime.gallery import empty_gallery
from edgehuman.runtime.model import load
from tests.runtime.gait.scenes import Walker, video, watching

MODEL = "zoo:gait-skeleton"


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A video of one walker, whom no network has to find."""
    monkeypatch.setattr(of_gait, "watching_for", lambda *words: watching(Walker()))
    return video(tmp_path / "door.avi")


def test_a_video_is_walks(door: Path) -> None:
    results = list(edgehuman.stream(MODEL, door))
    assert [result.track for result in results] == ["1"] * 4
    assert results[0].t_s == pytest.approx(23 / 24, abs=0.01)
    assert results[0].vector_D is not None


def test_who_is_known_is_named(door: Path) -> None:
    model = load(MODEL)
    vector_D = next(edgehuman.stream(model, door)).vector_D
    assert vector_D is not None
    gallery = empty_gallery(model.card).enrol("Ada", "one", vector_D)
    live = edgehuman.stream(model, door, gallery=gallery)
    assert {result.label for result in live} == {"Ada"}
    report = live.report()
    assert (report["source"]["frames"], report["stream"]["tracks"]) == (72, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [({"size": "64x48"}, "size is for poses"), ({"realtime": True}, "realtime is for poses")],
)
def test_words_of_poses_say_nothing_of_frames(door: Path, words: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        edgehuman.stream(MODEL, door, **words)


def test_words_of_frames_say_nothing_of_poses() -> None:
    for words in ({"every": 2}, {"score": 0.3}, {"detector": "zoo:person-detector-int8"}):
        with pytest.raises(UsageError, match="for a video or a folder of pictures"):
            edgehuman.stream(MODEL, "simulated", **words)
    with pytest.raises((UsageError, DataError)):
        edgehuman.stream(MODEL, "nothing.mp4")
