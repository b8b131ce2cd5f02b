"""An engine that does not belong here is built again in the background, while its ONNX serves.

    x.engine does not fit -> x.onnx serves at once        a process of its own builds from x.onnx
                             the last answers are kept -> the new engine gives them again
                             the new engine serves     <- parity holds: it takes x.engine's place

The builder is another process: it can be stopped, its crash is not ours, and it leaves the stream's
cores alone. It works in a folder of its own beside the engine, so that neither a stop nor an engine
that fails its parity touches the files in place. It needs neither torch nor the onnx package.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import importlib.util
import tempfile
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

_COMPARED = 8  # answers of the ONNX that a new engine must give too
_BETWEEN_REPORTS_S = 5.0


def open_or_rebuild(path: Path, request: EngineRequest) -> Engine:
    """An `.engine` file; with `rebuild`, one that does not belong here is replaced.

    Raises:
        ArtefactError, EngineError, MissingDependencyError: as `open_tensorrt`; with `rebuild` not
            for what building again cures.
    """
    try:
        return open_tensorrt(path, request)
    except EngineMismatchError as error:
        if not request.rebuild:
            raise
        return start_rebuild(path, request, str(error).partition(". ")[0])


def start_rebuild(path: Path, request: EngineRequest, reason: str) -> RebuildingEngine:
    """The ONNX beside an engine, serving, and the builder, at work.

    Raises:
        EngineError: no ONNX to build from, a folder that cannot be written, or no GPU.
        ArtefactError: the ONNX is foreign or corrupted.
        MissingDependencyError: TensorRT or cuda-python is not installed.
    """
    onnx = path.with_suffix(".onnx")
    if not onnx.is_file():
        raise EngineError(f"{reason}. It cannot be built again: {onnx} is not there")
    library, options = plan_build(path, request)
    serving = open_onnx(onnx, dataclasses.replace(request, name="auto", rebuild=False))
    if serving.card.precision.name == "int8":
        raise EngineError(
            f"{reason}. It cannot be built from {onnx}, the INT8 graph of a CPU, which TensorRT "
            "does not read; export the checkpoint with --format tensorrt --precision int8 --data "
            "..."
        )
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{path.stem}-rebuild-", dir=path.parent))
    except OSError as error:
        raise EngineError(
            f"{reason}. It cannot be built again: {path.parent} cannot be written "
            f"({error.strerror}). Copy the model to another folder, or run {onnx}"
        ) from None
    request.notify(f"{reason}. {path.name} is built again now; {onnx.name} serves meanwhile")
    return RebuildingEngine(path, serving, Builder(library, options, onnx, folder), request)


def plan_build(path: Path, request: EngineRequest) -> tuple[str, dict[str, Any]]:
    """The module that builds, and what it is told: as the old engine, for the GPU that is here.

    Raises:
        EngineError: no GPU.
        MissingDependencyError: the module or cuda-python is not installed.
    """
    options: dict[str, Any] = {}
    library = LIBRARIES.get(request.name)
    # A side file that cannot be read is what a rebuild is for: then the builder's own defaults.
    with contextlib.suppress(EngineMismatchError):
        about, _ = read_side(path)
        options = dict(about["options"])
        library = library or (about["library"] if about["library"] in LIBRARIES.values() else None)
    gpu = require_machine(path)
    load_runtime(gpu.driver)  # what the new engine will need is missed now, and not after the build
    library = library or _installed_library()
    offered = capabilities_of(load_library(library))
    options["capabilities"] = [gpu.capability] if gpu.capability in offered else []
    return library, options


def _installed_library() -> str:
    """The first that is installed, or else the first, whose absence is then told."""
    found = [name for name in LIBRARIES.values() if importlib.util.find_spec(name) is not None]
    return (found or list(LIBRARIES.values()))[0]


class RebuildingEngine:
    """The ONNX until the new engine has proved itself, the new engine from then on.

    Args:
        path: the engine to replace.
        serving: what runs its ONNX.
        builder: at work.
        request: how the new engine is to be opened, and who is told.
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
        """Of the engine that serves now."""
        return self._serving.describe()

    def wait(self, timeout_s: float | None = None) -> None:
        """Until the new engine serves, or is known not to."""
        self._thread.join(timeout_s)

    def close(self) -> None:
        """End a rebuild that is still under way; the end of the program does it too."""
        if self._over:
            return
        self._over = True
        self._builder.stop()
        self._request.notify(
            f"{self.path.name} was not built again: the stream ended first, and nothing was "
            f"written. Build it alone: {build_line(self.path)}"
        )

    def _watch(self) -> None:
        try:
            seconds = self._await_build()
            self._take_over(seconds)
        except Exception as error:  # a thread has nobody to raise to: told, and the ONNX goes on
            said = str(error) if isinstance(error, EdgehumanError) else repr(error)
            if not self._over:
                self._request.notify(
                    f"{self.path.name} was not built again: {said}. "
                    f"{self.path.with_suffix('.onnx').name} goes on serving"
                )
        finally:
            self._over = True
            self._seen.clear()
            self._builder.stop()
            atexit.unregister(self.close)

    def _await_build(self) -> float:
        """Seconds that the build took."""
        start_s = told_s = time.monotonic()
        for report in self._builder.reports():
            if "error" in report:
                raise EngineError(report["error"])
            if "done" in report:
                return float(report["done"])
            now_s = time.monotonic()
            if now_s - told_s >= _BETWEEN_REPORTS_S:
                told_s = now_s
                self._request.notify(
                    f"building {self.path.name}: {progress(report, now_s - start_s)}"
                )
        raise EngineError("the builder ended without an engine")

    def _take_over(self, seconds: float) -> None:
        """Compare, put the files in place, serve."""
        built = self._builder.folder / self.path.name
        engine = open_tensorrt(built, self._request)
        self._enough.wait()
        said = compared(engine, list(self._seen), self.card)
        move_together({side_path(built): side_path(self.path), built: self.path})
        engine.path = self.path
        self._serving = engine
        self._request.notify(
            f"{self.path.name} was built in {seconds:.0f} s and serves now: {said}"
        )


def progress(report: Mapping[str, Any], spent_s: float) -> str:
    """Percent, time left, phase."""
    share = float(report["share"])
    left = f", about {spent_s * (1 - share) / share:.0f} s left" if share > 0.02 else ""
    return f"{100 * share:.0f} %{left} ({report['phase']})"


def compared(engine: Engine, seen: list[tuple[NDArray[Any], Float32]], card: Card) -> str:
    """The new engine's answers to the last batches against those that the ONNX gave, in words.

    Raises:
        EngineError: they differ by more than the precision's budget.
    """
    reference = np.concatenate([answer for _, answer in seen])
    candidate = np.concatenate([engine.run(array) for array, _ in seen])
    found = parity.compare(reference, candidate, card.output)
    broken = parity.engine_failures(found, card.precision.name)
    if broken:
        raise EngineError(
            f"the new engine does not give the ONNX's answers to the last {len(reference)} "
            f"records: {'; '.join(broken)}"
        )
    return f"cosine {found.cosine:.6f} with the ONNX on the last {len(reference)} records"
