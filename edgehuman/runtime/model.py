"""A model by name or path, ready to run.

    model = load("zoo:activity")
    prob_NC = model.predict(imu_NTC)

A model is `zoo:NAME` or a path; or a name of the catalogue, where who calls has it exported
(`edgehuman.export.catalogued`): with seeded random weights, for checks.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib.resources
import tempfile
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman import catalogue
from edgehuman.card import Card
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.metrics.calibration import softmax
from edgehuman.records import Float32
from edgehuman.runtime.engine.open import (
    ENGINES,
    Engine,
    EngineName,
    EngineRequest,
    Notify,
    open_engine,
    warn,
)

ZOO = "zoo:"
Export = Callable[[str, int, Path], Path]
"""(name, seed, folder) -> the catalogued network with random weights, a file in the folder."""
_export: ContextVar[Export | None] = ContextVar("export", default=None)


class Model:
    """An engine and the meaning of its numbers.

    Attributes:
        name: what it was loaded by.
        card: what the model says about itself.
        engine: what runs it.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self.name = name
        self.engine = engine
        self.card: Card = engine.card
        self._shape = tuple(self.card.input.shape)
        self._dtype = np.dtype(self.card.input.dtype)

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names, in the order of the outputs."""
        return self.card.output.labels

    def logits(self, batch: NDArray[Any]) -> Float32:
        """Raw records (N, ...) as the card's input says -> the graph's output (N, ...).

        Raises:
            DataError: another shape than the card's.
        """
        if batch.shape[1:] != self._shape and not self._fits(batch.shape[1:]):
            raise DataError(
                f"found a batch of shape {batch.shape}; {self.name} takes (N, "
                f"{', '.join(str(size or 'any') for size in self._shape)}): {self.card.input.units}"
            )
        return self.engine.run(np.ascontiguousarray(batch, self._dtype))

    def predict(self, batch: NDArray[Any]) -> Float32:
        """Raw records (N, ...) -> calibrated probabilities (N, classes), each row of sum 1.

        Raises:
            DataError: another shape than the card's.
            ArtefactError: the model gives no classes.
        """
        if self.card.output.kind != "classes":
            raise ArtefactError(
                f"{self.name} gives {self.card.output.kind}, not classes; use logits()"
            )
        return softmax(self.logits(batch), self.card.decision.temperature).astype(np.float32)

    def _fits(self, shape: tuple[int, ...]) -> bool:
        """Whether a shape agrees with the card's, where 0 is any size."""
        return len(shape) == len(self._shape) and all(
            said in (0, found) for found, said in zip(shape, self._shape, strict=True)
        )


@contextlib.contextmanager
def exporting(export: Export) -> Iterator[None]:
    """Inside, `load` takes names of the catalogue too: this makes files of them. The export stands
    above the runtime, which has no way to it of its own.
    """
    token = _export.set(export)
    try:
        yield
    finally:
        _export.reset(token)


def load(
    name_or_path: str | Path,
    *,
    threads: int = 1,
    seed: int = 0,
    engine: EngineName = "auto",
    rebuild: bool = False,
    notify: Notify = warn,
) -> Model:
    """A model, ready to run on this machine.

    Args:
        name_or_path: `zoo:NAME`, a path, or inside `exporting` a catalogue name (then with random
            weights from `seed`).
        threads: threads inside one operator.
        seed: of the random weights of a catalogue name; nothing else is random.
        engine: what runs it; by default what its suffix and this machine say.
        rebuild: build a TensorRT engine that does not fit anew in the background, while its ONNX
            serves.
        notify: told of everything that is not as asked for; logs a warning by default.

    Raises:
        UsageError: no such name, or words that contradict each other.
        ArtefactError: the file is missing, foreign or corrupted.
        EngineError: the file is sound and this machine cannot run it.
        MissingDependencyError: TensorRT, or for a catalogue name the training half, is not
            installed.
    """
    name = str(name_or_path)
    if threads < 1:
        raise UsageError(f"threads is {threads}; it must be at least 1")
    request = EngineRequest(engine, threads, rebuild, notify)
    if name.startswith(ZOO):
        return Model(open_engine(zoo_file(name), request), name)
    if name in catalogue.NETWORKS:
        if request.on_tensorrt:
            raise UsageError(
                f"{name} is a network without weights or engine; run `edgehuman export {name} "
                f"--format tensorrt --engine {engine}` and give that file"
            )
        with tempfile.TemporaryDirectory(prefix="edgehuman-") as folder:
            return Model(open_engine(_exported(name, seed, Path(folder)), request), name)
    path = Path(name_or_path)
    if not path.exists() and path.suffix not in ENGINES and path.parent == Path():
        raise UsageError(_unknown(name))
    return Model(open_engine(path, request), name)


def file_of(name_or_path: str) -> Path:
    """The file behind `zoo:NAME`, or the path itself.

    Raises:
        UsageError: no such model in the zoo.
    """
    return zoo_file(name_or_path) if name_or_path.startswith(ZOO) else Path(name_or_path)


def zoo_names() -> list[str]:
    """The models that ship with this installation, as `zoo:NAME`."""
    files = importlib.resources.files("edgehuman.zoo").iterdir()
    return sorted(ZOO + f.name.removesuffix(".onnx") for f in files if f.name.endswith(".onnx"))


def zoo_file(name: str) -> Path:
    """Where `zoo:NAME` lies on disk.

    Raises:
        UsageError: no such model ships here.
    """
    if name not in zoo_names():
        raise UsageError(_unknown(name))
    return Path(str(importlib.resources.files("edgehuman.zoo"))) / f"{name.removeprefix(ZOO)}.onnx"


def _exported(name: str, seed: int, folder: Path) -> Path:
    export = _export.get()
    if export is None:
        raise UsageError(
            f"{name} is a network without weights; give it to `edgehuman.load`, or run `edgehuman "
            f"export {name} --out {name}.onnx` and give that file"
        )
    return export(name, seed, folder)


def _unknown(name: str) -> str:
    zoo = zoo_names()
    near = difflib.get_close_matches(name, [*zoo, *catalogue.NETWORKS], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"unknown model {name!r}.{hint} A model is a path to an .onnx or .engine file, one that "
        f"ships here ({', '.join(zoo) or 'none in this installation'}), or a name from "
        "`edgehuman models`"
    )
