"""One exponent for all person folds, with a level of its own for each: L = a_fold x^-b.

People differ, so the loss on other held-out people lies elsewhere, at the same slope. Folds are
drawn whole in the bootstrap. Axes: B draws, P points, K folds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from edgehuman.bench.laws import resample
from edgehuman.bench.laws.curves import Rules
from edgehuman.records import Float64

FORM = "{y} = a_fold {x}^-b"


@dataclass(frozen=True, slots=True)
class Pooled:
    """Attributes:
    exponent, interval: of x, below 0 where the loss falls.
    levels: "a of fold 0" -> its value. folds: how many.
    draws_B: of the exponent; draw k of all fits with as many folds draws the same folds.
    """

    exponent: float
    interval: tuple[float, float]
    levels: Mapping[str, float]
    folds: int
    draws_B: Float64 = field(repr=False)


def fit_pooled(folds: Mapping[str, tuple[Float64, Float64]], rules: Rules) -> Pooled:
    """The common exponent by least squares of logs, each fold about its own mean.

    Args:
        folds: name -> its x and y, above 0.
    """
    xx, xy, middles = [], [], []
    for name in sorted(folds):
        x_P, y_P = map(np.log, folds[name])
        middles.append((x_P.mean(), y_P.mean()))
        xx.append(np.sum((x_P - x_P.mean()) ** 2))
        xy.append(np.sum((x_P - x_P.mean()) * (y_P - y_P.mean())))
    xx_K, xy_K = np.array(xx), np.array(xy)
    exponent = float(xy_K.sum() / xx_K.sum())
    weight_BK = resample.draw_weights(range(len(folds)), rules.draws, rules.seed)
    draws_B = (weight_BK @ xy_K) / (weight_BK @ xx_K)
    found = resample.student(draws_B, exponent, rules.level, len(folds))
    levels = {
        f"a of fold {name}": float(np.exp(y - exponent * x))
        for name, (x, y) in zip(sorted(folds), middles, strict=True)
    }
    return Pooled(
        exponent,
        (found.low, found.high),
        levels,
        len(folds),
        np.asarray(draws_B),
    )
