"""One network exported for real in one format and precision, and what was measured.

    cell = measure_cell("imuconv_288k", "TensorRT-RTX", "fp16", "simulated")

Without a checkpoint the weights are seeded random numbers: parity, size and time depend on the
graph alone.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from edgehuman import catalogue
from edgehuman.bench.contestants import NotMeasured, entries_of, open_contestant
from edgehuman.bench.latency import measure
from edgehuman.errors import (
    EdgehumanError,
    EngineError,
    MissingDependencyError,
    ParityError,
    UsageError,
)
from edgehuman.runtime.engine.build_on_device import find_gpu

Status = Literal["done", "refused", "failed", "not measured", "not run"]
PRECISIONS = ("fp32", "fp16", "int8")
# The page's name of a format -> the options of `edgehuman export`.
FORMATS: Mapping[str, Mapping[str, Any]] = {
    "ONNX": {"format": "onnx"},
    "TensorRT-RTX": {"format": "tensorrt", "engine": "tensorrt-rtx", "capability": (86,)},
    "TensorRT": {"format": "tensorrt", "engine": "tensorrt"},
    "torch-TensorRT": {"format": "torch-tensorrt"},
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One export.

    Attributes:
        arch, format, precision: what was exported, and to what.
        status: how it ended (refused: it did not pass the export's gate); reason: why it is not
            done.
        parity: what the export's gate measured of the graph.
        metric: name of the task metric; metric_value: that of the graph, 0..1; metric_drop: points
            lost against the network.
        bytes: size of the artefact.
        latency_ms: median of one sample on onnxruntime, one thread, and that of the FP32 graph,
            timed in turns. Empty for engines; `latency` says why.
        took_s, cpu_s: wall time of the export, and processor time of this process.
        float_layers: number of layers of an INT8 graph that stay in float.
    """

    arch: str
    format: str
    precision: str
    status: Status
    reason: str = ""
    parity: Mapping[str, float] = field(default_factory=dict)
    bytes: int = 0
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    latency: str = ""
    took_s: float = 0.0
    cpu_s: float = 0.0
    float_layers: int = 0
    metric: str = ""
    metric_value: float = 0.0
    metric_drop: float = 0.0


def networks(only: Sequence[str] = (), largest_params: float = math.inf) -> list[str]:
    """Catalogued networks whose name begins with one of the words (default: all), cheapest first.

    Args:
        largest_params: leave out networks with more parameters.

    Raises:
        UsageError: no name begins with a word.
    """
    for word in only:
        if not any(name.startswith(word) for name in catalogue.NETWORKS):
            names = ", ".join(catalogue.NETWORKS)
            raise UsageError(
                f"--only is {word!r}, but no network begins with it; choose from {names}"
            )
    chosen = [
        name
        for name, row in catalogue.NETWORKS.items()
        if row.params <= largest_params and name.startswith(tuple(only) or "")
    ]
    return sorted(chosen, key=lambda name: catalogue.NETWORKS[name].flops)


def measure_cell(
    arch: str,
    format: str,
    precision: str,
    data: str,
    seed: int = 0,
    checkpoint: Path | None = None,
) -> Cell:
    """Export into a temporary folder and measure; a failure gives a cell too.

    The last network's trace is kept: it takes most of an export, and all formats and precisions
    of a network share it.

    Args:
        arch: a catalogued network, or the page's name for the checkpoint.
        checkpoint: folder of the weights; None: random weights.
    """
    from edgehuman.export.export import ExportConfig, export
    from edgehuman.export.words import SUFFIX

    words = FORMATS[format]
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory(prefix="edgehuman-formats-") as folder:
        out = Path(folder) / f"network{SUFFIX[words['format']]}"
        what = arch if checkpoint is None else str(checkpoint)
        asked: dict[str, Any] = {"precision": precision, "data": data, "seed": seed, "out": out}
        try:
            said: Any = export(ExportConfig(what, **asked, **words), _kept_trace).data
        except EdgehumanError as error:
            return Cell(arch, format, precision, _status(error, format), _short(error))
        except Exception as error:  # a bug costs its own cell, not the page
            return Cell(
                arch, format, precision, "failed", f"{type(error).__name__}: {_short(error)}"
            )
        took_s, cpu_s = time.perf_counter() - start_s, time.process_time() - start_cpu_s
        latency_ms, latency = _latency(said, words["format"], out)
    return Cell(
        arch,
        format,
        precision,
        "done",
        parity=said["parity"],
        bytes=said["bytes"],
        latency_ms=latency_ms,
        latency=latency,
        took_s=round(took_s, 1),
        cpu_s=round(cpu_s, 1),
        float_layers=len(said["float_layers"]) if precision == "int8" else 0,
        metric=said["metric"],
        metric_value=said["metric_value"],
        metric_drop=said["metric_drop"],
    )


def _kept_trace(network: Any, card: Any) -> Any:
    """`to_onnx`, unless the last network had the same weights and card: then its trace again."""
    from edgehuman.export.graph.trace import to_onnx, weights_sha256

    key = (card.to_json(), weights_sha256(network))
    if key not in _LAST_TRACE:
        _LAST_TRACE.clear()
        _LAST_TRACE[key] = to_onnx(network, card)
    return _LAST_TRACE[key]


_LAST_TRACE: dict[Any, Any] = {}


def _status(error: EdgehumanError, format: str) -> Status:
    if isinstance(error, ParityError):
        return "refused"
    return "not measured" if _is_absent(error, format) else "failed"


def _is_absent(error: EdgehumanError, format: str) -> bool:
    """Whether an export ended because this machine or format lacks something, not by a fault."""
    if isinstance(error, EngineError):
        return find_gpu() is None
    # Only torch-TensorRT is asked for a precision that it does not have.
    refused = isinstance(error, UsageError) and format == "torch-TensorRT"
    return refused or isinstance(error, MissingDependencyError)


def _latency(said: Any, format: str, path: Path) -> tuple[dict[str, float], str]:
    """Latency of a graph, as the export measured it; that of an engine needs a GPU here."""
    if said["latency_ms"]:
        return dict(said["latency_ms"]), ""
    if find_gpu() is None:
        return {}, "not measured: no GPU here"
    if format != "tensorrt":
        return {}, "not measured: `edgehuman bench` cannot open a .pt2 file"
    onnx_path = str(path.with_suffix(".onnx"))
    [entry] = entries_of(onnx_path, ("tensorrt",), 1, 0, path.parent)
    sample = entry.noise(64)
    try:
        [timing] = measure([open_contestant(entry, sample[:1])], sample)
    except NotMeasured as reason:
        return {}, f"not measured: {reason}"
    return {"engine": timing.p50_ms}, ""


def _short(error: BaseException) -> str:
    """The first line, short enough for a table."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return line if len(line) <= 200 else f"{line[:197]}..."
