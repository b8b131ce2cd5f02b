"""A GPU and a TensorRT played in memory: the same calls, checked and answered on the host.

The played engine is the tiny model of `conftest.py`: logits = gain x the window's mean (ax, ay,
az). What is queued runs when the stream is awaited, as on a GPU; what is queued while recording
runs only when its graph is launched.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.errors import EngineError
from edgehuman.records import Uint8
from edgehuman.runtime.engine import build as to_tensorrt
from edgehuman.runtime.engine.build_on_device import Gpu, Options, describe, sealed
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.engine.plan_file import side_path

GPU = Gpu("Made GPU", 86, 12060)
PLAN = b"a played plan"


class PlayedDevice:
    """`Device` in memory; `calls` is what was asked of it, in order."""

    def __init__(self, capture_fails: bool = False) -> None:
        self.stream = 7
        self.calls: list[str] = []
        self.memory: dict[int, Uint8] = {}
        self.graphs: list[list[Callable[[], None]]] = []
        self.closed = False
        self._queue: list[Callable[[], None]] = []
        self._recording: list[Callable[[], None]] | None = None
        self._capture_fails = capture_fails

    def allocate(self, num_bytes: int) -> int:
        address = 4096 * (1 + len(self.memory))
        self.memory[address] = np.zeros(num_bytes, np.uint8)
        return address

    def pin(self, num_bytes: int) -> Uint8:
        return np.zeros(num_bytes, np.uint8)

    def queue(self, name: str, work: Callable[[], None]) -> None:
        self.calls.append(name)
        (self._queue if self._recording is None else self._recording).append(work)

    def copy_in(self, address: int, host: Uint8) -> None:
        def work() -> None:
            self.memory[address][: host.size] = host

        self.queue("in", work)

    def copy_out(self, host: Uint8, address: int) -> None:
        def work() -> None:
            host[:] = self.memory[address][: host.size]

        self.queue("out", work)

    def synchronise(self) -> None:
        self.calls.append("await")
        for work in self._queue:
            work()
        self._queue.clear()

    def begin_capture(self) -> None:
        self.calls.append("record")
        self._recording = []

    def end_capture(self) -> Any:
        recorded, self._recording = self._recording, None
        if self._capture_fails or recorded is None:
            raise EngineError("cudaStreamEndCapture failed with cudaErrorStreamCaptureInvalidated")
        self.graphs.append(recorded)
        return recorded

    def launch(self, graph: Any) -> None:
        self.calls.append("launch")
        self._queue.extend(graph)

    def drop(self, graph: Any) -> None:
        self.calls.append("drop")
        self.graphs.remove(graph)

    def close(self) -> None:
        self.closed = True


class PlayedLibrary:
    """The module `tensorrt`, as far as an engine needs it.

    Attributes:
        low, high: the profile.
        outputs: width of the answer.
        capturable: None: the library does not know the question, as TensorRT 10.
    """

    class ILogger:
        ERROR, INTERNAL_ERROR, WARNING = "error", "internal error", "warning"

    class TensorIOMode:
        INPUT, OUTPUT = "input", "output"

    def __init__(self, device: PlayedDevice, name: str = "tensorrt", version: str = "10.3.0"):
        self.__name__, self.__version__ = name, version
        self.device = device
        self.low, self.high = (1, 128, 6), (4, 128, 6)
        self.outputs, self.gain = 3, 4.0
        self.dtype: type[Any] = np.float32
        self.capturable: bool | None = None
        self.runs = True
        self.runtime: PlayedRuntime | None = None

    def nptype(self, dtype: Any) -> Any:
        return dtype

    def Runtime(self, log: Any) -> PlayedRuntime:
        self.runtime = PlayedRuntime(self, log)
        return self.runtime


class PlayedRuntime:
    def __init__(self, library: PlayedLibrary, log: Any) -> None:
        self.library, self.log = library, log
        self.engine_host_code_allowed = False
        self.DLA_core: int | None = None

    def deserialize_cuda_engine(self, plan: bytes) -> PlayedEngine | None:
        if plan != PLAN:
            self.log.log("warning", "slow")
            self.log.log("error", "the magic tag\n does not match")
            return None
        return PlayedEngine(self.library, self.log)


class PlayedEngine:
    num_io_tensors = 2

    def __init__(self, library: PlayedLibrary, log: Any) -> None:
        self.library, self.log = library, log

    def get_tensor_name(self, i: int) -> str:
        return ("record", "logits")[i]

    def get_tensor_mode(self, name: str) -> str:
        return "input" if name == "record" else "output"

    def get_tensor_dtype(self, name: str) -> Any:
        return self.library.dtype if name == "record" else np.float32

    def get_tensor_profile_shape(self, name: str, profile: int) -> Any:
        return [list(self.library.low), list(self.library.low), list(self.library.high)]

    def create_execution_context(self) -> Any:
        if self.library.capturable is None:
            return PlayedContext(self.library, self.log)
        return AskableContext(self.library, self.log)


class PlayedContext:
    def __init__(self, library: PlayedLibrary, log: Any) -> None:
        self.library, self.log = library, log
        self.shape: tuple[int, ...] = ()
        self.address: dict[str, int] = {}

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self.shape = tuple(shape)
        return True

    def infer_shapes(self) -> list[str]:
        return []

    def get_tensor_shape(self, name: str) -> list[int]:
        return [self.shape[0], self.library.outputs]

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.address[name] = address
        return True

    def execute_async_v3(self, stream: int) -> bool:
        device, shape, library = self.library.device, self.shape, self.library
        assert stream == device.stream
        if not library.runs:
            self.log.log("error", "out of memory")
            return False

        def work() -> None:
            count = int(np.prod(shape))
            record_NTC = device.memory[self.address["record"]].view(np.float32)[:count]
            mean_NC = record_NTC.reshape(shape).mean(1)[:, : library.outputs]
            answer = (library.gain * mean_NC).astype(np.float32).reshape(-1)
            device.memory[self.address["logits"]].view(np.float32)[: answer.size] = answer

        device.queue("run", work)
        return True


class AskableContext(PlayedContext):
    def is_stream_capturable(self, stream: int) -> bool:
        return bool(self.library.capturable)


def write_played(onnx: Path, path: Path | None = None, **changes: Any) -> Path:
    """`x.engine` and its side file for `x.onnx`, as the export writes them; changes to its table.

    Keys that are options go into the options.
    """
    path = path or onnx.with_suffix(".engine")
    library: Any = PlayedLibrary(PlayedDevice())
    names = {field.name for field in dataclasses.fields(Options)}
    options = Options(**{key: changes.pop(key) for key in names & set(changes)})
    about = describe(library, onnx.read_bytes(), PLAN, options, 1.0)
    about |= {"gpu": GPU.name, "driver": GPU.driver, "built_for": [86], **changes}
    path.write_bytes(PLAN)
    side_path(path).write_bytes(to_tensorrt.side_file(read_card(onnx), about))
    return path


def edit_side(path: Path, **changes: Any) -> None:
    """Change the engine's table in a side file; None removes a key."""
    side = json.loads(side_path(path).read_text())
    for key, value in changes.items():
        if value is None:
            del side["engine"][key]
        else:
            side["engine"][key] = value
    side_path(path).write_bytes(resealed(json.dumps(side).encode()))


def resealed(side: bytes) -> bytes:
    """A changed side file with a seal that holds."""
    return sealed(side)
