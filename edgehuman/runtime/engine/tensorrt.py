"""Run a TensorRT engine without torch: `tensorrt` or `tensorrt_rtx`, and cuda-python.

    engine = open_tensorrt(Path("activity.engine"), EngineRequest())
    logits_NC = engine.run(imu_NTC)

Page-locked buffers of the profile's largest size are allocated once. From the second run of a shape
on, copy in, network and copy out are one recorded CUDA graph, launched with one call.

The test machines have no GPU. Real plans were built (tensorrt_rtx builds on a CPU) and given to the
real library, which refuses them there; buffers, shapes and graphs were tested with a fake device
and library in memory. It was never run on a GPU.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import ArtefactError, EngineError
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.engine.cuda import CudaDevice, Device, load_runtime
from edgehuman.runtime.engine.onnx import BOX_VALUES
from edgehuman.runtime.engine.open import EngineRequest
from edgehuman.runtime.engine.plan_file import (
    LIBRARIES,
    EngineFile,
    read_engine,
    require_fit,
    require_machine,
)
from edgehuman.runtime.engine.tensorrt_library import (
    deserialise,
    load_library,
    make_log,
    tensor_names,
)

Shape = tuple[int, ...]


def open_tensorrt(path: Path, request: EngineRequest) -> TensorRtEngine:
    """Check that an engine fits this machine, and open it.

    Raises:
        ArtefactError: no such file, or a plan that does not match its card.
        SignatureError: a signature is required, and there is none that holds.
        EngineMismatchError: it does not fit this machine; rebuilding it fixes that.
        EngineError: no GPU, or a CUDA call failed.
        MissingDependencyError: TensorRT or cuda-python is not installed.
    """
    file = read_engine(path, request.trust)
    wanted = LIBRARIES.get(request.name, file.library)
    gpu = require_machine(path)
    trt = load_library(wanted, file.version if wanted == file.library else None)
    for remark in require_fit(file, wanted, trt.__version__, gpu):
        request.notify(remark)
    return TensorRtEngine(file, trt, CudaDevice(load_runtime(gpu.driver)))


@dataclass(frozen=True, slots=True)
class _Output:
    """An output tensor and its address on the GPU."""

    name: str
    dtype: np.dtype[Any]
    address: int


class TensorRtEngine:
    """A plan in memory, its buffers, and the recorded graph of the last shape.

    Args:
        file: the engine, checked to fit this machine.
        trt: the module that built it.
        device: the GPU; closed with this object.

    Raises:
        ArtefactError: a plan that does not match its card.
        EngineMismatchError: TensorRT refused the plan.
        EngineError: a buffer could not be allocated.
    """

    def __init__(self, file: EngineFile, trt: Any, device: Device) -> None:
        self.card = file.card
        self.path = file.path
        self._file = replace(file, plan=b"")  # as large as the network; it is read only here
        self._device = device
        self._close = weakref.finalize(self, device.close)
        self._log = make_log(trt)
        self._version = trt.__version__
        self._runtime, self._engine = deserialise(file, trt, self._log)
        self._context = self._engine.create_execution_context()
        if self._context is None:
            raise EngineError(f"{file.path}: cannot allocate GPU memory: {self._log.last}")
        self._input, names = tensor_names(self._engine, trt, file.path)
        low, _, high = self._engine.get_tensor_profile_shape(self._input, 0)
        self._low, self._high = tuple(low), tuple(high)
        self._dtype = np.dtype(trt.nptype(self._engine.get_tensor_dtype(self._input)))
        self._require_card()
        self._make_buffers(trt, names)
        self._lock = threading.Lock()
        self._graph: Any = None
        self._no_graph = ""

    def run(self, array: NDArray[Any]) -> Float32:
        """Run a batch of raw records (N, ...) in the card's dtype; the first output (N, ...).

        A batch larger than the profile's largest runs in equal parts.

        Raises:
            EngineError: a shape outside the profile, or a CUDA call failed.
        """
        parts = ceil(len(array) / self._high[0])
        with self._lock:
            if parts <= 1:
                return self._run(array)
            return np.concatenate([self._run(part) for part in np.array_split(array, parts)])

    def describe(self) -> Mapping[str, Any]:
        """Engine, version, compute capabilities, profile, and whether a CUDA graph is in use."""
        return {
            "engine": self._file.library.replace("_", "-"),
            "version": self._version,
            "built_for": list(self._file.built_for),
            "smallest": list(self._low),
            "largest": list(self._high),
            "cuda_graph": self._graph is not None,
            "no_cuda_graph": self._no_graph,
            "path": str(self.path),
        }

    def close(self) -> None:
        """Free the GPU memory; the engine cannot run afterwards."""
        self._close()

    def _require_card(self) -> None:
        spec = self.card.input
        axes = zip(self._low[1:], self._high[1:], spec.shape, strict=False)
        fits = len(self._high) == 1 + len(spec.shape) and all(
            size == 0 or low <= size <= high for low, high, size in axes
        )
        if not fits or self._dtype != np.dtype(spec.dtype):
            raise ArtefactError(
                f"{self.path}: its plan takes {self._dtype} {self._low} to {self._high}, but its "
                f"card says {spec.dtype} (N, {', '.join(map(str, spec.shape))}); export the model "
                "again"
            )

    def _make_buffers(self, trt: Any, names: list[str]) -> None:
        """Allocate buffers for the largest input and its outputs, and pass them to TensorRT."""
        self._set_shape(self._high)
        size = prod(self._high) * self._dtype.itemsize
        self._host_in, self._device_in = self._device.pin(size), self._device.allocate(size)
        self._context.set_tensor_address(self._input, self._device_in)
        self._outputs = []
        for name in names:
            dtype = np.dtype(trt.nptype(self._engine.get_tensor_dtype(name)))
            size = prod(self._shape_of(name)) * dtype.itemsize
            address = self._device.allocate(size)
            self._context.set_tensor_address(name, address)
            self._outputs.append(_Output(name, dtype, address))
        first = self._outputs[0]
        shape = self._shape_of(first.name)
        labels = self.card.output.columns
        if self.card.output.kind == "classes" and shape[-1] != labels:
            raise ArtefactError(
                f"{self.path}: its plan outputs {shape}, but its card has {labels} labels; "
                "export the model again"
            )
        if self.card.output.kind == "boxes" and (len(shape) != 3 or shape[-1] != BOX_VALUES):
            raise ArtefactError(
                f"{self.path}: its plan outputs {shape}, but boxes are (N, rows, {BOX_VALUES}); "
                "export the model again"
            )
        self._host_out = self._device.pin(prod(shape) * first.dtype.itemsize)
        self._shape: Shape = ()

    def _shape_of(self, name: str) -> Shape:
        shape = tuple(self._context.get_tensor_shape(name))
        if min(shape, default=1) < 0:
            raise ArtefactError(
                f"{self.path}: the size of its output {name} {shape} depends on the data, "
                "so no buffer can be allocated; export the model again"
            )
        return shape

    def _run(self, array: NDArray[Any]) -> Float32:
        first = self._outputs[0]
        if array.shape != self._shape:
            self._change_shape(array.shape)
            enqueue = self._enqueue
        else:
            # The first run of a shape also does work that TensorRT must not do during a capture.
            enqueue = self._enqueue_graph
        _as(self._host_in, array.shape, self._dtype)[...] = array
        enqueue()
        self._device.synchronise()
        answer: Float32 = _as(self._host_out, self._answer_shape, first.dtype).astype(np.float32)
        return answer

    def _change_shape(self, shape: Shape) -> None:
        """Switch to another shape, and drop the graph of the old one."""
        fits = len(shape) == len(self._low) and all(
            low <= size <= high
            for low, size, high in zip(self._low, shape, self._high, strict=True)
        )
        if not fits:
            raise EngineError(
                f"found a batch of shape {shape}, but {self.path.name} was built for "
                f"{self._low} to {self._high}. Export it again with --batch and --length, or run "
                f"{self.path.with_suffix('.onnx')}"
            )
        self._shape = ()
        if self._graph is not None:
            graph, self._graph = self._graph, None
            self._device.drop(graph)
        self._set_shape(shape)
        self._answer_shape = self._shape_of(self._outputs[0].name)
        self._shape = shape

    def _set_shape(self, shape: Shape) -> None:
        if not self._context.set_input_shape(self._input, shape) or self._context.infer_shapes():
            raise EngineError(f"TensorRT refused {shape} for {self.path.name}: {self._log.last}")

    def _enqueue(self) -> None:
        """Queue copy in, network and copy out, without waiting."""
        first = self._outputs[0]
        size_in = prod(self._shape) * self._dtype.itemsize
        size_out = prod(self._answer_shape) * first.dtype.itemsize
        self._device.copy_in(self._device_in, self._host_in[:size_in])
        if not self._context.execute_async_v3(self._device.stream):
            raise EngineError(f"{self.path.name} did not run: {self._log.last}")
        self._device.copy_out(self._host_out[:size_out], first.address)

    def _enqueue_graph(self) -> None:
        """The same as one graph launch; record the graph first if needed."""
        if self._graph is None and not self._no_graph:
            self._capture()
        if self._graph is None:
            self._enqueue()
        else:
            self._device.launch(self._graph)

    def _capture(self) -> None:
        """Record the graph; an engine that cannot be recorded runs without one."""
        # tensorrt_rtx must be asked first; tensorrt 10 has no such call.
        may = getattr(self._context, "is_stream_capturable", lambda stream: True)
        if not may(self._device.stream):
            self._no_graph = "TensorRT cannot record this engine"
            return
        try:
            self._device.begin_capture()
            try:
                self._enqueue()
            finally:
                graph = self._device.end_capture()
            self._graph = graph
        except EngineError as error:
            self._no_graph = f"the recording failed: {error}"


def _as(buffer: Uint8, shape: Shape, dtype: np.dtype[Any]) -> NDArray[Any]:
    """View the beginning of a buffer as an array."""
    return buffer[: prod(shape) * dtype.itemsize].view(dtype).reshape(shape)
