"""Temperature and calibration error: known optima, known gaps."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.calibration import (
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    softmax,
)


def test_softmax_by_hand_and_without_overflow() -> None:
    assert softmax(np.log([[1.0, 3.0]]))[0] == pytest.approx([0.25, 0.75])
    assert softmax(np.array([[1e4, 0.0]]))[0] == pytest.approx([1.0, 0.0])
    assert softmax(2 * np.log([[1.0, 3.0]]), temperature=2.0)[0] == pytest.approx([0.25, 0.75])


def test_softmax_does_not_modify_its_input() -> None:
    logits = np.array([[1.0, 2.0]])
    softmax(logits)
    assert logits.tolist() == [[1.0, 2.0]]


def test_likelihood_by_hand() -> None:
    logits = np.log([[1.0, 3.0], [1.0, 1.0]])
    expected = -(np.log(0.75) + np.log(0.5)) / 2
    assert negative_log_likelihood(logits, np.array([1, 0])) == pytest.approx(expected)


def test_the_temperature_undoes_over_confidence() -> None:
    # Right three times in four at logit gap ln 3 is calibrated; ten times that gap needs T = 10.
    logits = 10 * np.log([[3.0, 1.0]] * 4)
    assert fit_temperature(logits, np.array([0, 0, 0, 1])) == pytest.approx(10.0, rel=1e-3)


def test_the_temperature_stays_bounded_when_everything_is_right() -> None:
    assert fit_temperature(np.array([[1.0, 0.0]] * 5), np.zeros(5, np.int64)) >= 0.05


def test_calibration_error_by_hand() -> None:
    # Bin of 0.9: two samples, one right: gap 0.4. Bin of 0.6: one sample, right: gap 0.4.
    prob = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6]])
    error = expected_calibration_error(prob, np.array([0, 1, 1]))
    assert error == pytest.approx((2 * 0.4 + 1 * 0.4) / 3)


def test_gaps_within_one_bin_cancel_and_across_bins_do_not() -> None:
    prob = np.array([[0.75, 0.25]] * 4)
    assert expected_calibration_error(prob, np.array([0, 0, 0, 1])) == pytest.approx(0.0)
    assert expected_calibration_error(np.array([[1.0, 0.0]]), np.array([1])) == 1.0


def test_wrong_input_is_an_error() -> None:
    with pytest.raises(DataError, match="add up to 1"):
        expected_calibration_error(np.array([[3.0, 1.0]]), np.array([0]))
    with pytest.raises(DataError, match="at least 1"):
        expected_calibration_error(np.empty((0, 2)), np.empty(0, np.int64))
    with pytest.raises(DataError, match="not finite"):
        fit_temperature(np.array([[np.nan, 1.0]]), np.array([0]))
    with pytest.raises(DataError, match="at least 1"):
        fit_temperature(np.empty((0, 2)), np.empty(0, np.int64))
