"""The optimiser of a training, with its groups of parameters, and the moving average of weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from edgehuman.errors import CheckpointError
from edgehuman.training import checkpoint
from edgehuman.training.settings import TrainingConfig

ADAM_EPS = 1e-8


def make_optimiser(
    model: nn.Module,
    config: TrainingConfig,
    lr_scale: Callable[[str], float] = lambda name: 1.0,
    decay_scale: Callable[[str], float] = lambda name: 1.0,
    eps_scale: Callable[[str], float] = lambda name: 1.0,
) -> torch.optim.Optimizer:
    """Build AdamW or Adam; weight decay applies to matrices only, not to biases and norms."""
    groups: dict[tuple[float, ...], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        decays = parameter.ndim > 1 and config.optimiser == "adamw"
        decay = config.weight_decay * decay_scale(name) if decays else 0.0
        scale, eps = lr_scale(name), ADAM_EPS * eps_scale(name)
        own = {"lr_scale": scale, "weight_decay": decay, "eps": eps}
        groups.setdefault((*own.values(),), {"params": [], **own})["params"].append(parameter)
    kind = torch.optim.AdamW if config.optimiser == "adamw" else torch.optim.Adam
    return kind(list(groups.values()), lr=config.lr, betas=(0.9, config.beta2))


def load_moments(optimiser: torch.optim.Optimizer, state: dict[str, Any], folder: Path) -> None:
    """Load the optimiser's moments; keep the learning rates and decays of this config.

    Args:
        folder: where they come from.

    Raises:
        CheckpointError: they are of other parameter groups or other weights.
    """
    options = [{**group} for group in optimiser.param_groups]
    try:
        optimiser.load_state_dict(state)
    except ValueError as error:
        raise CheckpointError(
            f"{folder}: the optimiser's parameter groups differ ({error}); use the same "
            "--weight-decay and --optimiser as before"
        ) from error
    for group, own in zip(optimiser.param_groups, options, strict=True):
        group.update(own)
    checkpoint.require_moments(folder, optimiser)


@torch.no_grad()
def follow(average: nn.Module, product: nn.Module, ema: float, step: int) -> None:
    """Move an average towards the weights of a product after a step, counted from 0."""
    # Start as a plain mean, so that the random initial weights are soon forgotten.
    decay = min(ema, (1 + step) / (10 + step))
    new = product.state_dict()
    for name, kept in average.state_dict().items():
        if kept.is_floating_point():
            kept.lerp_(new[name], 1 - decay)
        else:
            kept.copy_(new[name])
