"""Two galleries of the same people, each in the space of its own model: who somebody is by both.

    pair = Pair(joints_gallery, outlines_gallery, (0.97, 0.86), fusion_for(...))
    found = pair.compare(joints_vector_D, outlines_vector_PD)
    found.identity.nearest, found.identity.score, found.threshold, found.of("ANNA")

Where both vectors are there, a person's score is the weighted mean of those in both galleries
(`metrics.gait.fusion`). Where one is missing, or somebody is enrolled in one gallery alone, that
one decides with its own threshold. To be ranked with the others, such a score is moved to the scale
of the answer, so that its threshold is the answer's and 1 stays 1.

Joints come first, outlines second. Axes: G walks, P people of either gallery, D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.metrics.gait.fusion import best_of_people, fused
from edgehuman.records import Float32, Float64
from edgehuman.runtime.gallery.gallery import Calibrated, Fusion, Gallery, Identity
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.ranking import Ranking
from edgehuman.tables.fusions import FUSIONS

BY_BOTH, BY_JOINTS, BY_OUTLINES = "both", "joints", "outlines"
# Of a threshold of 1, which nobody but the same walk reaches.
_LEAST_ABOVE = 1e-6
# Names of a message.
_LISTED = 5


@dataclass(frozen=True, slots=True)
class Compared:
    """Who somebody is.

    Attributes:
        identity: the nearest person, and the others, by their scores.
        threshold: a name is given at this score.
        by: "both", "joints" or "outlines": what the score is made of.
        each: scores of each person (2, P) in the two galleries; NaN where there is none.
        place: of each person there.
    """

    identity: Identity
    threshold: float
    by: str
    each: Float64
    place: Mapping[str, int]

    def of(self, name: str) -> tuple[float | None, float | None]:
        """The scores of a person by joints and by outlines; None where there is none."""
        if name not in self.place:
            return None, None
        first, second = self.each[:, self.place[name]].tolist()
        return (None if np.isnan(first) else first), (None if np.isnan(second) else second)


class Pair:
    """Args:
    galleries: of joints and of outlines.
    thresholds: of each by itself.
    fusion: how their scores become one; None: `leads` decides alone where it can.
    leads: 0 for the first, 1 for the second.
    """

    def __init__(
        self,
        galleries: tuple[Gallery, Gallery],
        thresholds: tuple[float, float],
        fusion: Fusion | None,
        leads: int,
    ) -> None:
        names = dict.fromkeys(name for each in galleries for name in each.person_G)
        self.place = {name: index for index, name in enumerate(names)}
        self._names = np.array([*names], object)
        self._galleries, self._thresholds = galleries, thresholds
        self._person = [
            np.array([self.place[name] for name in each.person_G], np.int64) for each in galleries
        ]
        self.fusion, self._leads = fusion, leads

    def compare(self, first: Float32 | None, second: Float32 | None) -> Compared | None:
        """Who somebody is by the vectors of both models, one of which may be missing; None: nobody
        is enrolled whom it can be compared with.

        Raises:
            DataError: a vector of another shape.
        """
        each = np.stack([self._scores(0, first), self._scores(1, second)])
        above, by = self._above(each, first is not None, second is not None)
        known = np.flatnonzero(~np.isnan(above))
        if not len(known):
            return None
        threshold = self._threshold(by)
        score = threshold + above[known] * _room(threshold)
        ranking = Ranking(self._names[known], score)
        nearest, best = ranking.first()
        person = nearest if best >= threshold else UNKNOWN
        identity = Identity(person, best, nearest, ranking.rest())
        return Compared(identity, threshold, by, each, self.place)

    def _scores(self, which: int, vector: Float32 | None) -> Float64:
        """The score of each person (P,) in one gallery; NaN where there is none."""
        gallery = self._galleries[which]
        if vector is None or not len(gallery):
            return np.full(len(self._names), np.nan)
        score_1G = gallery.scores(vector)[None]
        best_P: Float64 = best_of_people(score_1G, self._person[which], len(self._names))[0]
        return np.where(np.isneginf(best_P), np.nan, best_P)

    def _above(self, each: Float64, has_first: bool, has_second: bool) -> tuple[Float64, str]:
        """How far each person is above the threshold that holds for them, of the way to 1 (P,); and
        what the answer is made of.
        """
        alone = [
            (score_P - threshold) / _room(threshold)
            for score_P, threshold in zip(each, self._thresholds, strict=True)
        ]
        lead, other = alone[self._leads], alone[1 - self._leads]
        if not (has_first and has_second):
            return np.where(np.isnan(lead), other, lead), BY_JOINTS if has_first else BY_OUTLINES
        if self.fusion is None:
            return np.where(np.isnan(lead), other, lead), (BY_JOINTS, BY_OUTLINES)[self._leads]
        threshold = self.fusion.threshold.score
        both = (fused(each[0], each[1], self.fusion.share) - threshold) / _room(threshold)
        by_one = np.where(np.isnan(lead), other, lead)
        return np.where(np.isnan(both), by_one, both), BY_BOTH

    def _threshold(self, by: str) -> float:
        if by == BY_BOTH and self.fusion is not None:
            return self.fusion.threshold.score
        return self._thresholds[by == BY_OUTLINES]


def _room(threshold: float) -> float:
    """From a threshold to 1."""
    return max(1 - threshold, _LEAST_ABOVE)


def fusion_for(
    galleries: Sequence[Gallery],
    asked: float | None = None,
    notify: Callable[[str], object] = lambda said: None,
) -> Fusion | None:
    """How the scores of two galleries become one: calibrated on their own people, or else on
    simulated ones, for the models of the zoo; None: it is not known.

    Args:
        galleries: of joints and of outlines.
        asked: the threshold of the mean of both, in place of the calibrated one.
        notify: called with one line if the galleries have grown since they were calibrated.

    Raises:
        UsageError: a threshold outside -1 to 1, or one of what is not known.
    """
    joints, outlines = galleries
    spaces = joints.weights_sha256, outlines.weights_sha256
    own = [
        each.fusion
        for each, other in ((joints, spaces[1]), (outlines, spaces[0]))
        if each.fusion is not None and each.fusion.other == other
    ]
    found = max(own, key=lambda each: (each.threshold.day, each.threshold.people), default=None)
    people = len({*joints.person_G} & {*outlines.person_G})
    if found and asked is None and (remark := found.threshold.remark(people)):
        notify(remark)
    if found is None and (row := FUSIONS.get(spaces)) is not None:
        found = Fusion(row.share, Calibrated(row.threshold, row.people, row.day), spaces[0])
    if asked is not None:
        if found is None:
            raise UsageError(
                f"--threshold {asked:g}: it is not known how the scores of {joints.model} and "
                f"{outlines.model} become one; run `edgehuman gallery threshold --fuse-gallery` "
                "first"
            )
        found = Fusion(found.share, Calibrated(asked, 0, ""), found.other)
    if found is not None and not -1 <= found.threshold.score <= 1:
        raise UsageError(f"threshold is {found.threshold.score}; it must be from -1 to 1")
    return found


def one_sided(galleries: Sequence[Gallery]) -> str:
    """Who is enrolled in one of both galleries alone, in words; empty: nobody."""
    joints, outlines = ({*each.person_G} for each in galleries)
    said = [
        f"{', '.join(sorted(names)[:_LISTED])}{', …' if len(names) > _LISTED else ''} by {by} alone"
        for names, by in ((joints - outlines, BY_JOINTS), (outlines - joints, BY_OUTLINES))
        if names
    ]
    return f"enrolled {' and '.join(said)}: judged by that alone" if said else ""
