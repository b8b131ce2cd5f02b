"""What MOTChallenge counts."""

from __future__ import annotations

import numpy as np

from edgehuman.metrics.tracking.mot import Truth, prepared
from edgehuman.metrics.tracking.score import score_tracks

PLACES = np.array([[0, 0, 10, 20], [100, 0, 110, 20], [200, 0, 210, 20], [300, 0, 310, 20]])


def truth(*kinds: int, marked: tuple[int, ...] = (1, 1, 1, 1)) -> Truth:
    count = len(kinds)
    return Truth(
        np.arange(count) + 1,
        PLACES[:count].astype(np.float64),
        np.array(kinds),
        np.array(marked[:count], np.bool_),
    )


def test_boxes_on_what_only_looks_like_people_do_not_count() -> None:
    found = [(np.array([5, 6, 7, 8]), PLACES.astype(np.float64))]
    # A pedestrian, a static person, a pedestrian who does not count, a car.
    sequence = prepared([truth(1, 7, 1, 3, marked=(1, 0, 0, 0))], found)
    assert [each.tolist() for each in sequence.true] == [[0]]
    # The box on the static person is gone; those on the two others are wrong.
    assert [len(each) for each in sequence.found] == [3]
    assert score_tracks(sequence).clear.fp == 2


def test_a_distractor_takes_only_what_overlaps_by_half() -> None:
    aside = PLACES[1:2] + np.array((6, 0, 6, 0))  # IoU 4 / 16
    sequence = prepared([truth(1, 8)], [(np.array([1]), aside.astype(np.float64))])
    assert [len(each) for each in sequence.found] == [1]


def test_the_nearer_line_has_the_box_whatever_its_class() -> None:
    both = Truth(
        np.array([1, 2]),
        np.array([[0, 0, 10, 20], [0, 0, 10, 22]], np.float64),
        np.array([1, 12]),
        np.ones(2, np.bool_),
    )
    exact = np.array([[0, 0, 10, 20]], np.float64)
    assert [len(each) for each in prepared([both], [(np.array([1]), exact)]).found] == [1]


def test_frames_of_nobody() -> None:
    sequence = prepared([Truth()], [(np.zeros(0, np.int64), np.zeros((0, 4)))])
    assert score_tracks(sequence).clear.mota == 0
