"""Teachers of ours: checkpoint folders, run by PyTorch, and exported graphs."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edgehuman.card import Card, InputSpec, OutputSpec, TrainingData, lineage
from edgehuman.distill.answers import Answering
from edgehuman.distill.kinds import KIND_OF
from edgehuman.distill.teachers.teachers import Running
from edgehuman.errors import NoGpuError
from edgehuman.export.graph.trace import weights_sha256
from edgehuman.nets.checkpoint import load_network
from edgehuman.outcome import to_json
from edgehuman.records import Float32
from edgehuman.runtime.engine.onnx import open_bytes, read_trusted
from edgehuman.runtime.engine.open import EngineName, EngineRequest
from edgehuman.runtime.model import Model
from edgehuman.runtime.zoo import file_of


class OfCard:
    """What a teacher's card says of it."""

    def __init__(self, word: str, card: Card) -> None:
        self.name = word
        self.card = card

    @property
    def card_data(self) -> tuple[TrainingData, ...]:
        """What it and its ancestors learned from, with licences."""
        return lineage(self.card, Path(self.name).name)

    @property
    def labels(self) -> tuple[str, ...]:
        """Of its logits or maps, in their order."""
        return self.card.output.labels

    @property
    def input(self) -> InputSpec:
        """The raw record that it takes."""
        return self.card.input

    @property
    def output(self) -> OutputSpec:
        """What its network gives."""
        return self.card.output

    @property
    def arch(self) -> str:
        """Its architecture."""
        return self.card.arch

    @property
    def params(self) -> int:
        """Number of parameters."""
        return self.card.params


class NetworkTeacher(OfCard):
    """The network of a checkpoint folder, in eval mode, with all its answers.

    Raises:
        CheckpointError: no such folder, or damaged.
        NoGpuError: no GPU, but one is asked for.
    """

    def __init__(self, word: str, running: Running) -> None:
        network, card = load_network(Path(word))
        super().__init__(word, card)
        if running.device == "cuda" and not torch.cuda.is_available():
            raise NoGpuError(f"the teacher {word} is to run on a GPU, and there is none; use cpu")
        weights = weights_sha256(network)
        self.digest = _digest(weights, card)
        self.space = card.space or weights
        self._device = torch.device(running.device)
        self._half = running.precision == "bf16"
        # Roundings in bfloat16 differ between machines.
        self.precision = f"bf16 on {running.device}" if self._half else "fp32"
        self._answering = Answering(network, card).eval().requires_grad_(False).to(self._device)

    def answer(self, record_N: NDArray[Any]) -> dict[str, Float32]:
        """Return all answers (N, ...) to raw records (N, ...)."""
        given = np.ascontiguousarray(record_N, np.dtype(self.card.input.dtype))
        with (
            torch.inference_mode(),
            torch.autocast(self._device.type, torch.bfloat16, enabled=self._half),
        ):
            answers = self._answering(torch.from_numpy(given).to(self._device))
        return {kind: answer.float().cpu().numpy() for kind, answer in answers.items()}


class GraphTeacher(OfCard):
    """A graph of ours, `zoo:NAME` or a path, of any precision. It gives its output alone.

    Raises:
        UsageError: no such model in the zoo.
        ArtefactError, EngineError: the file is damaged, or this machine cannot run it.
        SignatureError: a signature is required, and there is none that holds.
    """

    def __init__(self, word: str, running: Running) -> None:
        engine: EngineName = "onnxruntime-cuda" if running.device == "cuda" else "onnxruntime-cpu"
        path, request = file_of(word), EngineRequest(engine, running.threads)
        file = read_trusted(path, request)
        self._model = Model(open_bytes(file, path, request), word, request)
        super().__init__(word, file.card)
        graph = file.graph_sha256
        self.digest = hashlib.sha256((graph + _contract(self.card)).encode()).hexdigest()
        self.precision = self.card.precision.name
        self.space = self.card.gallery_space

    def answer(self, record_N: NDArray[Any]) -> dict[str, Float32]:
        """Return the output (N, ...) for raw records (N, ...)."""
        output = self._model.logits(record_N)
        return {KIND_OF[self.card.output.kind]: np.asarray(output, np.float32)}


def _contract(card: Card) -> str:
    """What besides the weights changes an answer."""
    said = {
        "input": asdict(card.input),
        "output": asdict(card.output),
        "affine": card.decision.affine,
    }
    return to_json(said)


def _digest(weights: str, card: Card) -> str:
    """Of a sha256 of weights, and what else changes an answer."""
    return hashlib.sha256((card.arch + weights + _contract(card)).encode()).hexdigest()
