"""Load a model by name or path, ready to run.

    model = load("zoo:activity")
    prob_NC = model.predict(imu_NTC)

A model is `zoo:NAME`, a path, or inside `exporting` a catalogue name, which is exported with seeded
random weights, for checks (`edgehuman.export.catalogued`).
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman import catalogue
from edgehuman.card import Card
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.metrics.calibration import softmax
from edgehuman.metrics.placements import answered
from edgehuman.records import Float32
from edgehuman.runtime.arguments import require_kinds
from edgehuman.runtime.engine.open import (
    ENGINES,
    Engine,
    EngineName,
    EngineRequest,
    Notify,
    open_engine,
    warn,
)
from edgehuman.runtime.engine.parts import Parts, open_parts
from edgehuman.runtime.provenance.trusted import Trust, unsigned
from edgehuman.runtime.provenance.trusted import trusted_keys as default_keys
from edgehuman.runtime.zoo import ZOO, unknown_model, zoo_file

Export = Callable[[str, int, Path], Path]
"""(name, seed, folder) -> the catalogued network with random weights, a file in the folder."""
_export: ContextVar[Export | None] = ContextVar("export", default=None)


class Model:
    """An engine and the meaning of its outputs.

    Attributes:
        name: the name or path that it was loaded by.
        card: the model's card.
        engine: the engine that runs it.
        request: how it was opened.
    """

    def __init__(self, engine: Engine, name: str, request: EngineRequest | None = None) -> None:
        self.name = name
        self.engine = engine
        self.request = request or EngineRequest()
        self.card: Card = engine.card
        self._shape = tuple(self.card.input.shape)
        self._dtype = np.dtype(self.card.input.dtype)

    @cached_property
    def parts(self) -> Parts | None:
        """The parts for single frames that stand beside the file; None if there are none."""
        path = self.engine.describe().get("path")
        quiet = replace(self.request, rebuild=False)
        return None if path is None else open_parts(Path(str(path)), self.card, quiet)

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names, in the order of the outputs."""
        return self.card.output.labels

    def logits(self, batch: NDArray[Any]) -> Float32:
        """Run raw records (N, ...) as described by the card; the graph's output (N, ...), of
        classes their logits (N, classes).

        Raises:
            DataError: a shape that differs from the card's.
        """
        if batch.shape[1:] != self._shape and not self._fits(batch.shape[1:]):
            raise DataError(
                f"found a batch of shape {batch.shape}, but {self.name} takes (N, "
                f"{', '.join(str(size or 'any') for size in self._shape)}): {self.card.input.units}"
            )
        output = self.engine.run(np.ascontiguousarray(batch, self._dtype))
        return answered(self.card, output)

    def predict(self, batch: NDArray[Any]) -> Float32:
        """Run raw records (N, ...); calibrated probabilities (N, classes), each row summing to 1.

        Raises:
            DataError: a shape that differs from the card's.
            ArtefactError: the model does not output classes.
        """
        if self.card.output.kind != "classes":
            raise ArtefactError(
                f"{self.name} outputs {self.card.output.kind}, not classes; use logits()"
            )
        return softmax(self.logits(batch), self.card.decision.temperature).astype(np.float32)

    def _fits(self, shape: tuple[int, ...]) -> bool:
        """Whether a shape matches the card's, where 0 is any size."""
        return len(shape) == len(self._shape) and all(
            said in (0, found) for found, said in zip(shape, self._shape, strict=True)
        )


@contextlib.contextmanager
def exporting(export: Export) -> Iterator[None]:
    """Let `load` also take catalogue names, which `export` turns into files. The runtime does not
    import the export, so a caller passes it in.
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
    require_signed: bool = False,
    trusted_keys: str | Path | None = None,
) -> Model:
    """Load a model, ready to run on this machine.

    Args:
        name_or_path: `zoo:NAME`, a path, or inside `exporting` a catalogue name (then with random
            weights from `seed`).
        threads: intra-op threads.
        seed: of the random weights of a catalogue name.
        engine: the engine; by default chosen by the file's suffix and this machine.
        rebuild: rebuild a TensorRT engine that does not fit in the background, while its ONNX runs.
        notify: called with remarks on every deviation from the request; logs warnings by default.
        require_signed: load only what a trusted key signed; so too if the environment says
            EDGEHUMAN_REQUIRE_SIGNED=1.
        trusted_keys: a public key, or a folder of them, whose signature is required; None:
            ~/.config/edgehuman/trusted, or EDGEHUMAN_TRUSTED_KEYS.

    Raises:
        UsageError: an unknown name, or arguments that contradict each other.
        ArtefactError: the file is missing, foreign or corrupted.
        SignatureError: a signature is required, and there is none that holds.
        EngineError: the file is intact, but this machine cannot run it.
        MissingDependencyError: TensorRT, or for a catalogue name the training half, is not
            installed.
    """
    given = {"name_or_path": name_or_path, "threads": threads, "seed": seed, "rebuild": rebuild}
    signed = {"require_signed": require_signed, "trusted_keys": trusted_keys}
    require_kinds(load, {**given, **signed})
    name = str(name_or_path)
    if threads < 1:
        raise UsageError(f"threads must be at least 1 (got {threads})")
    request = EngineRequest(engine, threads, rebuild, notify)
    if require_signed or trusted_keys is not None:
        request = replace(request, trust=Trust(Path(trusted_keys or default_keys())))
    if name.startswith(ZOO):
        return Model(open_engine(zoo_file(name), request), name, request)
    if name in catalogue.NETWORKS:
        return _load_random(name, seed, request)
    path = Path(name_or_path)
    if not path.exists() and path.suffix not in ENGINES and path.parent == Path():
        raise unknown_model(name)
    return Model(open_engine(path, request), name, request)


def _load_random(name: str, seed: int, request: EngineRequest) -> Model:
    if request.trust is not None:
        raise unsigned(name)
    if request.on_tensorrt:
        raise UsageError(
            f"{name} is a network without weights or an engine; run `edgehuman export {name} "
            f"--format tensorrt --engine {request.name}` and use that file"
        )
    with tempfile.TemporaryDirectory(prefix="edgehuman-") as folder:
        model = Model(open_engine(_exported(name, seed, Path(folder)), request), name, request)
        _ = model.parts  # their files are about to go
        return model


def _exported(name: str, seed: int, folder: Path) -> Path:
    export = _export.get()
    if export is None:
        raise UsageError(
            f"{name} is a network without weights; load it with `edgehuman.load`, or run "
            f"`edgehuman export {name} --out {name}.onnx` and use that file"
        )
    return export(name, seed, folder)
