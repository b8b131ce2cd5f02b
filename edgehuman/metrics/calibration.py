"""Calibration: softmax, temperature scaling, expected calibration error.

Source: Guo et al., "On Calibration of Modern Neural Networks", arXiv 1706.04599, sections 2, 4.2.
Axes: N samples, C classes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.records import Float64

Floats = NDArray[np.floating]

# Outside this range the softmax is flat or one-hot for any realistic logits.
_MIN_TEMPERATURE, _MAX_TEMPERATURE = 0.05, 20.0


def softmax(logits_NC: Floats, temperature: float = 1.0) -> Float64:
    """Return probabilities (..., C) of logits (..., C) / `temperature`, without overflow."""
    scaled_NC = np.asarray(logits_NC, np.float64) / temperature
    scaled_NC -= scaled_NC.max(axis=-1, keepdims=True)
    exp_NC = np.exp(scaled_NC)
    return np.asarray(exp_NC / exp_NC.sum(axis=-1, keepdims=True))


def negative_log_likelihood(
    logits_NC: Floats, label_N: NDArray[np.integer], temperature: float = 1.0
) -> float:
    """Return the mean negative log-probability of the true class, nats."""
    scaled_NC = np.asarray(logits_NC, np.float64) / temperature
    scaled_NC -= scaled_NC.max(axis=-1, keepdims=True)
    log_sum_N = np.log(np.exp(scaled_NC).sum(axis=-1))
    return float(np.mean(log_sum_N - scaled_NC[np.arange(len(label_N)), label_N]))


def fit_temperature(logits_NC: Floats, label_N: NDArray[np.integer]) -> float:
    """Fit the divisor of the logits that maximises the likelihood of the true classes.

    Fit it on people that are neither training nor test people. It does not change the argmax, so
    accuracy and F1 stay the same.

    Returns:
        A temperature between 0.05 and 20.

    Raises:
        DataError: no samples, or logits that are not finite.
    """
    from scipy.optimize import minimize_scalar

    logits_NC, label_N = np.asarray(logits_NC), np.asarray(label_N)
    if logits_NC.ndim != 2 or len(label_N) != len(logits_NC) or len(label_N) == 0:
        raise DataError(
            f"found logits {logits_NC.shape} and labels {label_N.shape}; "
            "give (N, C) logits and N labels, N at least 1"
        )
    if not np.isfinite(logits_NC).all():
        raise DataError("found logits that are not finite; check the network that computed them")
    fitted = minimize_scalar(
        lambda log_t: negative_log_likelihood(logits_NC, label_N, float(np.exp(log_t))),
        bounds=(np.log(_MIN_TEMPERATURE), np.log(_MAX_TEMPERATURE)),
        method="bounded",
    )
    return float(np.exp(fitted.x))


def expected_calibration_error(
    prob_NC: Floats, label_N: NDArray[np.integer], bins: int = 15
) -> float:
    """Return the mean gap between confidence and accuracy over equal-width confidence bins, 0..1.

    Bins are weighted by their number of samples.

    Raises:
        DataError: no samples, or rows that are not probabilities.
    """
    prob_NC, label_N = np.asarray(prob_NC, np.float64), np.asarray(label_N)
    if prob_NC.ndim != 2 or len(label_N) != len(prob_NC) or len(label_N) == 0:
        raise DataError(
            f"found probabilities {prob_NC.shape} and labels {label_N.shape}; "
            "give (N, C) probabilities and N labels, N at least 1"
        )
    if not np.allclose(prob_NC.sum(axis=1), 1.0, atol=1e-3):
        raise DataError("found rows that do not add up to 1; give probabilities, not logits")
    confidence_N = prob_NC.max(axis=1)
    right_N = (prob_NC.argmax(axis=1) == label_N).astype(np.float64)
    bin_N = np.minimum((confidence_N * bins).astype(np.int64), bins - 1)
    gap_B = np.bincount(bin_N, weights=confidence_N - right_N, minlength=bins)
    return float(np.abs(gap_B).sum() / len(label_N))
