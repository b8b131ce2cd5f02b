"""Whether two networks hold the same weights by the same names."""

from __future__ import annotations

import torch
from torch import nn


def same(one: nn.Module, other: nn.Module) -> bool:
    """Whether they are equal to the bit."""
    found, weights = one.state_dict(), other.state_dict()
    return found.keys() == weights.keys() and all(
        torch.equal(tensor, weights[name]) for name, tensor in found.items()
    )
