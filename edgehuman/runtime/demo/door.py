"""A door: some simulated people are enrolled by how they walk; the walker and a stranger pass it.

Each walk is one detected skeleton sequence from another camera than the walks before it. Axes: T
frames, J joints, D dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.metrics.gait.vectors import mean_vector
from edgehuman.records import Float32
from edgehuman.runtime.gallery import Gallery, empty_gallery
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.model import Model, load

MODEL = "zoo:gait-skeleton"
NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn")
WALKER, STRANGER = NAMES[0], "a stranger"
WALKS = 12  # enrolled of each person: every camera of the simulator's ring
PASSES = 2
_FRAMES, _HOP = 96, 24
_WORLD = 1000  # people here differ from those of the other examples


@dataclass(frozen=True, slots=True)
class Pass:
    """One walk past the door.

    Attributes:
        who: the true name, or `STRANGER`.
        said: the answer: a name, or "unknown".
        nearest: the nearest person's name, and their score.
        scores: every person's score, best first.
    """

    who: str
    said: str
    nearest: str
    score: float
    scores: tuple[tuple[str, float], ...]

    @property
    def right(self) -> bool:
        """Whether the answer is the name, or "unknown" for a stranger."""
        return self.said == (UNKNOWN if self.who == STRANGER else self.who)


@dataclass(frozen=True, slots=True)
class Door:
    """Attributes:
    people: names in the gallery.
    walks: enrolled of each.
    threshold: below this score the answer is "unknown".
    passes: the walker's walks, then the stranger's.
    """

    people: tuple[str, ...]
    walks: int
    threshold: float
    passes: tuple[Pass, ...]

    @property
    def named(self) -> int:
        """How many of the walker's walks got the walker's name."""
        return sum(one.said == WALKER for one in self.passes if one.who == WALKER)

    @property
    def misnamed(self) -> int:
        """How many walks got somebody else's name."""
        return sum(one.said not in (UNKNOWN, one.who) for one in self.passes)


def door(seed: int, model: str = MODEL) -> Door:
    """Enrol everybody, then let the walker and a stranger pass.

    Raises:
        UsageError, ArtefactError, EngineError: the model cannot be used.
    """
    from edgehuman.simulate.skeleton.walks import simulate_skeletons

    network = load(model)
    made = simulate_skeletons(
        len(NAMES) + 1, WALKS + PASSES, _WORLD + seed, frames=_FRAMES, conditions=("nm",)
    )
    vector_of = {
        (who, walk): _vector(network, walk_TJ3)
        for who, walk, walk_TJ3 in zip(
            made.person_N.tolist(), made.walk_N.tolist(), made.skeleton_NTJ3, strict=True
        )
        if walk < WALKS or who in (0, len(NAMES))
    }
    gallery = empty_gallery(network.card)
    for who, name in enumerate(NAMES):
        for walk in range(WALKS):
            gallery = gallery.enrol(name, f"{name} {walk + 1}", vector_of[who, walk])
    threshold = network.card.decision.threshold
    passes = [
        _pass(gallery, name, vector_of[who, WALKS + k], threshold)
        for who, name in ((0, WALKER), (len(NAMES), STRANGER))
        for k in range(PASSES)
    ]
    return Door(NAMES, WALKS, threshold, tuple(passes))


def _pass(gallery: Gallery, who: str, vector_D: Float32, threshold: float) -> Pass:
    found = gallery.identify(vector_D, threshold)
    scores = ((found.nearest, found.score), *found.others)
    return Pass(who, found.person, found.nearest, found.score, scores)


def _vector(model: Model, walk_TJ3: Float32) -> Float32:
    """The mean vector of a walk's windows."""
    frames = model.card.input.shape[0]
    starts = range(0, len(walk_TJ3) - frames + 1, _HOP)
    vector_ND = model.logits(np.stack([walk_TJ3[first : first + frames] for first in starts]))
    return mean_vector(vector_ND.reshape(len(vector_ND), -1), str(model.card.output.distance))
