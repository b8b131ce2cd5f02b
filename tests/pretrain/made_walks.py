"""Made walks, and a training of two processes small enough for a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.pretrain.contrastive.contrastive import nt_xent, train
from edgehuman.pretrain.contrastive.settings import ContrastiveConfig
from edgehuman.records import Float32
from edgehuman.training.many.gather import together
from edgehuman.training.processes import open_place


def made_set(
    lengths: tuple[int, ...], people: tuple[str, ...], confidence: Float32 | None = None
) -> SkeletonSet:
    """Return sequences with x = 1000 i + frame, so that rows can be identified."""
    count = len(lengths)
    skeleton_SJ3 = np.ones((sum(lengths), 18, 3), np.float32)
    frame_S = np.concatenate([1000 * i + np.arange(n) for i, n in enumerate(lengths)])
    skeleton_SJ3[..., 0] = frame_S[:, None]
    skeleton_SJ3[..., 1] = 10 * np.arange(18)
    if confidence is not None:
        skeleton_SJ3[..., 2] = confidence
    empty = np.full(count, "")
    return SkeletonSet(
        name="made",
        skeleton_SJ3=skeleton_SJ3,
        length_N=np.array(lengths, np.int64),
        person_N=np.array(people),
        sequence_N=np.array([f"s{i}" for i in range(count)]),
        view_N=empty,
        condition_N=empty,
        role_N=empty,
        rate_hz_N=np.full(count, 24.0),
        image_size_N2=np.zeros((count, 2), np.int64),
        licence="none",
        simulated=True,
    )


def tiny_config(out: Path, **changes: Any) -> ContrastiveConfig:
    """Return a config of 16 simulated people, windows of 8 frames, the smallest GaitFormer."""
    values: dict[str, Any] = {
        "arch": "gaitformer_1",
        "people": 16,
        "each": 2,
        "positives": "sequence",
        "steps": 12,
        "batch": 16,
        "frames": 8,
        "threads": 1,
        "log_every": 1,
        "save_every": 6,
        "exam_people": 8,
        "device": "cpu",
    }
    return ContrastiveConfig(out=out, **{**values, **changes})


def gradient_of(count: int, where: Path | None = None) -> torch.Tensor:
    """Write the loss gradient of `count` views, shared among all processes."""
    torch.manual_seed(0)
    network: nn.Module = nn.Linear(6, 3, bias=False)
    view_VN6 = torch.randn(2, count // 2, 6)
    rank, world = together()
    own = view_VN6.chunk(world, dim=1)[rank].flatten(0, 1)
    model = DistributedDataParallel(network) if world > 1 else network
    nt_xent(model(own), 0.5).backward()  # type: ignore[no-untyped-call]
    gradient = next(network.parameters()).grad
    assert gradient is not None
    if where is not None and rank == 0:
        torch.save(gradient, where)
    return gradient


def save_gradient(where: Path) -> None:
    """Write the loss gradient of one batch of 12 views, shared among all processes."""
    with open_place(tiny_config(where)):
        gradient_of(12, where)


def train_tiny(folder: Path) -> None:
    """Train two steps, saved after each."""
    train(tiny_config(folder, steps=2, save_every=1))
