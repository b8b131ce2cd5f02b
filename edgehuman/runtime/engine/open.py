"""Engines: one interface to run a model file on this machine. The suffix and the machine choose the
engine; `EngineRequest.name` overrides the choice.

    engine = open_engine(Path("activity.onnx"), EngineRequest(threads=1))
    logits_NC = engine.run(imu_NTC)

An engine maps one batch of raw records to one array and has the card of its file. Nothing here
imports torch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from numpy.typing import NDArray

from edgehuman.card import Card
from edgehuman.catalogue import load_object
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.records import Float32
from edgehuman.runtime.provenance.trusted import Exactly, Trust, trust_of_environment

EngineName = Literal[
    "auto",
    "onnxruntime",
    "onnxruntime-cpu",
    "onnxruntime-cuda",
    "onnxruntime-tensorrt",
    "tensorrt",
    "tensorrt-rtx",
]
"""`auto`: by the file's suffix. `onnxruntime`: on the best provider of this machine; the other
three name the provider."""

ENGINES: Mapping[str, str] = {
    ".onnx": "edgehuman.runtime.engine.onnx:open_onnx",
    ".engine": "edgehuman.runtime.engine.rebuild:open_or_rebuild",
}
"""Suffix of a model file -> the function that opens it, called with the path and the request."""

Notify = Callable[[str], object]
warn: Notify = logging.getLogger("edgehuman.runtime").warning


class Engine(Protocol):
    """The interface of every engine."""

    @property
    def card(self) -> Card:
        """The model's card."""

    def run(self, array: NDArray[Any]) -> Float32:
        """Run a batch of raw records (N, ...); logits, vectors or maps (N, ...)."""

    def describe(self) -> Mapping[str, Any]:
        """Name, version and device of the engine, for logs and reports."""


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """How to open a model file.

    Attributes:
        name: one of EngineName.
        threads: intra-op threads of onnxruntime.
        rebuild: rebuild a TensorRT engine that does not fit in the background while its ONNX runs.
        notify: called with remarks on every deviation from the request: a fallback, a rebuild.
        trust: whose signature every file needs; None: none. Default: as the environment says.

    Raises:
        UsageError: an unknown name, or arguments that contradict each other.
    """

    name: EngineName = "auto"
    threads: int = 1
    rebuild: bool = False
    notify: Notify = warn
    trust: Trust | Exactly | None = field(default_factory=trust_of_environment)

    def __post_init__(self) -> None:
        if self.name not in get_args(EngineName):
            raise UsageError(
                f"engine must be one of {', '.join(get_args(EngineName))} (got {self.name!r})"
            )
        if self.rebuild and self.on_onnxruntime:
            raise UsageError(
                f"--rebuild builds a TensorRT engine, but --engine is {self.name}; remove one"
            )

    @property
    def on_onnxruntime(self) -> bool:
        """Whether onnxruntime was requested by name."""
        return self.name.startswith("onnxruntime")

    @property
    def on_tensorrt(self) -> bool:
        """Whether TensorRT was requested by name."""
        return self.name.startswith("tensorrt")


def open_engine(path: Path, request: EngineRequest | None = None) -> Engine:
    """Open a model file.

    `x.onnx` and `x.engine` are one model: a name that needs the other file opens that one.

    Raises:
        ArtefactError: no engine for this suffix, or the file is missing, foreign or corrupted.
        SignatureError: a signature is required, and there is none that holds.
        EngineError: the file is intact, but this machine cannot run it.
        MissingDependencyError: the engine's library is not installed.
    """
    request = request or EngineRequest()
    if path.is_dir():
        raise ArtefactError(
            f"{path} is a folder, but a model is a file; create it with `edgehuman export {path}`"
        )
    if path.suffix not in ENGINES:
        raise ArtefactError(
            f"{path}: unknown model format {path.suffix!r}; "
            f"use one of: {', '.join(sorted(ENGINES))}"
        )
    if request.on_onnxruntime:
        path = path.with_suffix(".onnx")
    elif request.on_tensorrt:
        path = path.with_suffix(".engine")
    if request.rebuild and path.suffix != ".engine":
        raise UsageError(
            f"--rebuild builds a TensorRT engine, but {path} is not one; give an .engine file, or "
            "add --engine tensorrt"
        )
    engine: Engine = load_object(ENGINES[path.suffix])(path, request)
    return engine
