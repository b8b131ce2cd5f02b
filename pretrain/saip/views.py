"""SAIP's views on the training device: rescaling, random streams and batch statistics.

Source: Scale-Aware Pre-Training for Human-Centric Visual Perception (arXiv 2503.08201), section
3.2: one person at sizes from 0.75 to 1.5 times the crop's.

Axes: N images, V views of one person, C colour, H height, W width.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm


def scaled_sizes(
    height: int, width: int, low: float, high: float, multiple: int
) -> list[tuple[int, int]]:
    """Return heights and widths from `low` to `high` times an image's, multiples of `multiple`.

    The image's own size is excluded unless it is the only one: for 256x128, from 0.75 to 1.5 in
    multiples of 32, the sizes are 192x96, 320x160 and 384x192.
    """
    side = min(height, width)
    found = []
    for count in range(math.ceil(low * side / multiple), math.floor(high * side / multiple) + 1):
        factor = count * multiple / side
        size = (_nearest(height * factor, multiple), _nearest(width * factor, multiple))
        if size != (height, width):
            found.append(size)
    return found or [(height, width)]


def _nearest(length: float, multiple: int) -> int:
    return max(multiple, round(length / multiple) * multiple)


def draw_size(sizes: list[tuple[int, int]]) -> tuple[int, int]:
    """Draw one of the sizes with the CPU's random generator."""
    return sizes[int(torch.randint(len(sizes), ()))]


def resize(x_NCHW: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize images bilinearly; return them unchanged if they have that size."""
    if x_NCHW.shape[2:] == size:
        return x_NCHW
    return functional.interpolate(x_NCHW, size=size, mode="bilinear", align_corners=False)


def by_view(image_NVHWC: Tensor) -> Tensor:
    """Flatten views of persons (N, V, H, W, 3) to images (V x N, H, W, 3), first views first."""
    return image_NVHWC.transpose(0, 1).flatten(0, 1)


@contextmanager
def stream(seed: int, name: str, device: torch.device) -> Iterator[None]:
    """Use a separate random stream, so that a part draws the same with or without the others.

    The outer streams continue afterwards as if nothing had been drawn.
    """
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed((seed + zlib.crc32(name.encode())) % 2**63)
        yield


@contextmanager
def still_statistics(network: nn.Module) -> Iterator[None]:
    """Normalise by batch statistics without updating the running ones.

    The encoder is used on whole persons, so only they update the saved statistics, not crops and
    other sizes.
    """
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, kept, strict=True):
            norm.momentum = momentum
