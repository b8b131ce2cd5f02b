"""The flags of `edgehuman export`, their rules, and the output path."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.card import Card
from edgehuman.errors import UsageError
from edgehuman.runtime.engine.build_on_device import BuildError, Options

_LARGE = 20_000_000
SUFFIX = {"onnx": ".onnx", "tensorrt": ".engine", "torch-tensorrt": ".pt2"}


@dataclass(frozen=True)
class ExportConfig:
    """Export a checkpoint to an ONNX or TensorRT file with its card and its parity inside."""

    checkpoint: Positional[str]
    """A checkpoint folder, a name from `edgehuman models` (with seeded random weights), or zoo:NAME
    or an .onnx file, for an engine; an FP32 one also for another precision."""
    format: Literal["onnx", "tensorrt", "torch-tensorrt"] = "onnx"
    """The format to write."""
    precision: Literal["fp32", "fp16", "int8", "auto"] = "fp32"
    """Precision of the graph. `auto` measures latency here and takes the fastest within budget."""
    data: str | None = None
    """A dataset's path, or `simulated`: checks parity, and calibrates INT8 (required for INT8)."""
    max_drop: float | None = None
    """Points of the task metric that INT8 may lose; layers stay in float until it is met. Default:
    0.5; of an embedding without labels 15: its metric is the share of neighbours that it keeps."""
    calibration: Literal["auto", "minmax", "percentile", "entropy"] = "auto"
    """Calibration method of INT8; `auto` keeps the closest of the three to the network
    whose task metric is not worse beyond its noise."""
    samples: int | None = None
    """Number of samples to calibrate INT8, and as many from other people to check it. Default: 512
    windows, or 128 pictures or walks; 256 or 32 for a network of over 20 M parameters."""
    out: Path | None = None
    """The file to write; by default NAME.onnx, .engine or .pt2 in the current folder."""
    replace: bool = False
    """Replace the file of --out even if it holds another model, such as one trained before."""
    name: str | None = None
    """The model's name in its card; by default the checkpoint's own."""
    threads: int = 1
    """Threads of onnxruntime when measuring latency."""
    threshold: float | None = None
    """The score under which an answer is `unknown`, -1 to 1; by default what training chose."""
    post: Literal["inside", "outside"] = "inside"
    """Of networks that find people: `inside`, the graph chooses the 300 best boxes, or 100 people
    or items; `outside`, it gives all points, for compilers that fail on TopK (TensorRT 10.3);
    edgehuman runs either."""
    explain: bool = False
    """Print the layer table: the error of each layer, and the first layer that diverges."""
    seed: int = 0
    """Seed of the random weights of a catalogue name, and of the choice of samples."""
    commercial: bool = False
    """Refuse a model if the licence of anything that taught it, or its teachers, forbids commercial
    use or is not known."""
    engine: Literal["tensorrt", "tensorrt-rtx"] | None = None
    """Which TensorRT: for servers and Jetson (the default), or for RTX PCs, which builds without
    a GPU."""
    capability: tuple[int, ...] = ()
    """Compute capabilities such as 86, to build for other GPUs (tensorrt-rtx)."""
    on_device: bool = False
    """Write a folder to build on a Jetson: ONNX, card and one script for JetPack's Python."""
    batch: tuple[int, int, int] = (1, 1, 16)
    """Smallest, optimal and largest batch of a TensorRT engine."""
    length: tuple[int, int, int] = (8, 32, 128)
    """Smallest, optimal and largest size of its other dynamic axis: frames of a sequence."""
    version_compatible: bool = False
    """Build an engine that also loads in later versions of TensorRT; it can be slower."""
    hardware: Literal["none", "ampere_plus", "same_compute_capability"] = "none"
    """Other GPUs that the engine also runs on; it can be slower."""
    dla: int | None = None
    """DLA core of a Jetson; layers that it does not support fall back to the GPU."""
    workspace_mib: int | None = None
    """Memory that the builder may use."""
    level: int | None = None
    """Optimisation level of the builder, 0 to 5."""
    timing_cache: Path | None = None
    """Timing cache to reuse; by default one per GPU and version in the user's cache."""


_OF_ENGINES = (
    "engine", "capability", "version_compatible", "hardware", "dla", "workspace_mib", "level",
    "timing_cache",
)  # fmt: skip
_SIZES = ("batch", "length")


def check(config: ExportConfig) -> None:
    """Check the flags before the work.

    Raises:
        UsageError: a value outside its range, or flags that contradict each other.
    """
    if config.precision == "int8" and config.data is None:
        raise UsageError(
            "--precision int8 needs --data to calibrate with; there is no default, as "
            "unsuitable data silently ruins the model. Give a dataset's path, or `simulated`"
        )
    _require_ranges(config)
    if config.format != "onnx" and config.precision == "auto":
        raise UsageError(
            "--precision auto measures latency on onnxruntime, but --format is "
            f"{config.format}; choose fp32, fp16 or int8"
        )
    if config.format == "torch-tensorrt" and config.precision == "int8":
        raise UsageError(
            "torch-tensorrt supports fp32 and fp16 here; for int8 use --format tensorrt"
        )
    if config.on_device and config.format != "tensorrt":
        raise UsageError(f"--on-device needs --format tensorrt (got {config.format})")
    if config.on_device and config.out is not None and config.out.suffix in SUFFIX.values():
        raise UsageError(
            f"--out is {config.out}, but --on-device writes a folder; give a folder name such as "
            f"{config.out.stem}-on-device"
        )
    _require_sense(config)
    options(config)


def _require_ranges(config: ExportConfig) -> None:
    cores = os.cpu_count() or 1
    for flag, value, least, most in (
        ("--threshold", 0 if config.threshold is None else config.threshold, -1, 1),
        ("--max-drop", 0 if config.max_drop is None else config.max_drop, 0, math.inf),
        ("--samples", 16 if config.samples is None else config.samples, 16, math.inf),
        ("--threads", config.threads, 1, cores),
        ("--seed", config.seed, 0, (1 << 63) - 1),
    ):
        if not value >= least:
            raise UsageError(f"{flag} must be at least {least} (got {value})")
        if value > most:
            here = ", the number of cores" if flag == "--threads" else ""
            raise UsageError(f"{flag} must be at most {most}{here} (got {value})")


def _require_sense(config: ExportConfig) -> None:
    """Raise UsageError for a flag that would have no effect."""
    is_rtx = config.engine == "tensorrt-rtx"
    for applies, names, rule in (
        (
            config.format == "onnx",
            (*_OF_ENGINES, *_SIZES),
            "applies to engines, but --format is onnx; add --format tensorrt",
        ),
        (
            config.format == "torch-tensorrt",
            _OF_ENGINES,
            "applies to --format tensorrt; torch-tensorrt takes only --batch and --length",
        ),
        (
            config.format == "torch-tensorrt",
            ("explain",),
            "needs a graph, but a compiled program cannot be inspected; use --format onnx",
        ),
        (
            not is_rtx,
            ("capability",),
            "applies to tensorrt-rtx; tensorrt builds for the GPU that it runs on; add "
            "--engine tensorrt-rtx",
        ),
        (is_rtx, ("dla",), "is for Jetson, which tensorrt-rtx does not support"),
        (
            is_rtx,
            ("version_compatible",),
            "embeds the lean runtime, which tensorrt-rtx does not have",
        ),
        (
            is_rtx,
            ("timing_cache",),
            "applies to tensorrt; tensorrt-rtx compiles when an engine is loaded, without timings",
        ),
        (
            config.on_device,
            ("timing_cache",),
            "applies to this machine; the script of a bundle keeps its own cache on the device",
        ),
    ):
        given = _given(config, names) if applies else []
        if given:
            raise UsageError(f"{given[0]} {rule}, or remove {given[0]}")


def _given(config: ExportConfig, names: Sequence[str]) -> list[str]:
    """The flags of these fields whose values differ from their defaults."""
    default = {field.name: field.default for field in dataclasses.fields(config)}
    changed = [name for name in names if getattr(config, name) != default[name]]
    return [f"--{name.replace('_', '-')}" for name in changed]


def num_samples(config: ExportConfig, card: Card) -> int:
    """Number of samples to calibrate INT8: fewer for a large network, to finish within a minute,
    and for pictures and walks, which each give a thousand positions.
    """
    if config.samples is not None:
        return config.samples
    usual, of_large = _record(card).calibrate
    return of_large if card.params > _LARGE else usual


def num_judges(card: Card) -> int:
    """Number of samples to check a float graph: rounding shows on few as well as on many."""
    usual, of_large = _record(card).judge
    return of_large if card.params > _LARGE else usual


def _record(card: Card) -> catalogue.Record:
    row: catalogue.Record = catalogue.find(catalogue.RECORDS, "record", card.input.record)
    return row


def options(config: ExportConfig) -> Options:
    """The options of the TensorRT builder.

    Raises:
        UsageError: sizes that are not in ascending order, or a value outside its range.
    """
    try:
        return Options(
            config.batch,
            config.length,
            config.capability,
            config.version_compatible,
            config.hardware,
            config.dla,
            config.workspace_mib,
            config.level,
        )
    except BuildError as error:
        raise UsageError(f"--{str(error).replace('_', '-', 1)}") from None


def out_path(config: ExportConfig, card: Card) -> Path:
    """The output path: a file, or with `--on-device` a folder.

    Raises:
        UsageError: a suffix that `edgehuman run` does not recognise.
    """
    stem = card.name.replace(" ", "-")
    if config.on_device:
        return config.out or Path(f"{stem}-on-device")
    suffix = SUFFIX[config.format]
    if config.out is None:
        return Path(f"{stem}{suffix}")
    if config.out.suffix != suffix:
        raise UsageError(
            f"--out must end in {suffix} for --format {config.format} (got {config.out}); "
            "`edgehuman run` recognises files by it"
        )
    return config.out
