"""A row of the table of targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from edgehuman.bench.targets.targets import TargetsConfig


@dataclass(frozen=True, slots=True)
class Target:
    """Attributes:
    name: one word or two.
    what: the measured quantity, for people.
    sense: whether the value must be at least or at most the goal.
    goal: the number to reach.
    unit: one word, such as "x", "s" or "MB".
    measure: returns the value; raises NotMeasured if this machine lacks something. Any other
        error is a miss.
    """

    name: str
    what: str
    sense: Literal["at least", "at most"]
    goal: float
    unit: str
    measure: Callable[[TargetsConfig], float]

    def met_by(self, value: float) -> bool:
        """Whether a value reaches the goal."""
        return value >= self.goal if self.sense == "at least" else value <= self.goal


def same_whatever(measure: Callable[[], float]) -> Callable[[TargetsConfig], float]:
    """A measurement that no flag changes."""
    return lambda config: measure()
