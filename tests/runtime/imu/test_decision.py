"""Smoothing against exhaustive search, its delay budget, hysteresis, threshold."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from edgehuman.card import Decision
from edgehuman.errors import UsageError
from edgehuman.records import Float64
from edgehuman.runtime.imu.decision import (
    Decided,
    Decider,
    FixedLag,
    Hysteresis,
    Unsmoothed,
)
from edgehuman.runtime.loop.results import UNKNOWN

LABELS = ("walking", "sitting", "laying")


def logits(*prob: float) -> list[float]:
    return [math.log(p) for p in prob]


def play(decision: Decision, rows: list[list[float] | None]) -> list[Decided[int]]:
    decider: Decider[int] = Decider(decision, LABELS, hop_s=1.0)
    decided = [one for k, row in enumerate(rows) for one in decider.push(k, float(k), row)]
    return decided + decider.flush()


def best_path(prob_NC: Float64, stay: float) -> list[int]:
    """The most likely path, by trying them all."""
    hops, classes = prob_NC.shape

    def score(path: tuple[int, ...]) -> float:
        moves = [
            stay if a == b else (1 - stay) / (classes - 1) for a, b in itertools.pairwise(path)
        ]
        return sum(map(math.log, moves)) + sum(math.log(prob_NC[k, c]) for k, c in enumerate(path))

    best = max(itertools.product(range(classes), repeat=hops), key=score)
    return list(best)


@pytest.mark.parametrize("seed", range(8))
def test_a_lag_that_sees_everything_gives_the_most_likely_path(seed: int) -> None:
    prob_NC = np.random.default_rng(seed).dirichlet(np.ones(3) * 0.5, size=7).clip(1e-3)
    smoother = FixedLag(lag=7, stay=0.8)
    answers = [answer for prob_C in prob_NC for answer in smoother.push(tuple(prob_C))]
    assert answers + smoother.flush() == best_path(prob_NC, 0.8)


@pytest.mark.parametrize("lag", [0, 1, 2, 4])
def test_each_answer_is_the_best_path_so_far_and_keeps_the_budget(lag: int) -> None:
    prob_NC = np.random.default_rng(5).dirichlet(np.ones(3), size=40)
    smoother, given = FixedLag(lag, stay=0.9), 0
    for k, prob_C in enumerate(prob_NC):
        for answer in smoother.push(tuple(prob_C)):
            if k < 9:
                assert answer == best_path(prob_NC[: k + 1], 0.9)[given]
            given += 1
        assert given >= k + 1 - lag
    assert given + len(smoother.flush()) == 40


def test_one_odd_window_is_smoothed_away_and_a_change_is_not() -> None:
    walk, sit = logits(0.9, 0.08, 0.02), logits(0.08, 0.9, 0.02)
    rows: list[list[float] | None] = [walk, walk, sit, walk, walk, sit, sit, sit, sit]
    decided = play(Decision(smoothing="fixed_lag", delay_s=3.0, stay=0.95), rows)
    assert [one.label for one in decided] == ["walking"] * 5 + ["sitting"] * 4
    assert [one.raw_label for one in decided][2] == "sitting"
    assert [one.item for one in decided] == list(range(9))
    assert max(one.look_ahead_s for one in decided) <= 3.0


def test_where_every_path_agrees_the_answer_does_not_wait() -> None:
    sure = logits(0.998, 0.001, 0.001)
    decided = play(Decision(smoothing="fixed_lag", delay_s=5.0, stay=0.9), [sure] * 6)
    assert [one.look_ahead_s for one in decided] == [1.0] * 5 + [0.0]


def test_hysteresis_changes_after_the_budget_and_never_waits() -> None:
    smoother = Hysteresis(hops=2)
    walk, sit = (0.8, 0.2), (0.2, 0.8)
    close = (0.48, 0.52)  # leads by less than the margin
    pushed = [walk, sit, walk, sit, close, sit, None, sit, sit]
    assert [smoother.push(row) for row in pushed] == [[0], [0], [0], [0], [0], [0], [0], [1], [1]]


def test_without_smoothing_the_network_is_repeated() -> None:
    assert Unsmoothed().push((0.2, 0.7, 0.1)) == [1]


def test_the_threshold_gives_unknown_with_the_score() -> None:
    decided = play(Decision(threshold=0.6), [logits(0.5, 0.3, 0.2), logits(0.7, 0.2, 0.1)])
    assert [one.label for one in decided] == [UNKNOWN, "walking"]
    assert [round(one.score, 6) for one in decided] == [0.5, 0.7]
    assert decided[0].raw_label == "walking"


def test_the_score_is_the_mean_over_the_look_ahead() -> None:
    decision = Decision(smoothing="fixed_lag", delay_s=1.0, stay=0.9)
    decided = play(decision, [logits(0.6, 0.3, 0.1), logits(0.8, 0.1, 0.1)])
    assert [round(one.score, 6) for one in decided] == [0.7, 0.8]


def test_the_temperature_softens() -> None:
    decided = play(Decision(temperature=2.0), [[2 * math.log(4.0), 0.0, 0.0]])
    assert decided[0].score == pytest.approx(4 / 6)


@pytest.mark.parametrize("smoothing", ["none", "fixed_lag", "hysteresis"])
def test_a_window_without_evidence_is_unknown_and_keeps_its_place(smoothing: str) -> None:
    walk = logits(0.9, 0.05, 0.05)
    decision = Decision(smoothing=smoothing, delay_s=2.0)  # type: ignore[arg-type]
    decided = play(decision, [None, walk, None, walk])
    assert [one.label for one in decided] == [UNKNOWN, "walking", UNKNOWN, "walking"]
    assert [one.score for one in decided][::2] == [0.0, 0.0]
    assert [one.item for one in decided] == [0, 1, 2, 3]


def test_a_pause_in_the_stream_starts_the_chain_again() -> None:
    walk, sit = logits(0.9, 0.08, 0.02), logits(0.3, 0.6, 0.1)
    decider: Decider[int] = Decider(Decision(smoothing="fixed_lag", delay_s=1.0), LABELS, 1.0)
    decider.push(0, 0.0, walk)
    decider.push(1, 1.0, walk)
    assert [one.item for one in decider.push(2, 9.0, sit)] == [1]
    assert [one.label for one in decider.flush()] == ["sitting"]


def test_the_chance_to_stay_follows_the_hop() -> None:
    decision = Decision(smoothing="fixed_lag", stay=0.81, delay_s=1.0, hop_s=1.0)
    decider: Decider[int] = Decider(decision, LABELS, hop_s=0.5)
    assert isinstance(decider.smoother, FixedLag)
    assert decider.smoother.stay == pytest.approx(0.9)
    assert decider.smoother.lag == 2


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        (Decision(temperature=0.0), "temperature is 0.0"),
        (Decision(threshold=1.5), "threshold is 1.5"),
        (Decision(delay_s=-1.0), "delay_s is -1.0"),
        (Decision(smoothing="fixed_lag", stay=0.1), "at least 1/3"),
        (Decision(smoothing="fixed_lag", stay=1.0), "under 1"),
        (Decision(smoothing="median"), "unknown smoothing 'median'"),  # type: ignore[arg-type]
    ],
)
def test_parameters_outside_their_range_are_refused(decision: Decision, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Decider(decision, LABELS, hop_s=1.0)


def energies(decision: Decision, energy_H: list[float]) -> list[Decided[int]]:
    decider: Decider[int] = Decider(decision, LABELS, hop_s=1.0)
    row = logits(0.9, 0.05, 0.05)
    decided = [one for k, e in enumerate(energy_H) for one in decider.push(k, float(k), row, e)]
    return decided + decider.flush()


def test_a_window_unlike_what_was_learnt_is_unknown_and_keeps_its_score() -> None:
    decided = energies(Decision(energy=2.0), [3.0, 3.0, 0.5, 0.5, 3.0, 3.0, 3.0])
    assert [one.is_unlike for one in decided] == [False, False, False, True, True, False, False]
    assert [one.label == UNKNOWN for one in decided] == [one.is_unlike for one in decided]
    assert all(one.score == pytest.approx(0.9) for one in decided)
    assert decided[3].raw_label == "walking"
    assert not any(one.is_unlike for one in energies(Decision(), [-9.0] * 3))


def test_one_unlike_window_among_others_does_not_change_the_answer() -> None:
    for decision in (
        Decision(energy=2.0),
        Decision(smoothing="hysteresis", energy=2.0),
        Decision(smoothing="fixed_lag", delay_s=2.0, stay=0.9, energy=2.0),
    ):
        assert not any(one.is_unlike for one in energies(decision, [3.0, 3.0, 0.5, 3.0, 3.0]))
        assert all(one.is_unlike for one in energies(decision, [1.0] * 5))


def test_what_was_before_a_pause_is_forgotten() -> None:
    decider: Decider[int] = Decider(Decision(energy=2.0), LABELS, hop_s=1.0)
    for k in range(3):
        decider.push(k, float(k), logits(0.9, 0.05, 0.05), 9.0)
    (after,) = decider.push(3, 60.0, logits(0.9, 0.05, 0.05), 1.0)
    assert after.is_unlike
