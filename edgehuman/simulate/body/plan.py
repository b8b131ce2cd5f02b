"""From a schedule to curves: every slow control over time, and the stride clock.

Each change between bouts is a *move*: a difference of control vectors, applied per control as a
minimum-jerk step over a window. Moves are summed, noise is added, and a cubic spline interpolates
the result to frames. The stride clock runs only while walking and always stops with both feet on
the ground.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.records import Float64
from edgehuman.simulate.body.activities import (
    ACTIVITIES,
    LOCOMOTION,
    POSTURES,
    TRANSITIONS,
    posture_after,
)
from edgehuman.simulate.body.person import Person
from edgehuman.simulate.body.posture import NUM_CONTROLS, ROW, SWAY, posture, variation
from edgehuman.simulate.body.schedule import Schedule
from edgehuman.simulate.body.smooth import bump, smooth_noise, step, upsample

CONTROL_HZ = 10.0
BLEND_S = 0.55

# When each group of controls moves in a transition, as fractions of its duration.
_WINDOWS = {
    ("standing", "sitting"): {"": (0.05, 0.90), "trunk": (0.30, 1.0), "pitch": (0.30, 1.0)},
    ("sitting", "standing"): {"": (0.22, 1.0), "pitch": (0.15, 0.95)},
    ("sitting", "laying"): {"": (0.20, 1.0), "lie": (0.05, 0.75), "yaw": (0.0, 0.65)},
    ("laying", "sitting"): {"": (0.0, 0.80), "lie": (0.25, 0.95), "yaw": (0.35, 1.0)},
}
# Forward lean during a transition, which brings the weight over the feet (radians).
_LEAN = {"stand_to_sit": 0.45, "sit_to_stand": 0.60, "stand_to_lie": 0.40, "lie_to_stand": 0.50}


@dataclass(frozen=True, slots=True)
class Plan:
    """A schedule turned into curves, from which frames are made block by block.

    Attributes:
        knots_PM: control knots, one per `per_knot` frames.
        per_knot: frames per knot.
        rate_hz: frames per second.
        stride_T: the stride clock, in strides; integers are left mid-stances.
        heading_T: direction of the walk, radians.
        place_2T: the ground point that the body follows, metres.
        label_T: index into ACTIVITIES.
        run_start_s, run_end_s: start and end of each uninterrupted stretch of locomotion.
    """

    knots_PM: Float64
    per_knot: int
    rate_hz: float
    stride_T: Float64
    heading_T: Float64
    place_2T: Float64
    label_T: NDArray[np.int16]
    run_start_s: Float64
    run_end_s: Float64

    @property
    def num_frames(self) -> int:
        return len(self.label_T)


def make_plan(
    person: Person,
    schedule: Schedule,
    rate_hz: float,
    rng: np.random.Generator,
    settled: bool = False,
) -> Plan:
    """Make the curves of a valid schedule; `settled` ones begin and end in the average posture."""
    ends_s = np.cumsum([bout.duration_s for bout in schedule])
    num = max(1, round(float(ends_s[-1]) * rate_hz))
    per_knot = max(1, round(rate_hz / CONTROL_HZ))
    knot_hz = rate_hz / per_knot
    num_knots = num // per_knot + 4
    knots = _moves(person, schedule, num_knots, knot_hz, rng, settled)
    knots += _sway(person, schedule, num_knots, knot_hz, rng, settled)
    _turns(knots, schedule, knot_hz, rng)
    runs = _runs(schedule)
    _wander(knots, knot_hz, rng)
    _fit_cadence(knots[ROW["cadence"]], runs, per_knot, num, rate_hz)
    clock = upsample(knots[[ROW["cadence"], ROW["turn"], ROW["stride"]]], per_knot, num)
    stride_T = 0.25 + np.cumsum(clock[0]) / rate_hz
    heading_T = rng.uniform(-np.pi, np.pi) + np.cumsum(clock[1]) / rate_hz
    speed_T = clock[0] * clock[2]
    place_2T = np.cumsum(speed_T * [np.cos(heading_T), np.sin(heading_T)], axis=1) / rate_hz
    index = np.searchsorted(ends_s, (np.arange(num) + 0.5) / rate_hz, side="left")
    names = [ACTIVITIES.index(bout.activity) for bout in schedule]
    label_T = np.array(names, np.int16)[np.minimum(index, len(names) - 1)]
    run_s = np.array(runs, float).reshape(-1, 2)
    return Plan(
        knots, per_knot, rate_hz, stride_T, heading_T, place_2T, label_T, run_s[:, 0], run_s[:, 1]
    )


def _runs(schedule: Schedule) -> list[tuple[float, float]]:
    """(start, end) seconds of each uninterrupted stretch of locomotion."""
    runs: list[tuple[float, float]] = []
    at_s = 0.0
    for bout in schedule:
        end_s = at_s + bout.duration_s
        if bout.activity in LOCOMOTION:
            start_s = runs.pop()[0] if runs and runs[-1][1] == at_s else at_s
            runs.append((start_s, end_s))
        at_s = end_s
    return runs


class _Curves:
    """Control knots under construction, stored as differences and summed once at the end."""

    def __init__(self, start_P: Float64, num_knots: int, knot_hz: float) -> None:
        self.rate_PM = np.zeros((NUM_CONTROLS, num_knots))
        self.rate_PM[:, 0] = start_P
        self.extra_PM = np.zeros((NUM_CONTROLS, num_knots))
        self.knot_hz = knot_hz

    def _window(self, start_s: float, end_s: float) -> tuple[slice, Float64]:
        first = max(1, int(np.floor(start_s * self.knot_hz)))
        last = min(self.rate_PM.shape[1], int(np.ceil(end_s * self.knot_hz)) + 1)
        knots = np.arange(first, last)
        return slice(first, last), (knots / self.knot_hz - start_s) / (end_s - start_s)

    def move(self, delta_P: Float64, start_s: float, end_s: float) -> None:
        """Add a minimum-jerk step of some controls."""
        where, s = self._window(start_s, end_s)
        change = step(s) - step(s - 1.0 / (self.knot_hz * (end_s - start_s)))
        rows = np.flatnonzero(delta_P)
        self.rate_PM[rows, where] += delta_P[rows, None] * change

    def lean(self, amount: float, start_s: float, end_s: float) -> None:
        """Add a forward lean and back."""
        where, s = self._window(start_s, end_s)
        self.extra_PM[ROW["pitch"], where] += 0.4 * amount * bump(s)
        self.extra_PM[ROW["trunk_pitch"], where] += 0.6 * amount * bump(s)

    def knots(self) -> Float64:
        return np.cumsum(self.rate_PM, axis=1) + self.extra_PM


def _moves(
    person: Person,
    schedule: Schedule,
    num_knots: int,
    knot_hz: float,
    rng: np.random.Generator,
    settled: bool,
) -> Float64:
    """The controls without noise: postures, gaits, transitions and fidgets."""
    targets = _targets(person, schedule, rng, settled)
    upright = posture(person, "standing")
    begins = TRANSITIONS.get(schedule[0].activity)
    now = targets[0] if begins is None else posture(person, begins[0])
    curves = _Curves(now, num_knots, knot_hz)
    at_s = 0.0
    for i, (bout, target) in enumerate(zip(schedule, targets, strict=True)):
        end_s = at_s + bout.duration_s
        if bout.activity in TRANSITIONS:
            if i and schedule[i - 1].activity in LOCOMOTION:
                half_s = min(BLEND_S, 0.45 * schedule[i - 1].duration_s)
                _change(curves, upright - now, at_s - half_s, half_s, stops=True)
                now = upright
            _transition(curves, person, bout.activity, now, target, at_s, end_s)
        elif i and schedule[i - 1].activity in TRANSITIONS:
            half_s = min(BLEND_S, 0.45 * bout.duration_s)
            _change(curves, target - now, at_s + half_s, half_s)
        elif i:
            half_s = min(BLEND_S, 0.45 * bout.duration_s, 0.45 * schedule[i - 1].duration_s)
            stops = schedule[i - 1].activity in LOCOMOTION and bout.activity in POSTURES
            _change(curves, target - now, at_s, half_s, stops)
        if bout.activity in POSTURES:
            _fidget(curves, bout.activity, at_s + 1.0, end_s - 1.0, rng)
        at_s, now = end_s, target
    return curves.knots()


def _change(
    curves: _Curves, delta_P: Float64, middle_s: float, half_s: float, stops: bool = False
) -> None:
    """Blend from one bout to the next. Before stopping, the last steps get shorter."""
    rest_P = delta_P.copy()
    if stops:
        shorter_P = np.zeros_like(delta_P)
        shorter_P[ROW["stride"]] = delta_P[ROW["stride"]]
        rest_P -= shorter_P
        curves.move(shorter_P, middle_s - 3.0 * half_s, middle_s - 0.4 * half_s)
    curves.move(rest_P, middle_s - half_s, middle_s + half_s)


def _targets(
    person: Person, schedule: Schedule, rng: np.random.Generator, settled: bool
) -> list[Float64]:
    """Final control vector of each bout; for a transition, that of the posture it leads to."""
    made: list[Float64] = []
    last = len(schedule) - 1
    for i, bout in enumerate(schedule):
        name = posture_after(bout.activity) if bout.activity in TRANSITIONS else bout.activity
        if i and schedule[i - 1].activity in TRANSITIONS and bout.activity in POSTURES:
            made.append(made[-1])
            continue
        leads_to_last = i == last - 1 and bout.activity in TRANSITIONS
        fixed = settled and (i in (0, last) or leads_to_last)
        varied = np.zeros(NUM_CONTROLS) if fixed else variation(rng, name)
        made.append(posture(person, name) + varied)
    return made


def _transition(
    curves: _Curves,
    person: Person,
    name: str,
    before: Float64,
    after: Float64,
    start_s: float,
    end_s: float,
) -> None:
    """Move through one or two postures, each control in its window, leaning forward meanwhile."""
    first, last = TRANSITIONS[name]
    long = end_s - start_s
    if "sitting" in (first, last):
        _leg(curves, (first, last), after - before, start_s, end_s)
        lean = (start_s, end_s)
    else:
        seat = posture(person, "sitting")
        middle_s = start_s + (0.42 if last == "laying" else 0.58) * long
        _leg(curves, (first, "sitting"), seat - before, start_s, middle_s)
        _leg(curves, ("sitting", last), after - seat, middle_s, end_s)
        lean = (start_s, middle_s) if last == "laying" else (middle_s, end_s)
    if name in _LEAN:
        curves.lean(_LEAN[name], *lean)


def _leg(
    curves: _Curves, ends: tuple[str, str], delta_P: Float64, start_s: float, end_s: float
) -> None:
    windows = _WINDOWS[ends]
    long = end_s - start_s
    left = delta_P.copy()
    for group, (begin, finish) in windows.items():
        part = np.zeros_like(left)
        if group:
            rows = [i for name, i in ROW.items() if name == group or name.startswith(f"{group}_")]
            part[rows] = left[rows]
            left[rows] = 0.0
            curves.move(part, start_s + begin * long, start_s + finish * long)
    begin, finish = windows[""]
    curves.move(left, start_s + begin * long, start_s + finish * long)


def _fidget(
    curves: _Curves, name: str, start_s: float, end_s: float, rng: np.random.Generator
) -> None:
    """Add occasional small changes of posture, undone before the bout ends."""
    at_s = start_s + rng.exponential(12.0)
    while at_s < end_s - 5.0:
        delta = 0.6 * variation(rng, name)
        delta[ROW["lie_roll"]] = 0.0
        hold_s = rng.uniform(3.0, 14.0)
        back_s = min(at_s + hold_s, end_s - 2.0)
        took_s = rng.uniform(0.9, 2.0)
        curves.move(delta, at_s, at_s + took_s)
        curves.move(-delta, back_s, back_s + took_s)
        at_s = back_s + took_s + rng.exponential(12.0)


# Slow swaying (to 2 Hz) and the tremor of muscles that hold the body up (to 5 Hz), by activity.
_RESTLESS = {"standing": 0.7, "sitting": 0.4, "laying": 0.5}
_TREMOR = {**dict.fromkeys(LOCOMOTION, 2.0), "standing": 0.4, "sitting": 0.12, "laying": 0.12}


def _during(
    activities: Mapping[str, float] | Sequence[str],
    schedule: Schedule,
    num_knots: int,
    knot_hz: float,
) -> Float64:
    """(M,) a level per activity (1 for a plain list, 0 elsewhere), smoothed over a second."""
    ends_s = np.cumsum([bout.duration_s for bout in schedule])
    table = dict(activities) if isinstance(activities, Mapping) else dict.fromkeys(activities, 1.0)
    levels = np.array([table.get(bout.activity, 0.0) for bout in schedule])
    index = np.searchsorted(ends_s, np.arange(num_knots) / knot_hz)
    raw = levels[np.minimum(index, len(levels) - 1)]
    width = max(1, round(knot_hz))
    padded = np.pad(raw, (width // 2, width - 1 - width // 2), mode="edge")
    return np.convolve(padded, np.full(width, 1.0 / width), mode="valid")


def _sway(
    person: Person,
    schedule: Schedule,
    num_knots: int,
    knot_hz: float,
    rng: np.random.Generator,
    settled: bool,
) -> Float64:
    """Add sway, breathing and restlessness to every posture; restlessness varies over time."""
    rows = [ROW[name] for name in SWAY]
    slow, fast = np.array(list(SWAY.values())).T
    count = len(rows)
    envelope = np.exp(1.0 * smooth_noise(rng, 2, num_knots, max(1, round(4 * knot_hz))))
    level = person.sway * _during(_RESTLESS, schedule, num_knots, knot_hz)
    noise = np.zeros((NUM_CONTROLS, num_knots))
    noise[rows] = slow[:, None] * smooth_noise(rng, count, num_knots, max(1, round(2.0 * knot_hz)))
    quick = smooth_noise(rng, count, num_knots, max(1, round(0.2 * knot_hz)))
    noise[rows] += fast[:, None] * (envelope[0] * level) * quick
    shaking = person.sway**0.5 * _during(_TREMOR, schedule, num_knots, knot_hz)
    noise[rows] += fast[:, None] * shaking * rng.standard_normal((count, num_knots))
    breath = np.sin(np.arange(num_knots) * (2 * np.pi * rng.uniform(0.2, 0.3) / knot_hz))
    noise[ROW["trunk_pitch"]] += 0.004 * breath
    noise[ROW["pitch"]] += 0.0012 * breath
    if settled:
        taper_s = np.minimum(np.arange(num_knots), np.arange(num_knots)[::-1]) / knot_hz
        taper = step((taper_s - 0.7) / 1.5)
        noise *= taper
    return noise


def _turns(knots: Float64, schedule: Schedule, knot_hz: float, rng: np.random.Generator) -> None:
    """Add turns to the path: gentle wander and occasional turns of 45 to 180 degrees."""
    at_s = 0.0
    row = knots[ROW["turn"]]
    for bout in schedule:
        end_s = at_s + bout.duration_s
        if bout.activity in LOCOMOTION:
            turn_s = at_s + rng.uniform(1.0, 10.0)
            while turn_s + 3.0 < end_s:
                took_s = rng.uniform(1.6, 3.0)
                angle = rng.choice([-1, 1]) * np.radians(rng.choice([45, 90, 90, 180]))
                first, last = int(turn_s * knot_hz), int((turn_s + took_s) * knot_hz) + 1
                hill = bump((np.arange(first, last) / knot_hz - turn_s) / took_s)
                row[first:last] += hill * angle * knot_hz / hill.sum()
                turn_s += took_s + rng.uniform(5.0, 14.0)
        at_s = end_s
    moving = knots[[ROW[name] for name in LOCOMOTION]].sum(axis=0)
    row += 0.12 * moving * smooth_noise(rng, 1, knots.shape[1], max(1, round(1.2 * knot_hz)))[0]


def _wander(knots: Float64, knot_hz: float, rng: np.random.Generator) -> None:
    """Vary the strides: cadence drifts by a few per cent, amplitude by more."""
    cadence = knots[ROW["cadence"]]
    cadence *= 1.0 + 0.02 * smooth_noise(rng, 1, len(cadence), max(1, round(1.5 * knot_hz)))[0]
    cadence[cadence < 1e-9] = 0.0
    vigour = smooth_noise(rng, 1, len(cadence), max(1, round(0.6 * knot_hz)))[0]
    knots[[ROW[name] for name in LOCOMOTION]] *= 1.0 + 0.12 * vigour


def _fit_cadence(
    cadence_M: Float64, runs: list[tuple[float, float]], per_knot: int, num: int, rate_hz: float
) -> None:
    """Make each run a whole number of steps, so that it stops with both feet on the ground."""
    knot_hz = rate_hz / per_knot
    for start_s, end_s in runs:
        if end_s >= num / rate_hz:
            continue
        first = max(0, int((start_s - BLEND_S) * knot_hz))
        last = int(np.ceil((end_s + BLEND_S) * knot_hz)) + 1
        strides = cadence_M[first:last].sum() / knot_hz
        if start_s == 0.0:
            frames = min(num, (last + 3) * per_knot)
            strides = upsample(cadence_M[None, :last], per_knot, frames).sum() / rate_hz
        cadence_M[first:last] *= max(0.5, round(2.0 * strides) / 2.0) / strides
