"""Gait of a video or a camera in Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import edgehuman
from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.gait import walkers as of_gait
from edgehuman.runtime.gallery import empty_gallery, write_gallery
from edgehuman.runtime.model import load
from tests.runtime.gait.scenes import Walker, video, watching
from tests.runtime.image.camera.cameras import at_once, stage

__all__ = ["at_once", "stage"]
MODEL, SILHOUETTES = "zoo:gait-skeleton-int8", "zoo:gait-silhouette-int8"


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A video of one walker, whom no network has to find."""
    for name in ("watching_for", "watching_both"):
        monkeypatch.setattr(of_gait, name, lambda *words: watching(Walker()))
    return video(tmp_path / "door.avi")


@pytest.mark.parametrize(("model", "first_s", "count"), [(MODEL, 0.96, 4), (SILHOUETTES, 0.67, 4)])
def test_a_video_is_walks(door: Path, model: str, first_s: float, count: int) -> None:
    results = list(edgehuman.stream(model, door))
    assert [result.track for result in results] == ["1"] * count
    assert results[0].t_s == pytest.approx(first_s, abs=0.01)
    assert results[0].vector_D is not None
    assert {(result.state, result.label) for result in results} == {("", "")}


@pytest.mark.parametrize("model", [MODEL, SILHOUETTES])
def test_who_is_known_is_named(door: Path, model: str, tmp_path: Path) -> None:
    loaded = load(model)
    *_, last = edgehuman.stream(loaded, door)
    gallery = empty_gallery(loaded.card).enrol("Ada", "one", last.vector_D)
    write_gallery(tmp_path / "known.npz", gallery)
    for known in (gallery, str(tmp_path / "known.npz")):
        live = edgehuman.stream(loaded, door, gallery=known)
        assert [result.label for result in live] == ["", "Ada", "Ada", "Ada"]
        report = live.report()
        assert (report["source"]["frames"], report["stream"]["tracks"]) == (72, 1)


def test_two_models_name_the_walker_together(door: Path) -> None:
    models = load(MODEL), load(SILHOUETTES)
    galleries = []
    for model in models:
        *_, last = edgehuman.stream(model, door)
        galleries.append(empty_gallery(model.card).enrol("Ada", "one", last.vector_D))
    words: dict[str, Any] = {"fuse": models[1], "fuse_gallery": galleries[1]}
    results = list(edgehuman.stream(models[0], door, gallery=galleries[0], **words))
    assert results[-1].label == "Ada"
    assert {*results[-1].scores} <= {"joints", "outlines"}
    assert results[-1].threshold is not None
    words = {"fuse": MODEL, "fuse_gallery": galleries[0]}
    results = list(edgehuman.stream(models[1], door, gallery=galleries[1], **words))
    assert results[-1].label == "Ada"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"fuse": SILHOUETTES}, "give gallery"),
        ({"fuse": SILHOUETTES, "gallery": "a"}, "give fuse_gallery"),
        ({"fuse_gallery": "a"}, "fuse_gallery is for a second model"),
        ({"segmenter": "a"}, "segmenter is for a second model"),
    ],
)
def test_wrong_words_of_a_second_model(door: Path, words: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        edgehuman.stream(MODEL, door, **words)


def test_poses_and_masks_have_no_second_model() -> None:
    words: dict[str, Any] = {"gallery": "a", "fuse_gallery": "b"}
    with pytest.raises(UsageError, match="fuse says nothing of poses"):
        edgehuman.stream(MODEL, "simulated", fuse=SILHOUETTES, **words)
    with pytest.raises(UsageError, match="fuse says nothing of masks"):
        edgehuman.stream(SILHOUETTES, "simulated", fuse=MODEL, **words)


@pytest.mark.slow
def test_a_camera_by_its_name_by_a_camera_and_beside_a_video(
    door: Path, stage: str, at_once: None
) -> None:
    name = f"{stage}file?count=60"
    for given in (name, edgehuman.Camera(name), [door, name]):
        live = edgehuman.stream(MODEL, given, seconds=20)
        results = list(live)
        sources = {result.source for result in results}
        assert sources <= {str(door), "http://***@stage/file?count=60"}
        assert "secret" not in str(live.report())
    lost = edgehuman.stream(MODEL, f"{stage}absent", seconds=1)
    assert [result.event for result in lost] == ["lost"]
    unread = edgehuman.stream(MODEL, f"{stage}steady")
    unread.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"size": "64x48"}, "size says nothing of frames"),
        ({"realtime": True}, "realtime says nothing of frames"),
    ],
)
def test_words_of_poses_say_nothing_of_frames(door: Path, words: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        edgehuman.stream(MODEL, door, **words)


def test_words_of_frames_say_nothing_of_poses_and_masks() -> None:
    for words in ({"every": 2}, {"score": 0.3}, {"policy": "all"}):
        (name,) = words
        with pytest.raises(UsageError, match=f"{name} says nothing of poses"):
            edgehuman.stream(MODEL, "simulated", **words)
        with pytest.raises(UsageError, match=f"{name} says nothing of masks"):
            edgehuman.stream(SILHOUETTES, "simulated", **words)
    with pytest.raises(UsageError, match="seconds says nothing of masks"):
        edgehuman.stream(SILHOUETTES, "simulated", seconds=3)
    with pytest.raises((UsageError, DataError)):
        edgehuman.stream(MODEL, "nothing.mp4")
