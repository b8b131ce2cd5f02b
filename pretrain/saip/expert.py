"""The expert that provides SAIP's targets: the student's moving average, or a given network.

Source: SAIP (arXiv 2503.08201), section 3.1 (2); the schedule is DINO's (arXiv 2104.14294). The
released code restarts the schedule in every epoch, so it hardly leaves its initial value; here it
runs over the whole training.
"""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from pathlib import Path
from typing import cast

import torch
from torch import nn

from edgehuman.card import Ancestor, Card, lineage
from edgehuman.errors import UsageError
from edgehuman.nets.checkpoint import load_network, read_card
from edgehuman.nets.drop_path import DropPath
from edgehuman.nets.image.features import ImageBackbone

# Largest initial memory of the average, as a share of the run's steps.
LONGEST_MEMORY = 0.05
# A faster average collapses together with the student, because the running centre, which averages
# over ten steps, cannot keep up.
FASTEST = 0.99
_LEARNED = ("saip",)


def expert_momentum(step: int, steps: int, start: float) -> float:
    """Return the average's decay after step `step` of `steps`: from `start` to 1, half a cosine."""
    return 1 - (1 - start) * 0.5 * (1 + math.cos(math.pi * step / steps))


def starting_momentum(batch: int, steps: int) -> float:
    """Return the paper's 0.996 for batches of 1024 and more, 0.9995 below, less for short runs.

    An average with a memory of a large part of a short run would still contain the random initial
    weights; below 0.99 it collapses with the student (see FASTEST).
    """
    usual = 0.996 if batch >= 1024 else 0.9995
    return max(FASTEST, min(usual, 1 - 1 / (LONGEST_MEMORY * steps)))


def averaged(student: nn.Module) -> nn.Module:
    """Return a copy of the student that is not trained and has no stochastic depth."""
    expert = copy.deepcopy(student).requires_grad_(False)
    for module in expert.modules():
        if isinstance(module, DropPath):
            module.rate = 0.0
    return expert


@torch.no_grad()
def follow(expert: nn.Module, student: nn.Module, momentum: float) -> None:
    """Move the expert's weights towards the student's.

    Batch statistics are not averaged: the expert computes them per batch, like the student.
    """
    for kept, new in zip(expert.parameters(), student.parameters(), strict=True):
        kept.lerp_(new, 1 - momentum)


def load_expert(folder: Path) -> nn.Module:
    """Load a trained network as a fixed expert: a backbone, or that of a network with a head.

    Args:
        folder: a checkpoint, `zoo:NAME` or an FP32 .onnx of ours.

    Raises:
        CheckpointError: not a checkpoint.
        UsageError: not a person-image network.
    """
    network, card = load_network(folder)
    expert: nn.Module = getattr(network, "encoder", network)
    if not hasattr(expert, "masked_features"):
        raise UsageError(
            f"--teacher {folder} holds {card.arch}, which reads {card.input.record}; "
            "give the checkpoint of a person-image network"
        )
    return expert.requires_grad_(False).eval()


def with_expert(card: Card, folder: Path) -> Card:
    """Return a student's card with its expert, and what taught that.

    Raises:
        CheckpointError: not a checkpoint.
    """
    own = read_card(folder)
    rows = tuple(replace(row, role="teacher") for row in lineage(own, folder.name))
    known = Ancestor(str(folder), own.arch, own.params, own.weights_sha256, _LEARNED)
    return card.replace(data=tuple(dict.fromkeys((*card.data, *rows))), teachers=(known,))


def as_backbone(network: nn.Module) -> ImageBackbone:
    """Return the same network, typed as an image backbone."""
    return cast(ImageBackbone, network)
