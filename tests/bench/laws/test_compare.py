"""AICc by hand, and which form is taken."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgehuman.bench.laws.compare import Trial, aicc, choose


def test_aicc_by_hand() -> None:
    # n 6, RSS/n 0.01, two parameters and the variance: 6 ln .01 + 6 + 2 * 3 * 4 / (6 - 3 - 1)
    assert aicc(np.full(6, 0.1), 2) == pytest.approx(6 * math.log(0.01) + 6 + 12)


def test_too_few_points_for_a_form_are_infinitely_bad() -> None:
    assert aicc(np.full(4, 0.1), 3) == math.inf


@pytest.mark.parametrize(
    ("later", "taken"),
    [
        (Trial("b", 3, -20.0, 0.01), 1),  # both agree
        (Trial("b", 3, -20.0, 0.03), 0),  # it predicts worse
        (Trial("b", 3, -5.0, 0.01), 0),  # AICc is against it
        (Trial("b", 3, -20.0, math.nan), 0),  # nothing was held out
    ],
)
def test_a_larger_form_is_taken_where_both_agree(later: Trial, taken: int) -> None:
    assert choose([Trial("a", 2, -10.0, 0.02), later]) == taken
