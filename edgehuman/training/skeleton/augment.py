"""Augmentations of skeleton sequences, on tensors, whole batches at once, on whatever device.

Kinds: "On Model and Data Scaling for Skeleton-based Self-Supervised Gait Recognition" (arXiv
2504.07598), pretraining details: temporal crop, flip in time, mirror, joint noise, pace, smoothing.
The paper prints no ranges; those here are our own. Crop, pace and flip in time together are one
reading of the source at other moments, so a sequence is interpolated once.

A joint that the detector dropped keeps confidence 0 and x = y = 0: nothing is invented for it.

Inside, x, y and confidence are three planes: joints then lie next to each other in memory, and what
is the same for x and y is computed four times as fast as on triples.

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
from edgehuman.geometry import flip_indices

# Sequences at a time on a CPU: what a part needs in between stays in cache, in memory that the next
# part takes over, where a whole batch would ask the system for fresh pages again and again. A third
# of the usual batch.
PART = 86


@dataclass(frozen=True, slots=True)
class Draws:
    """What was drawn for a batch; the same draws give the same result.

    Attributes:
        position_NT: source frame, between two frames where fractional, that each frame reads.
        mirrored_N: whether left and right change places.
        sigma_N: standard deviation of the smoothing, frames; 0 leaves the sequence as it is.
        shift_2NJ: offset of each joint for the whole sequence, as a share of the height.
        noise_2NTJ: offset of each joint in each frame, as a share of the height.
        reach: frames on either side that the smoothing looks at.
    """

    position_NT: Tensor
    mirrored_N: Tensor
    sigma_N: Tensor
    shift_2NJ: Tensor
    noise_2NTJ: Tensor
    reach: int

    def split(self, size: int) -> list[Draws]:
        """The draws of `size` sequences each, the last of what is left; they share memory."""
        return [
            Draws(*parts, reach=self.reach)
            for parts in zip(
                torch.split(self.position_NT, size),
                torch.split(self.mirrored_N, size),
                torch.split(self.sigma_N, size),
                torch.split(self.shift_2NJ, size, dim=1),
                torch.split(self.noise_2NTJ, size, dim=1),
                strict=True,
            )
        ]


@dataclass(frozen=True, slots=True)
class SkeletonAugment:
    """Strengths; 0 (a pace of 1) leaves one out.

    Attributes:
        frames: T, length of the result.
        pace: largest factor of the speed, which lies log-uniformly between 1/pace and pace.
        backwards: share of the sequences that are played backwards.
        mirror: share of the sequences that are mirrored.
        smooth: share of the sequences that are smoothed in time.
        smooth_frames: largest standard deviation of that Gaussian, frames.
        joint_shift: standard deviation of an offset per joint that stays for the whole sequence, as
            a share of the skeleton's height.
        joint_noise: the same, but drawn afresh for every frame.
    """

    frames: int = 48
    pace: float = 1.25
    backwards: float = 0.5
    mirror: float = 0.5
    smooth: float = 0.5
    smooth_frames: float = 1.5
    joint_shift: float = 0.01
    joint_noise: float = 0.01

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
        )
        require(self, rules)

    @property
    def source_frames(self) -> int:
        """Frames of the source beyond which none is ever read."""
        return math.ceil(self.pace * (self.frames - 1)) + 1

    def __call__(self, skeleton_NSJ3: Tensor, length_N: Tensor) -> Tensor:
        """Sequences (N, S, J, 3), of which the first `length_N` frames count -> (N, T, J, 3)."""
        draws = self.draw(length_N, skeleton_NSJ3.shape[2])
        if skeleton_NSJ3.device.type != "cpu":
            return augment(skeleton_NSJ3, draws)
        parts = zip(torch.split(skeleton_NSJ3, PART), draws.split(PART), strict=True)
        return torch.cat([augment(*part) for part in parts])

    def draw(self, length_N: Tensor, num_joints: int) -> Draws:
        """Random numbers for sequences of these lengths, on the device of `length_N`."""
        place, count = length_N.device, len(length_N)
        shape = (2, count, self.frames, num_joints)
        sigma_N = self.smooth_frames * torch.rand(count, device=place)
        return Draws(
            position_NT=self._positions(length_N),
            mirrored_N=torch.rand(count, device=place) < self.mirror,
            sigma_N=sigma_N * (torch.rand(count, device=place) < self.smooth),
            shift_2NJ=self.joint_shift * torch.randn(2, count, num_joints, device=place),
            noise_2NTJ=torch.randn(shape, device=place).mul_(self.joint_noise),
            reach=math.ceil(3 * self.smooth_frames),
        )

    def _positions(self, length_N: Tensor) -> Tensor:
        """Crop, pace and direction; a source too short for the drawn pace is read more slowly."""
        place, count = length_N.device, len(length_N)
        last_N, steps = (length_N - 1).float(), self.frames - 1
        exponent_N = 2 * torch.rand(count, device=place) - 1
        speed_N = torch.minimum(self.pace**exponent_N, last_N / steps)
        start_N = torch.rand(count, device=place) * (last_N - steps * speed_N)
        tick_T = torch.arange(self.frames, device=place, dtype=torch.float32)
        backwards_N1 = torch.rand(count, 1, device=place) < self.backwards
        tick_NT = torch.where(backwards_N1, steps - tick_T, tick_T)
        position_NT = start_N[:, None] + speed_N[:, None] * tick_NT
        return torch.minimum(position_NT.clamp_min_(0), last_N[:, None])


def augment(skeleton_NSJ3: Tensor, draws: Draws) -> Tensor:
    """Sequences read at the drawn moments, mirrored, shaken and smoothed: (N, T, J, 3)."""
    planes_3NTJ = read_at(skeleton_NSJ3, draws.position_NT)
    centre_N, height_N = middle_of(planes_3NTJ[:, :, planes_3NTJ.shape[2] // 2])
    mirror_(planes_3NTJ, draws.mirrored_N, centre_N)
    offset_2NTJ = draws.noise_2NTJ + draws.shift_2NJ[:, :, None]
    planes_3NTJ[:2].addcmul_(offset_2NTJ, height_N[:, None, None])
    planes_3NTJ[:2].mul_(seen(planes_3NTJ[2]))
    smooth_(planes_3NTJ, draws.sigma_N, draws.reach)
    return planes_3NTJ.permute(1, 2, 3, 0).contiguous()


def read_at(skeleton_NSJ3: Tensor, position_NT: Tensor) -> Tensor:
    """Sequences at fractional frames, interpolated linearly between the two frames around each, as
    planes (3, N, T, J).

    The nearer frame decides whether a joint was seen; a joint that only the nearer one saw is taken
    from there. Of an unseen joint, x and y mean nothing yet.
    """
    count, length, joints, _ = skeleton_NSJ3.shape
    first_N1 = length * torch.arange(count, device=position_NT.device)[:, None]
    early_NT = position_NT.floor()
    # Sorted into planes once; then whole frames of a plane are copied, row by row.
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
    """1 where a joint was seen, 0 elsewhere; as numbers, since arithmetic is several times as fast
    here as comparing and choosing. A confidence is never below 0.
    """
    return confidence.sign()


def middle_of(planes_3NJ: Tensor) -> tuple[Tensor, Tensor]:
    """Mean x (N,) and height (N,) in pixels of the joints that were seen; 0 where none was."""
    x_NJ, y_NJ, confidence_NJ = planes_3NJ
    seen_NJ = confidence_NJ > 0
    centre_N = torch.where(seen_NJ, x_NJ, 0.0).sum(1) / seen_NJ.sum(1).clamp_min(1)
    low_N = torch.where(seen_NJ, y_NJ, math.inf).amin(1)
    high_N = torch.where(seen_NJ, y_NJ, -math.inf).amax(1)
    return centre_N, torch.where(seen_NJ.any(1), high_N - low_N, 0.0)


def mirror_(planes_3NTJ: Tensor, mirrored_N: Tensor, centre_N: Tensor) -> None:
    """Mirror some sequences about a vertical axis at x = `centre_N`, and swap left and right."""
    [chosen_M] = mirrored_N.nonzero(as_tuple=True)
    source = planes_3NTJ.index_select(1, chosen_M)
    # Runs of joints that stay together are copied as one: far faster than an index per joint.
    swapped = torch.cat([source[..., run] for run in swapped_runs()], dim=3)
    swapped[0].neg_().add_(2 * centre_N.index_select(0, chosen_M)[:, None, None])
    planes_3NTJ.index_copy_(1, chosen_M, swapped)


@functools.cache
def swapped_runs() -> tuple[slice, ...]:
    """The joints of OpenPose-18 with left and right swapped, as runs of neighbours."""
    order_J = flip_indices("openpose18")
    begins = np.flatnonzero(np.diff(order_J, prepend=-2) != 1)
    ends = [*begins[1:], len(order_J)]
    return tuple(
        slice(int(order_J[a]), int(order_J[a] + b - a)) for a, b in zip(begins, ends, strict=True)
    )


def smooth_(planes_3NTJ: Tensor, sigma_N: Tensor, reach: int) -> None:
    """Put the sequences with a sigma above 0 under a Gaussian over time; confidences stay.

    A joint is averaged over the frames in which it was seen, up to `reach` frames away.
    """
    [chosen_M] = sigma_N.nonzero(as_tuple=True)
    # x, y, and in place of the confidence whether the joint was seen.
    source_3MTJ = planes_3NTJ.index_select(1, chosen_M)
    source_3MTJ[2].sign_()
    square_M11 = -0.5 / sigma_N.index_select(0, chosen_M).square()[:, None, None]
    total_3MTJ = source_3MTJ.clone()
    for away in range(1, min(reach, source_3MTJ.shape[2] - 1) + 1):
        weight_M11 = torch.exp(square_M11 * away**2)
        total_3MTJ[:, :, away:].addcmul_(source_3MTJ[:, :, :-away], weight_M11)
        total_3MTJ[:, :, :-away].addcmul_(source_3MTJ[:, :, away:], weight_M11)
    # A seen joint weighs 1 in its own frame; one that was not seen becomes 0.
    per_total_MTJ = source_3MTJ[2] / total_3MTJ[2].clamp_min_(0.5)
    planes_3NTJ[:2].index_copy_(1, chosen_M, total_3MTJ[:2].mul_(per_total_MTJ))
