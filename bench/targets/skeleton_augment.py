"""Skeleton augmentations one sequence at a time in numpy: the reference for the batched ones.

It does what a data loader would do per sample, gives the same result as
`edgehuman.training.skeleton.augment`, and serves its tests too. The time of both sides includes
drawing their random numbers.

Axes: S source frames, T frames of the result, J joints, N sequences; 3: x, y, confidence.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgehuman.bench.targets.ratios import in_turns, require_torch
from edgehuman.geometry import flip_indices
from edgehuman.records import Float32

if TYPE_CHECKING:
    from edgehuman.training.skeleton.augment import SkeletonAugment

_SWAP_J = flip_indices("openpose18")


@dataclass(frozen=True, slots=True)
class Drawn:
    """The random numbers of one sequence: one row of `skeleton_augment.Draws`."""

    position_T: Float32
    mirrored: bool
    sigma: float
    shift_J2: Float32
    noise_TJ2: Float32
    reach: int


def draw(generator: np.random.Generator, length: int, kind: SkeletonAugment) -> Drawn:
    """Draw the random numbers of one sequence, as strong as in the batched augmentation."""
    steps, single = kind.frames - 1, np.float32
    speed = min(kind.pace ** generator.uniform(-1, 1), (length - 1) / steps)
    start = generator.uniform() * (length - 1 - steps * speed)
    position_T = start + speed * np.arange(kind.frames, dtype=single)
    if generator.uniform() < kind.backwards:
        position_T = position_T[::-1]
    sigma = kind.smooth_frames * generator.uniform()
    noise_TJ2 = generator.standard_normal((kind.frames, 18, 2), single)
    return Drawn(
        position_T=np.clip(position_T, 0, length - 1),
        mirrored=generator.uniform() < kind.mirror,
        sigma=sigma if generator.uniform() < kind.smooth else 0.0,
        shift_J2=single(kind.joint_shift) * generator.standard_normal((18, 2), single),
        noise_TJ2=single(kind.joint_noise) * noise_TJ2,
        reach=math.ceil(3 * kind.smooth_frames),
    )


def augment_one(skeleton_SJ3: Float32, drawn: Drawn) -> Float32:
    """One sequence (S, 18, 3) -> (T, 18, 3)."""
    skeleton_TJ3 = read_at(skeleton_SJ3, drawn.position_T)
    middle_J3 = skeleton_TJ3[len(skeleton_TJ3) // 2]
    seen_J3 = middle_J3[middle_J3[:, 2] > 0]
    height = np.ptp(seen_J3[:, 1]) if len(seen_J3) else 0.0
    if drawn.mirrored:
        centre = seen_J3[:, 0].mean() if len(seen_J3) else 0.0
        skeleton_TJ3 = skeleton_TJ3[:, _SWAP_J]
        skeleton_TJ3[..., 0] = 2 * centre - skeleton_TJ3[..., 0]
    skeleton_TJ3[..., :2] += (drawn.noise_TJ2 + drawn.shift_J2) * height
    skeleton_TJ3[..., :2] *= skeleton_TJ3[..., 2:] > 0
    return smooth(skeleton_TJ3, drawn.sigma, drawn.reach) if drawn.sigma else skeleton_TJ3


def read_at(skeleton_SJ3: Float32, position_T: Float32) -> Float32:
    """One sequence at fractional frames; the nearer frame decides whether a joint was seen."""
    early_T = np.minimum(position_T.astype(np.int64), max(0, len(skeleton_SJ3) - 2))
    share_T11 = (position_T - early_T)[:, None, None].astype(np.float32)
    early, late = (
        skeleton_SJ3[early_T],
        skeleton_SJ3[np.minimum(early_T + 1, len(skeleton_SJ3) - 1)],
    )
    saw_early, saw_late = early[..., 2:] > 0, late[..., 2:] > 0
    nearest = np.where(share_T11 < 0.5, saw_early, saw_late)
    share_TJ1 = np.where(saw_early & saw_late, share_T11, ~saw_early).astype(np.float32)
    return np.asarray((early + share_TJ1 * (late - early)) * nearest, np.float32)


def smooth(skeleton_TJ3: Float32, sigma: float, reach: int) -> Float32:
    """One sequence under a Gaussian over the frames in which each joint was seen."""
    tick_T = np.arange(len(skeleton_TJ3), dtype=np.float32)
    away_TT = np.abs(tick_T[:, None] - tick_T)
    weight_TT = np.exp(-(away_TT**2) / np.float32(2 * sigma**2)) * (away_TT <= reach)
    seen_TJ = skeleton_TJ3[..., 2] > 0
    total_TJ = weight_TT @ seen_TJ.astype(np.float32)
    result_TJ3 = skeleton_TJ3.copy()
    for axis in (0, 1):
        summed_TJ = weight_TT @ (skeleton_TJ3[..., axis] * seen_TJ)
        result_TJ3[..., axis] = np.where(seen_TJ, summed_TJ / np.where(seen_TJ, total_TJ, 1), 0)
    return result_TJ3


def per_sample_over_batched(batch: int = 256, rounds: int = 8) -> float:
    """Seconds of the per-sample numpy path over seconds of the batched one.

    Sequences of 60 frames become 48, as a step of `edgehuman pretrain` hands them out. The batched
    path runs where the training does: on a GPU where there is one, else on one thread. The
    per-sample path is one process of a data loader; its random numbers follow from seed, step and
    sample alone, as those of the batched path do, so that a resumed training repeats them.
    """
    require_torch()
    import torch

    from edgehuman.training.skeleton.augment import SkeletonAugment

    device = "cuda" if torch.cuda.is_available() else "cpu"
    ours = SkeletonAugment(frames=48)
    generator = np.random.default_rng(0)
    skeleton_NSJ3 = 400 * generator.random((batch, ours.source_frames, 18, 3), np.float32)
    skeleton_NSJ3[..., 2] = generator.random((batch, ours.source_frames, 18)) > 0.05
    held = torch.from_numpy(skeleton_NSJ3).to(device)
    length_N = torch.full((batch,), ours.source_frames, device=device)

    def batched() -> None:
        # Fetching the sum waits until a GPU has finished.
        ours(held, length_N).sum().item()

    step = iter(range(rounds + 1))

    def one_by_one() -> None:
        now = next(step)
        made = [
            augment_one(each, draw(np.random.default_rng((0, now, i)), len(each), ours))
            for i, each in enumerate(skeleton_NSJ3)
        ]
        torch.from_numpy(np.stack(made)).to(device).sum().item()

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    # Both on one thread: processor time, which other work on the machine affects less.
    clock = time.perf_counter if device == "cuda" else time.process_time
    try:
        seconds = in_turns({"per sample": one_by_one, "batched": batched}, rounds, clock)
    finally:
        torch.set_num_threads(threads)
    return seconds["per sample"] / seconds["batched"]
