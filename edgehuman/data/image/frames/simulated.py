"""Frames of simulated people alone: the word "simulated" for detectors.

Drawn walkers on drawn and plain grounds, composed as the scenes of photos are; every fifth scene,
with other people and surroundings, is for testing.
"""

from __future__ import annotations

from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.crowds.stock import NoPhotos
from edgehuman.data.image.frames.scenes import Joined, Scenes, frame_set
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.image.simulated import LICENCE, TEST_EVERY
from edgehuman.errors import UsageError
from edgehuman.simulate.body.seeding import child_seed

FEWEST = 2


def simulated_frames(count: int, seed: int) -> FrameSet:
    """Compose `count` scenes of simulated people.

    Raises:
        UsageError: fewer than two scenes, which leaves none for testing; or a negative seed.
    """
    if count < FEWEST:
        raise UsageError(f"got {count} simulated frames; there must be at least {FEWEST}")
    test = max(1, count // TEST_EVERY)
    train, held = (
        Scenes(NoPhotos(), each, child_seed(seed, 0x51A, role), simulated=1.0)
        for role, each in enumerate((count - test, test))
    )
    return frame_set(Joined(train, held), SIMULATED, LICENCE, "", simulated=True)
