"""The few CUDA calls that an engine needs, behind one interface: memory, copies, a stream, a graph.

`CudaDevice` calls `cuda.bindings.runtime` (cuda-python). Its calls and arguments were checked
against that module, and its errors on a machine without a driver; it was never run on a GPU. Code
above the interface is tested with a fake device in memory.
"""

from __future__ import annotations

import ctypes
import importlib
from importlib import metadata
from typing import Any, Protocol

import numpy as np

from edgehuman.errors import EngineError, MissingDependencyError
from edgehuman.records import Uint8


class Device(Protocol):
    """One stream of one GPU. Addresses are integers; every failure raises EngineError."""

    @property
    def stream(self) -> int:
        """The stream's handle, for `execute_async_v3`."""

    def allocate(self, num_bytes: int) -> int:
        """Allocate GPU memory; return its address."""

    def pin(self, num_bytes: int) -> Uint8:
        """Allocate page-locked host memory, which the GPU copies from and to directly."""

    def copy_in(self, address: int, host: Uint8) -> None:
        """Queue a copy from the host to the GPU."""

    def copy_out(self, host: Uint8, address: int) -> None:
        """Queue a copy from the GPU to the host."""

    def synchronise(self) -> None:
        """Wait until all queued work is done."""

    def begin_capture(self) -> None:
        """Start recording: queued calls are recorded instead of run."""

    def end_capture(self) -> Any:
        """Stop recording; return the graph, ready to launch."""

    def launch(self, graph: Any) -> None:
        """Queue a whole recorded graph with one call."""

    def drop(self, graph: Any) -> None:
        """Destroy a graph."""

    def close(self) -> None:
        """Free everything; nothing can be called afterwards."""


def load_runtime(driver: int) -> Any:
    """Import `cuda.bindings.runtime`, or `cuda.cudart` (its name in cuda-python before 12.6).

    Args:
        driver: the driver's CUDA version, such as 12060; it must not be older than the bindings.

    Raises:
        MissingDependencyError: cuda-python is not installed, or is newer than the driver.
    """
    major = driver // 1000
    cure = (
        f"pip install 'cuda-python>={major},<{major + 1}' (the driver here supports CUDA {major})"
    )
    for name in ("cuda.bindings.runtime", "cuda.cudart"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        built = bindings_version()
        if built and int(built.split(".")[0]) > major:
            raise MissingDependencyError(
                f"cuda-python {built} is newer than the driver, which supports CUDA {major}; run: "
                f"{cure}, or update the driver"
            )
        return module
    raise MissingDependencyError(
        f"running a TensorRT engine needs cuda-python, which is not installed here; run: {cure}"
    )


def bindings_version() -> str:
    """Version of the installed CUDA bindings; empty if their metadata is missing."""
    for distribution in ("cuda-bindings", "cuda-python"):
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return ""


class CudaDevice:
    """The first GPU of CUDA.

    Args:
        runtime: the module from `load_runtime`.

    Raises:
        EngineError: a CUDA call failed; the message has its name, its error code and CUDA's text.
    """

    def __init__(self, runtime: Any) -> None:
        self._cuda = runtime
        self._memory: list[int] = []
        self._pinned: list[int] = []
        self._graphs: list[Any] = []
        self._stream = self._call("cudaStreamCreateWithFlags", runtime.cudaStreamNonBlocking)
        self.stream = int(self._stream)

    def allocate(self, num_bytes: int) -> int:
        """See `Device`."""
        address = int(self._call("cudaMalloc", num_bytes))
        self._memory.append(address)
        return address

    def pin(self, num_bytes: int) -> Uint8:
        """See `Device`."""
        address = int(self._call("cudaHostAlloc", num_bytes, 0))
        self._pinned.append(address)
        return np.ctypeslib.as_array((ctypes.c_uint8 * num_bytes).from_address(address))

    def copy_in(self, address: int, host: Uint8) -> None:
        """See `Device`."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._call("cudaMemcpyAsync", address, host.ctypes.data, host.nbytes, kind, self._stream)

    def copy_out(self, host: Uint8, address: int) -> None:
        """See `Device`."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self._call("cudaMemcpyAsync", host.ctypes.data, address, host.nbytes, kind, self._stream)

    def synchronise(self) -> None:
        """See `Device`."""
        self._call("cudaStreamSynchronize", self._stream)

    def begin_capture(self) -> None:
        """See `Device`."""
        # Record this thread only: another engine may be loading meanwhile.
        mode = self._cuda.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        self._call("cudaStreamBeginCapture", self._stream, mode)

    def end_capture(self) -> Any:
        """See `Device`."""
        recorded = self._call("cudaStreamEndCapture", self._stream)
        try:
            graph = self._call("cudaGraphInstantiate", recorded, 0)
        finally:
            self._call("cudaGraphDestroy", recorded)
        self._graphs.append(graph)
        return graph

    def launch(self, graph: Any) -> None:
        """See `Device`."""
        self._call("cudaGraphLaunch", graph, self._stream)

    def drop(self, graph: Any) -> None:
        """See `Device`."""
        self._graphs.remove(graph)
        self._call("cudaGraphExecDestroy", graph)

    def close(self) -> None:
        """See `Device`. Errors are ignored: at exit the driver may already have shut down and freed
        everything.
        """
        cuda = self._cuda
        for graph in self._graphs:
            cuda.cudaGraphExecDestroy(graph)
        for address in self._memory:
            cuda.cudaFree(address)
        for address in self._pinned:
            cuda.cudaFreeHost(address)
        cuda.cudaStreamDestroy(self._stream)
        self._graphs, self._memory, self._pinned = [], [], []

    def _call(self, name: str, *arguments: Any) -> Any:
        """Make a CUDA call; cuda-python returns a tuple of the error and the value."""
        status, *values = getattr(self._cuda, name)(*arguments)
        if status != self._cuda.cudaError_t.cudaSuccess:
            said = self._cuda.cudaGetErrorString(status)[1].decode()
            raise EngineError(
                f"{name} failed with {status.name}: {said}. `edgehuman doctor` shows what this "
                "machine has; --engine onnxruntime-cpu runs on the CPU"
            )
        return values[0] if values else None
