"""Augmentations of skeleton sequences, on batches of tensors, on any device.

Kinds: "On Model and Data Scaling for Skeleton-based Self-Supervised Gait Recognition" (arXiv
2504.07598), pretraining details: temporal crop, flip in time, mirror, joint noise, pace, smoothing.
The paper gives no ranges; those here are ours. Crop, pace and flip in time are combined into one
resampling of the source, so a sequence is interpolated once.

Ours besides: joints are lost as detectors and their users lose them, for the whole view, for a
while, in single frames, or wherever the confidence is under a limit. A joint that the detector
dropped, or that is lost here, has confidence 0 and x = y = 0; the network fills it in.

Internally, x, y and confidence are three planes: joints are then contiguous in memory, and
operations on x and y are four times as fast as on triples.

Axes: N sequences, M chosen ones, S source frames, T frames of the result, J joints, 3 or 2: x and y
in pixels and the confidence, or x and y alone.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from edgehuman.config import require
from edgehuman.geometry import OPENPOSE_18, TRUNK_5, flip_indices
from edgehuman.nets.draws import rand, randn
from edgehuman.training.skeleton.mistakes import DetectorMistakes

# Sequences processed at a time on a CPU, a third of the usual batch: temporaries stay in cache and
# their memory is reused, while a whole batch would allocate new pages each time.
PART = 86

# Of the sequences that lose joints: chance of each joint outside the trunk to be lost throughout,
# and of the face, as from behind.
WHOLE, FACE = 0.06, 0.2
# Chance of a joint to be lost for a while, and the longest while in frames.
A_WHILE, LONGEST_LOSS = 0.25, 24
# Largest share of single frames without a joint.
SINGLE = 0.5
# Share in which a detector leaves out joints under a limit, and that limit's range.
LIMITED, LIMITS = 0.5, (0.3, 0.8)
_TRUNK, _FACE = (
    [OPENPOSE_18.index(name) for name in names]
    for names in (TRUNK_5, ("nose", "r_eye", "l_eye", "r_ear", "l_ear"))
)


@dataclass(frozen=True, slots=True)
class Draws:
    """The random numbers for a batch; the same draws give the same result.

    Attributes:
        position_NT: source frame that each frame is read at; fractional between two frames.
        mirrored_N: whether left and right are swapped.
        sigma_N: standard deviation of the smoothing, frames; 0: no smoothing.
        shift_2NJ: offset of each joint for the whole sequence, as a share of the height.
        noise_2NTJ: offset of each joint in each frame, as a share of the height.
        lost_NTJ: joints that are lost.
        limit_N: joints of a lower confidence are lost, too; 0: none.
        reach: frames on either side that the smoothing uses.
    """

    position_NT: Tensor
    mirrored_N: Tensor
    sigma_N: Tensor
    shift_2NJ: Tensor
    noise_2NTJ: Tensor
    lost_NTJ: Tensor
    limit_N: Tensor
    reach: int

    def split(self, size: int) -> list[Draws]:
        """Split into draws of `size` sequences each, the last of the rest; they share memory."""
        return [
            Draws(position, mirrored, sigma, shift, noise, lost, limit, self.reach)
            for position, mirrored, sigma, shift, noise, lost, limit in zip(
                torch.split(self.position_NT, size),
                torch.split(self.mirrored_N, size),
                torch.split(self.sigma_N, size),
                torch.split(self.shift_2NJ, size, dim=1),
                torch.split(self.noise_2NTJ, size, dim=1),
                torch.split(self.lost_NTJ, size),
                torch.split(self.limit_N, size),
                strict=True,
            )
        ]


@dataclass(frozen=True, slots=True)
class SkeletonAugment:
    """Augmentation strengths; 0 (a pace of 1) turns one off.

    Attributes:
        frames: T, length of the result.
        pace: largest speed factor; speeds are log-uniform between 1/pace and pace.
        backwards: share of the sequences that are played backwards.
        mirror: share of the sequences that are mirrored.
        smooth: share of the sequences that are smoothed in time.
        smooth_frames: largest standard deviation of that Gaussian, frames.
        joint_shift: standard deviation of an offset per joint, constant over the sequence, as a
            share of the skeleton's height.
        joint_noise: the same, but drawn for each frame.
        lost: share of the sequences that lose joints.
        dialect, doubled, swapped, arms: see `DetectorMistakes`.
    """

    frames: int = 48
    pace: float = 1.25
    backwards: float = 0.5
    mirror: float = 0.5
    smooth: float = 0.5
    smooth_frames: float = 1.5
    joint_shift: float = 0.01
    joint_noise: float = 0.01
    lost: float = 0.0
    dialect: float = 0.0
    doubled: float = 0.0
    swapped: float = 0.0
    arms: float = 0.0

    def __post_init__(self) -> None:
        rules = (
            (self.frames > 1, "frames", "at least 2"),
            (self.pace >= 1, "pace", "1 or more"),
            (0 <= self.backwards <= 1, "backwards", "a share from 0 to 1"),
            (0 <= self.mirror <= 1, "mirror", "a share from 0 to 1"),
            (0 <= self.smooth <= 1, "smooth", "a share from 0 to 1"),
            (self.smooth_frames >= 0, "smooth_frames", "0 or more"),
            (self.joint_shift >= 0, "joint_shift", "0 or more"),
            (self.joint_noise >= 0, "joint_noise", "0 or more"),
            (0 <= self.lost <= 1, "lost", "a share from 0 to 1"),
        )
        require(self, rules)
        self.mistakes()  # checks their strengths

    def mistakes(self) -> DetectorMistakes:
        """The mistakes of detectors."""
        return DetectorMistakes(self.dialect, self.doubled, self.swapped, self.arms)

    @property
    def source_frames(self) -> int:
        """Largest number of source frames that is ever read."""
        return math.ceil(self.pace * (self.frames - 1)) + 1

    def __call__(self, skeleton_NSJ3: Tensor, length_N: Tensor) -> Tensor:
        """Augment sources (N, S, J, 3), valid in their first `length_N` frames, to (N, T, J, 3)."""
        draws = self.draw(length_N, skeleton_NSJ3.shape[2])
        size = PART if skeleton_NSJ3.device.type == "cpu" else len(skeleton_NSJ3)
        parts = zip(torch.split(skeleton_NSJ3, size), draws.split(size), strict=True)
        made = torch.cat([augment(*part) for part in parts])
        return self.mistakes()(made)

    def draw(self, length_N: Tensor, num_joints: int) -> Draws:
        """Draw random numbers for sequences of these lengths, on the device of `length_N`."""
        place, count = length_N.device, len(length_N)
        shape = (2, count, self.frames, num_joints)
        sigma_N = self.smooth_frames * rand(count, device=place)
        lost_NTJ, limit_N = self._losses(count, num_joints, place)
        return Draws(
            position_NT=self._positions(length_N),
            mirrored_N=rand(count, device=place) < self.mirror,
            sigma_N=sigma_N * (rand(count, device=place) < self.smooth),
            shift_2NJ=self.joint_shift * randn(2, count, num_joints, axis=1, device=place),
            noise_2NTJ=randn(*shape, axis=1, device=place).mul_(self.joint_noise),
            lost_NTJ=lost_NTJ,
            limit_N=limit_N,
            reach=math.ceil(3 * self.smooth_frames),
        )

    def _losses(self, count: int, num_joints: int, place: torch.device) -> tuple[Tensor, Tensor]:
        """Draw which joints are lost: `lost_NTJ` and `limit_N` of `Draws`."""
        if not self.lost:
            nothing = torch.zeros((count, 1, num_joints), dtype=torch.bool, device=place)
            return nothing, torch.zeros(count, device=place)

        def uniform(*shape: int) -> Tensor:
            return rand(*shape, device=place)

        is_hit_N = uniform(count) < self.lost
        always_NJ = uniform(count, num_joints) < WHOLE
        always_NJ[:, _TRUNK] = False
        always_NJ[:, _FACE] |= uniform(count, 1) < FACE
        begin_N1J = self.frames * uniform(count, 1, num_joints)
        length_N1J = LONGEST_LOSS * uniform(count, 1, num_joints)
        tick_T1 = torch.arange(self.frames, device=place)[:, None]
        inside_NTJ = (tick_T1 >= begin_N1J) & (tick_T1 < begin_N1J + length_N1J)
        inside_NTJ &= uniform(count, 1, num_joints) < A_WHILE
        single_NTJ = uniform(count, self.frames, num_joints) < SINGLE * uniform(count, 1, 1)
        lost_NTJ = (always_NJ[:, None] | inside_NTJ | single_NTJ) & is_hit_N[:, None, None]
        low, high = LIMITS
        has_limit_N = is_hit_N & (uniform(count) < LIMITED)
        limit_N = (low + (high - low) * uniform(count)) * has_limit_N
        return lost_NTJ, limit_N

    def _positions(self, length_N: Tensor) -> Tensor:
        """Draw crop, pace and direction; a source too short for its pace is read more slowly."""
        place, count = length_N.device, len(length_N)
        last_N, steps = (length_N - 1).float(), self.frames - 1
        exponent_N = 2 * rand(count, device=place) - 1
        speed_N = torch.minimum(self.pace**exponent_N, last_N / steps)
        start_N = rand(count, device=place) * (last_N - steps * speed_N)
        tick_T = torch.arange(self.frames, device=place, dtype=torch.float32)
        backwards_N1 = rand(count, 1, device=place) < self.backwards
        tick_NT = torch.where(backwards_N1, steps - tick_T, tick_T)
        position_NT = start_N[:, None] + speed_N[:, None] * tick_NT
        return torch.minimum(position_NT.clamp_min_(0), last_N[:, None])


def augment(skeleton_NSJ3: Tensor, draws: Draws) -> Tensor:
    """Resample, mirror, jitter and smooth sequences: (N, T, J, 3)."""
    planes_3NTJ = read_at(skeleton_NSJ3, draws.position_NT)
    centre_N, height_N = middle_of(planes_3NTJ[:, :, planes_3NTJ.shape[2] // 2])
    mirror_(planes_3NTJ, draws.mirrored_N, centre_N)
    offset_2NTJ = draws.noise_2NTJ + draws.shift_2NJ[:, :, None]
    planes_3NTJ[:2].addcmul_(offset_2NTJ, height_N[:, None, None])
    planes_3NTJ[:2].mul_(seen(planes_3NTJ[2]))
    smooth_(planes_3NTJ, draws.sigma_N, draws.reach)
    planes_3NTJ.mul_(~draws.lost_NTJ & (planes_3NTJ[2] >= draws.limit_N[:, None, None]))
    return planes_3NTJ.permute(1, 2, 3, 0).contiguous()


def read_at(skeleton_NSJ3: Tensor, position_NT: Tensor) -> Tensor:
    """Interpolate sequences linearly at fractional frames; return planes (3, N, T, J).

    The nearer frame decides whether a joint is seen; a joint seen only in the nearer frame is taken
    from it. For an unseen joint, x and y are undefined here.
    """
    count, length, joints, _ = skeleton_NSJ3.shape
    first_N1 = length * torch.arange(count, device=position_NT.device)[:, None]
    early_NT = position_NT.floor()
    # Convert to planes once; then copy whole frames of a plane, row by row.
    rows = skeleton_NSJ3.permute(3, 0, 1, 2).reshape(3, count * length, joints)
    early, late = (
        rows.index_select(1, (frame_NT.long() + first_N1).flatten()).view(
            3, *position_NT.shape, joints
        )
        for frame_NT in (early_NT, position_NT.ceil())
    )
    saw_early, saw_late = seen(early[2]), seen(late[2])
    share_NT1 = (position_NT - early_NT)[..., None]
    is_late_NT1 = (share_NT1 >= 0.5).to(early.dtype)
    share_NTJ = (saw_early * saw_late).mul_(share_NT1).add_(1 - saw_early)
    result_3NTJ = early.lerp_(late, share_NTJ)
    result_3NTJ[2].mul_(saw_early.lerp_(saw_late, is_late_NT1))
    return result_3NTJ


def seen(confidence: Tensor) -> Tensor:
    """Return 1 where a joint was seen, else 0, as floats: arithmetic is several times faster here
    than comparisons and `where`. Confidences are never negative.
    """
    return confidence.sign()


def middle_of(planes_3NJ: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean x (N,) and height (N,), in pixels, of the seen joints; 0 if none is seen."""
    x_NJ, y_NJ, confidence_NJ = planes_3NJ
    seen_NJ = confidence_NJ > 0
    centre_N = torch.where(seen_NJ, x_NJ, 0.0).sum(1) / seen_NJ.sum(1).clamp_min(1)
    low_N = torch.where(seen_NJ, y_NJ, math.inf).amin(1)
    high_N = torch.where(seen_NJ, y_NJ, -math.inf).amax(1)
    return centre_N, torch.where(seen_NJ.any(1), high_N - low_N, 0.0)


def mirror_(planes_3NTJ: Tensor, mirrored_N: Tensor, centre_N: Tensor) -> None:
    """Mirror some sequences about a vertical axis at x = `centre_N`; swap left and right."""
    [chosen_M] = mirrored_N.nonzero(as_tuple=True)
    source = planes_3NTJ.index_select(1, chosen_M)
    # Copy runs of consecutive joints at once: far faster than an index per joint.
    swapped = torch.cat([source[..., run] for run in swapped_runs()], dim=3)
    swapped[0].neg_().add_(2 * centre_N.index_select(0, chosen_M)[:, None, None])
    planes_3NTJ.index_copy_(1, chosen_M, swapped)


@functools.cache
def swapped_runs() -> tuple[slice, ...]:
    """Return the joints of OpenPose-18 with left and right swapped, as consecutive runs."""
    order_J = flip_indices("openpose18")
    begins = np.flatnonzero(np.diff(order_J, prepend=-2) != 1)
    ends = [*begins[1:], len(order_J)]
    return tuple(
        slice(int(order_J[a]), int(order_J[a] + b - a)) for a, b in zip(begins, ends, strict=True)
    )


def smooth_(planes_3NTJ: Tensor, sigma_N: Tensor, reach: int) -> None:
    """Smooth the sequences with a sigma above 0 by a Gaussian over time; keep the confidences.

    A joint is averaged over the frames in which it was seen, up to `reach` frames away.
    """
    [chosen_M] = sigma_N.nonzero(as_tuple=True)
    # x, y, and whether the joint was seen instead of its confidence.
    source_3MTJ = planes_3NTJ.index_select(1, chosen_M)
    source_3MTJ[2].sign_()
    square_M11 = -0.5 / sigma_N.index_select(0, chosen_M).square()[:, None, None]
    total_3MTJ = source_3MTJ.clone()
    for away in range(1, min(reach, source_3MTJ.shape[2] - 1) + 1):
        weight_M11 = torch.exp(square_M11 * away**2)
        total_3MTJ[:, :, away:].addcmul_(source_3MTJ[:, :, :-away], weight_M11)
        total_3MTJ[:, :, :-away].addcmul_(source_3MTJ[:, :, away:], weight_M11)
    # A seen joint has weight 1 in its own frame; an unseen joint becomes 0.
    per_total_MTJ = source_3MTJ[2] / total_3MTJ[2].clamp_min_(0.5)
    planes_3NTJ[:2].index_copy_(1, chosen_M, total_3MTJ[:2].mul_(per_total_MTJ))
