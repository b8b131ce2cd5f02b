"""Who wears which sensor: the track whose steps are those of the sensor, if it is sure.

    wearers = Wearers(["anna"], bound_s=1.0)
    wearers.see(12.04, [(track, joint_J3)], COCO_17)       a frame
    wearers.feel("anna", t_s_T, imu_TC)                    samples
    wearers.decide(13.0)["anna"]                           track 7 with 0.98, or why not

Evidence for a pair is what `steps.compare` finds over the last 30 s that the track was in view: the
likeness r, and the span over which both walked. With z = atanh r and u = ln(span / 10 s),

    L = a + b z + c z^2 + d u + e z u + f z^2 u + g u^2 + h z u^2

is the logarithm of how much likelier these are of one person than of two, fitted to simulated pairs
(`python -m edgehuman.bench.pages.together.wearers --fit`). A track of which too little is known has
L = 0. The probability that a track is the wearer is exp(L) over the sum of these of all tracks in
view and of 1, which stands for nobody in view. From 0.95 on, twice running, it is said; below 0.6,
or when the track is gone, no longer. Of two tracks that are in step with each other (r of 0.9 or
more between them) both get the larger L, so that neither is sure.

Sensors are told apart by nothing else: a person may wear several, and who stands is not known.

Axes: T record, J joint.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.records import Float32, Float64
from edgehuman.runtime.together.steps import (
    GRID_HZ,
    NEEDED,
    Likeness,
    Steps,
    cadence_hz,
    compare,
    steps_felt,
    steps_seen,
)

WINDOW_S = 30.0
LEAST_S, LEAST_SPAN_S = 2.0, 3.0
"""Of walking together, and from its beginning to its end: less says nothing."""
SURE, UNSURE = 0.95, 0.6
TWICE = 2
BOUND_S, MOST_BOUND_S = 1.0, 5.0
FITTED = (-12.03, 13.93, -2.81, -3.52, 4.55, 0.27, -5.03, 4.88)
"""a to h; see above."""
_MOST = 6.0  # what the number of simulated pairs can support
_HIGHEST_R = 0.98
_SAME_STEPS = 0.9
_AWAY_S, _GONE_S = 1.5, 3.0
NOT_SURE, NOBODY, STANDS = "not sure", "nobody in view", "does not walk"


@dataclass(frozen=True, slots=True)
class Worn:
    """Who wears a sensor.

    Attributes:
        track: of the wearer; "": not known.
        confidence: the probability of that; of nobody in view, of that; else of the likeliest.
        reason: why no track is known: "not sure", "nobody in view" or "does not walk"; else "".
        lag_s: by how much the sensor's clock is late, as far as steps can tell; None: no track.
        cadence_hz: steps a second of the sensor; None: it does not walk.
    """

    track: str = ""
    confidence: float = 0.0
    reason: str = NOT_SURE
    lag_s: float | None = None
    cadence_hz: float | None = None


@dataclass(slots=True)
class _Track:
    """What was seen of somebody lately."""

    joints: Sequence[str]
    t_s: deque[float] = field(default_factory=deque)
    joint_J3: deque[Float32] = field(default_factory=deque)


@dataclass(slots=True)
class _Sensor:
    """What was felt lately, and what was said of it."""

    t_s_T: Float64 = field(default_factory=lambda: np.empty(0))
    imu_TC: Float32 = field(default_factory=lambda: np.empty((0, 6), np.float32))
    said: str = ""
    likely: str = ""
    times: int = 0


class Wearers:
    """The wearers of some sensors, by steps.

    Args:
        sensors: their names.
        bound_s: their clocks are late or early by at most so much, 0 to 5 s.

    Raises:
        UsageError: a bound out of range.
    """

    def __init__(self, sensors: Iterable[str], bound_s: float = BOUND_S) -> None:
        if not 0 <= bound_s <= MOST_BOUND_S:
            raise UsageError(
                f"the bound of the clocks is {bound_s:g} s; give 0 to {MOST_BOUND_S:g}, and a "
                "larger known difference as an offset"
            )
        self._bound_s = bound_s
        self._sensors = {name: _Sensor() for name in sensors}
        self._tracks: dict[str, _Track] = {}

    def see(self, t_s: float, people: Iterable[tuple[str, Float32]], joints: Sequence[str]) -> None:
        """Take note of a frame.

        Args:
            t_s: later than the frame before; an earlier one is left out.
            people: of each, the track, and the joints (J, 3) in pixels.
            joints: the names of the joints; without `NEEDED` nothing is seen.
        """
        if not set(NEEDED) <= set(joints):
            return
        for name, joint_J3 in people:
            track = self._tracks.setdefault(name, _Track(joints))
            if track.t_s and t_s <= track.t_s[-1]:
                continue
            track.t_s.append(t_s)
            track.joint_J3.append(joint_J3)
            while track.t_s[0] < t_s - WINDOW_S:
                track.t_s.popleft()
                track.joint_J3.popleft()

    def feel(self, sensor: str, t_s_T: Float64, imu_TC: Float32) -> None:
        """Take note of samples; those that are not later than the last are left out.

        Args:
            t_s_T: by the clock of the frames, as far as that is known.
            imu_TC: (T, 6): g and rad/s.
        """
        one = self._sensors[sensor]
        if len(one.t_s_T) and len(t_s_T) and t_s_T[-1] < one.t_s_T[-1] - WINDOW_S:
            one.t_s_T, one.imu_TC = one.t_s_T[:0], one.imu_TC[:0]  # the clock began anew
        fresh = int(np.searchsorted(t_s_T, one.t_s_T[-1], "right")) if len(one.t_s_T) else 0
        t_s_T = np.concatenate([one.t_s_T, t_s_T[fresh:]])
        old = int(np.searchsorted(t_s_T, t_s_T[-1] - WINDOW_S - 2 * self._bound_s - _GONE_S))
        one.t_s_T, one.imu_TC = t_s_T[old:], np.concatenate([one.imu_TC, imu_TC[fresh:]])[old:]

    def decide(self, t_s: float) -> dict[str, Worn]:
        """Who wears each sensor now; to be asked once a second."""
        self._forget(t_s)
        seen = {
            name: steps_seen(np.array(each.t_s), np.stack(each.joint_J3), each.joints)
            for name, each in self._tracks.items()
            if each.t_s[-1] >= t_s - _AWAY_S and each.t_s[-1] - each.t_s[0] >= LEAST_SPAN_S
        }
        in_view = [name for name, each in self._tracks.items() if each.t_s[-1] >= t_s - _AWAY_S]
        in_step = list(walking_in_step(seen)) if self._sensors else []
        return {
            name: self._decided(one, seen, in_view, in_step, t_s)
            for name, one in self._sensors.items()
        }

    def _forget(self, t_s: float) -> None:
        """Let go of tracks that are gone."""
        for name in [n for n, each in self._tracks.items() if each.t_s[-1] < t_s - _GONE_S]:
            del self._tracks[name]

    def _decided(
        self,
        one: _Sensor,
        seen: Mapping[str, Steps | None],
        in_view: Sequence[str],
        in_step: Sequence[tuple[str, str]],
        t_s: float,
    ) -> Worn:
        since = int(np.searchsorted(one.t_s_T, t_s - WINDOW_S - self._bound_s))
        felt = steps_felt(one.t_s_T[since:], one.imu_TC[since:])
        cadence = None if felt is None else cadence_hz(felt)
        pairs = {
            name: Likeness()
            if felt is None or (steps := seen.get(name)) is None
            else compare(steps, felt, self._bound_s)
            for name in in_view
        }
        shares = probabilities(
            levelled({name: evidence(pair) for name, pair in pairs.items()}, in_step)
        )
        self._learn(one, shares)
        if one.said:
            return Worn(one.said, shares[one.said], "", pairs[one.said].lag_s, cadence)
        if felt is not None and cadence is None and felt.known_G.sum() >= LEAST_SPAN_S * GRID_HZ:
            return Worn("", 0.0, STANDS)
        likeliest = max(shares, key=shares.__getitem__)
        reason = NOT_SURE if likeliest or shares[""] < SURE else NOBODY
        return Worn("", shares[likeliest], reason, None, cadence)

    @staticmethod
    def _learn(one: _Sensor, shares: Mapping[str, float]) -> None:
        """What is said of a sensor from now on."""
        likeliest = max(shares, key=shares.__getitem__)
        sure = likeliest if shares[likeliest] >= SURE else ""
        one.times = one.times + 1 if sure and sure == one.likely else int(bool(sure))
        one.likely = sure
        if shares.get(one.said, 0.0) < UNSURE:
            one.said = ""
        if one.times >= TWICE:
            one.said = sure


def evidence(pair: Likeness, fitted: Sequence[float] = FITTED) -> float:
    """How much likelier a pair is of one person than of two, as a logarithm; 0: nothing known."""
    if not says_something(pair):
        return 0.0
    value = sum(a * x for a, x in zip(fitted, features(pair), strict=True))
    return max(-_MOST, min(_MOST, value))


def says_something(pair: Likeness) -> bool:
    """Whether two walked together for long enough."""
    return pair.walked_s >= LEAST_S and pair.span_s >= LEAST_SPAN_S


def features(pair: Likeness) -> tuple[float, ...]:
    """What the formula multiplies by a to h."""
    z, u = math.atanh(min(pair.r, _HIGHEST_R)), math.log(pair.span_s / 10)
    return 1.0, z, z * z, u, z * u, z * z * u, u * u, z * u * u


def walking_in_step(seen: Mapping[str, Steps | None]) -> Iterator[tuple[str, str]]:
    """The pairs of tracks whose steps are the same for as long as both were in view."""
    for (one, first), (other, second) in itertools.combinations(seen.items(), 2):
        if first is None or second is None:
            continue
        pair = compare(first, second, 0.0)
        if says_something(pair) and pair.r >= _SAME_STEPS:
            yield one, other


def levelled(evidence: Mapping[str, float], in_step: Sequence[tuple[str, str]]) -> dict[str, float]:
    """The evidence, that of tracks in step the same: what speaks for one speaks for the other, even
    if that came into view later.
    """
    made = dict(evidence)
    for one, other in in_step:
        most = max(evidence[one], evidence[other])
        made |= {name: max(made[name], most) for name in (one, other)}
    return made


def probabilities(evidence: Mapping[str, float]) -> dict[str, float]:
    """The probability of each track; "" is nobody in view."""
    weights = {"": 1.0, **{name: math.exp(value) for name, value in evidence.items()}}
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}
