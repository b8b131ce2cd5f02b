"""What the two targets measure, on little."""

from __future__ import annotations

import time

import pytest

from edgehuman.bench import beside


def test_the_fastest_round_counts_and_the_first_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.1, 1.0, 6.0, 10.0, 13.0])
    monkeypatch.setattr(time, "thread_time", lambda: next(clock))
    assert beside.fastest_s(lambda: None, 2) == 3.0


@pytest.mark.slow
def test_handing_results_over_costs_little() -> None:
    assert 1.0 < beside.slow_sink_over_none("zoo:activity", minutes=0.5, rounds=2) < 1.5
