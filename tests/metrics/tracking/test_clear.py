"""CLEAR MOT against numbers by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.metrics.tracking.clear import clear, of_several
from edgehuman.metrics.tracking.sequence import Sequence
from tests.metrics.tracking.examples import gap, ids, swap


def test_exchanged_tracks() -> None:
    found = clear(swap())
    assert (found.tp, found.fn, found.fp) == (8, 0, 0)
    assert (found.switches, found.fragments, found.mota) == (2, 0, 0.75)
    assert (found.mostly, found.hardly) == (2, 0)


def test_a_frame_without_any_box_is_no_fragment_and_80_percent_is_not_mostly() -> None:
    found = clear(gap())
    assert (found.tp, found.fn, found.fp) == (4, 1, 0)
    assert found.mota == pytest.approx(0.6)
    assert (found.switches, found.fragments) == (1, 0)
    assert (found.mostly, found.partly, found.hardly) == (0, 1, 0)
    assert found.motp == pytest.approx(0.8)


def test_a_pause_in_which_others_are_found_is_a_fragment() -> None:
    alike = [np.array([[0.8]]), np.array([[0.1]]), np.array([[0.8]])]
    found = clear(Sequence([ids(0)] * 3, [ids(0), ids(1), ids(0)], alike))
    assert (found.fragments, found.switches, found.fp) == (1, 0, 1)


def test_a_pair_that_held_stays_though_another_is_nearer() -> None:
    held, nearer = np.array([[0.8]]), np.array([[0.5, 0.99]])
    found = clear(Sequence([ids(0)] * 2, [ids(0), ids(0, 1)], [held, nearer]))
    assert (found.switches, found.fp) == (0, 1)


def test_more_wrong_than_people_is_below_0_and_videos_are_summed() -> None:
    wrong = Sequence([ids(0)], [ids(0, 1)], [np.zeros((1, 2))])
    found = clear(wrong)
    assert (found.mota, found.hardly) == (-2.0, 1)
    both = of_several([found, clear(swap())])
    assert both.mota == pytest.approx((8 - 2 - 2) / 9)
    assert clear(Sequence([], [], [])).mota == 0
