"""The config of `edgehuman import --source opengait`, importable without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional


@dataclass(frozen=True)
class ImportConfig:
    """Convert weights that OpenGait trained to a checkpoint folder."""

    checkpoint: Positional[Path]
    """A .pt file that OpenGait saved."""
    source: Literal["opengait"]
    """Source of the key names."""
    arch: str
    """A silhouette network from `edgehuman models`. The `_wide` ones are those of GREW and OUMVLP,
    the others those of Gait3D and CASIA-B; GaitBase is the same for all."""
    out: Path
    """Output folder."""
    distance: Literal["euclidean", "cosine"] = "euclidean"
    """How two walks are compared. OpenGait's evaluations of GREW, GaitBase and DeepGaitV2 are
    euclidean, those of Gait3D-Benchmark cosine."""
    identities: Literal["drop", "keep"] = "drop"
    """The classifier of the people it was trained on, with its BNNeck: no walk is compared by it,
    and it can be larger than the network. Keep it to train on with the same people."""
    which: str | None = None
    """Which of the file's state dicts or prefixes to take, such as model or model_ema. By default
    the one that fits the network best; of several that fit, the moving average (EMA)."""
