"""What is known of who walks: not yet, unknown, known; or that nobody walks there.

    state = state_of(quality, idle="", person="ANNA")

"Not yet" and "unknown" are different answers: of the first too little was seen to say anything, the
second was seen well and is nobody of the gallery.
"""

from __future__ import annotations

import math

from edgehuman.preprocess.quality import Quality
from edgehuman.runtime.loop.results import UNKNOWN

NOT_YET, NOT_WALKING, KNOWN = "not yet", "not walking", "known"
"""The other state is "unknown"."""
NAMELESS = (NOT_YET, NOT_WALKING)
"""The states in which nobody is named, and nobody is called unknown."""
# Steps and quality below which nobody is answered, and below which nobody is enrolled.
LEAST_STEPS, LEAST_QUALITY = 1.5, 30
ENROL_STEPS, ENROL_QUALITY = 2.0, 40


def too_little(quality: Quality, steps: float = LEAST_STEPS, score: int = LEAST_QUALITY) -> str:
    """Why a walk says too little of who walks, in words; empty if it says enough."""
    if quality.seen < steps:
        # Rounded down: 1.47 of 1.5 steps are not "1.5".
        return f"{math.floor(quality.seen * 10) / 10:.1f} steps were seen, and {steps:g} are needed"
    if quality.score < score:
        return f"its quality is {quality.said()}, and {score} is needed"
    return ""


def state_of(quality: Quality, idle: str, person: str) -> str:
    """The state of an answer.

    Args:
        quality: of what was seen.
        idle: what somebody does who does not walk; empty for who does.
        person: the gallery's answer: a name, or "unknown".
    """
    if idle:
        return NOT_WALKING
    if too_little(quality):
        return NOT_YET
    return UNKNOWN if person == UNKNOWN else KNOWN
