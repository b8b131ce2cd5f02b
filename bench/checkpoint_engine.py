"""A checkpoint folder behind the interface of the engines, so that it is judged as an artefact is.

PyTorch is imported when the folder is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.card import Card
from edgehuman.runtime.model import Model


class CheckpointEngine:
    """The network of a checkpoint folder, on the CPU.

    Raises:
        CheckpointError: no checkpoint there, damaged, or of another network.
        ModuleNotFoundError: PyTorch is not installed.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        import torch

        from edgehuman.training.checkpoint import load_network

        torch.set_num_threads(threads)
        self.path, self.threads = folder, threads
        self.card: Card
        self._network, self.card = load_network(folder)

    def run(self, array: NDArray[Any]) -> NDArray[np.float32]:
        """A batch of raw records (N, ...) -> the network's outputs (N, ...)."""
        import torch

        with torch.inference_mode():
            outputs: NDArray[np.float32] = self._network(torch.from_numpy(array)).float().numpy()
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
    """A checkpoint folder as a model."""
    return Model(CheckpointEngine(folder, threads), str(folder))
