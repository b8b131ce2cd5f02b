"""The config of `edgehuman import`, importable without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from edgehuman.tables.networks import Source


@dataclass(frozen=True)
class ImportConfig:
    """Convert published weights to a checkpoint folder."""

    checkpoint: Positional[Path]
    """A .pth, .pt, .tar, .bin or .safetensors file, or the .index.json of one in parts."""
    source: Source
    """Source of the key names: timm, tinyvit (Cream), starnet (Rewrite the Stars), dino or mae."""
    arch: str
    """A person-image network from `edgehuman models`."""
    out: Path
    """Output folder."""
    image_size: str | None = None
    """HEIGHTxWIDTH, such as 256x128: positions and bias tables are resampled to it. By default
    224x224 without resampling."""
    windows: tuple[int, int, int] | None = None
    """Attention windows of a TinyViT; by default windows that tile the maps of --image-size."""
    pixels: Literal["auto", "imagenet", "half"] = "auto"
    """Pixel normalisation of the weights: ImageNet's mean and standard deviation, or 0.5 and 0.5.
    `auto` depends on the source: half for timm's ViT; use imagenet for its DeiT, DINO and MAE
    weights."""
    which: str | None = None
    """Which of the file's state dicts or prefixes to take, such as model or model_ema. By default
    the one that fits the network best; of several that fit, the moving average (EMA)."""
