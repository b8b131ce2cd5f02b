"""Noise schedules and weights of the loss over time steps, 1..1000.

Sources: the cosine schedule of Nichol & Dhariwal (arXiv 2102.09672); the inverted cosine of Hudson
et al. (SODA, arXiv 2311.17901), which spends more steps at medium noise; Min-SNR weights of Hang et
al. (arXiv 2303.09556) for a network that predicts noise. The diffusion paper lowers the weight of
high noise as well, without a formula; ours is derived in docs/decisions/0014-medium-noise.md.

`share_S` is the share of the signal's variance (alpha bar) after each of S steps.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from edgehuman.pretrain.diffusion.settings import STEPS, Schedule, Weighting

OFFSET = 0.008
LARGEST_BETA = 0.999


def _cosine(progress_S: Tensor) -> Tensor:
    """The share of the signal, up to a factor."""
    return torch.cos((progress_S + OFFSET) / (1 + OFFSET) * math.pi / 2) ** 2


def _inverted_cosine(progress_S: Tensor) -> Tensor:
    """The inverse function of the cosine schedule: steps and shares change places."""
    return 2 * (1 + OFFSET) / math.pi * torch.arccos(progress_S.sqrt()) - OFFSET


def signal_shares(schedule: Schedule, steps: int = STEPS) -> Tensor:
    """Return the signal's share of the variance (S + 1,), float64; 1 at step 0, before any noise.

    A step never takes more than 99.9 % of the signal.
    """
    progress_S = torch.arange(steps + 1, dtype=torch.float64) / steps
    share_S = (_cosine if schedule == "cosine" else _inverted_cosine)(progress_S)
    beta_S = (1 - share_S[1:] / share_S[:-1]).clamp(0, LARGEST_BETA)
    return torch.cat([torch.ones(1, dtype=torch.float64), (1 - beta_S).cumprod(0)])


def loss_weights(share_S: Tensor, weighting: Weighting, limit: float) -> Tensor:
    """Return the weight (S,) of the squared error of the predicted noise at each step.

    Args:
        share_S: the signal's share of the variance, between 0 and 1.
        limit: signal-to-noise ratio above which min-SNR lowers the weight; medium-noise priority
            also lowers it below 1 / limit. At least 1.
    """
    ratio_S = share_S / (1 - share_S)
    if weighting == "uniform":
        return torch.ones_like(ratio_S)
    low_noise_S = (limit / ratio_S).clamp(max=1)
    if weighting == "min-snr":
        return low_noise_S
    return low_noise_S * (limit * ratio_S).clamp(max=1)
