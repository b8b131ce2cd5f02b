"""Schedules: a schedule is a list of bouts, each an activity for some seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.simulate.body.activities import (
    ACTIVITIES,
    TRANSITIONS,
    posture_after,
    posture_before,
)
from edgehuman.simulate.body.seeding import generator

MINIMUM_S = 1.0

# shortest and longest bout in seconds, and how often it follows another of its posture
_BOUTS = {
    "walking": (12.0, 50.0, 4.0),
    "walking_upstairs": (9.0, 22.0, 2.2),
    "walking_downstairs": (9.0, 20.0, 2.2),
    "jogging": (10.0, 30.0, 0.6),
    "standing": (12.0, 45.0, 2.0),
    "sitting": (20.0, 90.0, 2.0),
    "laying": (20.0, 90.0, 1.8),
}

_TRANSITION_S = {
    "stand_to_sit": (2.2, 4.0),
    "sit_to_stand": (1.8, 3.2),
    "sit_to_lie": (3.0, 5.5),
    "lie_to_sit": (2.8, 5.0),
    "stand_to_lie": (4.0, 7.0),
    "lie_to_stand": (3.6, 6.5),
}


@dataclass(frozen=True, slots=True)
class Bout:
    """One activity for `duration_s` seconds."""

    activity: str
    duration_s: float


Schedule = Sequence[Bout]


def check_schedule(schedule: Schedule) -> None:
    """Raise UsageError if a schedule has unknown activities, short bouts or missing transitions."""
    if not schedule:
        raise UsageError("the schedule is empty; give at least one Bout(activity, duration_s)")
    for bout in schedule:
        if bout.activity not in ACTIVITIES:
            raise UsageError(f"unknown activity {bout.activity!r}; valid: {', '.join(ACTIVITIES)}")
        if not MINIMUM_S <= bout.duration_s < float("inf"):
            raise UsageError(
                f"{bout.activity} lasts {bout.duration_s} s; it must last at least {MINIMUM_S} s"
            )
    for first, second in pairwise(schedule):
        leaves, needs = posture_after(first.activity), posture_before(second.activity)
        if leaves != needs:
            raise UsageError(
                f"{first.activity} ends {leaves}, but {second.activity} begins {needs}; "
                "put a transition between them, or pass the schedule through with_transitions()"
            )


def transition_between(before: str, after: str) -> str:
    """Name of the transition from one posture to another."""
    return next(name for name, ends in TRANSITIONS.items() if ends == (before, after))


def with_transitions(schedule: Schedule, seed: int = 0) -> list[Bout]:
    """Insert the missing transitions between bouts; their durations are seeded."""
    rng = generator(seed)
    joined: list[Bout] = []
    for bout in schedule:
        if bout.activity not in ACTIVITIES:
            check_schedule([bout])
        if joined:
            before = posture_after(joined[-1].activity)
            after = posture_before(bout.activity)
            if before != after:
                joined.append(_transition(rng, before, after))
        joined.append(bout)
    check_schedule(joined)
    return joined


def _transition(rng: np.random.Generator, before: str, after: str) -> Bout:
    name = transition_between(before, after)
    return Bout(name, float(rng.uniform(*_TRANSITION_S[name])))


def _next_activity(rng: np.random.Generator, last: str) -> str:
    """A plausible next activity: stairs lead to level ground, standing does not follow standing."""
    names = [name for name in _BOUTS if name != last]
    weights = np.array([_BOUTS[name][2] for name in names])
    if last in ("walking_upstairs", "walking_downstairs", "jogging"):
        weights *= [5.0 if name in ("walking", "standing") else 0.6 for name in names]
    return str(rng.choice(names, p=weights / weights.sum()))


def random_schedule(seed: int, minutes: float) -> list[Bout]:
    """Part of a day: postures, walks, stairs, and the transitions between them, labelled.

    It begins standing and lasts `minutes`: the last bout is cut or extended, never a transition.
    """
    total_s = minutes * 60.0
    if not MINIMUM_S <= total_s < float("inf"):
        raise UsageError(f"minutes is {minutes}; a schedule must last at least {MINIMUM_S} s")
    rng = generator(seed, 0x5C4ED)
    made = [Bout("standing", float(rng.uniform(3.0, 8.0)))]
    while sum(bout.duration_s for bout in made) < total_s:
        name = _next_activity(rng, made[-1].activity)
        low_s, high_s, _ = _BOUTS[name]
        before, after = posture_after(made[-1].activity), posture_before(name)
        if before != after:
            made.append(_transition(rng, before, after))
        made.append(Bout(name, float(rng.uniform(low_s, high_s))))
    return _cut(made, total_s)


def _cut(schedule: list[Bout], total_s: float) -> list[Bout]:
    """Keep the first `total_s` seconds; instead of cutting a transition, extend the bout before."""
    kept: list[Bout] = []
    left_s = total_s
    for bout in schedule:
        needed_s = bout.duration_s if bout.activity in TRANSITIONS else MINIMUM_S
        if kept and left_s < needed_s:
            break
        kept.append(Bout(bout.activity, min(bout.duration_s, left_s)))
        left_s -= kept[-1].duration_s
    while kept[-1].activity in TRANSITIONS:
        left_s += kept.pop().duration_s
    kept[-1] = Bout(kept[-1].activity, kept[-1].duration_s + left_s)
    return kept
