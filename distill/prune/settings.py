"""The config of `edgehuman prune`, importable without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from edgehuman.config import require


@dataclass(frozen=True, kw_only=True)
class PruneConfig:
    """Prune a network of your own to a share of its width."""

    network: Positional[str]
    """A checkpoint folder of your own network, or `package.module:Class` with random weights."""
    width: float = 0.5
    """Share of every layer's channels that stays."""
    keep: tuple[str, ...] = ()
    """Layers whose outputs keep their width, by name ("head.fc"), beside the last."""
    seed: int = 0
    """Seed of random weights, and of the record that is timed."""
    out: Path = Path("runs/pruned")
    """Folder of the narrower network's weights and card."""

    def __post_init__(self) -> None:
        require(self, [(0 < self.width < 1, "width", "above 0 and below 1")])
