"""Augmentations of skeleton sequences, on tensors, whole batches at once, on whatever device.

Kinds: "On Model and Data Scaling for Skeleton-based Self-Supervised Gait Recognition" (arXiv
2504.07598), pretraining details: temporal crop, flip in time, mirror, joint noise, pace, smoothing.
The paper prints no ranges; those here are our own. Crop, pace and flip in time together are one
reading of the source at other moments, so a sequence is interpolated once.

A joint that the detector dropped keeps confidence 0 and x = y = 0: nothing is invented for it.

Axes: N sequences, S source frames, T frames of the result, J joints, 3 or 2: x and y in pixels and
the confidence, or x and y alone.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from edgehuman.errors import UsageError
from edgehuman.geometry import flip_indices


@dataclass(frozen=True, slots=True)
class Draws:
    """What was drawn for a batch; the same draws give the same result.

    Attributes:
        position_NT: source frame, between two frames where fractional, that each frame reads.
        mirrored_N: whether left and right change places.
        sigma_N: standard deviation of the smoothing, frames; 0 leaves the sequence as it is.
        shift_NJ2: offset of each joint for the whole sequence, as a share of the height.
        noise_NTJ2: offset of each joint in each frame, as a share of the height.
    """

    position_NT: Tensor
    mirrored_N: Tensor
    sigma_N: Tensor
    shift_NJ2: Tensor
    noise_NTJ2: Tensor


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
        for holds, name, rule in rules:
            if not holds:
                flag = name.replace("_", "-")
                raise UsageError(f"--{flag} is {getattr(self, name)}; it must be {rule}")

    @property
    def source_frames(self) -> int:
        """Frames of the source beyond which none is ever read."""
        return math.ceil(self.pace * (self.frames - 1)) + 1

    def __call__(self, skeleton_NSJ3: Tensor, length_N: Tensor) -> Tensor:
        """Sequences (N, S, J, 3), of which the first `length_N` frames count -> (N, T, J, 3)."""
        return augment(skeleton_NSJ3, self.draw(length_N, skeleton_NSJ3.shape[2]))

    def draw(self, length_N: Tensor, num_joints: int) -> Draws:
        """Random numbers for sequences of these lengths, on the device of `length_N`."""
        place, count = length_N.device, len(length_N)
        shape = (count, self.frames, num_joints, 2)
        sigma_N = self.smooth_frames * torch.rand(count, device=place)
        return Draws(
            position_NT=self._positions(length_N),
            mirrored_N=torch.rand(count, device=place) < self.mirror,
            sigma_N=sigma_N * (torch.rand(count, device=place) < self.smooth),
            shift_NJ2=self.joint_shift * torch.randn(count, num_joints, 2, device=place),
            noise_NTJ2=torch.randn(shape, device=place).mul_(self.joint_noise),
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
    skeleton_NTJ3 = read_at(skeleton_NSJ3, draws.position_NT)
    centre_N, height_N = middle_of(skeleton_NTJ3[:, skeleton_NTJ3.shape[1] // 2])
    mirror_(skeleton_NTJ3, draws.mirrored_N, centre_N)
    offset_NTJ2 = draws.noise_NTJ2 + draws.shift_NJ2[:, None]
    skeleton_NTJ3[..., :2].addcmul_(offset_NTJ2, height_N[:, None, None, None])
    skeleton_NTJ3.mul_(skeleton_NTJ3[..., 2:] > 0)
    smooth_(skeleton_NTJ3, draws.sigma_N)
    return skeleton_NTJ3


def read_at(skeleton_NSJ3: Tensor, position_NT: Tensor) -> Tensor:
    """Sequences at fractional frames, interpolated linearly between the two frames around each.

    The nearer frame decides whether a joint was seen; a joint that only the nearer one saw is taken
    from there. Of an unseen joint, x and y mean nothing yet.
    """
    count, length, joints, _ = skeleton_NSJ3.shape
    first_N1 = length * torch.arange(count, device=position_NT.device)[:, None]
    early_NT = position_NT.floor()
    rows = skeleton_NSJ3.reshape(count * length, joints * 3)
    shape = (*position_NT.shape, joints, 3)
    early, late = (
        rows.index_select(0, (frame_NT.long() + first_N1).flatten()).view(shape)
        for frame_NT in (early_NT, position_NT.ceil())
    )
    saw_early, saw_late = early[..., 2:] > 0, late[..., 2:] > 0
    share_NT11 = (position_NT - early_NT)[..., None, None]
    share_NTJ1 = torch.where(saw_early & saw_late, share_NT11, torch.where(saw_early, 0.0, 1.0))
    nearest_NTJ1 = torch.where(share_NT11 < 0.5, saw_early, saw_late)
    result_NTJ3 = early.lerp_(late, share_NTJ1)
    result_NTJ3[..., 2:].mul_(nearest_NTJ1)
    return result_NTJ3


def middle_of(skeleton_NJ3: Tensor) -> tuple[Tensor, Tensor]:
    """Mean x (N,) and height (N,) in pixels of the joints that were seen; 0 where none was."""
    x_NJ, y_NJ, confidence_NJ = skeleton_NJ3.unbind(2)
    seen_NJ = confidence_NJ > 0
    centre_N = torch.where(seen_NJ, x_NJ, 0.0).sum(1) / seen_NJ.sum(1).clamp_min(1)
    low_N = torch.where(seen_NJ, y_NJ, math.inf).amin(1)
    high_N = torch.where(seen_NJ, y_NJ, -math.inf).amax(1)
    return centre_N, torch.where(seen_NJ.any(1), high_N - low_N, 0.0)


def mirror_(skeleton_NTJ3: Tensor, mirrored_N: Tensor, centre_N: Tensor) -> None:
    """Mirror some sequences about a vertical axis at x = `centre_N`, and swap left and right."""
    [chosen_M] = mirrored_N.nonzero(as_tuple=True)
    source = skeleton_NTJ3.index_select(0, chosen_M)
    # Runs of joints that stay together are copied as one: far faster than an index per joint.
    swapped = torch.cat([source[:, :, run] for run in swapped_runs()], dim=2)
    axis_M11 = 2 * centre_N.index_select(0, chosen_M)[:, None, None]
    swapped[..., 0].neg_().add_(axis_M11)
    skeleton_NTJ3.index_copy_(0, chosen_M, swapped)


@functools.cache
def swapped_runs() -> tuple[slice, ...]:
    """The joints of OpenPose-18 with left and right swapped, as runs of neighbours."""
    order_J = flip_indices("openpose18")
    begins = np.flatnonzero(np.diff(order_J, prepend=-2) != 1)
    ends = [*begins[1:], len(order_J)]
    return tuple(
        slice(int(order_J[a]), int(order_J[a] + b - a)) for a, b in zip(begins, ends, strict=True)
    )


def smooth_(skeleton_NTJ3: Tensor, sigma_N: Tensor) -> None:
    """Put the sequences with a sigma above 0 under a Gaussian over time; confidences stay.

    A joint is averaged over the frames in which it was seen.
    """
    [chosen_M] = sigma_N.nonzero(as_tuple=True)
    source = skeleton_NTJ3.index_select(0, chosen_M)
    frames, joints = source.shape[1:3]
    confidence_MTJ = source[..., 2].clone()
    # Where the confidence was, the share of a frame: whether the joint was seen in it.
    source[..., 2] = confidence_MTJ > 0
    weight_MTT = gaussian_weights(sigma_N.index_select(0, chosen_M), frames)
    total = torch.bmm(weight_MTT, source.view(-1, frames, joints * 3)).view_as(source)
    # A seen joint weighs 1 in its own frame; one that was not seen becomes 0.
    total *= torch.where(confidence_MTJ > 0, 1 / total[..., 2].clamp_min(0.5), 0.0)[..., None]
    total[..., 2] = confidence_MTJ
    skeleton_NTJ3.index_copy_(0, chosen_M, total)


def gaussian_weights(sigma_N: Tensor, frames: int) -> Tensor:
    """Weights (N, T, T) of every frame for every frame, 1 on the diagonal."""
    tick_K = torch.arange(1 - frames, frames, device=sigma_N.device, dtype=torch.float32)
    tap_NK = torch.exp(-tick_K.square() / (2 * sigma_N[:, None].square()))
    return tap_NK.unfold(1, frames, 1).flip(1)
