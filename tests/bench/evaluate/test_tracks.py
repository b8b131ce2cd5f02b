"""How well people are followed: by hand, with frames left out, and beside another tracker."""

from __future__ import annotations

import dataclasses
import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.evaluate.frames import EvaluateConfig, evaluate
from edgehuman.bench.evaluate.tracks import Followed, follow, followed, said, score_following
from edgehuman.data.image.frames.load import load_frames
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.metrics.boxes.detection import Found
from edgehuman.metrics.tracking.mot import Truth, prepared
from edgehuman.metrics.tracking.score import TrackScores, of_several, score_tracks
from edgehuman.records import Float64
from edgehuman.runtime.image.frames.answer import Detector
from edgehuman.runtime.image.frames.follow import settings_of
from edgehuman.runtime.model import load
from edgehuman.runtime.tracks.tracker import Settings
from tests.bench.evaluate.bars import write_bars
from tests.data.frame_trees import mot_sequence, mot_video

_T = 0.5


def exactly(frames: FrameSet, every: int = 1) -> dict[int, Found]:
    """A detector that finds everybody who counts, exactly."""
    return {
        k: (frames.people[k].box_M4, np.full(len(frames.people[k].box_M4), 0.9, np.float32))
        for k in range(0, len(frames), every)
    }


def test_a_perfect_detector_loses_only_the_first_frame_of_who_comes_later(tmp_path: Path) -> None:
    frames = load_frames(mot_video(tmp_path))
    found = follow(frames, exactly(frames), _T)
    assert isinstance(found, Followed)
    assert found.step_s == pytest.approx(0.1)
    # Anne 5 times; Bob counts in frames 3 and 5, and his box of frame 4 is wrong then, as he is
    # marked with 0. His first box is not yet a track.
    assert found.metrics["mota"] == pytest.approx((6 - 1 - 0) / 7)
    assert (found.metrics["people"], found.metrics["id_switches"]) == (2, 0)
    assert list(found.per_sequence) == ["door"]
    assert any("people, 2 tracks" in line for line in said(found))


def test_with_frames_left_out_more_time_passes(tmp_path: Path) -> None:
    frames = load_frames(mot_video(tmp_path, frames=40))
    found = follow(frames, exactly(frames, 5), _T)
    assert isinstance(found, Followed)
    assert found.step_s == pytest.approx(0.5)
    assert found.metrics["id_switches"] == 0
    too_far = follow(frames, exactly(frames, 13), _T)
    assert isinstance(too_far, str)
    assert "1.3 s apart" in too_far
    assert said(too_far) == ["", f"  tracks are not scored: {too_far}"]


def test_why_there_is_no_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = load_frames(mot_video(tmp_path / "a"))
    assert follow(dataclasses.replace(frames, tracks=None), exactly(frames), _T) is None
    assert said(None) == []
    street = load_frames(mot_sequence(tmp_path / "b"))
    assert "frame rate" in str(follow(street, exactly(street), _T))
    assert frames.tracks is not None
    twice = [Truth(np.array([1, 1]), np.ones((2, 4)), np.ones(2, np.int64), np.ones(2, np.bool_))]
    broken = dataclasses.replace(frames, tracks=[*twice, *frames.tracks[1:]])
    assert "two of the people have one track" in str(follow(broken, exactly(frames), _T))
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    assert "scipy" in str(follow(frames, exactly(frames), _T))


def test_evaluate_says_so(tmp_path: Path) -> None:
    root = mot_video(tmp_path / "data")
    outcome = evaluate(EvaluateConfig(str(write_bars(tmp_path)), data=str(root)))
    assert isinstance(outcome.data, dict)
    tracking = outcome.data["tracking"]
    assert {"hota", "idf1", "mota", "id_switches"} <= set(tracking["metrics"])
    assert tracking["seconds_between_frames"] == pytest.approx(0.1)
    assert "  hota" in outcome.text
    assert "tracking" not in outcome.data["metrics"]


# Beside the tracker of another package --------------------------------------------------------


def referee() -> Any:
    """ByteTrack of `trackers` 2.6.1 (dev only): `pip install trackers==2.6.1`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("trackers", reason="trackers is not installed (dev only)")
        return importlib.import_module("trackers"), importlib.import_module("supervision")


def their_tracks(found: Sequence[Found], rate_hz: float, of: Settings) -> list[tuple[Any, Any]]:
    """With the thresholds of ours."""
    trackers, supervision = referee()
    tracker = trackers.ByteTrackTracker(
        frame_rate=rate_hz,
        high_conf_det_threshold=of.high,
        track_activation_threshold=of.begins,
    )
    answers = []
    for box_K4, score_K in found:
        is_some_K = score_K >= of.low
        boxes = supervision.Detections(
            xyxy=np.asarray(box_K4[is_some_K], np.float32).reshape(-1, 4),
            confidence=np.asarray(score_K[is_some_K], np.float32),
            class_id=np.zeros(int(is_some_K.sum()), np.int64),
        )
        boxes = tracker.update(boxes)
        track_K = np.zeros(0, np.int64) if boxes.tracker_id is None else boxes.tracker_id
        on_K = track_K >= 0
        answers.append((track_K[on_K].astype(np.int64), boxes.xyxy[on_K].astype(np.float64)))
    return answers


def sequences() -> dict[str, tuple[FrameSet, Any, Float64]]:
    folder = Path(os.environ.get("EDGEHUMAN_DATA", "-")) / "mot"
    if not folder.is_dir():
        pytest.skip("EDGEHUMAN_DATA has no mot")
    frames = load_frames(folder)
    assert frames.t_s_N is not None
    return {
        name: (frames, (own := np.flatnonzero(frames.sequence_N == name)), frames.t_s_N[own])
        for name in np.unique(frames.sequence_N).tolist()
    }


def perturbed(truth: list[Truth], seed: int) -> list[Found]:
    """The true boxes: 3 % of the height off, 15 % missing, one false box in two frames."""
    rng = np.random.default_rng(seed)
    found: list[Found] = []
    for each in truth:
        box_K4 = each.box_G4[rng.random(len(each.box_G4)) > 0.15]
        box_K4 = box_K4 + rng.normal(0, 0.03, box_K4.shape) * (box_K4[:, 3:] - box_K4[:, 1:2])
        score_K = np.clip(rng.normal(0.8, 0.12, len(box_K4)), 0.11, 0.99)
        count = int(rng.poisson(0.5))
        tall = rng.uniform(60, 150, count)
        corner_K2 = rng.uniform((0, 0), (600, 400), (count, 2))
        false_K4 = np.concatenate(
            [corner_K2, corner_K2 + np.stack([0.4 * tall, tall], axis=1)], axis=1
        )
        score_K = np.concatenate([score_K, rng.uniform(0.1, 0.75, count)])
        found.append((np.concatenate([box_K4, false_K4]), score_K))
    return found


def both(
    truth: list[Truth], found: list[Found], t_s_N: Float64, of: Settings
) -> tuple[TrackScores, TrackScores]:
    rate_hz = 1 / float(np.median(np.diff(t_s_N)))
    ours = score_following(truth, found, t_s_N, of)
    return ours, score_tracks(prepared(truth, their_tracks(found, rate_hz, of)))


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_on_the_true_boxes_perturbed_beside_trackers_bytetrack() -> None:
    """Ahead on TUD-Campus; on PETS09-S2L1, at 10 frames a second, about 2 points of HOTA behind."""
    referee()
    found = {}
    for name, (frames, own, t_s_N) in sequences().items():
        assert frames.tracks is not None
        truth = [frames.tracks[k] for k in own.tolist()][:400]
        t_s_N = t_s_N[: len(truth)]
        each = [both(truth, perturbed(truth, seed), t_s_N, Settings()) for seed in range(3)]
        ours, theirs = (of_several(scores).metrics() for scores in zip(*each, strict=True))
        print(name, "perturbed", shown(ours), "trackers", shown(theirs))
        found[name] = ours["hota"] - theirs["hota"]
    assert found["TUD-Campus"] >= 0
    assert found["PETS09-S2L1"] > -0.03


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_on_the_zoos_boxes_it_is_at_least_as_good_as_trackers_bytetrack() -> None:
    referee()
    model = load("zoo:person-detector-int8")
    score = model.card.decision.threshold
    detector = Detector(model, score)
    for name, (frames, own, t_s_N) in sequences().items():
        assert frames.tracks is not None
        own = own[:300]
        found: list[Found] = []
        for k in own.tolist():
            people = detector.find(frames.frames[k])
            box_K4 = np.array([each.box_4 for each in people], np.float32).reshape(-1, 4)
            found.append((box_K4, np.array([each.score for each in people])))
        truth = [frames.tracks[k] for k in own.tolist()]
        ours, theirs = both(truth, found, t_s_N[: len(own)], settings_of(score))
        print(name, "zoo", shown(ours.metrics()), "trackers", shown(theirs.metrics()))
        assert ours.metrics()["hota"] >= theirs.metrics()["hota"], name


def shown(metrics: dict[str, float]) -> str:
    names = ("hota", "idf1", "mota", "id_switches")
    return " ".join(f"{name} {metrics[name]:.4f}" for name in names)


def test_only_boxes_on_a_track_are_answered() -> None:
    found = [(np.array([[0, 0, 10, 20.0]]), np.array([score])) for score in (0.9, 0.3, 0.1)]
    tracks = followed(found, np.array([0.0, 0.1, 0.2]), settings_of(0.5))
    assert [track_K.tolist() for track_K, _ in tracks] == [[1], [1], []]
