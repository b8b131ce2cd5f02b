"""Whitening of a skeleton network: the walks that it is fitted to, as several detectors see them.

Axes: N walks, W windows, T frames, J joints, D dimensions.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.metrics.gait.vectors import window_starts
from edgehuman.records import Float32
from edgehuman.tasks.gait.whitening import whiten
from edgehuman.training.skeleton.mistakes import DetectorMistakes

# Walks before one camera, which has one detector.
_TOGETHER = 64


def whiten_by(
    network: nn.Module,
    walks: SkeletonSet,
    frames: int,
    mistakes: DetectorMistakes,
    shrink: float,
    seed: int,
) -> None:
    """Whiten a network by walks at least a window long, each the mean of its windows.

    The walks stand before cameras at random, 64 before each, whose detectors make `mistakes`.

    Raises:
        DataError, UsageError: see `tasks.gait.whitening.whiten`.
    """
    feature_ND = embed_before_cameras(network, walks, frames, mistakes, seed)
    whiten(network, feature_ND[:, None], walks.person_N, shrink)


def embed_before_cameras(
    network: nn.Module, walks: SkeletonSet, frames: int, mistakes: DetectorMistakes, seed: int
) -> Float32:
    """Return the mean (N, D) of each walk's windows, without any scaling."""
    order_N = np.random.default_rng((seed, 3)).permutation(len(walks))
    found: list[Float32] = [np.empty(0, np.float32)] * len(walks)
    device = next(network.parameters()).device
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(seed)
        for start in range(0, len(order_N), _TOGETHER):
            chosen = order_N[start : start + _TOGETHER].tolist()
            windows, count_N = [], []
            for i in chosen:
                walk_TJ3 = walks.sequence(i)
                begins = window_starts(len(walk_TJ3), frames)
                windows += [walk_TJ3[begin : begin + frames] for begin in begins]
                count_N.append(len(begins))
            seen_WTJ3 = mistakes(torch.from_numpy(np.stack(windows)))
            vector_WD = network.eval()(seen_WTJ3.to(device)).float().cpu().numpy()
            parts = np.split(vector_WD, np.cumsum(count_N)[:-1])
            for i, part_ND in zip(chosen, parts, strict=True):
                found[i] = part_ND.mean(axis=0)
    return np.stack(found)
