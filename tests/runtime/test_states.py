"""Not yet, not walking, unknown, known."""

from __future__ import annotations

import pytest

from edgehuman.preprocess.quality import Quality
from edgehuman.preprocess.skeleton.motion.quality import WEIGHTS
from edgehuman.preprocess.skeleton.motion.walking import STANDS
from edgehuman.runtime.gallery.gallery import ANSWERS
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.states import (
    ENROL_QUALITY,
    ENROL_STEPS,
    KNOWN,
    NAMELESS,
    state_of,
    too_little,
)

GOOD = Quality(WEIGHTS, steps=0.8, completeness=0.9, view=1.0, seen=5.0)


@pytest.mark.parametrize(
    ("quality", "idle", "person", "state"),
    [
        (GOOD, "", "ANNA", "known"),
        (GOOD, "", "unknown", "unknown"),
        (GOOD, STANDS, "ANNA", "not walking"),
        (Quality(WEIGHTS, 0.8, 0.9, seen=1.4), "", "ANNA", "not yet"),
        (Quality(WEIGHTS, 0.8, 0.1, seen=5.0), "", "unknown", "not yet"),
    ],
)
def test_the_states(quality: Quality, idle: str, person: str, state: str) -> None:
    assert state_of(quality, idle, person) == state


def test_enrolment_asks_for_more_and_says_what_lacks() -> None:
    short = Quality(WEIGHTS, 0.8, 0.9, seen=1.7)
    assert too_little(short) == ""
    assert too_little(short, ENROL_STEPS, ENROL_QUALITY) == "1.7 steps were seen, and 2 are needed"
    nearly = Quality(WEIGHTS, 0.8, 0.9, seen=1.47)
    assert too_little(nearly) == "1.4 steps were seen, and 1.5 are needed"
    poor = Quality(WEIGHTS, 0.8, 0.3, seen=4.0)
    said = too_little(poor, ENROL_STEPS, ENROL_QUALITY)
    assert said.startswith(f"its quality is {poor.score} of 100 (steps 0.80, completeness 0.30), ")
    assert said.endswith("and 40 is needed")


def test_nobody_can_have_the_name_of_a_state() -> None:
    assert {*NAMELESS, KNOWN, UNKNOWN} == set(ANSWERS)
