"""Warm-up rises linearly, the cosine ends at the floor."""

from __future__ import annotations

import pytest

from edgehuman.training.schedule import learning_rate


def test_warm_up_is_linear_and_reaches_the_peak() -> None:
    rates = [learning_rate(step, 100, peak=1.0, floor=0.0, warmup=0.04) for step in range(4)]
    assert rates == [0.25, 0.5, 0.75, 1.0]


def test_the_middle_of_the_cosine_is_the_middle_of_the_range() -> None:
    assert learning_rate(50, 100, peak=1.0, floor=0.2, warmup=0.0) == pytest.approx(0.6)
    assert learning_rate(100, 100, peak=1.0, floor=0.2, warmup=0.0) == pytest.approx(0.2)
