"""CLEAR MOT (Bernardin and Stiefelhagen, EURASIP 2008), as TrackEval computes it: MOTA, switches of
identity, and how much of each person is tracked.

A pair that held in the last frame stays while it is similar enough (0.5). IDSW counts a person who
is paired with another track than the last one ever; Frag a person who is tracked again after a
pause. As in TrackEval, a frame without any found box does not end a pair: no Frag is counted there.

Axes: G people, M found tracks.
"""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import dataclass, fields

import numpy as np

from edgehuman.metrics.tracking.sequence import EPS, Sequence, matching

LEAST = 0.5
_MOSTLY, _HARDLY = 0.8, 0.2
_HELD = 1000.0
_NONE = -1


@dataclass(frozen=True, slots=True)
class Clear:
    """Attributes:
    tp, fn, fp: pairs, people without one, boxes without one.
    switches: IDSW.
    fragments: Frag.
    mostly: people tracked in over 80 % of their frames; partly: in 20 to 80 %; hardly: in less.
    similarity: sum over the pairs; its mean is MOTP.
    """

    tp: int
    fn: int
    fp: int
    switches: int
    fragments: int
    mostly: int
    partly: int
    hardly: int
    similarity: float

    @property
    def mota(self) -> float:
        """At most 1; below 0 where more is wrong than there are people."""
        return (self.tp - self.fp - self.switches) / max(1, self.tp + self.fn)

    @property
    def motp(self) -> float:
        """Mean similarity of pairs."""
        return self.similarity / max(1, self.tp)

    def metrics(self) -> dict[str, float]:
        """Rates and counts by name."""
        return {
            "mota": self.mota,
            "motp": self.motp,
            "id_switches": self.switches,
            "fragments": self.fragments,
            "mostly_tracked": self.mostly,
            "mostly_lost": self.hardly,
        }


def clear(sequence: Sequence, least: float = LEAST) -> Clear:
    """The counts of one video.

    Args:
        least: similarity of a pair.

    Raises:
        MissingDependencyError: scipy is not installed.
    """
    count_G = sequence.count_true_G
    tracked_G, begun_G = np.zeros((2, len(count_G)), np.int64)
    ever_G, last_G = np.full((2, len(count_G)), _NONE, np.int64)
    fn = fp = switches = 0
    similarity = 0.0
    for true_G, found_M, alike_GM in zip(
        sequence.true, sequence.found, sequence.alike, strict=True
    ):
        fn += len(true_G)
        fp += len(found_M)
        if not alike_GM.size:
            continue
        held_GM = last_G[true_G][:, None] == found_M
        worth_GM = np.where(alike_GM < least - EPS, 0, _HELD * held_GM + alike_GM)
        g, m = matching(worth_GM)
        is_pair_P = worth_GM[g, m] > EPS
        g, m = g[is_pair_P], m[is_pair_P]
        person_P, track_P = true_G[g], found_M[m]
        switches += int(np.sum((ever_G[person_P] != _NONE) & (ever_G[person_P] != track_P)))
        tracked_G[person_P] += 1
        begun_G[person_P] += last_G[person_P] == _NONE
        last_G[:] = _NONE
        ever_G[person_P] = last_G[person_P] = track_P
        similarity += float(alike_GM[g, m].sum())
    tp = int(tracked_G.sum())
    share_G = tracked_G[count_G > 0] / count_G[count_G > 0]
    mostly, seen = int(np.sum(share_G > _MOSTLY)), int(np.sum(share_G >= _HARDLY))
    return Clear(
        *(tp, fn - tp, fp - tp, switches),
        int(np.sum(np.maximum(0, begun_G - 1))),
        *(mostly, seen - mostly, len(count_G) - seen),
        similarity,
    )


def of_several(each: Several[Clear]) -> Clear:
    """Of several videos together: the counts are summed."""
    return Clear(*(sum(getattr(one, field.name) for one in each) for field in fields(Clear)))
