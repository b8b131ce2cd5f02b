"""What may be asked of `edgehuman export`: its flags, their rules, and where the result goes."""

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
    """A checkpoint to an ONNX or TensorRT file that carries its card and its proof of parity."""

    checkpoint: Positional[str]
    """A checkpoint folder, or a name from `edgehuman models` (with seeded random weights)."""
    format: Literal["onnx", "tensorrt", "torch-tensorrt"] = "onnx"
    """What to write."""
    precision: Literal["fp32", "fp16", "int8", "auto"] = "fp32"
    """Of the numbers in the graph. `auto` measures here and refuses what is not faster."""
    data: str | None = None
    """A dataset's path, or `simulated`: judges every export, and calibrates INT8 (no default)."""
    max_drop: float = 0.5
    """Points of the task metric that INT8 may lose; layers are left in float until it holds."""
    calibration: Literal["auto", "minmax", "percentile", "entropy"] = "auto"
    """How INT8 ranges are taken; `auto` keeps the best of the three for the task metric."""
    samples: int | None = None
    """Samples that calibrate INT8, and as many of other people that judge it: 512 windows or 128
    pictures or walks; 256 or 32 for a network of over 20 M parameters."""
    out: Path | None = None
    """The file to write; by default NAME.onnx, .engine or .pt2 in this folder."""
    name: str | None = None
    """The model's name in its card; by default the checkpoint's own."""
    threads: int = 1
    """Threads of onnxruntime where latency is measured."""
    explain: bool = False
    """Print the layer table: how far each layer is from the network, and where they part."""
    seed: int = 0
    """Of the random weights of a catalogue name, and of the choice of samples."""
    engine: Literal["tensorrt", "tensorrt-rtx"] | None = None
    """Which TensorRT: of servers and Jetson (the default), or of RTX PCs, which builds without a
    GPU."""
    capability: tuple[int, ...] = ()
    """Compute capabilities such as 86, to build for GPUs that are not here (tensorrt-rtx)."""
    on_device: bool = False
    """Write a folder to build on a Jetson: ONNX, card and one script, for its own Python."""
    batch: tuple[int, int, int] = (1, 1, 16)
    """Smallest, best and largest batch of a TensorRT engine."""
    length: tuple[int, int, int] = (8, 32, 128)
    """The same of its other dynamic axis: frames of a sequence."""
    version_compatible: bool = False
    """The engine also loads in later versions of TensorRT; it can be slower."""
    hardware: Literal["none", "ampere_plus", "same_compute_capability"] = "none"
    """The GPUs beside the building one that the engine runs on; it can be slower."""
    dla: int | None = None
    """The DLA core of a Jetson; layers that it cannot take fall back to the GPU."""
    workspace_mib: int | None = None
    """Memory that the builder may try."""
    level: int | None = None
    """How hard the builder looks, 0 to 5."""
    timing_cache: Path | None = None
    """A file of timings to reuse; by default one per GPU and version in the user's cache."""


_OF_ENGINES = (
    "engine", "capability", "version_compatible", "hardware", "dla", "workspace_mib", "level",
    "timing_cache",
)  # fmt: skip
_SIZES = ("batch", "length")


def check(config: ExportConfig) -> None:
    """Everything that can be known to be wrong before the work.

    Raises:
        UsageError: a value outside its range, or words that contradict each other.
    """
    if config.precision == "int8" and config.data is None:
        raise UsageError(
            "--precision int8 needs --data: the records whose ranges it keeps. There is no "
            "default, as an unfitting set ruins the model in silence. Give a dataset's path, or "
            "`simulated`"
        )
    _require_ranges(config)
    if config.format != "onnx" and config.precision == "auto":
        raise UsageError(
            "--precision auto measures onnxruntime on this machine, and --format is "
            f"{config.format}; name a precision: fp32, fp16 or int8"
        )
    if config.format == "torch-tensorrt" and config.precision == "int8":
        raise UsageError("torch-tensorrt takes fp32 or fp16 here; for int8 use --format tensorrt")
    if config.on_device and config.format != "tensorrt":
        raise UsageError(f"--on-device goes with --format tensorrt, not {config.format}")
    if config.on_device and config.out is not None and config.out.suffix in SUFFIX.values():
        raise UsageError(
            f"--out is {config.out}, the name of a file, and --on-device writes a folder; give "
            f"the folder's name, such as {config.out.stem}-on-device"
        )
    _require_sense(config)
    options(config)


def _require_ranges(config: ExportConfig) -> None:
    cores = os.cpu_count() or 1
    for flag, value, least, most in (
        ("--max-drop", config.max_drop, 0, math.inf),
        ("--samples", 16 if config.samples is None else config.samples, 16, math.inf),
        ("--threads", config.threads, 1, cores),
        ("--seed", config.seed, 0, (1 << 63) - 1),
    ):
        if not value >= least:
            raise UsageError(f"{flag} is {value}; it must be at least {least}")
        if value > most:
            here = ", the cores of this machine" if flag == "--threads" else ""
            raise UsageError(f"{flag} is {value}; it must be at most {most}{here}")


def _require_sense(config: ExportConfig) -> None:
    """Raises UsageError for a flag that would be followed by nothing."""
    is_rtx = config.engine == "tensorrt-rtx"
    for applies, names, rule in (
        (
            config.format == "onnx",
            (*_OF_ENGINES, *_SIZES),
            "is of engines, and --format onnx writes a graph; add --format tensorrt",
        ),
        (
            config.format == "torch-tensorrt",
            _OF_ENGINES,
            "is of --format tensorrt, and torch-tensorrt takes --batch and --length alone",
        ),
        (
            config.format == "torch-tensorrt",
            ("explain",),
            "looks into a graph, and a compiled program is closed; use --format onnx",
        ),
        (
            not is_rtx,
            ("capability",),
            "is of tensorrt-rtx: tensorrt builds for the GPU that it runs on; add --engine "
            "tensorrt-rtx",
        ),
        (is_rtx, ("dla",), "is a part of a Jetson, which tensorrt-rtx does not run on"),
        (
            is_rtx,
            ("version_compatible",),
            "puts the lean runtime into an engine, and tensorrt-rtx has none",
        ),
        (
            is_rtx,
            ("timing_cache",),
            "is of tensorrt: tensorrt-rtx compiles when an engine is loaded, and times nothing",
        ),
        (
            config.on_device,
            ("timing_cache",),
            "is of this machine: the script of a bundle keeps the device's own beside it",
        ),
    ):
        given = _given(config, names) if applies else []
        if given:
            raise UsageError(f"{given[0]} {rule}, or leave {given[0]} out")


def _given(config: ExportConfig, names: Sequence[str]) -> list[str]:
    """The flags of these fields that differ from their defaults."""
    default = {field.name: field.default for field in dataclasses.fields(config)}
    changed = [name for name in names if getattr(config, name) != default[name]]
    return [f"--{name.replace('_', '-')}" for name in changed]


def num_samples(config: ExportConfig, card: Card) -> int:
    """How many samples calibrate INT8; a large network takes fewer, to be done within a minute, and
    a picture or a walk shows a thousand places at once.
    """
    if config.samples is not None:
        return config.samples
    usual, of_large = _record(card).calibrate
    return of_large if card.params > _LARGE else usual


def num_judges(card: Card) -> int:
    """How many samples judge a float graph: rounding shows on a few as on many."""
    usual, of_large = _record(card).judge
    return of_large if card.params > _LARGE else usual


def _record(card: Card) -> catalogue.Record:
    row: catalogue.Record = catalogue.find(catalogue.RECORDS, "record", card.input.record)
    return row


def options(config: ExportConfig) -> Options:
    """What the TensorRT builder is told.

    Raises:
        UsageError: sizes that are not in order.
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
    """Where the artefact goes: a file, or with `--on-device` a folder.

    Raises:
        UsageError: a suffix by which `edgehuman run` would not know the file.
    """
    stem = card.name.replace(" ", "-")
    if config.on_device:
        return config.out or Path(f"{stem}-on-device")
    suffix = SUFFIX[config.format]
    if config.out is None:
        return Path(f"{stem}{suffix}")
    if config.out.suffix != suffix:
        raise UsageError(
            f"--out is {config.out}; a file of format {config.format} ends in {suffix}, by which "
            "`edgehuman run` knows it"
        )
    return config.out
