"""What MOTChallenge counts (Milan et al., arXiv 1603.00831; Dendorfer et al., arXiv 2003.09003), as
TrackEval prepares it.

Boxes on what only looks like a person, matched at IoU 0.5, count neither for nor against a tracker;
people who are marked with 0, and what is no pedestrian, are no people to find. MOT15 has no
classes: there only the mark counts.

Axes: G lines of truth of one frame, M found boxes of one frame.
"""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import dataclass, field

import numpy as np

from edgehuman.metrics.boxes.overlap import ious
from edgehuman.metrics.tracking.sequence import EPS, Sequence, matching, paired
from edgehuman.records import Bool, Float64, Index

PEDESTRIAN = 1
LIKE_PEOPLE = (2, 7, 8, 12)
"""Person on a vehicle, static person, distractor, reflection."""
LEAST = 0.5


@dataclass(frozen=True, slots=True)
class Truth:
    """The lines of truth of one frame.

    Attributes:
        track_G: numbers of people, over the video.
        box_G4: x1, y1, x2, y2, which may leave the frame.
        kind_G: classes of MOT16; all 1 where there are none.
        is_marked_G: whether a line counts at all (confidence other than 0).
    """

    track_G: Index = field(default_factory=lambda: np.zeros(0, np.int64))
    box_G4: Float64 = field(default_factory=lambda: np.zeros((0, 4)))
    kind_G: Index = field(default_factory=lambda: np.zeros(0, np.int64))
    is_marked_G: Bool = field(default_factory=lambda: np.zeros(0, np.bool_))


def prepared(
    truth: Several[Truth], found: Several[tuple[Index, Float64]], like: Several[int] = LIKE_PEOPLE
) -> Sequence:
    """The sequence that is scored.

    Args:
        found: tracks (M,) and boxes (M, 4) of each frame.
        like: classes on which boxes do not count.

    Raises:
        DataError: other numbers of frames, or a track twice in a frame.
        MissingDependencyError: scipy is not installed.
    """
    people = []
    boxes = []
    for each, (track_M, box_M4) in zip(truth, found, strict=True):
        is_kept_M = ~_on_others(each, box_M4, like)
        is_person_G = each.is_marked_G & (each.kind_G == PEDESTRIAN)
        people.append((each.track_G[is_person_G], each.box_G4[is_person_G]))
        boxes.append((track_M[is_kept_M], box_M4[is_kept_M]))
    return paired(people, boxes)


def _on_others(truth: Truth, box_M4: Float64, like: Several[int]) -> Bool:
    """Which boxes (M,) belong to what only looks like a person."""
    is_on_M = np.zeros(len(box_M4), np.bool_)
    if not (np.isin(truth.kind_G, like).any() and len(box_M4)):
        return is_on_M
    alike_GM = ious(truth.box_G4, box_M4)
    alike_GM[alike_GM < LEAST - EPS] = 0
    g, m = matching(alike_GM)
    is_pair_P = alike_GM[g, m] > EPS
    is_on_M[m[is_pair_P & np.isin(truth.kind_G[g], like)]] = True
    return is_on_M
