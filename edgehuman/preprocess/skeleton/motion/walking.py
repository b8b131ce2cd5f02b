"""Who does not walk: stands, sits, is a statue, walks or runs on the spot, or is carried.

Two things are looked at in each piece of a few seconds. Whether the legs move relative to each
other, compared with how much shoulders and hips seem to, which is what the detector errs and a body
sways by. And whether the body goes anywhere: aside or down in the picture, or growing or shrinking.
Somebody who walks does both. Pieces that are too short, that do not show the legs, or that lie
between are not judged.

Axes: T frames, K frames that show a pair, J joint of OpenPose-18.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from edgehuman.geometry import OPENPOSE_18
from edgehuman.preprocess.skeleton.motion.strides import strides_of, trunks
from edgehuman.preprocess.skeleton.motion.way import way_of
from edgehuman.records import Float32, Float64

_JOINT = {name: i for i, name in enumerate(OPENPOSE_18)}
# Pairs that a walk moves, and pairs that it hardly does.
_LEGS = (("r_ankle", "l_ankle"), ("r_knee", "l_knee"))
_CALM = (("r_hip", "l_hip"), ("r_shoulder", "l_shoulder"), ("nose", "neck"))
_PIECE_S, _SHORTEST_S, _FEWEST = 4.0, 2.0, 12
# A pair counts if so many of the frames show it.
_PAIR_SEEN = 0.5
# Variance of the legs over the deviation of the calm pairs, trunk lengths: of those who do not walk
# 90 % are below the first and 99 % below the second; of walkers none, and 4 % of real ones.
_STILL, _QUIET = 0.2, 0.5
# The first times the share of it that has the rhythm of steps: below this of 90 % of those who do
# not walk, above of all walkers.
_WITHOUT_RHYTHM = 0.1
# Trunk lengths that somebody goes in a piece, however long it is, by errors alone; growth counts so
# many times, as whoever comes closer is some 15 trunk lengths away.
_ERRS, _GROWTH = 0.8, 8.0
# A second: walkers go at least so far.
_GOES = 0.5
# A half of a piece may go somewhere, and the other half back; it has to be so long to tell.
_BACK_AND_FORTH, _HALF_S = 0.9, 1.5
# Nobody is said to walk on the spot by less.
_ON_THE_SPOT_S = 2.5
# Of somebody who sits, the knees are less than this much lower than the hips, in trunk lengths.
_SITS = 0.45
# A shank is 0.8 trunk lengths high; much less, and the ankles are guessed at the picture's edge.
_SHORTEST_SHANK = 0.4
# Of the time that was judged.
_MOSTLY = 0.5

_WALK = "; gait needs a walk: use a recording of walking"
STANDS = "the legs do not move, and the body stays: somebody stands still" + _WALK
SITS = "the legs do not move, and the knees are as high as the hips: somebody sits" + _WALK
CARRIED = "the body goes on and the legs do not move, as on an escalator or in a chair" + _WALK
ON_THE_SPOT = (
    "the legs move and the body goes nowhere, as on a treadmill, or before a camera that follows"
    + _WALK
)
WALKS = ""


def not_walking(skeleton_TJ3: Float32, rate_hz: float) -> str:
    """What somebody does who does not walk for most of the time that was judged, in words; empty
    for who walks, or where it cannot be told.

    Args:
        skeleton_TJ3: float32 (T, 18, 3) at a constant rate: x, y in pixels, confidence, 0 for a
            joint that was not seen.
        rate_hz: frames a second.
    """
    count = max(1, round(len(skeleton_TJ3) / (_PIECE_S * rate_hz)))
    frames: Counter[str] = Counter()
    for piece_TJ3 in np.array_split(skeleton_TJ3, count):
        said = _piece(piece_TJ3, rate_hz)
        if said is not None:
            frames[said] += len(piece_TJ3)
    judged = sum(frames.values())
    idle = judged - frames[WALKS]
    if not judged or idle <= _MOSTLY * judged:
        return WALKS
    return max((said for said in frames if said != WALKS), key=lambda said: frames[said])


def _piece(piece_TJ3: Float32, rate_hz: float) -> str | None:
    """What somebody does in a piece; None if it cannot be told."""
    seconds = len(piece_TJ3) / rate_hz
    trunk_T = trunks(piece_TJ3)
    if seconds < _SHORTEST_S or trunk_T is None:
        return None
    moved = legs_moved(piece_TJ3, trunk_T)
    goes = _gone(piece_TJ3, rate_hz)
    if moved is None or goes is None or _is_cut(piece_TJ3, trunk_T):
        return None
    if goes > max(_ERRS, _GOES * seconds):
        clear = moved * strides_of(piece_TJ3, rate_hz).rhythm if moved < _STILL else moved
        return CARRIED if clear < _WITHOUT_RHYTHM else WALKS
    halves = np.array_split(piece_TJ3, 2) if seconds >= 2 * _HALF_S else []
    there = [_gone(half_TJ3, rate_hz) or 0.0 for half_TJ3 in halves]
    if goes > _ERRS or any(each > _BACK_AND_FORTH * seconds / 2 for each in there):
        return None
    if moved < _QUIET:
        return SITS if _sits(piece_TJ3, trunk_T) else STANDS
    return ON_THE_SPOT if seconds >= _ON_THE_SPOT_S else None


def legs_moved(piece_TJ3: Float32, trunk_T: Float64) -> float | None:
    """Variance of the legs' distance over the standard deviation of that of pairs that a walk does
    not move, trunk lengths; None if either was not seen.
    """
    legs = [_spread(piece_TJ3, trunk_T, *pair) for pair in _LEGS]
    calm = [_spread(piece_TJ3, trunk_T, *pair) for pair in _CALM]
    legs_seen = [spread for spread in legs if spread is not None]
    calm_seen = [spread for spread in calm if spread is not None]
    if not legs_seen or not calm_seen:
        return None
    return max(legs_seen) ** 2 / max(float(np.median(calm_seen)), 1e-3)


def _spread(piece_TJ3: Float32, trunk_T: Float64, first: str, second: str) -> float | None:
    """Standard deviation of the way from one joint to another about a line in time, trunk lengths;
    None if it is hardly seen.
    """
    one_T3, other_T3 = piece_TJ3[:, _JOINT[first]], piece_TJ3[:, _JOINT[second]]
    seen_T = (one_T3[:, 2] > 0.0) & (other_T3[:, 2] > 0.0)
    if seen_T.sum() < max(_FEWEST, _PAIR_SEEN * len(seen_T)):
        return None
    away_K2 = (other_T3 - one_T3)[seen_T, :2].astype(np.float64) / trunk_T[seen_T, None]
    time_K = np.linspace(-1.0, 1.0, len(seen_T))[seen_T]
    time_K = time_K - time_K.mean()
    slope_2 = time_K @ away_K2 / float(time_K @ time_K)
    left_K2 = away_K2 - away_K2.mean(axis=0) - time_K[:, None] * slope_2
    return float(np.sqrt(left_K2.var(axis=0).sum()))


def _gone(piece_TJ3: Float32, rate_hz: float) -> float | None:
    """How far somebody goes in a piece, in trunk lengths; None if it is not seen."""
    way = way_of(piece_TJ3, rate_hz)
    if way is None:
        return None
    return float(np.hypot(way.aside, way.down)) + _GROWTH * abs(way.grows)


def _sits(piece_TJ3: Float32, trunk_T: Float64) -> bool:
    """Whether the knees are hardly lower than the hips."""
    lower = _lower(piece_TJ3, trunk_T, "hip", "knee")
    return lower is not None and lower < _SITS


def _is_cut(piece_TJ3: Float32, trunk_T: Float64) -> bool:
    """Whether the ankles are hardly lower than the knees: the legs end at the picture's edge."""
    lower = _lower(piece_TJ3, trunk_T, "knee", "ankle")
    return lower is not None and lower < _SHORTEST_SHANK


def _lower(piece_TJ3: Float32, trunk_T: Float64, upper: str, lower: str) -> float | None:
    """How much lower one joint usually is than another, of the side where it is more, in trunk
    lengths; None if it is not seen.
    """
    found = []
    for side in "rl":
        first_T3 = piece_TJ3[:, _JOINT[f"{side}_{upper}"]]
        second_T3 = piece_TJ3[:, _JOINT[f"{side}_{lower}"]]
        seen_T = (first_T3[:, 2] > 0.0) & (second_T3[:, 2] > 0.0)
        if seen_T.any():
            found.append(np.median((second_T3 - first_T3)[seen_T, 1] / trunk_T[seen_T]))
    return float(max(found)) if found else None
