"""Activities of simulated people: names in label order, and the posture that each needs."""

from __future__ import annotations

from collections.abc import Mapping

# The six of UCI HAR first, in its order, so that their label indices match.
SIX = (
    "walking",
    "walking_upstairs",
    "walking_downstairs",
    "sitting",
    "standing",
    "laying",
)

TRANSITIONS: Mapping[str, tuple[str, str]] = {
    "stand_to_sit": ("standing", "sitting"),
    "sit_to_stand": ("sitting", "standing"),
    "sit_to_lie": ("sitting", "laying"),
    "lie_to_sit": ("laying", "sitting"),
    "stand_to_lie": ("standing", "laying"),
    "lie_to_stand": ("laying", "standing"),
}

POSTURES = ("standing", "sitting", "laying")

LOCOMOTION = ("walking", "walking_upstairs", "walking_downstairs", "jogging")

ACTIVITIES = (*SIX, "jogging", *TRANSITIONS)


def posture_before(activity: str) -> str:
    """Posture in which the activity begins: standing, sitting or laying."""
    if activity in TRANSITIONS:
        return TRANSITIONS[activity][0]
    return "standing" if activity in LOCOMOTION else activity


def posture_after(activity: str) -> str:
    """Posture in which the activity ends: standing, sitting or laying."""
    if activity in TRANSITIONS:
        return TRANSITIONS[activity][1]
    return posture_before(activity)
