"""A network of PyTorch behind the interface of the engines, so that it is judged as an artefact is:
that of a checkpoint folder, or a catalogued one with random weights, which costs no export.

PyTorch is imported when one is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgehuman.card import Card
from edgehuman.records import Float32
from edgehuman.runtime.model import Model


class NetworkEngine:
    """A network on the CPU.

    Args:
        network: a torch module in eval mode; card: what it is.
        path: where it is from.
    """

    def __init__(self, network: Any, card: Card, path: Path, threads: int = 1) -> None:
        import torch

        torch.set_num_threads(threads)
        self.path, self.threads, self.card = path, threads, card
        self._network = network

    def run(self, array: NDArray[Any]) -> Float32:
        """A batch of raw records (N, ...) -> the network's outputs (N, ...)."""
        import torch

        with torch.inference_mode():
            outputs: Float32 = self._network(torch.from_numpy(array)).float().numpy()
        return outputs

    def describe(self) -> Mapping[str, Any]:
        """Engine, version, threads and folder."""
        import torch

        return {
            "engine": "torch",
            "version": torch.__version__,
            "threads": self.threads,
            "path": str(self.path),
        }


def open_checkpoint(folder: Path, threads: int = 1) -> Model:
    """A checkpoint folder as a model.

    Raises:
        CheckpointError: no checkpoint there, damaged, or of another network.
        ModuleNotFoundError: PyTorch is not installed.
    """
    from edgehuman.nets.checkpoint import load_network

    network, card = load_network(folder)
    return Model(NetworkEngine(network, card, folder, threads), str(folder))


def open_random(name: str, seed: int, threads: int = 1, frames: int | None = None) -> Model:
    """A catalogued network with seeded random weights as a model.

    Args:
        frames: of a window, for networks of skeletons, which take any number; None: the usual one.

    Raises:
        UsageError: no such network.
        ModuleNotFoundError: PyTorch is not installed.
    """
    from edgehuman.export.networks import random_network

    network, card = random_network(name, seed)
    if frames is not None:
        card = card.replace(input=replace(card.input, shape=(frames, *card.input.shape[1:])))
    return Model(NetworkEngine(network, card, Path(name), threads), name)
