"""Engines: a model file on this machine, behind one interface. The suffix and the machine say which
one serves; a word forces another.

    engine = open_engine(Path("activity.onnx"), EngineRequest(threads=1))
    logits_NC = engine.run(imu_NTC)

An engine maps one batch of raw records to one array and holds the card of its file. Nothing here
imports torch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from numpy.typing import NDArray

from edgehuman.card import Card
from edgehuman.catalogue import load_object
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.records import Float32

EngineName = Literal[
    "auto",
    "onnxruntime",
    "onnxruntime-cpu",
    "onnxruntime-cuda",
    "onnxruntime-tensorrt",
    "tensorrt",
    "tensorrt-rtx",
]
"""`auto`: by the file's suffix. `onnxruntime`: on the best that this machine has; the other three
name where."""

ENGINES: Mapping[str, str] = {
    ".onnx": "edgehuman.runtime.engine.onnx:open_onnx",
    ".engine": "edgehuman.runtime.engine.rebuild:open_or_rebuild",
}
"""Suffix of a model file -> what opens it, called with the path and the request."""

Notify = Callable[[str], object]
warn: Notify = logging.getLogger("edgehuman.runtime").warning


class Engine(Protocol):
    """What every engine can do."""

    @property
    def card(self) -> Card:
        """What the model says about itself."""

    def run(self, array: NDArray[Any]) -> Float32:
        """A batch of raw records (N, ...) -> logits, vectors or maps (N, ...)."""

    def describe(self) -> Mapping[str, Any]:
        """Which engine, of which version, runs on what: for logs and reports."""


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """How a model file is to be served.

    Attributes:
        name: one of EngineName.
        threads: threads inside one operator of onnxruntime.
        rebuild: where a TensorRT engine does not fit, build it anew in the background while its
            ONNX serves.
        notify: told of everything that is not as asked for: a fallback, a rebuild.

    Raises:
        UsageError: a name that is none, or words that contradict each other.
    """

    name: EngineName = "auto"
    threads: int = 1
    rebuild: bool = False
    notify: Notify = warn

    def __post_init__(self) -> None:
        if self.name not in get_args(EngineName):
            raise UsageError(
                f"engine is {self.name!r}; it is one of {', '.join(get_args(EngineName))}"
            )
        if self.rebuild and self.on_onnxruntime:
            raise UsageError(
                f"--rebuild builds a TensorRT engine, and --engine is {self.name}; leave one out"
            )

    @property
    def on_onnxruntime(self) -> bool:
        """Whether onnxruntime was asked for by name."""
        return self.name.startswith("onnxruntime")

    @property
    def on_tensorrt(self) -> bool:
        """Whether TensorRT was asked for by name."""
        return self.name.startswith("tensorrt")


def open_engine(path: Path, request: EngineRequest | None = None) -> Engine:
    """The engine for a model file.

    A name that asks for the other kind of file takes the one beside it: `x.onnx` and `x.engine` are
    one model.

    Raises:
        ArtefactError: no engine for this suffix, or the file is missing, foreign or corrupted.
        EngineError: the file is sound and this machine cannot run it.
        MissingDependencyError: the engine's library is not installed.
    """
    request = request or EngineRequest()
    if path.is_dir():
        raise ArtefactError(
            f"{path} is a folder, and a model is one file; make it with `edgehuman export {path}`"
        )
    if path.suffix not in ENGINES:
        raise ArtefactError(
            f"{path}: no engine here runs a file that ends in {path.suffix!r}; "
            f"give one of: {', '.join(sorted(ENGINES))}"
        )
    if request.on_onnxruntime:
        path = path.with_suffix(".onnx")
    elif request.on_tensorrt:
        path = path.with_suffix(".engine")
    if request.rebuild and path.suffix != ".engine":
        raise UsageError(
            f"--rebuild builds a TensorRT engine, and {path} is none; give the path of an .engine "
            "file, or say --engine tensorrt"
        )
    engine: Engine = load_object(ENGINES[path.suffix])(path, request)
    return engine
