"""Engines: a model file on this machine, behind one interface; which one serves is a matter of the
suffix.

    engine = open_engine(Path("activity.onnx"), threads=1)
    logits_NC = engine.run(imu_NTC)

An engine maps one batch of raw records to one array and holds the card of its file. Nothing here
imports torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgehuman.card import Card
from edgehuman.catalogue import load_object
from edgehuman.errors import ArtefactError, EngineError
from edgehuman.runtime.onnx_file import read_card

ENGINES: Mapping[str, str] = {
    ".onnx": "edgehuman.runtime.engines:OnnxRuntimeEngine",
}
"""Suffix of a model file -> the engine that serves it, called with the path and `threads`."""

_CORRUPTED = frozenset({"InvalidProtobuf", "InvalidGraph", "InvalidArgument", "ModelLoaded"})
_DTYPES = {"float32": "tensor(float)", "uint8": "tensor(uint8)"}


class Engine(Protocol):
    """What every engine can do."""

    @property
    def card(self) -> Card:
        """What the model says about itself."""

    def run(self, array: NDArray[Any]) -> NDArray[np.float32]:
        """A batch of raw records (N, ...) -> logits, vectors or maps (N, ...)."""

    def describe(self) -> Mapping[str, Any]:
        """Which engine, of which version, runs on what: for logs and reports."""


def open_engine(path: Path, threads: int = 1) -> Engine:
    """The engine for a model file, chosen by its suffix.

    Raises:
        ArtefactError: no engine for this suffix, or the file is missing, foreign or corrupted.
        EngineError: the file is sound and this machine cannot run it.
    """
    dotted = ENGINES.get(path.suffix)
    if path.is_dir():
        raise ArtefactError(
            f"{path} is a folder, and a model is one file; make it with `edgehuman export {path}`"
        )
    if dotted is None:
        raise ArtefactError(
            f"{path}: no engine here runs a file that ends in {path.suffix!r}; "
            f"give one of: {', '.join(sorted(ENGINES))}"
        )
    engine: Engine = load_object(dotted)(path, threads=threads)
    return engine


class OnnxRuntimeEngine:
    """An ONNX file on onnxruntime.

    Args:
        path: the `.onnx` file with its card inside.
        threads: threads inside one operator; 1 leaves the other cores alone.
        providers: where to run, best first. One that is not installed is an error, never a silent
            CPU.

    Raises:
        ArtefactError: missing, foreign, corrupted, without a card, or a graph that its card does
            not describe.
        EngineError: a provider is missing, or onnxruntime cannot run a node of the graph.
    """

    def __init__(
        self, path: Path, threads: int = 1, providers: Sequence[str] = ("CPUExecutionProvider",)
    ) -> None:
        self.path = path
        self.card = read_card(path)
        self.threads = threads
        self._session = _open_session(path, threads, providers)
        self._input = self._session.get_inputs()[0].name
        self._outputs = [self._session.get_outputs()[0].name]
        self._check_graph()

    def run(self, array: NDArray[Any]) -> NDArray[np.float32]:
        """A batch of raw records (N, ...) in the card's dtype -> the graph's first output (N,
        ...).
        """
        answer: NDArray[np.float32] = self._session.run(self._outputs, {self._input: array})[0]
        return answer

    def describe(self) -> Mapping[str, Any]:
        """Engine, version, providers in use, threads and file."""
        import onnxruntime

        return {
            "engine": "onnxruntime",
            "version": onnxruntime.__version__,
            "providers": self._session.get_providers(),
            "threads": self.threads,
            "path": str(self.path),
        }

    def _check_graph(self) -> None:
        """The graph takes and gives what the card says."""
        taken, given = self._session.get_inputs()[0], self._session.get_outputs()[0]
        spec = self.card.input
        fits = len(taken.shape) == len(spec.shape) + 1 and all(
            not isinstance(found, int) or said in (0, found)
            for found, said in zip(taken.shape[1:], spec.shape, strict=True)
        )
        if not fits or taken.type != _DTYPES.get(spec.dtype):
            raise ArtefactError(
                f"{self.path}: its graph takes {taken.type} {taken.shape} and its card says "
                f"{spec.dtype} (N, {', '.join(map(str, spec.shape))}); export the model again"
            )
        num_labels = len(self.card.output.labels)
        if self.card.output.kind == "classes" and given.shape[-1] not in (num_labels, None):
            raise ArtefactError(
                f"{self.path}: its graph gives {given.shape} and its card names {num_labels} "
                "labels; export the model again"
            )


def _open_session(path: Path, threads: int, providers: Sequence[str]) -> Any:
    """An onnxruntime session without spinning threads, so that a waiting stream costs no CPU."""
    import onnxruntime

    available = onnxruntime.get_available_providers()
    absent = [name for name in providers if name not in available]
    if absent:
        raise EngineError(
            f"onnxruntime here has no {', '.join(absent)}; it has {', '.join(available)}. "
            "`edgehuman doctor` says what to install"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=list(providers))
    except Exception as error:  # onnxruntime's exceptions share no base class of its own
        reason = str(error).strip().splitlines()[0]
        if type(error).__name__ in _CORRUPTED:
            raise ArtefactError(f"{path} is corrupted: {reason}. Export the model again") from None
        raise EngineError(f"onnxruntime cannot run {path} here: {reason}") from None
