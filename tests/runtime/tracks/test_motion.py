"""The filter of a box."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.runtime.tracks.motion import (
    BYTETRACK,
    WALKERS,
    begun,
    boxes,
    middles,
    predicted,
    replayed,
    updated,
)

BOX = np.array([[100, 50, 140, 210]], np.float64)  # middle 120, 130; 40 x 160
HEIGHT = 160


def test_a_box_begins_at_rest_with_bytetracks_uncertainty() -> None:
    state_KS4 = begun(BOX, BYTETRACK)
    assert state_KS4[0, 0].tolist() == [120, 130, 40, 160]
    assert not state_KS4[0, 1].any()
    # Twice h/20 of place; ten times h/160 a frame of speed, at 30 frames a second.
    assert np.sqrt(state_KS4[0, 2]) == pytest.approx(2 * HEIGHT / 20)
    assert np.sqrt(state_KS4[0, 4]) == pytest.approx(10 * HEIGHT / 160 * 30)
    assert boxes(state_KS4).tolist() == BOX.tolist()
    assert middles(BOX).tolist() == [[120, 130, 40, 160]]


def test_a_frame_of_bytetrack_adds_its_noise() -> None:
    state_KS4 = begun(BOX, BYTETRACK)
    state_KS4[0, 2:] = 0  # certain
    later_KS4 = predicted(state_KS4, np.array([1 / 30]), BYTETRACK)
    assert np.sqrt(later_KS4[0, 4]) == pytest.approx(HEIGHT / 160 * 30)
    drift = (HEIGHT / 160) ** 2 / 3  # speed drifts within the frame, too
    assert later_KS4[0, 2] == pytest.approx((HEIGHT / 20) ** 2 + drift)


def test_time_passes_alike_in_one_step_and_in_many() -> None:
    state_KS4 = updated(predicted(begun(BOX), np.array([0.1])), BOX + 3)
    once_KS4 = predicted(state_KS4, np.array([0.6]))
    often_KS4 = state_KS4
    for _ in range(6):
        often_KS4 = predicted(often_KS4, np.array([0.1]))
    assert often_KS4 == pytest.approx(once_KS4)
    assert predicted(state_KS4, np.zeros(1)) == pytest.approx(state_KS4)


def test_speed_is_learnt_and_who_is_hidden_does_not_grow() -> None:
    state_KS4, growth = begun(BOX), np.array([-1, -1, 1, 1.0])
    for step in range(1, 21):
        seen_K4 = BOX + 4 * step + growth * step
        state_KS4 = updated(predicted(state_KS4, np.array([0.1])), seen_K4)
    assert state_KS4[0, 1, :2] == pytest.approx([40, 40], rel=0.02)  # pixels a second
    later_KS4 = predicted(state_KS4, np.array([0.5]), growing_K=np.array([False]))
    assert later_KS4[0, 0, :2] == pytest.approx(state_KS4[0, 0, :2] + 20, rel=0.02)
    assert later_KS4[0, 0, 2:].tolist() == state_KS4[0, 0, 2:].tolist()
    assert (predicted(state_KS4, np.array([0.5]))[0, 0, 2:] > later_KS4[0, 0, 2:]).all()


def test_who_comes_back_is_filtered_as_if_seen_on_a_straight_line() -> None:
    """OC-SORT's re-update: 3 updates at a third, two thirds and the whole of the way."""
    state_KS4, back = begun(BOX), BOX + 60
    by_hand_KS4 = state_KS4
    for seen_K4 in (BOX + 20, BOX + 40, BOX + 60):
        by_hand_KS4 = updated(predicted(by_hand_KS4, np.array([0.1])), seen_K4)
    found_KS4 = replayed(state_KS4, BOX, back, np.array([0.3]), 3)
    assert found_KS4 == pytest.approx(by_hand_KS4)
    single_KS4 = updated(predicted(state_KS4, np.array([0.3])), back)
    assert replayed(state_KS4, BOX, back, np.array([0.3]), 1) == pytest.approx(single_KS4)


def test_walkers_are_steadier_than_bytetracks_boxes() -> None:
    assert WALKERS.measured == BYTETRACK.measured == 1 / 20
    assert BYTETRACK.speed / WALKERS.speed == pytest.approx(3.4, abs=0.1)
    assert BYTETRACK.place / WALKERS.place == pytest.approx(3.4, abs=0.1)
