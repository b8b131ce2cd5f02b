"""Boxes compared as sets: order, rounding, the cut of TopK, and people lost."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import ParityError
from edgehuman.metrics.boxes.sets import compare_sets
from edgehuman.records import Float32

ANNE = (10, 10, 50, 110, 0.9)
BOB = (60, 10, 100, 110, 0.6)
SHADOW = (200, 200, 210, 210, 0.01)


def boxes(*rows: tuple[float, ...]) -> Float32:
    return np.array([rows], np.float32)


def test_another_order_is_the_same_set() -> None:
    found = compare_sets(boxes(ANNE, BOB, SHADOW), boxes(SHADOW, ANNE, BOB))
    assert (found.kept, found.near, found.found, found.max_abs) == (1, 1, 1, 0)
    assert found.cosine_N[0] == pytest.approx(1)


def test_boxes_of_equal_scores_may_be_exchanged() -> None:
    twins = [(20.0 * i, 0, 20.0 * i + 15, 40, 0.5) for i in range(6)]
    assert compare_sets(boxes(*twins), boxes(*twins[::-1])).kept == 1


def test_small_shifts_are_near_and_larger_ones_found() -> None:
    # 1 px of 40 to the side: IoU 39/41 = 0.951; 10 px: 30/50 = 0.6
    near = compare_sets(boxes(ANNE), boxes((11, 10, 51, 110, 0.88)))
    assert (near.kept, near.near, near.found) == (0, 1, 1)
    assert near.max_abs == pytest.approx(0.02)
    far = compare_sets(boxes(ANNE), boxes((20, 10, 60, 110, 0.7)))
    assert (far.kept, far.near, far.found) == (0, 0, 1)


def test_the_error_is_that_of_the_overlap() -> None:
    shifted = compare_sets(boxes(ANNE, BOB), boxes((11, 10, 51, 110, 0.9), BOB))
    assert shifted.error == pytest.approx((1 - 39 / 41) * 0.81 / (0.81 + 0.36), abs=1e-6)
    assert compare_sets(boxes(ANNE), boxes(BOB)).error == 1
    assert compare_sets(boxes(ANNE, BOB), boxes(BOB, ANNE)).error == pytest.approx(0)


def test_boxes_weigh_their_score_squared() -> None:
    # Anne on both sides has a partner, Bob on one side has none.
    found = compare_sets(boxes(ANNE, BOB), boxes(ANNE, SHADOW))
    assert found.kept == pytest.approx(2 * 0.81 / (2 * 0.81 + 0.36), abs=1e-5)
    assert found.cosine_N[0] == pytest.approx(0.81 / (np.hypot(0.9, 0.6) * np.hypot(0.9, 0.01)))


def test_a_partner_is_taken_once() -> None:
    found = compare_sets(boxes(ANNE, ANNE), boxes(ANNE, SHADOW))
    assert found.kept == pytest.approx(2 / 3, abs=1e-3)


def test_the_box_at_the_cut_of_topk_does_not_count() -> None:
    other = (300, 0, 310, 20, 0.01)
    assert compare_sets(boxes(ANNE, SHADOW), boxes(ANNE, other)).kept == 1
    # A confident one does, however the rest rounds.
    assert compare_sets(boxes(ANNE, BOB), boxes(ANNE, (300, 0, 310, 20, 0.55))).found < 0.9


def test_nothing_in_common_is_nothing_kept() -> None:
    found = compare_sets(boxes(ANNE), boxes(BOB))
    assert (found.kept, found.near, found.found, found.cosine_N[0]) == (0, 0, 0, 0)


def test_a_network_that_sees_nothing_equals_itself() -> None:
    nothing = np.zeros((2, 3, 5), np.float32)
    found = compare_sets(nothing, nothing)
    assert (found.kept, found.found, found.max_abs) == (1, 1, 0)
    assert found.cosine_N.tolist() == [1, 1]


def test_every_anchor_of_a_network_without_topk_is_quick_to_compare() -> None:
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 300, (1, 2730, 2))
    score = rng.uniform(0, 1, (1, 2730, 1))
    every = np.concatenate([corner, corner + 40, score], axis=2).astype(np.float32)
    shuffled = every[:, rng.permutation(2730)]
    assert compare_sets(every, shuffled).kept == 1


def test_what_is_no_set_of_boxes_is_refused() -> None:
    with pytest.raises(ParityError, match=r"shape \(1, 5\), not \(N, boxes, 5\)"):
        compare_sets(np.zeros((1, 5), np.float32), np.zeros((1, 5), np.float32))
