"""What is kept of one person who is followed. Axes: S, 4: as in `motion`; D dimensions."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from edgehuman.records import Float64
from edgehuman.runtime.tracks.costs import unit

ROUNDING_S = 1e-6
"""Stamps are rounded: times that differ by less are the same."""


@dataclass(eq=False, slots=True)
class Track:
    """Attributes:
    state_S4: of the filter at the last box.
    box_4: the last box.
    seen_s, begun_s: when that and the first were seen.
    number: 0 while it is tentative.
    missed: frames since the last box.
    hits, frames: boxes so far, and frames since the first of them.
    needed: boxes that confirm it.
    good_s: when the last good box was seen.
    past: times and boxes over which the direction is taken.
    look_D: what the person looks like, of length 1; None: not known.
    """

    state_S4: Float64
    box_4: Float64
    seen_s: float
    begun_s: float
    number: int = 0
    missed: int = 0
    hits: int = 1
    frames: int = 1
    needed: int = 2
    good_s: float = -math.inf
    past: deque[tuple[float, Float64]] = field(default_factory=deque)
    look_D: Float64 | None = None

    def see(self, box_4: Float64, t_s: float, kept_s: float) -> None:
        """Take a box."""
        self.box_4, self.seen_s, self.missed = box_4, t_s, 0
        self.past.append((t_s, box_4))
        while len(self.past) > 2 and self.past[1][0] <= t_s - kept_s + ROUNDING_S:
            self.past.popleft()

    @property
    def old_4(self) -> Float64:
        """The box from which the direction is taken."""
        return self.past[0][1]

    def look(self, look_D: Float64 | None, memory: float) -> None:
        """Take what the person looks like, of length 1."""
        if look_D is None or self.look_D is None:
            self.look_D = self.look_D if look_D is None else look_D
        else:
            self.look_D = unit((memory * self.look_D + (1 - memory) * look_D)[None])[0]
