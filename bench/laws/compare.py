"""Which form: by the error at the largest point, held out, and by AICc; never by R squared.

A form with one parameter more is taken only where both agree on it, and where its floor is seen:
R squared nearly always prefers it, and its extrapolation is worse where the data have no bend.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.records import Float64


@dataclass(frozen=True, slots=True)
class Trial:
    """What a form gave.

    Attributes:
        form: in words: "L = a D^-b".
        parameters: numbers fitted.
        aicc: of all points; infinite where there are too few for the form.
        held_out_error: |predicted / measured - 1| at the largest point, fitted without it; NaN
            where it could not be.
    """

    form: str
    parameters: int
    aicc: float
    held_out_error: float


def aicc(residual_P: Float64, parameters: int) -> float:
    """Akaike's criterion for least squares, corrected for few points (Hurvich and Tsai, Biometrika
    76, 1989): n ln(RSS / n) + 2 k + 2 k (k + 1) / (n - k - 1), where k counts the variance too.

    Infinite where n <= k + 1, as nothing is left to judge by.
    """
    n, k = len(residual_P), parameters + 1
    if n <= k + 1:
        return math.inf
    mean = max(float(np.mean(residual_P**2)), 1e-30)
    return n * math.log(mean) + 2 * k + 2 * k * (k + 1) / (n - k - 1)


def choose(trials: Sequence[Trial]) -> int:
    """Index of the form to report; the simplest comes first.

    A later form is taken where its AICc is lower and its held-out error is known and no larger.
    """
    best = 0
    for place in range(1, len(trials)):
        one, other = trials[best], trials[place]
        if other.aicc < one.aicc and other.held_out_error <= one.held_out_error:
            best = place
    return best
