"""Weights and an image from a formula, to reproduce outputs of other projects.

Every entry is u(n, i): a hash of its place n in its tensor and of the tensor's place i in the state
dict, uniform in [-1, 1). The published networks, filled alike, gave the numbers in these tests.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from edgehuman.records import Float64

_IMAGE = 100_003


def uniform(count: int, index: int) -> Float64:
    """u(0 … count - 1, index), in 32-bit arithmetic."""
    low = np.uint64(0xFFFFFFFF)
    h = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(2_654_435_761)
    h = (h + np.uint64((index + 1) * 0x9E3779B1 & 0xFFFFFFFF)) & low
    for shift, factor in ((15, 2_246_822_519), (13, 3_266_489_917)):
        h ^= h >> np.uint64(shift)
        h = (h * np.uint64(factor)) & low
    h ^= h >> np.uint64(16)
    filled: Float64 = h.astype(np.float64) / 2**31 - 1
    return filled


def image(height: int = 224, width: int = 224) -> Tensor:
    """Two normalised images (2, 3, H, W): waves with noise on them."""
    n, c, y, x = np.indices((2, 3, height, width))
    wave = np.sin(0.05 * x + 0.03 * y + c + 2 * n)
    noise = uniform(wave.size, _IMAGE).reshape(wave.shape)
    return torch.from_numpy((wave + 0.5 * noise).astype(np.float32))


def fill(network: nn.Module, gain: float = 1.0) -> nn.Module:
    """Set every weight from the formula; keep the pixel normalisation."""
    state = network.state_dict()
    names = [name for name in state if not name.startswith("pixels.")]
    for index, name in enumerate(names):
        state[name] = _filled(name, state[name], index, gain)
    network.load_state_dict(state)
    return network.eval()


def _filled(name: str, tensor: Tensor, index: int, gain: float) -> Tensor:
    u = uniform(tensor.numel(), index)
    last = name.rpartition(".")[2]
    if last == "num_batches_tracked":
        return torch.zeros_like(tensor)
    if last == "running_var" or (last == "weight" and tensor.ndim == 1):
        value = 1 + 0.2 * u
    elif last in ("running_mean", "bias"):
        value = 0.1 * u
    elif last in ("attention_biases", "pos_embed", "cls_token"):
        value = 0.5 * u
    else:
        value = gain * u * np.sqrt(3 / tensor[0].numel())
    return torch.from_numpy(value.reshape(tensor.shape).astype(np.float32))
