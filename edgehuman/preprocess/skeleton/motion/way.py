"""Which way somebody moves, and which way they face, without asking which side is called left.

Knees bend ahead: the knee lies ahead of the line from hip to ankle, to the right of it in the
picture for somebody who faces the right. The hips say where the body goes. Who faces where they go
walks forwards; who faces the other way walks backwards, or the video runs backwards. From straight
in front and behind knees show no side, and only the size that grows or shrinks says where somebody
goes.

Axes: T frames, K frames that show what is asked, J joint of OpenPose-18.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.geometry import OPENPOSE_18
from edgehuman.preprocess.skeleton.motion.strides import line_of, trunks
from edgehuman.records import Float32, Float64

_JOINT = {name: i for i, name in enumerate(OPENPOSE_18)}
_HIPS = [_JOINT["r_hip"], _JOINT["l_hip"]]
_LEGS = [[_JOINT[f"{side}_{name}"] for name in ("hip", "knee", "ankle")] for side in "rl"]
# How far knees are ahead, in trunk lengths, to show a side: 0.2 from the side, 0.1 from 30 degrees.
_BENT = 0.05
# Ankles must be this much lower than hips, in trunk lengths, for knees to be ahead of a line.
_UPRIGHT = 0.7
# Trunk lengths a second of somebody who goes sideways: walkers go 2, and 1 from 30 degrees.
_GOES = 0.5
_PIECE_S, _SHORTEST_S, _FEWEST = 2.0, 0.6, 8
# Of the time that shows both, this share must say backwards; and there must be so much of it.
_MOSTLY, _LONG_ENOUGH_S = 0.7, 1.0

BACKWARDS = (
    "the knees bend against the direction in which the body goes: the person walks backwards, or "
    "the video runs backwards. Nobody is found by that when walking forwards; use a walk forwards"
)


@dataclass(frozen=True, slots=True)
class Way:
    """Where a piece of a walk goes.

    Attributes:
        aside, down: trunk lengths that the hips go to the right and down in the picture.
        grows: change of the trunk's length, as a logarithm: above 0 for who comes closer.
        knees: how far the knees are ahead to the right of the legs' lines, mean, trunk lengths.
        seconds: length of the piece.
    """

    aside: float
    down: float
    grows: float
    knees: float
    seconds: float

    @property
    def faces(self) -> int:
        """1 who faces the right of the picture, -1 the left, 0 who shows neither."""
        return int(np.sign(self.knees)) if abs(self.knees) >= _BENT else 0

    @property
    def goes(self) -> int:
        """1 who goes to the right of the picture, -1 to the left, 0 who goes to neither."""
        return int(np.sign(self.aside)) if abs(self.aside) >= _GOES * self.seconds else 0


def way_of(skeleton_TJ3: Float32, rate_hz: float) -> Way | None:
    """Where a short piece of a walk goes; None if its trunk is hardly seen.

    Args:
        skeleton_TJ3: float32 (T, 18, 3) at a constant rate: x, y in pixels, confidence, 0 for a
            joint that was not seen.
        rate_hz: frames a second.
    """
    trunk_T = trunks(skeleton_TJ3)
    hips_T23 = skeleton_TJ3[:, _HIPS]
    seen_T = np.asarray((hips_T23[..., 2] > 0.0).all(axis=1))
    if trunk_T is None or seen_T.sum() < max(_FEWEST, 0.25 * len(seen_T)):
        return None
    trunk_px = float(np.median(trunk_T))
    time_K: Float64 = np.linspace(-0.5, 0.5, len(seen_T), dtype=np.float64)[seen_T]
    middle_K2: Float64 = hips_T23[seen_T, :, :2].astype(np.float64).mean(axis=1) / trunk_px
    return Way(
        line_of(time_K, middle_K2[:, 0])[0],
        line_of(time_K, middle_K2[:, 1])[0],
        float(np.log(trunk_T[-1] / trunk_T[0])),
        _knees(skeleton_TJ3, trunk_T),
        len(skeleton_TJ3) / rate_hz,
    )


def ways_of(skeleton_TJ3: Float32, rate_hz: float) -> list[Way]:
    """Where each piece of about two seconds goes, of those that show it."""
    count = max(1, round(len(skeleton_TJ3) / (_PIECE_S * rate_hz)))
    pieces = np.array_split(skeleton_TJ3, count)
    if len(pieces[0]) < max(_SHORTEST_S * rate_hz, _FEWEST):
        return []
    found = [way_of(piece_TJ3, rate_hz) for piece_TJ3 in pieces]
    return [way for way in found if way is not None]


def walks_backwards(skeleton_TJ3: Float32, rate_hz: float) -> bool:
    """Whether the knees bend against the way for most of the time that shows both. Joints called
    by the other side's name change nothing.
    """
    told = [way for way in ways_of(skeleton_TJ3, rate_hz) if way.faces and way.goes]
    seconds = sum(way.seconds for way in told)
    against = sum(way.seconds for way in told if way.faces != way.goes)
    return seconds >= _LONG_ENOUGH_S and against >= _MOSTLY * seconds


def _knees(skeleton_TJ3: Float32, trunk_T: Float64) -> float:
    """How far the knees are to the right of the lines from hips to ankles, mean; 0 if unseen."""
    found = []
    for joints in _LEGS:
        hip_T3, knee_T3, ankle_T3 = np.moveaxis(skeleton_TJ3[:, joints].astype(np.float64), 1, 0)
        long_T = ankle_T3[:, 1] - hip_T3[:, 1]
        seen_T = (skeleton_TJ3[:, joints, 2] > 0.0).all(axis=1) & (long_T > _UPRIGHT * trunk_T)
        share_K = ((knee_T3 - hip_T3)[seen_T, 1]) / long_T[seen_T]
        line_K = hip_T3[seen_T, 0] + share_K * (ankle_T3 - hip_T3)[seen_T, 0]
        found.append((knee_T3[seen_T, 0] - line_K) / trunk_T[seen_T])
    ahead_K = np.concatenate(found)
    return float(ahead_K.mean()) if len(ahead_K) >= _FEWEST else 0.0
