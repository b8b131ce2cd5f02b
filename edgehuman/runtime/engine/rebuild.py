"""Rebuild an engine that does not fit this machine in the background, while its ONNX runs.

    x.engine does not fit -> x.onnx runs at once            a process builds from x.onnx
                             the last outputs are kept   -> the new engine is compared with them
                             the new engine takes over   <- parity holds: it replaces x.engine

The builder is a separate process: it can be stopped, may crash without us, and has low priority. It
works in its own folder beside the engine, so that neither a stop nor an engine that fails parity
changes the existing files. It needs neither torch nor the onnx package.

Where signatures are required, the ONNX and the old engine are signed; the builder builds from the
bytes that were verified, and what it wrote, by its own word, is what takes over. Nobody signed the
new engine, so it serves this run alone and replaces no file.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import importlib.util
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.card import Card
from edgehuman.errors import EdgehumanError, EngineError
from edgehuman.files import move_together
from edgehuman.metrics import parity
from edgehuman.placing import partial_of
from edgehuman.records import Float32
from edgehuman.runtime.engine.build_on_device import capabilities_of
from edgehuman.runtime.engine.builder import Builder, Builds
from edgehuman.runtime.engine.cuda import load_runtime
from edgehuman.runtime.engine.onnx import open_onnx
from edgehuman.runtime.engine.open import Engine, EngineRequest
from edgehuman.runtime.engine.plan_file import (
    LIBRARIES,
    EngineMismatchError,
    build_line,
    read_side,
    require_machine,
    side_path,
)
from edgehuman.runtime.engine.tensorrt import open_tensorrt
from edgehuman.runtime.engine.tensorrt_library import load_library
from edgehuman.runtime.provenance.trusted import Exactly

_COMPARED = 8  # outputs of the ONNX to compare a new engine with
BETWEEN_REPORTS_S = 5.0


def open_or_rebuild(path: Path, request: EngineRequest) -> Engine:
    """Open an `.engine` file; with `rebuild`, replace one that does not fit this machine.

    Raises:
        ArtefactError, EngineError, MissingDependencyError: as `open_tensorrt`; with `rebuild`, no
            EngineMismatchError.
    """
    try:
        return open_tensorrt(path, request)
    except EngineMismatchError as error:
        if not request.rebuild:
            raise
        return start_rebuild(path, request, str(error).partition(". ")[0])


def start_rebuild(path: Path, request: EngineRequest, reason: str) -> RebuildingEngine:
    """Run the ONNX beside an engine, and start the builder.

    Raises:
        EngineError: no ONNX to build from, a read-only folder, or no GPU.
        ArtefactError: the ONNX is foreign or corrupted.
        SignatureError: a signature is required, and there is none that holds.
        MissingDependencyError: TensorRT or cuda-python is not installed.
    """
    onnx = path.with_suffix(".onnx")
    if not onnx.is_file():
        raise EngineError(
            f"{reason}. It cannot be rebuilt: {onnx} is missing; export the model again"
        )
    library, options = plan_build(path, request)
    serving = open_onnx(onnx, dataclasses.replace(request, name="auto", rebuild=False))
    if serving.card.precision.name == "int8":
        raise EngineError(
            f"{reason}. It cannot be rebuilt from {onnx}, an INT8 graph for CPUs, which TensorRT "
            "cannot read; export the checkpoint with --format tensorrt --precision int8 --data "
            "..."
        )
    try:
        folder = partial_of(path)  # what a killed one left is swept by the next writer there
        folder.mkdir(0o700)
    except OSError as error:
        raise EngineError(
            f"{reason}. It cannot be rebuilt: cannot write to {path.parent} "
            f"({error.strerror}). Copy the model to another folder, or run {onnx}"
        ) from None
    request.notify(f"{reason}. Rebuilding {path.name}; {onnx.name} runs meanwhile")
    builder = Builder(library, options, onnx, serving.identity, folder)
    return RebuildingEngine(path, serving, builder, request)


def plan_build(path: Path, request: EngineRequest) -> tuple[str, dict[str, Any]]:
    """The module and options to build with: those of the old engine, for the GPU of this machine.

    Raises:
        EngineError: no GPU.
        MissingDependencyError: the module or cuda-python is not installed.
    """
    options: dict[str, Any] = {}
    library = LIBRARIES.get(request.name)
    # A broken side file is a reason to rebuild; then use the builder's defaults.
    with contextlib.suppress(EngineMismatchError):
        about, _ = read_side(path, request.trust)
        options = dict(about["options"])
        library = library or (about["library"] if about["library"] in LIBRARIES.values() else None)
    gpu = require_machine(path)
    load_runtime(gpu.driver)  # a missing cuda-python fails now, not after the build
    library = library or _installed_library()
    offered = capabilities_of(load_library(library))
    options["capabilities"] = [gpu.capability] if gpu.capability in offered else []
    return library, options


def _installed_library() -> str:
    """The first installed library, or else the first, whose import then fails with the fix."""
    found = [name for name in LIBRARIES.values() if importlib.util.find_spec(name) is not None]
    return (found or list(LIBRARIES.values()))[0]


class RebuildingEngine:
    """Run the ONNX until the new engine passes parity, then the new engine.

    Args:
        path: the engine to replace.
        serving: the engine that runs its ONNX.
        builder: the running build.
        request: how to open the new engine, and the function to notify.
    """

    def __init__(
        self, path: Path, serving: Engine, builder: Builds, request: EngineRequest
    ) -> None:
        self.path = path
        self.card: Card = serving.card
        self._serving = serving
        self._builder = builder
        self._request = request
        self._seen: deque[tuple[NDArray[Any], Float32]] = deque(maxlen=_COMPARED)
        self._enough = threading.Event()
        self._over = False
        atexit.register(self.close)
        self._thread = threading.Thread(target=self._watch, name="rebuild", daemon=True)
        self._thread.start()

    def run(self, array: NDArray[Any]) -> Float32:
        """See `Engine`."""
        answer = self._serving.run(array)
        if not self._over:
            self._seen.append((array.copy(), answer))
            if len(self._seen) == _COMPARED:
                self._enough.set()
        return answer

    def describe(self) -> Mapping[str, Any]:
        """Describe the engine in use."""
        return self._serving.describe()

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until the new engine is in use, or the rebuild has failed."""
        self._thread.join(timeout_s)

    def close(self) -> None:
        """Stop a running rebuild; also called at exit."""
        if self._over:
            return
        self._over = True
        self._builder.stop()
        self._request.notify(
            f"{self.path.name} was not rebuilt: the stream ended first, and nothing was written. "
            f"Build it with {build_line(self.path)}"
        )

    def _watch(self) -> None:
        try:
            self._take_over(self._await_build())
        except Exception as error:  # a thread cannot raise to a caller: notify, and keep the ONNX
            said = str(error) if isinstance(error, EdgehumanError) else repr(error)
            if not self._over:
                self._request.notify(
                    f"{self.path.name} was not rebuilt: {said}. "
                    f"{self.path.with_suffix('.onnx').name} keeps running"
                )
        finally:
            self._over = True
            self._seen.clear()
            self._builder.stop()
            atexit.unregister(self.close)

    def _await_build(self) -> Mapping[str, Any]:
        """Wait for the build; return its last report."""
        start_s = told_s = time.monotonic()
        for report in self._builder.reports():
            if "error" in report:
                raise EngineError(report["error"])
            if "done" in report:
                return report
            now_s = time.monotonic()
            if now_s - told_s >= BETWEEN_REPORTS_S:
                told_s = now_s
                self._request.notify(
                    f"building {self.path.name}: {progress(report, now_s - start_s)}"
                )
        raise EngineError("the builder ended without an engine")

    def _take_over(self, report: Mapping[str, Any]) -> None:
        """Compare the new engine, put its files in place, and use it."""
        built, signed = self._builder.folder / self.path.name, self._request.trust is not None
        written = Exactly(report.get("files", {})) if signed else None
        engine = open_tensorrt(built, dataclasses.replace(self._request, trust=written))
        self._enough.wait()
        said = compared(engine, list(self._seen), self.card)
        if not signed:
            move_together({side_path(built): side_path(self.path), built: self.path})
        engine.path = self.path
        self._serving = engine
        kept = "; it is not kept, as nobody signed it" if signed else ""
        self._request.notify(
            f"{self.path.name} was rebuilt in {float(report['done']):.0f} s and is in use: {said}"
            f"{kept}"
        )


def progress(report: Mapping[str, Any], spent_s: float) -> str:
    """Percent, time left, phase."""
    share = float(report["share"])
    left = f", about {spent_s * (1 - share) / share:.0f} s left" if share > 0.02 else ""
    return f"{100 * share:.0f} %{left} ({report['phase']})"


def compared(engine: Engine, seen: list[tuple[NDArray[Any], Float32]], card: Card) -> str:
    """Compare the new engine's outputs for the last batches with the ONNX's; the result as text.

    Raises:
        EngineError: they differ by more than the precision's budget.
    """
    reference = np.concatenate([answer for _, answer in seen])
    candidate = np.concatenate([engine.run(array) for array, _ in seen])
    found = parity.compare(reference, candidate, card.output)
    broken = parity.engine_failures(found, card.precision.name)
    if broken:
        raise EngineError(
            f"the new engine does not match the ONNX on the last {len(reference)} records: "
            f"{'; '.join(broken)}"
        )
    return f"cosine {found.cosine:.6f} with the ONNX on the last {len(reference)} records"
