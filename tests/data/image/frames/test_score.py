"""A detector's score on frames: boxes go back to the frame, and are clipped to it as people are."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.data.image.frames.score import (
    FrameScores,
    boxes_of,
    read_batches,
    score,
    score_each,
    seen,
)
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.errors import ArtefactError, DataError, ImageError
from edgehuman.metrics.boxes.detection import Found
from edgehuman.preprocess.image.letterbox import fit
from edgehuman.records import Float32, Uint8
from tests.data.frame_trees import ANNE, HEIGHT, WIDTH, frame, made_frames, people, rows_of

SIZE = (HEIGHT, WIDTH)


class Perfect:
    """Gives the truth of the frames in turn."""

    def __init__(self, frames: FrameSet) -> None:
        self._rows, self._at = rows_of(frames.people), 0

    def __call__(self, input_NHWC: Uint8) -> Float32:
        here = slice(self._at, self._at + len(input_NHWC))
        self._at = here.stop
        return self._rows[here]


def all_of(frames: FrameSet) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.arange(len(frames), dtype=np.int64)


def test_a_perfect_detector_scores_one() -> None:
    pytest.importorskip("scipy")
    frames = made_frames(6)
    found = score(frames, all_of(frames), Perfect(frames), SIZE, batch=4)
    assert next(iter(found.metrics)) == "ap50"
    assert (found.metrics["ap50"], found.metrics["ap"], found.metrics["ap75"]) == (1, 1, 1)
    assert found.metrics["miss_rate"] == 0
    assert found.metrics["jaccard"] == pytest.approx(1, abs=1e-5)
    assert (found.frames, found.people, found.unreadable, found.said) == (6, 7, 0, "6 frames")


def test_each_of_a_few_videos_has_its_own_numbers() -> None:
    sequence_N = np.array(["door", "door", "street", "street", "night", "night"])
    whole = made_frames(6)
    nobody = [*whole.people[:4], people(), people()]
    frames = dataclasses.replace(whole, sequence_N=sequence_N, people=nobody)
    rows = rows_of(frames.people)
    rows[2:4] = 0  # finds nobody in the street
    found = score(frames, all_of(frames), lambda input_NHWC: rows, SIZE)
    per = {name: metrics["ap50"] for name, metrics in found.per_sequence.items()}
    assert per == {"door": 1, "street": 0}
    assert made_score(made_frames(50)).per_sequence == {}
    photos = dataclasses.replace(whole, sequence_N=np.array(list("abcdef")))
    assert made_score(photos).per_sequence == {}


def made_score(frames: FrameSet) -> FrameScores:
    return score(frames, all_of(frames), Perfect(frames), SIZE)


def test_detectors_of_others_are_scored_on_the_same_frames() -> None:
    frames = made_frames(4)
    truth = iter(frames.people)
    nothing = (np.zeros((0, 4), np.float32), np.zeros(0, np.float32))

    def perfect(frame_HWC: Uint8) -> Found:
        box_M4 = next(truth).box_M4
        return box_M4, np.full(len(box_M4), 0.9, np.float32)

    found = score_each(frames, all_of(frames), {"all": perfect, "none": lambda frame_HWC: nothing})
    assert [each.metrics["ap50"] for each in found.values()] == [1, 0]
    assert [each.frames for each in found.values()] == [4, 4]
    torn = dataclasses.replace(frames, frames=Torn())
    assert (
        score_each(torn, all_of(torn), {"none": lambda frame_HWC: nothing})["none"].unreadable == 1
    )


def test_boxes_of_the_input_become_boxes_of_the_frame() -> None:
    _, place = fit(frame(ANNE, height=120, width=160), 60, 100)  # half the size, 10 px on each side
    rows = np.array([[15, 5, 25, 25, 0.9], [0, 0, 200, 200, 0.1]], np.float32)
    box_K4, score_K = boxes_of(rows, place)
    np.testing.assert_allclose(box_K4, [[10, 10, 30, 50], [0, 0, 160, 120]])
    np.testing.assert_allclose(score_K, [0.9, 0.1])


def test_people_are_clipped_and_those_outside_left_out() -> None:
    pytest.importorskip("scipy")
    truth = people((-20, 10, 20, 50), (90, 0, 99, 30), (0, 70, 10, 90), ignore=(2,))
    frames = dataclasses.replace(made_frames(2), people=[truth, people()])
    only = seen(truth, SIZE)
    assert only.box_M4.tolist() == [[0, 10, 20, 50]]
    rows = np.zeros((2, 1, 5), np.float32)
    rows[0, 0] = (0, 10, 20, 50, 0.9)
    found = score(frames, all_of(frames), lambda input_NHWC: rows, SIZE)
    assert found.metrics["ap50"] == 1
    assert found.said == "2 frames; 2 boxes outside their frames left out"


class Torn:
    """Four frames of which the second cannot be read."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int, /) -> Uint8:
        if index == 1:
            raise ImageError("torn")
        return frame(ANNE)


def test_unreadable_frames_are_counted() -> None:
    whole = made_frames(4)
    torn = dataclasses.replace(whole, frames=Torn())
    unreadable: dict[int, str] = {}
    parts = list(read_batches(torn, all_of(torn), SIZE, 2, unreadable))
    assert [index_N.tolist() for index_N, _, _ in parts] == [[0], [2, 3]]
    assert unreadable == {1: "torn"}
    rows = rows_of(whole.people)[[0, 2, 3]]
    found = score(torn, all_of(torn), lambda input_NHWC: rows, SIZE)
    assert (found.unreadable, found.frames) == (1, 3)
    with pytest.raises(DataError, match="no frame to score, or none is readable"):
        score(torn, np.array([1], np.int64), lambda input_NHWC: rows, SIZE)


def test_what_is_no_box_is_refused() -> None:
    frames = made_frames(2)
    with pytest.raises(ArtefactError, match=r"gives \(2, 6\), not boxes"):
        score(frames, all_of(frames), lambda x: np.zeros((2, 6), np.float32), SIZE)
    with pytest.raises(ArtefactError, match="not finite"):
        score(frames, all_of(frames), lambda x: np.full((2, 1, 5), np.nan, np.float32), SIZE)


def test_frames_without_anybody_cannot_be_scored() -> None:
    frames = dataclasses.replace(made_frames(2), people=[people(), people()])
    with pytest.raises(DataError, match="no people to find in 2 pictures"):
        score(frames, all_of(frames), lambda x: np.zeros((2, 1, 5), np.float32), SIZE)
