"""The CUDA calls of an engine: which, with what, and what a refusal says."""

from __future__ import annotations

import sys
import types
from enum import Enum
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import EngineError, MissingDependencyError
from edgehuman.runtime.engine import cuda as cuda_device
from edgehuman.runtime.engine.cuda import CudaDevice, load_runtime


class Status(Enum):
    cudaSuccess = 0
    cudaErrorMemoryAllocation = 2


class PlayedRuntime:
    """`cuda.bindings.runtime` with host memory; every call is kept with its arguments."""

    cudaError_t = Status
    cudaStreamNonBlocking = 1
    cudaMemcpyKind = types.SimpleNamespace(
        cudaMemcpyHostToDevice="in", cudaMemcpyDeviceToHost="out"
    )
    cudaStreamCaptureMode = types.SimpleNamespace(cudaStreamCaptureModeThreadLocal="local")
    gives = {  # noqa: RUF012 - a table of this class alone
        "cudaStreamCreateWithFlags": 9,
        "cudaMalloc": 64,
        "cudaStreamEndCapture": "recorded",
        "cudaGraphInstantiate": "graph",
    }

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.refused = ""
        self.pinned: list[np.ndarray[Any, Any]] = []

    def cudaGetErrorString(self, status: Status) -> tuple[Status, bytes]:
        return Status.cudaSuccess, b"out of memory"

    def cudaHostAlloc(self, size: int, flags: int) -> tuple[Status, int]:
        self.pinned.append(np.arange(size, dtype=np.uint8))
        return Status.cudaSuccess, self.pinned[-1].ctypes.data

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> tuple[Any, ...]:
            self.calls.append((name, *arguments))
            if name == self.refused:
                return (Status.cudaErrorMemoryAllocation, None)
            given = self.gives.get(name)
            return (Status.cudaSuccess,) if given is None else (Status.cudaSuccess, given)

        return call


@pytest.fixture
def runtime() -> PlayedRuntime:
    return PlayedRuntime()


def test_the_calls_of_one_recorded_run(runtime: PlayedRuntime) -> None:
    device = CudaDevice(runtime)
    address, host = device.allocate(4), device.pin(4)
    assert (device.stream, address, host.tolist()) == (9, 64, [0, 1, 2, 3])
    device.begin_capture()
    device.copy_in(address, host)
    device.copy_out(host[:2], address)
    graph = device.end_capture()
    device.launch(graph)
    device.synchronise()
    device.drop(graph)
    device.close()
    at = host.ctypes.data
    assert runtime.calls == [
        ("cudaStreamCreateWithFlags", 1),
        ("cudaMalloc", 4),
        ("cudaStreamBeginCapture", 9, "local"),
        ("cudaMemcpyAsync", 64, at, 4, "in", 9),
        ("cudaMemcpyAsync", at, 64, 2, "out", 9),
        ("cudaStreamEndCapture", 9),
        ("cudaGraphInstantiate", "recorded", 0),
        ("cudaGraphDestroy", "recorded"),
        ("cudaGraphLaunch", "graph", 9),
        ("cudaStreamSynchronize", 9),
        ("cudaGraphExecDestroy", "graph"),
        ("cudaFree", 64),
        ("cudaFreeHost", at),
        ("cudaStreamDestroy", 9),
    ]


def test_a_refusal_names_the_call_and_the_reason(runtime: PlayedRuntime) -> None:
    device = CudaDevice(runtime)
    runtime.refused = "cudaMalloc"
    with pytest.raises(
        EngineError, match="cudaMalloc failed with cudaErrorMemoryAllocation: out of memory"
    ):
        device.allocate(1 << 40)


def test_a_missing_cuda_python_is_the_line_for_this_driver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("cuda", "cuda.bindings", "cuda.bindings.runtime", "cuda.cudart"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingDependencyError, match=r"run: pip install 'cuda-python>=12,<13'"):
        load_runtime(12060)


def test_bindings_newer_than_the_driver_are_told_before_they_fail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cuda.bindings.runtime", types.ModuleType("runtime"))
    monkeypatch.setattr(cuda_device, "bindings_version", lambda: "13.0.2")
    with pytest.raises(
        MissingDependencyError,
        match=r"cuda-python 13\.0\.2 is newer than .* run: pip install 'cuda-python>=12,<13'",
    ):
        load_runtime(12060)
    assert load_runtime(13000).__name__ == "runtime"


@pytest.fixture
def bindings() -> Any:
    return pytest.importorskip("cuda.bindings.runtime", reason="cuda-python is not installed")


def test_the_real_bindings_have_what_is_called(bindings: Any, runtime: PlayedRuntime) -> None:
    test_the_calls_of_one_recorded_run(runtime)
    called = {name for name, *_ in runtime.calls} | {"cudaHostAlloc", "cudaGetErrorString"}
    assert [name for name in sorted(called) if not hasattr(bindings, name)] == []
    assert bindings.cudaMemcpyKind.cudaMemcpyHostToDevice
    assert bindings.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal


def test_the_real_bindings_without_a_driver(bindings: Any) -> None:
    if bindings.cudaGetDeviceCount()[0] == bindings.cudaError_t.cudaSuccess:
        pytest.skip("this machine has a GPU")
    with pytest.raises(EngineError, match="cudaStreamCreateWithFlags failed with cudaError"):
        CudaDevice(bindings)
