"""What a simulated person does: names in the order of the labels, and the posture each needs."""

from __future__ import annotations

from collections.abc import Mapping

# The six of UCI HAR first, in its order, so that their labels are the same numbers.
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
    """standing, sitting or laying: how the body must be when the activity begins."""
    if activity in TRANSITIONS:
        return TRANSITIONS[activity][0]
    return "standing" if activity in LOCOMOTION else activity


def posture_after(activity: str) -> str:
    """standing, sitting or laying: how the activity leaves the body."""
    if activity in TRANSITIONS:
        return TRANSITIONS[activity][1]
    return posture_before(activity)
