"""What the two targets measure, on little."""

from __future__ import annotations

from edgehuman.bench import beside


def test_the_fastest_round_counts_and_the_first_does_not() -> None:
    given = iter([0.1, 5.0, 3.0, 4.0, 2.0, 9.0])
    assert beside.fastest({"a": lambda: next(given), "b": lambda: next(given)}, 2) == {
        "a": 2.0,
        "b": 4.0,
    }


def test_it_is_a_ratio_of_two_loops_that_ran() -> None:
    assert 0.05 < beside.slow_sink_over_none("zoo:activity", minutes=0.5, rounds=1) < 20
