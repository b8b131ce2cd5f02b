"""Build a catalogued network; count its parameters and operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from edgehuman import catalogue


def build(name: str, seed: int = 0, **arguments: Any) -> nn.Module:
    """Build a catalogued network with seeded random weights, in eval mode.

    Raises:
        UsageError: unknown network; the message lists the valid names.
    """
    row: catalogue.Network = catalogue.find(catalogue.NETWORKS, "network", name)
    builder = catalogue.load_object(row.build)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network: nn.Module = builder(**{**row.arguments, **arguments})
    return network.eval()


def count_params(network: nn.Module) -> int:
    """Count trainable and frozen parameters, without buffers."""
    return sum(parameter.numel() for parameter in network.parameters())


def count_flops(network: nn.Module, sample: Mapping[str, Any] | torch.Tensor) -> int:
    """Count operations (2 x multiply-adds) of matrix products and convolutions in one forward."""
    inputs = (sample,) if isinstance(sample, torch.Tensor) else tuple(sample.values())
    counter = FlopCounterMode(display=False)
    # The counter does not see the fused CPU attention kernel, so use the plain one.
    with counter, torch.inference_mode(), sdpa_kernel(SDPBackend.MATH):
        network(*inputs)
    return int(counter.get_total_flops())


def count_linear_flops(network: nn.Module, sample: torch.Tensor) -> int:
    """Count operations (2 x multiply-adds) of the linear layers only, in one forward including the
    projection head of training.

    This matches the table of arXiv 2504.07598, which omits attention's products of activations; its
    GFLOPs for the 21 networks are up to 0.3 % higher.
    """
    counted = 0

    def count(layer: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal counted
        assert isinstance(layer, nn.Linear)
        counted += 2 * output.numel() * layer.in_features

    linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in linear]
    project: Any = network.project
    try:
        with torch.inference_mode():
            project(network(sample))
    finally:
        for hook in hooks:
            hook.remove()
    return counted
