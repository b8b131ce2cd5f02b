"""Whether left and right are swapped: six signs, and what they say together.

A detector may be as sure of a face from behind as from the front, so a face alone proves nothing.
Someone who comes closer shows the front, feet are set down ahead and lifted behind; someone who
faces the right, by the knees or else by the way, shows the right side: its ear, and its foot nearer
to the camera, which is lower in the picture. Two signs that agree make a mistake; one is a remark.
Who is known to walk backwards by the knees (`motion.way`) shows the front when going away.

Axes: S frames, T frames of one walk, J joint of OpenPose-18, K signs.
"""

from __future__ import annotations

import numpy as np

from edgehuman.geometry import OPENPOSE_18
from edgehuman.preprocess.skeleton.motion.way import way_of
from edgehuman.preprocess.skeleton.order import only_seen
from edgehuman.records import Bool, Float32, Float64, Index

_JOINT = {name: i for i, name in enumerate(OPENPOSE_18)}
_ANKLES = [_JOINT["r_ankle"], _JOINT["l_ankle"]]
_HIPS = [_JOINT["r_hip"], _JOINT["l_hip"]]
_RIGHT, _LEFT = _JOINT["r_shoulder"], _JOINT["l_shoulder"]
_FACE = [_JOINT["nose"], _JOINT["r_eye"], _JOINT["l_eye"]]
# What each sign says if left and right are swapped.
_SAID = (
    "faces are seen with the left shoulder on the left of the picture",
    "the ear that is seen is on the far side of the nose",
    "who faces the right shows the left ear",
    "who comes closer has the left shoulder on the left, or who walks away on the right",
    "feet are lifted on the side of the body that the shoulders call its front",
    "who faces the right has the left foot nearer to the camera",
)
NUM_SIGNS = len(_SAID)
FACE, NOSE, WALK, GROWTH, FEET, NEAR = range(NUM_SIGNS)
# A sign needs so many frames, or this share of them, of which this share agree.
_FEWEST_VOTES, _SHARE_VOTING, _AGREE = 20, 0.01, 0.7
# Faces seen less surely than this share of the shoulders, in this share of the frames: this
# detector knows a head from behind.
_UNSURE_FACE, _SHARE_BEHIND = 0.6, 0.02
# The motion is judged in pieces of this many seconds.
_PIECE_S, _SHORTEST_S = 4.0, 1.5
# Shoulders show a side of the body if they are this far apart, in trunk lengths, in most frames.
_APART, _STEADY = 0.3, 0.85
# Change of the trunk's length in a piece, as a logarithm; movement of the neck, in trunk lengths.
_GROWS, _MOVES = 0.06, 0.5
# Skewness of the feet's vertical speed: 0.25 and more from the front, negative from behind.
_SKEWED = 0.25
_SMOOTH_S, _LAG_S = 0.08, 0.1
_FOOT_SEEN = 0.8
# How much lower the nearer foot is, in trunk lengths: 0.06 from the side, of simulated walkers and
# of KTH's.
_LOWER = 0.04


def side_votes(skeleton_TJ3: Float32, rate_hz: float) -> Index:
    """Votes of one walk, int64 (signs, 2): frames that say swapped, and that say right."""
    seen_TJ3 = only_seen(skeleton_TJ3)
    made = np.zeros((NUM_SIGNS, 2), np.int64)
    if not _is_constant(seen_TJ3):
        made[FACE] = _counted(_shoulder_votes(seen_TJ3))
        made[NOSE] = _counted(_ear_votes(seen_TJ3))
    count = max(1, round(len(seen_TJ3) / (_PIECE_S * rate_hz)))
    for piece_TJ3 in np.array_split(seen_TJ3, count):
        if len(piece_TJ3) >= max(_SHORTEST_S * rate_hz, 12):
            made += _motion_votes(piece_TJ3, rate_hz)
    return made


def knows_behind(skeleton_SJ3: Float32) -> bool:
    """Whether the detector was unsure of some faces, though not of the shoulders: it can tell a
    head from behind.
    """
    face_S = skeleton_SJ3[:, _FACE, 2].max(axis=1)
    body_S = skeleton_SJ3[:, [_RIGHT, _LEFT], 2].min(axis=1)
    behind_S = (face_S < _UNSURE_FACE * body_S) & (body_S > 0.3)
    return bool(behind_S.sum() >= max(_FEWEST_VOTES / 2, _SHARE_BEHIND * len(behind_S)))


def signs(votes_K2: Index, frames: int) -> Index:
    """(signs,) what each says: 1 swapped, -1 right, 0 nothing."""
    total_K = votes_K2.sum(axis=1)
    share_K = votes_K2[:, 0] / np.maximum(total_K, 1)
    told_K = total_K >= max(_FEWEST_VOTES, _SHARE_VOTING * frames)
    said: Index = np.where(
        told_K, (share_K >= _AGREE).astype(np.int64) - (share_K <= 1 - _AGREE), 0
    )
    return said


def swapped_sides(votes_K2: Index, frames: int, knows: bool = False) -> tuple[str, bool] | None:
    """Left and right swapped: what says so, and whether that is sure; None if it is not likely.

    It is sure if two signs say so, or faces of a detector that knows heads from behind, and none
    says otherwise. It is not likely if as many say otherwise. Faces of a detector that does not
    know heads from behind say nothing against two others.

    Args:
        votes_K2: sum of `side_votes`.
        frames: that they come from.
        knows: `knows_behind` of them.
    """
    said_K = signs(votes_K2, frames)
    wrong, against = np.flatnonzero(said_K > 0).tolist(), np.flatnonzero(said_K < 0).tolist()
    if len(wrong) <= len(against):
        return None
    denied = [sign for sign in against if knows or sign != FACE]
    is_sure = not denied and (len(wrong) >= 2 or (knows and FACE in wrong))
    shown = "; ".join(
        f"{_SAID[k]} ({votes_K2[k, 0] / votes_K2[k].sum():.0%} of frames that show it)"
        for k in wrong
    )
    swapped = "left and right are swapped" if is_sure else "left and right may be swapped"
    or_else = ", or the person walks backwards" if set(wrong) <= {GROWTH, FEET} else ""
    return (
        f"{swapped}{or_else}: {shown}. Left means the person's left: swap the joints, or undo the "
        "mirroring of the pictures (x -> width - x)",
        is_sure,
    )


def _counted(wrong: Bool) -> tuple[int, int]:
    return int(wrong.sum()), int((~wrong).sum())


def _is_constant(skeleton_TJ3: Float32) -> bool:
    """Whether all joints that were seen have the same confidence: it tells nothing."""
    sure_K = skeleton_TJ3[..., 2][skeleton_TJ3[..., 2] > 0.0]
    return not sure_K.size or bool(np.ptp(sure_K) < 1e-3)


def _shoulder_votes(skeleton_SJ3: Float32) -> Bool:
    """For frames with a face from the front: whether the shoulders are swapped."""
    nose, right_eye, left_eye, right, left, ear_r, ear_l = (
        skeleton_SJ3[:, _JOINT[name]]
        for name in ("nose", "r_eye", "l_eye", "r_shoulder", "l_shoulder", "r_ear", "l_ear")
    )
    face_S = np.minimum(nose[:, 2], np.minimum(right_eye[:, 2], left_eye[:, 2]))
    body_S = np.minimum(right[:, 2], left[:, 2])
    ears_S = np.minimum(ear_r[:, 2], ear_l[:, 2])
    wide_S = np.abs(left[:, 0] - right[:, 0]) > 0.4 * _trunk_height(skeleton_SJ3)
    clear_S = (face_S > 0.85 * body_S) & (ears_S > 0.85 * body_S) & (body_S > 0.3) & wide_S
    wrong: Bool = (left[:, 0] < right[:, 0])[clear_S]
    return wrong


def _ear_votes(skeleton_SJ3: Float32) -> Bool:
    """For frames from the side: whether the visible ear belongs to the far side."""
    nose, ear_r, ear_l = (skeleton_SJ3[:, _JOINT[name]] for name in ("nose", "r_ear", "l_ear"))
    near_S = np.where(ear_r[:, 2] > ear_l[:, 2], ear_r[:, 0], ear_l[:, 0])
    ahead_S = nose[:, 0] - near_S
    # From behind, a nose is a guess, and so is the side it points to.
    face_S = nose[:, 2] > 0.9 * np.maximum(ear_r[:, 2], ear_l[:, 2])
    clear_S = face_S & (np.abs(ahead_S) > 0.08 * _trunk_height(skeleton_SJ3))
    clear_S &= _one_ear(skeleton_SJ3)
    # Someone who faces the right of the picture shows the right ear.
    wrong: Bool = ((ear_r[:, 2] > ear_l[:, 2]) != (ahead_S > 0))[clear_S]
    return wrong


def _trunk_height(skeleton_SJ3: Float32) -> Float32:
    height: Float32 = np.abs(
        skeleton_SJ3[:, _JOINT["neck"], 1] - skeleton_SJ3[:, _JOINT["r_hip"], 1]
    )
    return height


def _one_ear(skeleton_SJ3: Float32) -> Bool:
    """(S,) frames in which one ear is clearly better seen than the other."""
    apart: Bool = (
        np.abs(skeleton_SJ3[:, _JOINT["r_ear"], 2] - skeleton_SJ3[:, _JOINT["l_ear"], 2]) > 0.2
    )
    return apart


def _motion_votes(piece_TJ3: Float32, rate_hz: float) -> Index:
    """Votes of the signs that need motion, (signs, 2); all frames of a piece vote the same."""
    votes = np.zeros((NUM_SIGNS, 2), np.int64)
    trunk_T, seen_T = _trunk(piece_TJ3)
    if seen_T.sum() < max(_SHORTEST_S / 2 * rate_hz, 10):
        return votes
    way = way_of(piece_TJ3, rate_hz)
    if way is None:
        return votes
    trunk_px = float(np.median(trunk_T[seen_T]))
    faces = way.faces or (int(np.sign(way.aside)) if abs(way.aside) > _MOVES else 0)
    one_T = _one_ear(piece_TJ3)
    if faces and one_T.any():
        ears_T = piece_TJ3[one_T, _JOINT["r_ear"], 2] > piece_TJ3[one_T, _JOINT["l_ear"], 2]
        votes[WALK] = _counted(ears_T != (faces > 0))
    lower = _right_foot_lower(piece_TJ3) / trunk_px
    if way.faces and abs(lower) > _LOWER:
        votes[NEAR, int(lower * way.faces > 0)] = len(piece_TJ3)
    front = _front(piece_TJ3, trunk_px)
    if not front:
        return votes
    # What goes away shows its back, unless it walks backwards.
    ahead = -1 if way.faces * way.goes < 0 else 1
    skew = _feet_skew(piece_TJ3, trunk_px, rate_hz)
    for sign, value, least in ((GROWTH, way.grows, _GROWS), (FEET, skew, _SKEWED)):
        if abs(value) > least:
            votes[sign, int(value * front * ahead > 0)] = len(piece_TJ3)
    return votes


def _right_foot_lower(piece_TJ3: Float32) -> float:
    """Pixels that the right foot is lower in the picture than the left, usually; 0 if unseen."""
    right_T3, left_T3 = (piece_TJ3[:, ankle] for ankle in _ANKLES)
    seen_T = (right_T3[:, 2] > 0.0) & (left_T3[:, 2] > 0.0)
    if seen_T.mean() < _FOOT_SEEN:
        return 0.0
    return float(np.median((right_T3 - left_T3)[seen_T, 1]))


def _trunk(piece_TJ3: Float32) -> tuple[Float64, Bool]:
    """(T,) length from the neck to the hips in pixels, and where it was seen."""
    neck_T3, hips_T23 = piece_TJ3[:, _JOINT["neck"]], piece_TJ3[:, _HIPS]
    seen_T: Bool = (neck_T3[:, 2] > 0.0) & (hips_T23[..., 2] > 0.0).all(axis=1)
    away_T2 = (hips_T23.mean(axis=1)[:, :2] - neck_T3[:, :2]).astype(np.float64)
    length: Float64 = np.hypot(*away_T2.T)
    return length, seen_T


def _front(piece_TJ3: Float32, trunk_px: float) -> int:
    """Which side of the body the shoulders show: 1 its front, -1 its back, 0 neither steadily."""
    right_T3, left_T3 = piece_TJ3[:, _RIGHT], piece_TJ3[:, _LEFT]
    apart_K = (left_T3[:, 0] - right_T3[:, 0])[(right_T3[:, 2] > 0) & (left_T3[:, 2] > 0)]
    if len(apart_K) < len(piece_TJ3) / 2:
        return 0
    usual = float(np.median(apart_K))
    if abs(usual) < _APART * trunk_px or (apart_K * usual > 0).mean() < _STEADY:
        return 0
    return 1 if usual > 0 else -1


def _feet_skew(piece_TJ3: Float32, trunk_px: float, rate_hz: float) -> float:
    """Skewness of the vertical speed of the feet relative to the hips; 0 if they are not seen.

    A foot on the ground moves back slowly, a lifted one moves ahead fast. Seen from the front,
    ahead is towards the camera, which is down in the picture for cameras above the feet.
    """
    hips_T23 = piece_TJ3[:, _HIPS]
    time_T = np.arange(len(piece_TJ3))
    found = []
    for ankle in _ANKLES:
        seen_T = (hips_T23[..., 2] > 0.0).all(axis=1) & (piece_TJ3[:, ankle, 2] > 0.0)
        if seen_T.mean() < _FOOT_SEEN:
            return 0.0
        below_T = (piece_TJ3[:, ankle, 1] - hips_T23[..., 1].mean(axis=1)) / trunk_px
        below_T = np.interp(time_T, time_T[seen_T], below_T[seen_T])
        width, lag = max(1, round(_SMOOTH_S * rate_hz)), max(1, round(_LAG_S * rate_hz))
        smooth_T = np.convolve(below_T, np.full(width, 1.0 / width), "valid")
        found.append(_skewness(smooth_T[lag:] - smooth_T[:-lag]))
    return float(np.mean(found))


def _skewness(values_T: Float64) -> float:
    """Skewness without single outliers."""
    away_T = values_T - np.median(values_T)
    spread = 4.0 * float(np.median(np.abs(away_T))) + 1e-9
    away_T = np.clip(away_T, -spread, spread)
    away_T -= away_T.mean()
    return float((away_T**3).mean() / ((away_T**2).mean() ** 1.5 + 1e-12))
