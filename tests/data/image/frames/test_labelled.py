"""Labelled frames for an export: which are read, and their metric."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.card import Card, OutputSpec, image_input
from edgehuman.data.image.frames import labelled
from edgehuman.data.image.frames.labelled import read_labelled
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.errors import DataError
from tests.data.frame_trees import HEIGHT, WIDTH, made_frames, people, rows_of
from tests.data.image.parsed.test_score import parted
from tests.runtime.parts_models import parts_card
from tests.runtime.parts_models import rows_of as rows_of_parts

BOXES = OutputSpec("boxes", ("person",))
DETECTOR = Card("toy", "detection", "toy", 1, 1, image_input(HEIGHT, WIDTH, "Frame"), BOXES)


def give(monkeypatch: pytest.MonkeyPatch, frames: FrameSet) -> FrameSet:
    monkeypatch.setattr(labelled, "load_frames", lambda data, **few: frames)
    return frames


def test_only_training_frames_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    role_N = np.array(["train", "test", "train", "train", "test"])
    frames = give(monkeypatch, dataclasses.replace(made_frames(5), role_N=role_N))
    found = read_labelled(DETECTOR, "made")
    assert found is not None
    input_NHWC, kept = found
    assert input_NHWC.shape == (3, HEIGHT, WIDTH, 3)
    assert kept.index_N.tolist() == [0, 2, 3]
    np.testing.assert_array_equal(input_NHWC[1], frames.frames[2])
    give(monkeypatch, made_frames(5))
    every = read_labelled(DETECTOR, "made")
    assert every is not None
    assert every[1].index_N.tolist() == [0, 1, 2, 3, 4]


def test_a_large_set_is_sampled_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, made_frames(10))
    found = read_labelled(DETECTOR, "made", most=4)
    assert found is not None
    assert found[1].index_N.tolist() == [0, 3, 6, 9]


def test_the_metric_is_ap50_and_follows_a_selection(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = give(monkeypatch, made_frames(6))
    found = read_labelled(DETECTOR, "made")
    assert found is not None
    chosen = found[1].select(np.array([3, 1]))
    rows = rows_of([frames.people[3], frames.people[1]])
    assert next(iter(chosen.metrics(rows, BOXES).items())) == ("ap50", 1.0)
    assert chosen.metrics(np.zeros_like(rows), BOXES)["ap50"] == 0
    with pytest.raises(DataError, match="classes cannot be scored on frames"):
        chosen.metrics(rows, OutputSpec("classes", ("a",)))


def test_without_people_or_labels_there_are_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, dataclasses.replace(made_frames(2), people=[people(), people()]))
    assert read_labelled(DETECTOR, "made") is None
    assert read_labelled(DETECTOR.replace(output=OutputSpec("embedding")), "made") is None

    def none(data: str, **few: int) -> FrameSet:
        raise DataError("a folder of photos")

    monkeypatch.setattr(labelled, "load_frames", none)
    assert read_labelled(DETECTOR, "made") is None
    assert "no labels for detection: a folder of photos" in capsys.readouterr().err


def test_simulated_frames_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, int] = {}

    def load(data: str, **few: int) -> FrameSet:
        asked.update(few)
        return made_frames(3)

    monkeypatch.setattr(labelled, "load_frames", load)
    assert read_labelled(DETECTOR, "simulated", most=500) is not None
    assert asked == {"count": 128}


def test_a_network_that_parts_people_is_judged_by_its_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    give(monkeypatch, parted(4))
    found = read_labelled(parts_card(), "made")
    assert found is not None
    outputs = np.stack([rows_of_parts()] * 4)
    metrics = found[1].metrics(outputs, parts_card().output)
    assert next(iter(metrics)) == "ap_p_vol"
    assert metrics["pcp_50"] > 0.9
    give(monkeypatch, made_frames(4))  # boxes alone
    assert read_labelled(parts_card(), "made") is None
