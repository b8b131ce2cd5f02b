"""The pairs of frames that metrics of tracking read."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.tracking.sequence import Sequence, matching, paired, renumbered

BOX = np.array([[0, 0, 10, 20]], np.float64)


def test_tracks_are_numbered_without_gaps_over_the_video() -> None:
    found = renumbered([np.array([7, 3]), np.array([], np.int64), np.array([90, 7])])
    assert [each.tolist() for each in found] == [[1, 0], [], [2, 1]]


def test_similarity_is_the_overlap_of_boxes() -> None:
    half = BOX + np.array((0, 0, 0, -10))
    sequence = paired([(np.array([4]), BOX)], [(np.array([9]), half)])
    assert sequence.alike[0].tolist() == [[0.5]]
    assert (sequence.count_true_G.tolist(), sequence.count_found_M.tolist()) == ([1], [1])


def test_nobody_is_twice_in_a_frame_and_frames_have_partners() -> None:
    twice = np.concatenate([BOX, BOX])
    with pytest.raises(DataError, match="frame 0: two of the found boxes have one track"):
        paired([(np.array([1]), BOX)], [(np.array([2, 2]), twice)])
    with pytest.raises(DataError, match="found boxes of 0 frames for people of 1"):
        paired([(np.array([1]), BOX)], [])
    one = np.zeros(1, np.int64)
    with pytest.raises(DataError, match="similarities of shape"):
        Sequence([one], [one], [np.zeros((2, 1))])
    with pytest.raises(DataError, match="of 1, 1 and 0 frames"):
        Sequence([one], [one], [])


def test_matching_takes_the_greatest_sum() -> None:
    rows, columns = matching(np.array([[0.9, 0.8], [0.8, 0.1]]))
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])
