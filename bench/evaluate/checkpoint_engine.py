"""A PyTorch network behind the interface of an engine, so that it is judged as an artefact is.

It comes from a checkpoint folder, or from the catalogue with random weights; neither needs an
export. PyTorch is imported when a network is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from numpy.typing import NDArray

from edgehuman.card import Card
from edgehuman.records import Float32
from edgehuman.runtime.model import Model
from edgehuman.runtime.provenance.trusted import trust_of_environment, unsigned


class NetworkEngine:
    """A PyTorch network on the CPU.

    Args:
        network: a torch module in eval mode; card: its description.
        path: the folder or the name that it was opened by.
    """

    def __init__(self, network: Any, card: Card, path: Path, threads: int = 1) -> None:
        import torch

        torch.set_num_threads(threads)
        self.path, self.threads, self.card = path, threads, card
        self._network = network
        self.text: NetworkEngine | None = None
        """What runs its text encoder; None: it has none."""

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
    """Open a checkpoint folder as a model.

    Raises:
        CheckpointError: the folder holds no checkpoint, or a damaged one.
        ModuleNotFoundError: PyTorch is not installed.
    """
    from edgehuman.nets.checkpoint import load_network

    network, card = load_network(folder)
    engine = NetworkEngine(network, card, folder, threads)
    if hasattr(network, "beside"):
        text, own = cast(Any, network).beside(card)
        engine.text = NetworkEngine(text, own, folder, threads)
    return Model(engine, str(folder))


def open_random(name: str, seed: int, threads: int = 1, frames: int | None = None) -> Model:
    """Open a catalogued network with seeded random weights as a model.

    Args:
        frames: frames of a window, for skeleton networks, which take any number; None: the usual
            number.

    Raises:
        UsageError: no such network.
        SignatureError: a signature is required.
        ModuleNotFoundError: PyTorch is not installed.
    """
    from edgehuman.export.networks import random_network

    if trust_of_environment() is not None:
        raise unsigned(name)
    network, card = random_network(name, seed)
    if frames is not None:
        card = card.replace(input=replace(card.input, shape=(frames, *card.input.shape[1:])))
    return Model(NetworkEngine(network, card, Path(name), threads), name)
