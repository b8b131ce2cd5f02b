"""Graphs in memory on onnxruntime: run in batches, read inner tensors, compare latency."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from edgehuman.errors import ArtefactError
from edgehuman.records import Float32

_BATCH, _BATCH_BYTES = 64, 1 << 20
_WARM_UP, _FEWEST = 3, 10


def batch_of(array: NDArray[Any]) -> int:
    """Records per run: 64 of a few kilobytes; fewer pictures, whose activations are large."""
    bytes_each = max(1, array.nbytes // max(1, len(array)))
    return max(1, min(_BATCH, _BATCH_BYTES // bytes_each))


def open_session(model: onnx.ModelProto, threads: int = 1) -> onnxruntime.InferenceSession:
    """Open a graph on the CPU with this many intra-op threads.

    In an INT8 graph for TensorRT, quantised values are multiplied in float32, which is as exact as
    a GPU's integers: onnxruntime's kernels for int8 activations overflow on x86 without VNNI.

    Raises:
        ArtefactError: onnxruntime cannot run the graph.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if _has_signed_activations(model):
        options.add_session_config_entry("session.disable_quant_qdq", "1")
    try:
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's exceptions have no common base class
        raise ArtefactError(f"onnxruntime cannot run the graph: {error}") from None


def _has_signed_activations(model: onnx.ModelProto) -> bool:
    """Whether the graph quantises activations to int8, as only graphs for TensorRT do."""
    int8 = {
        each.name for each in model.graph.initializer if each.data_type == onnx.TensorProto.INT8
    }
    return any(
        node.op_type == "QuantizeLinear" and len(node.input) > 2 and node.input[2] in int8
        for node in model.graph.node
    )


def run(session: onnxruntime.InferenceSession, array: NDArray[Any]) -> Float32:
    """Run raw records (N, ...) in batches; the graph's first output (N, ...)."""
    name = session.get_inputs()[0].name
    batch = batch_of(array)
    parts = [
        session.run(None, {name: array[i : i + batch]})[0] for i in range(0, len(array), batch)
    ]
    return np.concatenate(parts)


def exposed(model: onnx.ModelProto, tensors: Iterable[str]) -> onnx.ModelProto:
    """A copy of the graph with these tensors as its outputs, in this order."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    known = {info.name: info for info in (*model.graph.value_info, *model.graph.output)}
    del copy.graph.output[:]
    copy.graph.output.extend(known.get(name) or onnx.ValueInfoProto(name=name) for name in tensors)
    return copy


def interleaved_ms(
    calls: Mapping[str, Callable[[], object]], seconds: float = 2.0, rounds: int = 60
) -> dict[str, float]:
    """Median milliseconds of each call, measured in turn so that system noise affects all equally:
    `rounds` times, or as often as fits into `seconds`, but at least ten times.
    """
    spent: dict[str, list[float]] = {name: [] for name in calls}
    begin = time.perf_counter()
    for turn in range(_WARM_UP + rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn >= _WARM_UP:
                spent[name].append((time.perf_counter() - start) * 1e3)
        if turn >= _WARM_UP + _FEWEST and time.perf_counter() - begin > seconds:
            break
    return {name: float(np.median(values)) for name, values in spent.items()}
