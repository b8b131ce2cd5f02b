"""How good a walk is to know somebody by, 0 to 100, whatever record it is of.

    quality = 100 * steps^a * view^b * completeness^c * agreement^d,    a + b + c + d = 1

Each part is 0..1 and the exponents are above 0, so that the quality rises with every part, and one
part that is missing makes it 0. A part that is not known (no halves to compare, no view) is left
out, and the other exponents are scaled to add up to 1. The exponents are those that best tell right
from wrong answers of simulated people (`bench.pages.skeleton.discard`); that the score is one of
0 to 100 which falls with error is what ISO/IEC 29794-1 asks of a quality.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

# Steps that make most of what steps are worth; agreement of two halves that says nothing.
_STEPS, _UNLIKE = 3.0, 0.5
# Halves that differ make a walk doubtful, and not worthless.
_LEAST = 0.01
# A joint that a detector is half sure of counts as seen.
SURE = 0.5


class Weights(NamedTuple):
    """The exponents of the parts."""

    steps: float
    view: float
    completeness: float
    agreement: float


@dataclass(frozen=True, slots=True)
class Quality:
    """The parts of a walk's quality, each 0..1.

    Attributes:
        weights: their exponents.
        steps: how many steps it shows, and how clearly.
        completeness: how much of the body, and of the time, it shows.
        view: how much of a stride can be seen from there; None: not known.
        agreement: how alike its halves are to the model; None: too short to have two.
        seen: steps that were seen, a number.
    """

    weights: Weights
    steps: float
    completeness: float
    view: float | None = None
    agreement: float | None = None
    seen: float = 0.0

    @property
    def parts(self) -> dict[str, float]:
        """The parts that are known, by name."""
        named = {name: getattr(self, name) for name in Weights._fields}
        return {name: value for name, value in named.items() if value is not None}

    @property
    def score(self) -> int:
        """0 to 100."""
        parts = self.parts
        if min(parts.values()) <= 0.0:
            return 0
        weights = {name: getattr(self.weights, name) for name in parts}
        power = sum(weights[name] * math.log(value) for name, value in parts.items())
        return round(100.0 * math.exp(power / sum(weights.values())))

    def as_row(self) -> dict[str, Any]:
        """Plain values, for JSON: the score, and the parts that are known."""
        parts = {name: round(value, 3) for name, value in self.parts.items()}
        return {"score": self.score, "parts": parts, "steps_seen": round(self.seen, 1)}

    def said(self) -> str:
        """In words: 43 of 100 (steps 0.62, view 0.40, ...)."""
        parts = ", ".join(f"{name} {value:.2f}" for name, value in self.parts.items())
        return f"{self.score} of 100 ({parts})"


def steps_part(steps: float, rhythm: float) -> float:
    """The part of steps: those that were seen, 1 - exp(-steps / 3), times how clear they are."""
    return (1.0 - math.exp(-max(steps, 0.0) / _STEPS)) * min(max(rhythm, 0.0), 1.0)


def agreement_part(alike: float | None) -> float | None:
    """The part of agreement: 1 for equal halves, and least for those that are 0.5 alike or less."""
    return None if alike is None else min(max((alike - _UNLIKE) / (1.0 - _UNLIKE), _LEAST), 1.0)
