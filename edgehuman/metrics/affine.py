"""An affine step on class logits, shrunk to none: what one person's labelled windows may change.

    logits'_NC = apply(logits_NC, rows)                A logits + b, the rows of [A b]
    rows = fit(logits_NC, label_N, strength=0.1)       multinomial logistic regression

Only classes that occur in the labels are weighed against each other: their logits keep their mean,
so that every other class keeps its place, and a constant added to all logits changes nothing.

Axes: N windows, C classes, K classes that occur, F = K + 1 features (the logits and a constant).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgehuman.metrics.calibration import softmax
from edgehuman.records import Float32, Float64, Index

Rows = tuple[tuple[float, ...], ...]
_STEPS, _HALVINGS = 30, 20


def apply(logits_NC: Float32, rows: Sequence[Sequence[float]]) -> Float32:
    """Return A logits + b; the logits themselves without rows.

    Args:
        rows: C rows of C numbers of A and one of b.
    """
    if not rows:
        return logits_NC
    step_CF = np.asarray(rows, np.float64)
    return np.asarray(logits_NC @ step_CF[:, :-1].T + step_CF[:, -1], np.float32)


def compose(second: Rows, first: Rows) -> Rows:
    """Return the rows of one step that does `first`, then `second`."""
    if not first:
        return second
    after_CF, before_CF = np.asarray(second), np.asarray(first)
    made_CF = after_CF[:, :-1] @ before_CF
    made_CF[:, -1] += after_CF[:, -1]
    return as_rows(made_CF)


def as_rows(step_CF: Float64) -> Rows:
    """Return [A b] as plain numbers, as a card holds them."""
    return tuple(tuple(round(float(value), 6) for value in row) for row in step_CF)


def fit(logits_NC: Float32, label_N: Index, strength: float, temperature: float = 1.0) -> Float64:
    """Return [A b] (C, C + 1) of the labelled windows; every class that occurs counts alike.

    Args:
        strength: of the ridge penalty on what differs from no step; above 0.
        temperature: the logits are probabilities' when divided by it.
    """
    classes = logits_NC.shape[1]
    known_K, place_N = np.unique(label_N, return_inverse=True)
    inner_NK = logits_NC[:, known_K].astype(np.float64) / temperature
    middle_KK = np.eye(len(known_K)) - 1.0 / len(known_K)
    feature_NK = inner_NK @ middle_KK
    scale = max(float(np.sqrt(np.mean(feature_NK**2))), 1e-6)
    feature_NF = np.column_stack([feature_NK / scale, np.ones(len(label_N))])
    weight_N = 1.0 / (np.bincount(place_N)[place_N] * len(known_K))
    change_KF = _minimise(inner_NK, feature_NF, place_N, weight_N, strength)
    step_CF = np.eye(classes, classes + 1)
    step_CF[np.ix_(known_K, known_K)] += change_KF[:, :-1] @ middle_KK / scale
    step_CF[known_K, -1] = temperature * change_KF[:, -1]
    return step_CF


def _minimise(
    inner_NK: Float64, feature_NF: Float64, place_N: Index, weight_N: Float64, strength: float
) -> Float64:
    """Return the change (K, F) of the logits with the least penalised cross-entropy: Newton's
    method with halved steps; the problem is strictly convex.
    """
    shape = (inner_NK.shape[1], feature_NF.shape[1])
    truth_NK = np.eye(shape[0])[place_N]

    def loss(change_KF: Float64) -> float:
        logits_NK = inner_NK + feature_NF @ change_KF.T
        top_N = logits_NK.max(axis=1)
        log_sum_N = top_N + np.log(np.exp(logits_NK - top_N[:, None]).sum(axis=1))
        fit_N = log_sum_N - (logits_NK * truth_NK).sum(axis=1)
        return float(weight_N @ fit_N + 0.5 * strength * (change_KF**2).sum())

    change_KF = np.zeros(shape)
    now = loss(change_KF)
    for _ in range(_STEPS):
        prob_NK = softmax(inner_NK + feature_NF @ change_KF.T)
        slope_KF = ((prob_NK - truth_NK) * weight_N[:, None]).T @ feature_NF + strength * change_KF
        curve = _curvature(prob_NK, feature_NF, weight_N) + strength * np.eye(change_KF.size)
        step_KF = np.linalg.solve(curve, slope_KF.ravel()).reshape(shape)
        for halving in range(_HALVINGS):
            tried_KF = change_KF - step_KF / 2**halving
            tried = loss(tried_KF)
            if tried <= now:
                break
        if not now - tried > 1e-9:
            break
        change_KF, now = tried_KF, tried
    return change_KF


def _curvature(prob_NK: Float64, feature_NF: Float64, weight_N: Float64) -> NDArray[np.float64]:
    """Return the Hessian (K F, K F) of the cross-entropy."""
    classes, features = prob_NK.shape[1], feature_NF.shape[1]
    curve_KFKF = np.empty((classes, features, classes, features))
    for i in range(classes):
        for j in range(classes):
            both_N = weight_N * prob_NK[:, i] * (float(i == j) - prob_NK[:, j])
            curve_KFKF[i, :, j, :] = (feature_NF * both_N[:, None]).T @ feature_NF
    size = classes * features
    return curve_KFKF.reshape(size, size)
