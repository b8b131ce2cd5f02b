"""The expert that gives SAIP's learning targets: the student's moving average, or a given network.

Source: SAIP (arXiv 2503.08201), section 3.1 (2); the schedule is DINO's (arXiv 2104.14294). The
released code counts the schedule's steps anew in every epoch, so that it hardly leaves its start;
here it runs over the whole training.
"""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import cast

import torch
from torch import nn

from edgehuman.errors import UsageError
from edgehuman.nets.checkpoint import load_network
from edgehuman.nets.drop_path import DropPath
from edgehuman.nets.image.features import ImageBackbone

# Steps of memory, as a share of the run, that the average may have at its start.
LONGEST_MEMORY = 0.05
# An average that follows faster drags its own outputs to one point together with the student's, and
# the running centre, which remembers ten steps, cannot keep up.
FASTEST = 0.99


def expert_momentum(step: int, steps: int, start: float) -> float:
    """Decay of the average after step `step` of `steps`: from `start` to 1 along half a cosine."""
    return 1 - (1 - start) * 0.5 * (1 + math.cos(math.pi * step / steps))


def starting_momentum(batch: int, steps: int) -> float:
    """The paper's 0.996 for batches of a thousand and more, 0.9995 below, less in short runs.

    An average that remembers a large part of a short run would teach what the random start was;
    under 0.99 it collapses with the student (see FASTEST).
    """
    usual = 0.996 if batch >= 1024 else 0.9995
    return max(FASTEST, min(usual, 1 - 1 / (LONGEST_MEMORY * steps)))


def averaged(student: nn.Module) -> nn.Module:
    """A copy of the student that is never trained and drops no branch."""
    expert = copy.deepcopy(student).requires_grad_(False)
    for module in expert.modules():
        if isinstance(module, DropPath):
            module.rate = 0.0
    return expert


@torch.no_grad()
def follow(expert: nn.Module, student: nn.Module, momentum: float) -> None:
    """Moves the expert's weights towards the student's.

    Batch statistics are not averaged: the expert, like the student, measures each batch.
    """
    for kept, new in zip(expert.parameters(), student.parameters(), strict=True):
        kept.lerp_(new, 1 - momentum)


def load_expert(folder: Path) -> nn.Module:
    """A network that was trained before, fixed.

    Raises:
        CheckpointError: not a checkpoint. UsageError: its network is not one of person images.
    """
    expert, card = load_network(folder)
    if not hasattr(expert, "masked_features"):
        raise UsageError(
            f"--teacher {folder} holds {card.arch}, which reads {card.input.record}; "
            "give the checkpoint of a network of person images"
        )
    return expert.requires_grad_(False).eval()


def as_backbone(network: nn.Module) -> ImageBackbone:
    """The same network, under the protocol that it keeps."""
    return cast(ImageBackbone, network)
