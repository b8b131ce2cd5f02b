"""The latent encoder and decoder, with the architecture of TAESD.

Source: Tiny AutoEncoder for Stable Diffusion, github.com/madebyollin/taesd (MIT): 64 channels,
1,222,532 parameters in the encoder and 1,222,531 in the decoder. Layers keep its numbers, so that
its weights load by name. An image in 0..1 of (3, 8H, 8W) becomes a latent of (4, H, W), 48 times
smaller. Left out: the scaling of latents to images.

Axes: N images, C channels, H height, W width; T frames of a sequence.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.errors import CheckpointError
from edgehuman.training.foreign import read_foreign

WIDTH = 64
LATENT_CHANNELS = 4
REDUCTION = 8
"""Pixels of the image per pixel of the latent, along each side."""
PREFIXES = ("encoder.layers.", "encoder.")
"""Before the names of the encoder's weights where a file holds encoder and decoder."""


class Block(nn.Module):
    """Three convolutions around an identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return functional.relu(self.conv(x_NCHW) + x_NCHW)


def encoder(width: int = WIDTH, channels: int = LATENT_CHANNELS) -> nn.Sequential:
    """Return the encoder: images (N, 3, 8H, 8W) in 0..1 to latents (N, channels, H, W)."""
    layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1), Block(width)]
    for _ in range(3):
        layers.append(nn.Conv2d(width, width, 3, stride=2, padding=1, bias=False))
        layers += [Block(width) for _ in range(3)]
    return nn.Sequential(*layers, nn.Conv2d(width, channels, 3, padding=1))


class Clamp(nn.Module):
    """Limits latents softly to -3..3."""

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return torch.tanh(x_NCHW / 3) * 3


def decoder(width: int = WIDTH, channels: int = LATENT_CHANNELS) -> nn.Sequential:
    """Return the decoder: latents (N, channels, H, W) to images (N, 3, 8H, 8W)."""
    layers: list[nn.Module] = [Clamp(), nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
    for _ in range(3):
        layers += [Block(width) for _ in range(3)]
        layers += [nn.Upsample(scale_factor=2), nn.Conv2d(width, width, 3, padding=1, bias=False)]
    return nn.Sequential(*layers, Block(width), nn.Conv2d(width, 3, 3, padding=1))


@torch.no_grad()
def encode_silhouettes(network: nn.Sequential, sils_NTHW: Tensor) -> Tensor:
    """Return latent videos (N, C, T, H / 8, W / 8) of silhouettes (N, T, H, W) in 0..1.

    The three equal channels of a silhouette are one channel to the first convolution with its
    weights summed.
    """
    first = network[0]
    assert isinstance(first, nn.Conv2d)
    image_MCHW = sils_NTHW.flatten(0, 1)[:, None]
    weight = first.weight.sum(dim=1, keepdim=True)
    x_MCHW = functional.conv2d(image_MCHW, weight, first.bias, padding=1)
    latent_MCHW: Tensor = network[1:](x_MCHW.contiguous(memory_format=torch.channels_last))
    latent_NTCHW = latent_MCHW.view(*sils_NTHW.shape[:2], *latent_MCHW.shape[1:])
    return latent_NTCHW.transpose(1, 2)


def load_encoder(path: Path) -> nn.Sequential:
    """Load a frozen encoder from TAESD's `taesd_encoder.pth`, or from safetensors.

    The width is that of the file's first convolution: 64 in TAESD, fewer in the stand-in.

    Raises:
        CheckpointError: no such file, damaged, not an encoder of TAESD's shape, or another number
            of latent channels; the message names the tensors. Or a value that is not finite.
    """
    weights = _read(path)
    for prefix in PREFIXES:
        if any(name.startswith(prefix) for name in weights):
            weights = {
                name.removeprefix(prefix): tensor
                for name, tensor in weights.items()
                if name.startswith(prefix)
            }
    first = weights.get("0.weight")
    network = encoder(WIDTH if first is None or first.ndim != 4 else len(first))
    _require_fitting(network, weights, path)
    network.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return network.requires_grad_(False).eval()


def _read(path: Path) -> Mapping[str, Tensor]:
    try:
        found = read_foreign(path)
    except CheckpointError as error:
        raise CheckpointError(
            f"--latent-weights {error}. It is a state dict of TAESD's encoder, as "
            "taesd_encoder.pth or safetensors; leave it out for the stand-in that ships"
        ) from None
    if not all(isinstance(each, Tensor) for each in found.values()):
        raise CheckpointError(
            f"--latent-weights {path}: holds more than tensors by name; save the state dict of "
            "TAESD's encoder"
        )
    return found


def _require_fitting(network: nn.Module, weights: Mapping[str, Tensor], path: Path) -> None:
    own = network.state_dict()
    wrong = [f"{name} is missing" for name in own if name not in weights]
    wrong += [f"{name} is unknown" for name in weights if name not in own]
    both = [name for name in own if name in weights]
    wrong += [
        f"{name} is {tuple(weights[name].shape)}, not {tuple(own[name].shape)}"
        for name in both
        if weights[name].shape != own[name].shape
    ]
    wrong += [f"{name} is not finite" for name in both if not weights[name].isfinite().all()]
    if wrong:
        raise CheckpointError(
            f"--latent-weights {path}: not an encoder of TAESD's architecture with "
            f"{LATENT_CHANNELS} latent channels ({'; '.join(wrong[:3])}; {len(wrong)} "
            "differences); give taesd_encoder.pth"
        )
