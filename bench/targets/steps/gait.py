"""Cost of a skeleton network's training step, against a plain transformer of equal operations.

The plain one is `torch.nn.TransformerEncoder`: as many layers as the network, as wide as its third
stage, heads of 16 channels, pre-norm, GELU, no dropout, and as many tokens as make the linear
layers' operations equal. Both sides take turns: forward, backward and AdamW on the same number of
sequences, one thread, by processor time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edgehuman import catalogue
from edgehuman.bench.targets.ratios import in_turns, require_torch

if TYPE_CHECKING:
    import torch
    from torch import nn

SEQUENCES = 8
_HEAD_CHANNELS = 16


def gait_step_over_encoder(arch: str, rounds: int = 5, sequences: int = SEQUENCES) -> float:
    """Processor time of a step of the network over that of the plain transformer.

    Args:
        rounds: counted runs of each side.
        sequences: batch size.
    """
    require_torch()
    import torch

    from edgehuman.nets.building import build

    torch.set_num_threads(1)
    frames = catalogue.NETWORKS[arch].arguments["frames"]
    network: Any = build(arch)
    encoder, token_NSD = plain_encoder(arch, sequences)
    skeleton_NTJ3 = torch.rand(sequences, frames, 18, 3) * 300
    seconds = in_turns(
        {
            "network": step_of(network, lambda: network.project(network(skeleton_NTJ3))),
            "encoder": step_of(encoder, lambda: encoder(token_NSD)),
        },
        rounds,
        time.process_time,
    )
    return seconds["network"] / seconds["encoder"]


def plain_encoder(arch: str, sequences: int) -> tuple[nn.Module, torch.Tensor]:
    """The plain transformer, and tokens (N, S, D) for it."""
    import torch
    from torch import nn

    row = catalogue.NETWORKS[arch]
    depths, width = row.arguments["depths"], row.arguments["widths"][2]
    # The last stage has no spatial layers.
    layers = 2 * sum(depths) - depths[-1]
    tokens = round(row.flops / (layers * flops_of_token(width)))
    layer = nn.TransformerEncoderLayer(
        width,
        width // _HEAD_CHANNELS,
        4 * width,
        dropout=0.0,
        activation="gelu",
        batch_first=True,
        norm_first=True,
    )
    encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
    return encoder, torch.randn(sequences, tokens, width)


def flops_of_token(width: int) -> int:
    """Operations of a plain layer's linear parts: 4 D^2 of attention, 8 D^2 of the MLP, twice."""
    return 2 * 12 * width**2


def step_of(network: nn.Module, forward: Callable[[], torch.Tensor]) -> Callable[[], None]:
    """One training step, with a loss that costs next to nothing."""
    import torch

    optimiser = torch.optim.AdamW(network.train().parameters())

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(forward().square().mean())
        optimiser.step()

    return step
