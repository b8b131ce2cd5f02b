"""IDF1 (Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera
Tracking", ECCV workshops 2016), as TrackEval computes it.

Each person is given one found track, or none, for the whole video, so that as many boxes as can be
are the person's own: IDF1 = 2 IDTP / (2 IDTP + IDFN + IDFP).

Axes: G people, M found tracks.
"""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import dataclass, fields

import numpy as np

from edgehuman.metrics.tracking.sequence import EPS, Sequence, matching

LEAST = 0.5


@dataclass(frozen=True, slots=True)
class Identities:
    """Attributes:
    tp, fn, fp: IDTP, IDFN, IDFP.
    """

    tp: int
    fn: int
    fp: int

    @property
    def f1(self) -> float:
        """IDF1, 0 to 1."""
        return self.tp / max(1.0, self.tp + 0.5 * self.fp + 0.5 * self.fn)

    def metrics(self) -> dict[str, float]:
        """IDF1, IDR and IDP, 0 to 1."""
        return {
            "idf1": self.f1,
            "idr": self.tp / max(1.0, self.tp + self.fn),
            "idp": self.tp / max(1.0, self.tp + self.fp),
        }


def identities(sequence: Sequence, least: float = LEAST) -> Identities:
    """The counts of one video.

    Args:
        least: similarity of a pair.

    Raises:
        MissingDependencyError: scipy is not installed.
    """
    count_G, count_M = sequence.count_true_G, sequence.count_found_M
    common_GM = np.zeros((len(count_G), len(count_M)), np.int64)
    for true_G, found_M, alike_GM in zip(
        sequence.true, sequence.found, sequence.alike, strict=True
    ):
        common_GM[np.ix_(true_G, found_M)] += alike_GM >= least - EPS
    # A track without a partner costs all its frames, and one with: those that are not common. So
    # the padded assignment of the paper is the one of the most common frames.
    tp = int(common_GM[matching(common_GM)].sum()) if common_GM.size else 0
    return Identities(tp, int(count_G.sum()) - tp, int(count_M.sum()) - tp)


def of_several(each: Several[Identities]) -> Identities:
    """Of several videos together: the counts are summed."""
    return Identities(
        *(sum(getattr(one, field.name) for one in each) for field in fields(Identities))
    )
