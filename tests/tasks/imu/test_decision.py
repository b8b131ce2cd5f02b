"""The decision is the best one on the given recordings, checked on small numbers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.card import IMU_INPUT, Card, Decision, OutputSpec
from edgehuman.errors import DataError
from edgehuman.metrics.energy import energy_of
from edgehuman.records import Float32, ImuRecording
from edgehuman.tasks.imu.decision import Hops, accuracy_of, choose_decision, hops_of

LABELS = ("walking", "sitting")
START = Decision(temperature=2.0, hop_s=0.64)


def hops(logits_HK: Float32, true_H: tuple[str | None, ...]) -> Hops:
    return Hops(logits_HK, true_H, energy_of(logits_HK))


def flickering() -> Hops:
    """Forty hops of walking, every fifth looking like sitting, then forty of sitting."""
    logits_HK = np.tile(np.array([2.0, 0.0], np.float32), (80, 1))
    logits_HK[40:] = logits_HK[40:, ::-1]
    logits_HK[4:40:5] = [0.0, 2.0]
    return hops(logits_HK, ("walking",) * 40 + ("sitting",) * 40)


def test_smoothing_is_chosen_for_a_flickering_network() -> None:
    found = flickering()
    assert accuracy_of(START, [found], LABELS) == pytest.approx(72 / 80)
    chosen = choose_decision(START, [found], LABELS, delay_s=1.28)
    assert chosen.smoothing == "fixed_lag"
    assert (chosen.temperature, chosen.delay_s) == (2.0, 1.28)
    assert accuracy_of(chosen, [found], LABELS) > 0.97


def test_the_threshold_is_the_largest_that_costs_little() -> None:
    sure = hops(np.array([[2.0, 0.0]] * 50, np.float32), ("walking",) * 50)
    # softmax(2 / 2) = 0.73: thresholds up to 0.7 keep all answers.
    assert choose_decision(START, [sure], LABELS, 0.64).threshold == 0.7
    unsure = hops(np.array([[0.5, 0.0]] * 50, np.float32), ("walking",) * 50)
    # softmax(0.5 / 2) = 0.56: at 0.6 all answers would be lost.
    assert choose_decision(START, [unsure], LABELS, 0.64).threshold == 0.5


def test_hops_carry_the_label_at_the_end_of_each_window() -> None:
    label_T = np.full(192, -1, np.int16)
    label_T[150:] = 1
    recording = ImuRecording(np.zeros((192, 6), np.float32), 50.0, "p:1", label_T, LABELS)
    card = Card("a", "activity", "b", 1, 1, IMU_INPUT, OutputSpec("classes", LABELS), START)
    found = hops_of(recording, card, lambda imu_NTC: np.zeros((len(imu_NTC), 2), np.float32))
    assert found.true_H == (None, "sitting", "sitting")  # ends at samples 127, 159, 191
    assert found.logits_HK.shape == (3, 2)
    assert found.energy_H == pytest.approx([np.log(2)] * 3)


def test_a_window_that_is_rejected_counts_as_wrong() -> None:
    found = hops(np.array([[2.0, 0.0]] * 5 + [[-4.0, -6.0]] * 5, np.float32), ("walking",) * 10)
    strict = dataclasses.replace(START, energy=0.5)
    assert accuracy_of(START, [found], LABELS) == 1.0
    assert accuracy_of(strict, [found], LABELS) == pytest.approx(0.5)


def test_recordings_without_labels_are_refused() -> None:
    silent = hops(np.zeros((5, 2), np.float32), (None,) * 5)
    with pytest.raises(DataError, match="no labelled recordings of the people held out"):
        choose_decision(START, [silent], LABELS, 1.28)


def test_the_least_energy_is_the_highest_that_costs_little() -> None:
    logits_HK = np.array([[2.0, 0.0]] * 300 + [[0.9, -1.1]] * 300, np.float32)
    found = hops(logits_HK, ("walking",) * 600)
    low, between, high = 0.5, 1.5, 3.0  # energies of the two halves: 2.13 and 1.03
    chosen = choose_decision(START, [found], LABELS, 0.64, [low, high, between])
    assert chosen.energy == low
    assert choose_decision(START, [found], LABELS, 0.64, [high]).energy is None
    assert choose_decision(START, [found], LABELS, 0.64).energy is None
