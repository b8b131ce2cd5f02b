"""Errors of pose detectors, on a few joints that are wrong in a known way."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.pages.image.joint_errors import (
    ARMS,
    LEGS,
    Looks,
    agreed,
    by_confidence,
    by_part,
    exchanged,
    from_the_side,
    lasting,
    middle_of,
    summary,
)
from edgehuman.geometry import COCO_17

J = len(COCO_17)


def looks(off: float = 0.0, count: int = 4, sure: float = 0.9) -> Looks:
    true_NJ2 = np.random.default_rng(0).random((count, J, 2))
    found_NJ2 = true_NJ2 + np.array([off, 0.0])
    next_N = np.array([*range(1, count), -1])
    return Looks(found_NJ2, np.full((count, J), sure), true_NJ2, next_N)


def test_a_constant_error_is_bias_and_no_spread() -> None:
    found = by_part(looks(0.02))
    assert set(found) == {name.split("_")[-1] for name in COCO_17}
    for ahead, down, spread in found.values():
        assert (ahead, down, spread) == pytest.approx((2.0, 0.0, 0.0), abs=1e-9)
    assert summary(looks(0.02))["median"] == pytest.approx(2.0)


def test_what_was_not_found_is_missing_and_no_error() -> None:
    made = looks(0.5)
    made.sure_NJ[:, 1:] = 0.1
    made.sure_NJ[0, 0] = 0.1
    table = summary(made)
    assert table["missing"] == pytest.approx(100 * (1 - 3 / (4 * J)))
    assert table["median"] == pytest.approx(50.0)
    assert list(by_part(made)) == ["nose"]


def test_sides_that_are_exchanged() -> None:
    made = looks()
    swap = [COCO_17.index(name) for name in ("r_knee", "r_ankle", "l_knee", "l_ankle")]
    made.found_NJ2[1, swap] = made.true_NJ2[1, [*swap[2:], *swap[:2]]]
    assert exchanged(made, LEGS) == 0.25
    assert exchanged(made, ARMS) == 0.0
    made.true_NJ2[:, COCO_17.index("r_wrist")] = np.nan
    assert np.isnan(exchanged(made, ARMS))


def test_errors_that_last_and_errors_that_do_not() -> None:
    made = looks(count=400)
    rng = np.random.default_rng(1)
    made.found_NJ2[:] = made.true_NJ2 + 0.01 * rng.standard_normal(made.true_NJ2.shape)
    assert abs(lasting(made)) < 0.05
    slow = np.repeat(rng.standard_normal((40, J, 2)), 10, axis=0)
    made.found_NJ2[:] = made.true_NJ2 + 0.01 * slow
    assert lasting(made) == pytest.approx(0.9, abs=0.03)


def test_what_teachers_agree_on() -> None:
    one, sure = np.zeros((1, 3, 2)), np.array([[0.9, 0.9, 0.1]])
    other = np.array([[[0.02, 0.0], [0.5, 0.0], [0.0, 0.0]]])
    found = agreed([one, other], [sure, np.ones((1, 3))], within=0.04)
    np.testing.assert_allclose(found[0, 0], [0.01, 0.0])
    assert np.isnan(found[0, 1:]).all()


def test_errors_by_confidence_count_the_doubtful_too() -> None:
    made = looks(0.1)
    made.sure_NJ[:] = 1.0
    made.sure_NJ[0] = 0.05
    rows = by_confidence(made)
    assert [count for _, count in rows] == [J, 0, 0, 0, 3 * J]
    assert rows[0][0] == pytest.approx(10.0)


def test_a_side_view_by_shoulders_and_trunk() -> None:
    true_NJ2 = np.full((3, J, 2), np.nan)
    for look, wide in enumerate((0.05, 0.5)):
        for side, sign in (("l", -0.5), ("r", 0.5)):
            true_NJ2[look, COCO_17.index(f"{side}_shoulder")] = (sign * wide, 0.0)
            true_NJ2[look, COCO_17.index(f"{side}_hip")] = (sign * 0.1, 1.0)
    assert from_the_side(true_NJ2).tolist() == [True, False, False]


def test_the_mean_of_what_is_known() -> None:
    np.testing.assert_allclose(middle_of(np.array([[1.0, np.nan], [3.0, np.nan]])), [2.0, np.nan])
