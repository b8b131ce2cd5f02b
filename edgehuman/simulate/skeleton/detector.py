"""Simulated pose detector: correlated noise, confidence that falls with it, and mistakes.

Errors are fractions of the person's size in the picture, as detectors are scale-invariant, plus
pixel quantisation. Their sizes follow top-down detectors on people some hundred pixels tall: faces
are most accurate, hips and wrists least; limbs behind the body are guessed.

Axes: N walk, J joint of OpenPose-18, T frame, M knot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.geometry import OPENPOSE_18, flip_indices
from edgehuman.records import Bool, Float32, Float64, Index
from edgehuman.simulate.body.smooth import WHITE_STD, upsample
from edgehuman.simulate.gait.pinhole import Seen

_J = len(OPENPOSE_18)
_FLIP = flip_indices("openpose18")
# Per joint of the right side or the middle: error as a fraction of the person's size, and how much
# the body hides it when it is on the far side.
_JOINTS = {
    "nose": (0.0031, 0.0),
    "eye": (0.0028, 0.0),
    "ear": (0.0031, 0.0),
    "neck": (0.0042, 0.0),
    "shoulder": (0.0056, 0.4),
    "elbow": (0.0063, 0.9),
    "wrist": (0.0070, 0.9),
    "hip": (0.0070, 0.5),
    "knee": (0.0056, 0.6),
    "ankle": (0.0063, 0.5),
}
_ERROR_J, _FAR_J = np.array([_JOINTS[name.split("_")[-1]] for name in OPENPOSE_18]).T
# Errors of zoo:person-pose-int8 on real walkers of two street cameras, by
# `python -m edgehuman.bench.pages.image.detector_errors` (docs/gait.md): the spreads of people 160
# pixels tall or as they are, over the 0.87 that moving errors have of these numbers. MoveNet
# Thunder and BlazePose, measured alike, err as the numbers above say.
_STUDENT = {
    "nose": 0.0115, "eye": 0.0115, "ear": 0.0126, "neck": 0.0172, "shoulder": 0.0178,
    "elbow": 0.0178, "wrist": 0.0184, "hip": 0.0207, "knee": 0.0184, "ankle": 0.0184,
}  # fmt: skip
_ERRORS = {
    "teacher": _ERROR_J,
    "student": np.array([_STUDENT[name.split("_")[-1]] for name in OPENPOSE_18]),
}
Kind = Literal["teacher", "student", "both"]
# Visibility of the face's joints: weights of the head's and the left side's direction, and a
# constant.
_FACE = {
    "nose": (1.0, 0.0, 0.15),
    "l_eye": (1.0, 0.5, 0.0),
    "r_eye": (1.0, -0.5, 0.0),
    "l_ear": (0.0, 1.0, 0.35),
    "r_ear": (0.0, -1.0, 0.35),
}
_LEGS = [OPENPOSE_18.index(f"{side}_{name}") for side in "rl" for name in ("knee", "ankle")]
_ARMS = [OPENPOSE_18.index(f"{side}_{name}") for side in "rl" for name in ("elbow", "wrist")]
KNOT_S = 0.2
_BIAS_ROWS = 2 * _J
_SLOW_ROWS = 4 * _J + 2
_PIXEL_PX = 0.5
# Static errors relative to moving ones: most of a frame's error is not in the next frame.
_BIAS = 0.25
_CONFIDENCE = 0.93
# Scales the spline of white knots to unit variance.
_TO_UNIT = np.float32(1.0 / WHITE_STD)


@dataclass(frozen=True, slots=True)
class Detector:
    """Quality of a detector; 1 is typical and 0 turns a kind of error off.

    Attributes:
        noise: errors that vary between frames, fast and slow.
        bias: errors that are constant over a walk.
        spread: variation of quality between walks, standard deviation of a logarithm.
        dropped: frequency of joints lost for a while.
        swapped: frequency of left and right legs or arms swapped.
        kind: whose errors: those of large networks such as MoveNet Thunder, or of the project's own
            zoo:person-pose-int8, which are two to three times as large; both: of the first in
            every even walk of a person, of the second in every odd one.
    """

    noise: float = 1.0
    bias: float = 1.0
    spread: float = 0.35
    dropped: float = 1.0
    swapped: float = 1.0
    kind: Kind = "teacher"

    def __post_init__(self) -> None:
        for name in ("noise", "bias", "spread", "dropped", "swapped"):
            value = getattr(self, name)
            if not 0.0 <= value <= 10.0:
                raise UsageError(f"{name} is {value}; a detector's {name} must be 0 to 10")
        if self.kind not in get_args(Kind):
            raise UsageError(
                f"kind is {self.kind!r}; a detector's kind is one of {', '.join(get_args(Kind))}"
            )


def num_normals(frames: int, rate_hz: float) -> int:
    """Number of normal random numbers needed to detect one walk."""
    return 1 + _BIAS_ROWS + _SLOW_ROWS * _knots(frames, rate_hz)[1] + 2 * _J * frames


def _knots(frames: int, rate_hz: float) -> tuple[int, int]:
    """Frames per knot, and number of knots."""
    per_knot = max(1, round(KNOT_S * rate_hz))
    return per_knot, -(-frames // per_knot) + 4


def _errors(kind: Kind, walk_N: Index) -> Float64:
    """Errors of the joints of walks, as fractions of the person's size (N, 18)."""
    kinds: tuple[Kind, Kind] = ("teacher", "student") if kind == "both" else (kind, kind)
    made: Float64 = np.stack([_ERRORS[each] for each in kinds])[walk_N % 2]
    return made


def detect(
    seen: Seen,
    coat_N: Bool,
    normal_NZ: Float32,
    rate_hz: float,
    detector: Detector,
    walk_N: Index | None = None,
) -> Float32:
    """Detect skeletons, float32 (N, T, 18, 3), with confidences.

    Args:
        coat_N: whether a coat hides shoulders and hips.
        normal_NZ: `num_normals` random numbers of each walk.
        walk_N: number of the walk within its person's, by which a detector of both kinds takes
            turns; None: 0, 1, 2, ...
    """
    count, frames = seen.facing_NT.shape
    per_knot, knots = _knots(frames, rate_hz)
    quality_N = np.exp(detector.spread * normal_NZ[:, 0])
    bias_2NJ = normal_NZ[:, 1 : 1 + _BIAS_ROWS].reshape(count, 2, _J).transpose(1, 0, 2)
    first = 1 + _BIAS_ROWS
    slow = normal_NZ[:, first : first + _SLOW_ROWS * knots].reshape(-1, knots).astype(np.float64)
    slow_NRT = (upsample(slow, per_knot, frames).astype(np.float32) * _TO_UNIT).reshape(
        count, _SLOW_ROWS, frames
    )
    white = normal_NZ[:, first + _SLOW_ROWS * knots :].reshape(count, 2, _J, frames)
    hidden_NJT = hidden(seen)
    moving = 0.8 * slow_NRT[:, : 2 * _J].reshape(count, 2, _J, frames) + 0.35 * white
    moving *= (detector.noise * quality_N)[:, None, None, None]
    moving *= 1.0 + 2.0 * hidden_NJT[:, None]
    error_2NJT = moving.transpose(1, 0, 2, 3) + (_BIAS * detector.bias * bias_2NJ)[..., None]
    error_NJ = _errors(detector.kind, np.arange(count) if walk_N is None else walk_N)
    size_px_NJ = seen.size_px_N[:, None] * error_NJ + _PIXEL_PX
    pixel_2NJT = _in_coat(seen.pixel_2NJT, coat_N) + error_2NJT * size_px_NJ[..., None]
    wobble_NJT = slow_NRT[:, 2 * _J : 3 * _J]
    sure_NJT = _confidence(moving, hidden_NJT, wobble_NJT, quality_N, coat_N)
    _swap(pixel_2NJT, seen, slow_NRT[:, -2:], quality_N * detector.swapped)
    limit_NJT = 2.7 - 1.0 * hidden_NJT - 0.4 * (quality_N[:, None, None] - 1.0)
    lost_NJT = (slow_NRT[:, 3 * _J : 4 * _J] > limit_NJT / max(detector.dropped, 0.1)) & (
        detector.dropped > 0.0
    )
    return _assembled(pixel_2NJT, sure_NJT, lost_NJT)


def hidden(seen: Seen) -> Float32:
    """How much the body hides every joint, 0..1, (N, 18, T)."""
    side_NT = seen.left_NT.astype(np.float32)
    facing_NT = seen.facing_NT.astype(np.float32)
    behind_NJT = (seen.depth_NJT.astype(np.float32) - np.float32(0.12)) / np.float32(0.05)
    made: Float32 = _sigmoid(behind_NJT) * (side_NT**2)[:, None]
    made *= _FAR_J.astype(np.float32)[:, None]
    for name, (ahead, left, rest) in _FACE.items():
        score_NT = ahead * facing_NT + left * side_NT + np.float32(rest)
        made[:, OPENPOSE_18.index(name)] = _sigmoid(-score_NT / np.float32(0.12))
    return made


def _sigmoid(x: Float32) -> Float32:
    made: Float32 = 0.5 + 0.5 * np.tanh(0.5 * x)
    return made


def _in_coat(pixel_2NJT: Float64, coat_N: Bool) -> Float64:
    """Apparent positions of joints: under a coat, shoulders are wider and hips lower."""
    if not coat_N.any():
        return pixel_2NJT
    made = pixel_2NJT.copy()
    neck, share_N11 = OPENPOSE_18.index("neck"), coat_N[:, None]
    for name, toward, part in (
        ("r_shoulder", neck, -0.07),
        ("l_shoulder", neck, -0.07),
        ("r_hip", OPENPOSE_18.index("r_knee"), 0.04),
        ("l_hip", OPENPOSE_18.index("l_knee"), 0.04),
    ):
        joint = OPENPOSE_18.index(name)
        away = pixel_2NJT[:, :, toward] - pixel_2NJT[:, :, joint]
        made[:, :, joint] += part * share_N11 * away
    return made


def _confidence(
    moving_N2JT: Float32,
    hidden_NJT: Float32,
    wobble_NJT: Float32,
    quality_N: Float64,
    coat_N: Bool,
) -> Float32:
    """0.05..1: lower where the error is large, where a joint is hidden, and in poor walks."""
    error_NJT = np.sqrt(moving_N2JT[:, 0] ** 2 + moving_N2JT[:, 1] ** 2)
    base_N = _CONFIDENCE - 0.10 * (quality_N - 1.0) - 0.03 * coat_N
    made = base_N[:, None, None] - 0.35 * hidden_NJT - 0.05 * error_NJT + 0.03 * wobble_NJT
    sure: Float32 = np.clip(made, 0.05, 1.0).astype(np.float32)
    return sure


def _swap(pixel_2NJT: Float64, seen: Seen, noise_N2T: Float32, rate_N: Float64) -> None:
    """Swap left and right legs or arms for a while, in place."""
    # Sides are confused when one is behind the other.
    limit_NT = 3.6 - 1.4 * np.abs(seen.left_NT)
    for column, joints in ((0, _LEGS), (1, _ARMS)):
        taken_NT = (noise_N2T[:, column] * rate_N[:, None] ** 0.3 > limit_NT) & (
            rate_N[:, None] > 0
        )
        if taken_NT.any():
            pixel_2NJT[:, :, joints] = np.where(
                taken_NT[:, None], pixel_2NJT[:, :, _FLIP[joints]], pixel_2NJT[:, :, joints]
            )


def _assembled(pixel_2NJT: Float64, sure_NJT: Float32, lost_NJT: Bool) -> Float32:
    """(N, T, 18, 3): the neck is the mean of the shoulders; lost joints are all zero."""
    right, left = (OPENPOSE_18.index(name) for name in ("r_shoulder", "l_shoulder"))
    neck = OPENPOSE_18.index("neck")
    pixel_2NJT[:, :, neck] = 0.5 * (pixel_2NJT[:, :, right] + pixel_2NJT[:, :, left])
    sure_NJT[:, neck] = np.minimum(sure_NJT[:, right], sure_NJT[:, left])
    lost_NJT[:, neck] = lost_NJT[:, right] | lost_NJT[:, left]
    made = np.empty((*sure_NJT.shape, 3), np.float32)
    made[..., :2] = pixel_2NJT.transpose(1, 2, 3, 0)
    made[..., 2] = sure_NJT
    made[lost_NJT] = 0.0
    return np.ascontiguousarray(made.transpose(0, 2, 1, 3))
