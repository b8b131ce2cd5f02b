"""Who walks on one track, over time: what its windows say together, and a name that does not
flicker.

    evidence = Evidence(gallery, threshold, "cosine", rule_for(hop_s=0.64))
    verdict = evidence.add(vector_D)
    verdict.state, verdict.label        "not yet", "unknown" or "known", and the name

The vectors of a track's newest windows are averaged, each at length 1. Under the cosine that mean
has the mean of the windows' scores for every walk of a gallery but for one factor, so it ranks as
the scores do, needs one search instead of one a window, and found more people than the mean of
scores at the same rate of strangers named (`bench.pages.skeleton.over_time`).

A name is given when windows in a row agree on it at the threshold, and kept until its own score
falls below a lower one, or windows in a row agree on somebody else. "unknown" is said only after
enough was seen.

Axes: D dimensions, or P parts of D.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from edgehuman.metrics.gait.vectors import mean_vector
from edgehuman.records import Float32
from edgehuman.runtime.gallery import Gallery, Identity
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.states import KNOWN, NOT_YET

JOINED_S, AGREE_S, LEAST_S = 4.5, 0.6, 1.3
"""Seconds between the first and the last window: of a mean, of those that agree before a name is
given, and of what is seen before somebody is unknown. Chosen on simulated scenes of 200 people:
`bench.pages.skeleton.over_time`, whose table is in docs/tracks.md."""
KEPT = 1 / 3
"""Of the way from the threshold to 1, by how much the score of a name may fall below it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a name is given and taken away.

    Attributes:
        joined: windows of a mean, the newest.
        agree: windows in a row that say the same name before it is given.
        least: windows before somebody is unknown.
        kept: see `KEPT`.
    """

    joined: int = 8
    agree: int = 2
    least: int = 3
    kept: float = KEPT

    def leaves(self, threshold: float) -> float:
        """The score under which a name is taken away."""
        return threshold - self.kept * (1 - threshold)


def rule_for(hop_s: float) -> Rule:
    """The rule where a track has a window every `hop_s` seconds."""
    joined, agree, least = (
        1 + math.floor(seconds / hop_s + 0.5) for seconds in (JOINED_S, AGREE_S, LEAST_S)
    )
    return Rule(joined, max(agree, 2), max(least, 3))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a track.

    Attributes:
        state: "not yet", "unknown" or "known"; "" without a gallery.
        label: the name, "unknown", or "" where nothing is said yet.
        score: of the name; else of the nearest person.
        vector: the mean (D,), or (P, D); None before the first window.
        windows: how many are in it.
        identity: the gallery's answer to the mean; None without people.
    """

    state: str = ""
    label: str = ""
    score: float = 0.0
    vector: Float32 | None = None
    windows: int = 0
    identity: Identity | None = None


class Decision:
    """A name over time: given and taken away window by window, as a rule says.

    Attributes:
        state: "not yet", "unknown" or "known".
        name: "" where nobody is known.
        label: the name, "unknown", or "" where nothing is said yet.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._seen = 0
        self.name, self._candidate, self._agreed = "", "", 0
        self.state = NOT_YET

    @property
    def label(self) -> str:
        return self.name or (UNKNOWN if self.state == UNKNOWN else "")

    def take(self, found: Identity | None, threshold: float, of_name: bool = True) -> float:
        """Take what a gallery says by one more window; return the score of the name, else of the
        nearest person.

        Args:
            found: None: there is nobody in it.
            threshold: a name is given at this score.
            of_name: whether it says anything of who is known; else they keep the name until windows
                agree on somebody else.
        """
        self._seen += 1
        leaves = self._rule.leaves(threshold)
        if found is not None:
            self._decide(found, threshold, leaves if of_name else -math.inf)
        self.state = self._state()
        return 0.0 if found is None else _score(found, self.name or found.nearest, leaves)

    def keep(self, names: Collection[str]) -> bool:
        """Go on with other people; who is not among them loses their name. Whether somebody did."""
        self._candidate, self._agreed = "", 0
        if not self.name or self.name in names:
            return False
        self.name, self.state = "", NOT_YET
        return True

    def _state(self) -> str:
        if self.name:
            return KNOWN
        was_said = self.state != NOT_YET
        is_open = self._seen < self._rule.least or self._agreed > 0
        return UNKNOWN if was_said or not is_open else NOT_YET

    def _decide(self, found: Identity, threshold: float, leaves: float) -> None:
        """Take a name away, or give one."""
        if found.score >= threshold:
            self._agreed = self._agreed + 1 if found.nearest == self._candidate else 1
            self._candidate = found.nearest
        else:
            self._agreed, self._candidate = 0, ""
        if self.name and _score(found, self.name, leaves) < leaves:
            self.name = ""
        if self._agreed >= self._rule.agree:
            self.name = self._candidate


class Evidence:
    """The windows of one track since it began or broke.

    Args:
        gallery: the known people; None: vectors are joined, and nobody is named.
        threshold: a name is given at this score.
        distance: how vectors are compared.
        rule: when a name is given and taken away.

    Attributes:
        verdict: what is known now.
    """

    def __init__(
        self, gallery: Gallery | None, threshold: float, distance: str, rule: Rule
    ) -> None:
        self._gallery, self._threshold, self._distance = gallery, threshold, distance
        self._recent: deque[Float32] = deque(maxlen=rule.joined)
        self._decision = Decision(rule)
        self.verdict = Verdict("" if gallery is None else NOT_YET)

    def add(self, vector: Float32) -> Verdict:
        """What is known after one more window, (D,) or (P, D), finite and not zero."""
        self._recent.append(vector)
        mean = mean_vector(np.stack(self._recent), self._distance)
        if self._gallery is None:
            self.verdict = Verdict(vector=mean, windows=len(self._recent))
            return self.verdict
        found = self._gallery.identify(mean, self._threshold) if len(self._gallery) else None
        score = self._decision.take(found, self._threshold)
        said = self._decision.state, self._decision.label
        self.verdict = Verdict(*said, score, mean, len(self._recent), found)
        return self.verdict

    def use(self, gallery: Gallery, threshold: float) -> None:
        """Name by another gallery from the next window on; who is not in it loses their name."""
        self._gallery, self._threshold = gallery, threshold
        if self._decision.keep(gallery.person_G):
            before = self.verdict
            self.verdict = Verdict(NOT_YET, vector=before.vector, windows=before.windows)


def _score(found: Identity, name: str, leaves: float) -> float:
    """That of a person; of one far behind, that of somebody below the lower threshold."""
    if name == found.nearest:
        return found.score
    for other, score in found.others:
        if other == name or score < leaves:
            return score
    return found.score
