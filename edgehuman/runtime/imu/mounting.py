"""How a sensor is worn, learnt from its wearer's own walking, without labels.

    mounting = Mounting(card)
    logits_C = mounting.read(imu_TC, engine.run(mounting.turned(imu_TC)[None])[0], t_s)

Whoever walks is upright, and walking is recognised whichever way the sensor is turned. So after a
few steps the stream knows which way is up, and turns every window into the wearer's frame
(`preprocess.imu.upright`). A sensor that is moved is learnt anew. The stream also says about where
the sensor is worn, but only a placement that the user states weights the answers: a hip that walks
like a pocket still sits like a hip. Models whose card names no `upright` classes take the sensor as
it is worn.

Before anybody has walked, the postures of a still wearer are told only if the stream began with
gravity as it lies when the sensor is worn as usual: otherwise it shows lying, or another mounting,
and nothing tells which (`tells`). Where a stated placement leaves open which end of an axis is up,
still windows close to that axis say it. A sensor that is turned or exchanged while its wearer is
still (`preprocess.imu.moved`) is not known, either, until they walk.

Axes: N windows, T time, C classes, O outputs (placements * classes), P placements.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.card import Card
from edgehuman.errors import UsageError
from edgehuman.metrics.calibration import softmax
from edgehuman.metrics.placements import answered, of_classes, of_placements
from edgehuman.preprocess.imu.moved import GravityTrack, Motion, motions
from edgehuman.preprocess.imu.upright import common_direction, to_upright, turn
from edgehuman.records import Float32, Float64

SURE = 0.8
"""From this probability of the upright classes on, a window says how the sensor is mounted."""
IN_A_ROW = 3
"""So many windows in a row, before the first is believed and after a sensor was moved."""
KEPT = 32
ANEW = 4
"""Every so many windows of walking in a row, a mounting that is known is learnt a little better."""
MOVED_DEG = 45.0
_MOVED_COS = math.cos(math.radians(MOVED_DEG))
USUAL_DEG = 45.0
"""Gravity this close to the axis that is usually up shows a sensor that is worn as usual."""
BEGINNING = 48
"""Only so many still windows, half a minute, may show that: later its wearer may lie."""
STANDS_DEG = 35.0
"""A still thigh or trunk is upright if its stated sensor is so close to its usual axis."""
STILL_G = 0.15
"""A window whose acceleration varies less, as a standard deviation, may be of a still wearer."""


@dataclass(frozen=True, slots=True)
class Worn:
    """How a sensor is worn.

    Attributes:
        up_3: unit vector of gravity while walking, in the sensor's axes.
        prob_P: how likely each placement is; empty if the model tells none.
        t_s: stream time when it was learnt, seconds; None: not learnt, but worn as usual at a given
            placement.
        turn_33: the rotation into the wearer's upright frame.
    """

    up_3: Float64
    prob_P: Float64
    t_s: float | None = 0.0
    turn_33: Float64 = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "turn_33", to_upright(self.up_3))

    def said(self, placements: tuple[str, ...]) -> dict[str, Any]:
        """As JSON: the likeliest placement, its probability, and how far the sensor is turned."""
        learnt_s = None if self.t_s is None else round(self.t_s, 2)
        found: dict[str, Any] = {"off_deg": round(self.off_deg), "learnt_at_s": learnt_s}
        if len(placements) > 1:
            likeliest = int(self.prob_P.argmax())
            found["placement"] = placements[likeliest]
            found["placement_prob"] = round(float(self.prob_P[likeliest]), 3)
        return found

    @property
    def off_deg(self) -> float:
        """Angle between up while walking and the sensor's x axis, which is up at the waist."""
        return float(np.degrees(np.arccos(np.clip(self.up_3[0], -1.0, 1.0))))


def as_usual(card: Card, placement: str) -> Worn:
    """How a sensor is worn that is mounted as usual at a placement.

    Raises:
        UsageError: a placement that the model does not know.
    """
    names = card.output.placements if card.decision.upright_axes else ()
    if placement not in names:
        known = f"valid: {', '.join(names)}" if names else "its card names none; leave it out"
        raise UsageError(f"--placement {placement}: not a placement of this model; {known}")
    place = names.index(placement)
    up_3, _ = usual_axis(card, place)
    return Worn(up_3, np.eye(len(names))[place], None)


def usual_axis(card: Card, place: int = 0) -> tuple[Float64, bool]:
    """Return the unit vector (3,) that is up at a placement when worn as usual, by default the
    first; and whether the card says which end of the axis that is.
    """
    axis = card.decision.upright_axes[place] if card.decision.upright_axes else "+x"
    up_3 = np.zeros(3)
    up_3["xyz".index(axis[-1])] = -1.0 if axis.startswith("-") else 1.0
    return up_3, len(axis) == 2


def is_still(motion: Motion) -> bool:
    """Whether a window may be of a still wearer."""
    return motion.spread_g <= STILL_G


def is_upright(card: Card, output_NO: Float32) -> NDArray[np.bool_]:
    """Return which windows (N,) the model surely takes for an upright class."""
    classes = [i for i, name in enumerate(card.output.labels) if name in card.decision.upright]
    logits_NC = of_classes(output_NO, len(card.output.placements))
    prob_NC = softmax(logits_NC, card.decision.temperature)
    return np.asarray(prob_NC[:, classes].sum(axis=1) >= SURE)


def worn(card: Card, gravity_N3: Float64, output_NO: Float32, t_s: float = 0.0) -> Worn | None:
    """Return how a sensor is worn, from its windows of walking; None if there are too few.

    Args:
        gravity_N3: mean acceleration of the windows as they were worn, g.
        output_NO: the model's output for them.
    """
    if len(gravity_N3) < IN_A_ROW:
        return None
    up_3 = common_direction(gravity_N3)
    if up_3 is None:
        return None
    return Worn(up_3, of_placements(output_NO, len(card.output.placements)).mean(axis=0), t_s)


class Mounting:
    """Learns one stream's mounting, window by window.

    Args:
        card: the model's card.
        fixed: take the sensor as it is worn, whatever the card says.
        placement: where it is worn, mounted as usual there; None: the stream finds out.

    Attributes:
        worn: what is known; None before enough walking.
        moved_s: stream time at which a sensor was found turned while its wearer was still; None:
            it was not, or has been learnt since.

    Raises:
        UsageError: a placement that the model does not know.
    """

    def __init__(self, card: Card, fixed: bool = False, placement: str | None = None) -> None:
        self._card = card
        self._usual = None if placement is None else as_usual(card, placement)
        self._learns = bool(card.decision.upright) and not fixed
        place = card.output.placements.index(placement) if placement is not None else 0
        self._axis_3, self._is_signed = usual_axis(card, place)
        self._standing: deque[Float64] = deque(maxlen=IN_A_ROW)
        self._began_usual = False
        self._still = self._usual_in_a_row = 0
        self._seen: deque[tuple[Float64, Float32]] = deque(maxlen=KEPT)
        self._in_a_row = 0
        self.worn: Worn | None = self._usual
        self.moved_s: float | None = None
        self._track = GravityTrack(card.input.rate_hz)

    def turned(self, imu_NTC: Float32) -> Float32:
        """Windows (..., T, 6) in the wearer's frame, as far as that is known."""
        return imu_NTC if self.worn is None else turn(imu_NTC, self.worn.turn_33)

    def tells(self, motion: Motion, label: str) -> bool:
        """Whether a window can be believed to show `label`: its wearer moves, or how the sensor is
        mounted is known, stated, or as usual as far as the first still windows have shown. Later
        ones say nothing: whoever lies brings gravity to any axis.
        """
        if not self._learns or label in self._card.decision.upright or not is_still(motion):
            return True
        if self.moved_s is not None:
            return False
        if self.worn is not None:
            return True
        if not self._began_usual and self._still < BEGINNING:
            self._still += 1
            is_usual = self._off_usual_deg(motion) <= USUAL_DEG
            self._usual_in_a_row = self._usual_in_a_row + 1 if is_usual else 0
            self._began_usual = self._usual_in_a_row == IN_A_ROW
        return self._began_usual or 0 < self._usual_in_a_row == self._still

    def _off_usual_deg(self, motion: Motion) -> float:
        """Angle between gravity in a window and the axis that is up when worn as usual; either end
        of it, where the card leaves that open."""
        up_3 = motion.gravity_3
        cosine = float(up_3 @ self._axis_3) / max(float(np.linalg.norm(up_3)), 1e-6)
        cosine = cosine if self._is_signed else abs(cosine)
        return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))

    def answers(self, output_NO: Float32) -> tuple[Float32, list[bool]]:
        """The logits (N, C) of outputs, and which of the windows surely show an upright class."""
        prob_P = None if self._usual is None else self._usual.prob_P
        logits_NC = answered(self._card, output_NO, prob_P)
        if not self._learns:
            return logits_NC, [False] * len(output_NO)
        return logits_NC, is_upright(self._card, output_NO).tolist()

    def settled(self, motions: Iterable[Motion], changes: int) -> int:
        """How many of the next windows come before the mounting may change, if those of movement
        are of walking, and who walks goes on; after so many possible changes.
        """
        in_a_row, count = self._in_a_row, 0
        for motion in motions:
            count += 1
            may_walk = in_a_row > 0 or not is_still(motion)
            if not (self._learns and motion.is_steady and may_walk):
                in_a_row = 0
                continue
            in_a_row += 1
            is_learnt = self.worn is not self._usual
            changes -= in_a_row >= IN_A_ROW and not (is_learnt and in_a_row % ANEW)
            if not changes:
                break
        return count

    def read(self, imu_TC: Float32, output_O: Float32, t_s: float) -> Float32:
        """The logits (C,) of a window's output; learns from the window.

        Args:
            imu_TC: the window as it was worn.
            output_O: the model's output for `turned(imu_TC)`.
        """
        logits_NC, walks = self.answers(output_O[None])
        (motion,) = motions(imu_TC[None], self._card.input.rate_hz)
        self.learn(motion, output_O, t_s, walks[0])
        return np.asarray(logits_NC[0], np.float32)

    def learn(self, motion: Motion, output_O: Float32, t_s: float, walks: bool) -> None:
        """Learn from a window; `walks` as `answers` says."""
        if not self._learns:
            return
        if self._track.jumped(motion, t_s) and not walks:
            self.moved_s, self.worn = t_s, self._usual
            self._seen.clear()
        self._learn(motion, output_O, t_s, walks)

    def _learn(self, motion: Motion, output_O: Float32, t_s: float, walks: bool) -> None:
        is_usual = self.worn is self._usual and self._usual is not None
        if is_usual and not self._is_signed and self.moved_s is None:
            self._stand(motion)
        if not (walks and motion.is_steady):
            self._in_a_row = 0
            return
        self._in_a_row += 1
        self._seen.append((motion.gravity_3, output_O))
        if self._in_a_row < IN_A_ROW:
            return
        if self.worn is not None and self._is_moved():
            self._seen = deque(list(self._seen)[-IN_A_ROW:], maxlen=KEPT)
            self.worn = self._usual
        if self.worn is not self._usual and self._in_a_row % ANEW:
            return
        since_s = None if self.worn is None else self.worn.t_s
        gravity_N3 = np.stack([gravity_3 for gravity_3, _ in self._seen])
        output_NO = np.stack([out for _, out in self._seen])
        found = worn(self._card, gravity_N3, output_NO, t_s if since_s is None else since_s)
        if found is not None and self._usual is not None:
            found = replace(found, prob_P=self._usual.prob_P)
        self.worn = found
        self.moved_s = self.moved_s if found is None else None

    def _stand(self, motion: Motion) -> None:
        """Take the way up from a still wearer, where the usual one may be upside down."""
        assert self._usual is not None
        if not is_still(motion) or self._off_usual_deg(motion) > STANDS_DEG:
            self._standing.clear()
            return
        self._standing.append(motion.gravity_3)
        up_3 = common_direction(np.stack(self._standing))
        if len(self._standing) == IN_A_ROW and up_3 is not None:
            self.worn = self._usual = replace(self._usual, up_3=up_3)
            self._is_signed = True

    def _is_moved(self) -> bool:
        """Whether all the latest windows point elsewhere."""
        assert self.worn is not None
        up_3 = self.worn.up_3
        for gravity_3, _ in islice(reversed(self._seen), IN_A_ROW):
            length = max(math.sqrt(float(gravity_3 @ gravity_3)), 1e-6)
            if float(gravity_3 @ up_3) / length >= _MOVED_COS:
                return False
        return True
