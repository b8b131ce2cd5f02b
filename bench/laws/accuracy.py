"""Shares, such as rank-1 or an F1: binomial intervals, and laws that stay between 0 and 1.

A share saturates, so that a power law of it leaves 0 to 1; what is fitted is its logit, or the
error 1 - share as a power law, or the gait paper's P = a log2 x + E, which holds within the
measured range alone. Axes: B draws, P points.
"""

from __future__ import annotations

import math

import numpy as np

from edgehuman.bench.laws.power import lines
from edgehuman.records import Float64

LOGIT, ERROR, LOG2 = "logit P = c + k ln x", "1 - P = a x^-b", "P = a log2 x + E"


def wilson(share: float, trials: int, level: float = 0.9) -> tuple[float, float]:
    """Wilson's interval of a share of so many trials (Wilson, JASA 22, 1927)."""
    from scipy.stats import norm

    z = float(norm.ppf((1.0 + level) / 2.0))
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * math.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    half /= 1 + z * z / trials
    return max(0.0, middle - half), min(1.0, middle + half)


def shrunk(share_P: Float64, trials_P: Float64) -> Float64:
    """Shares a half trial away from 0 and 1, so that a logit and a log exist: (k + 1/2) / (n + 1).

    Where trials are unknown (NaN) the share stays.
    """
    known = np.isfinite(trials_P)
    count_P = np.where(known, trials_P, 1.0)
    return np.where(known, (share_P * count_P + 0.5) / (count_P + 1.0), share_P)


def transformed(form: str, share_P: Float64) -> Float64:
    """What is a line in ln x (in log2 x for `LOG2`) by this form; shares strictly in 0 to 1."""
    if form == LOGIT:
        return np.asarray(np.log(share_P) - np.log1p(-share_P))
    return np.asarray(np.log1p(-share_P) if form == ERROR else share_P)


def values(form: str, slope: Float64, level: Float64, x: Float64 | float) -> Float64:
    """The share at x by slopes and levels, one or many."""
    log_x = np.log2(x) if form == LOG2 else np.log(x)
    line = level + slope * log_x
    if form == LOGIT:
        return np.asarray(1.0 / (1.0 + np.exp(-line)))
    return np.asarray(1.0 - np.exp(line)) if form == ERROR else np.asarray(line)


def share_fits(
    form: str, x_P: Float64, share_BP: Float64, weight_BP: Float64
) -> tuple[Float64, Float64]:
    """Slope and level of the line by this form, for each row of weights and shares.

    Unweighted by trials: all points of a sweep are judged on the same trials, so that their
    binomial noise is common, and a weight would count the middle of the range for more.
    """
    log_x_P = np.log2(x_P) if form == LOG2 else np.log(x_P)
    return lines(log_x_P, transformed(form, share_BP), weight_BP)
