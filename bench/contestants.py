"""What takes part in a benchmark: one model on one engine, as a call from records to outputs.

A torch network is built from the artefact's card (`arch`, number of classes) with seeded random
weights: an ONNX file holds no torch network, and time does not depend on the weights. So only
onnxruntime and TensorRT have a task metric. TensorRT runs the engine beside the ONNX file. PyTorch
is imported inside the functions that need it.
"""

from __future__ import annotations

import importlib.util
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman import catalogue
from edgehuman.card import IMU_INPUT, Card, InputSpec, OutputKind, OutputSpec
from edgehuman.errors import ArtefactError, MissingDependencyError, UsageError
from edgehuman.export.catalogued import export_random
from edgehuman.install import pip_line
from edgehuman.records import Float32
from edgehuman.runtime.engine.build_on_device import find_gpu
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.engine.open import EngineName
from edgehuman.runtime.engine.plan_file import EngineMismatchError
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.zoo import ZOO, file_of

_DYNAMIC = 32
ENGINES = ("onnxruntime", "torch", "compile", "tensorrt")
Records = NDArray[Any]
Call = Callable[[Records], Float32]


class NotMeasured(Exception):
    """Why a contestant cannot take part; the tables show the reason."""


class FailedRun(Exception):
    """The measured code failed; it is not left out, but misses its target."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One model on one engine, described so that another process can open it too.

    Attributes:
        model: the name that the user gave.
        path: `zoo:NAME` or the path of its file.
        engine: one of ENGINES.
        arch, num_classes: from its card, to build a torch network; None: embeddings.
        threads: threads inside one operator.
        seed: of the torch network's random weights.
        record, shape, dtype: the model's input, from its card.
        kind: of output, from its card.
    """

    model: str
    path: str
    engine: str
    arch: str
    num_classes: int | None
    threads: int = 1
    seed: int = 0
    record: str = IMU_INPUT.record
    shape: tuple[int, ...] = IMU_INPUT.shape
    dtype: str = IMU_INPUT.dtype
    kind: OutputKind = "classes"

    @property
    def name(self) -> str:
        """The name in the tables."""
        return f"{self.model} on {self.engine}"

    def noise(self, count: int, seed: int = 0) -> Records:
        """Seeded random records (count, ...), as time does not depend on their content."""
        rng = np.random.default_rng(seed)
        shape = (count, *(size or _DYNAMIC for size in self.shape))
        if self.dtype == "uint8":
            return rng.integers(0, 256, shape, dtype=np.uint8)
        return rng.standard_normal(shape).astype(self.dtype)


@dataclass(frozen=True, slots=True)
class Contestant:
    """Attributes:
    entry: the requested model and engine.
    call: raw records (batch, ...) -> float32 outputs (batch, ...).
    version: engine and version, for the report.
    first_result_s: from opening the file, or building the network, to the first result.
    file_bytes: size of the artefact; None without a file.
    model: the loaded artefact, for the task metric; None for torch.
    """

    entry: Entry
    call: Call
    version: str
    first_result_s: float
    file_bytes: int | None = None
    model: Model | None = None


def parse_engines(against: str) -> tuple[str, ...]:
    """`torch,compile` -> the engines to measure, onnxruntime always first.

    Raises:
        UsageError: an unknown word.
    """
    words = [word.strip() for word in against.split(",") if word.strip()]
    for word in words:
        if word not in ENGINES:
            raise UsageError(
                f"unknown engine {word!r} in --against; choose from {', '.join(ENGINES)}"
            )
    return tuple(dict.fromkeys(("onnxruntime", *words)))


def entries_of(
    model: str, engines: tuple[str, ...], threads: int, seed: int, folder: Path
) -> list[Entry]:
    """One entry per engine; a catalogue name is exported into `folder` first, once.

    Raises:
        UsageError, ArtefactError, MissingDependencyError: what `load` raises.
    """
    path = model
    if model in catalogue.NETWORKS:
        path = str(export_random(model, seed, folder))
    card = load(path, threads=threads, engine="onnxruntime").card
    num_classes = len(card.output.labels) or None
    says = (card.input.record, card.input.shape, card.input.dtype, card.output.kind)
    return [
        Entry(model, path, engine, card.arch, num_classes, threads, seed, *says)
        for engine in engines
    ]


def open_contestant(entry: Entry, sample: Records) -> Contestant:
    """Open the file, or build the network, and run it once on `sample` (batch, ...).

    Raises:
        NotMeasured: this machine cannot run it; the text says why.
        UsageError, ArtefactError: no such model, or a broken file.
    """
    return _OPEN[entry.engine](entry, sample)


def _onnxruntime(entry: Entry, sample: Records) -> Contestant:
    return _artefact(entry, entry.path, "onnxruntime", sample)


def _artefact(entry: Entry, path: str, engine: EngineName, sample: Records) -> Contestant:
    start_s = time.perf_counter()
    model = load(path, threads=entry.threads, engine=engine)
    model.engine.run(sample)
    said = model.engine.describe()
    file = Path(str(said.get("path", "")))
    return Contestant(
        entry=entry,
        call=model.engine.run,
        version=f"{said['engine']} {said['version']}",
        first_result_s=time.perf_counter() - start_s,
        file_bytes=file.stat().st_size if file.is_file() else None,
        model=model,
    )


def _torch(entry: Entry, sample: Records) -> Contestant:
    return torch_contestant(entry, sample, lambda: _network(entry))


def torch_contestant(
    entry: Entry, sample: Records, make: Callable[[], Any], compiled: bool = False
) -> Contestant:
    """A network of torch that `make` builds in eval mode, run once on `sample` (batch, ...).

    Raises:
        NotMeasured: PyTorch is not installed, or does not compile here.
    """
    if importlib.util.find_spec("torch") is None:
        raise NotMeasured(f"PyTorch is not installed ({pip_line('train')})")
    import torch

    torch.set_num_threads(entry.threads)
    start_s = time.perf_counter()
    network = make()
    run: Any = torch.compile(network, dynamic=False) if compiled else network

    def call(record_N: Records) -> Float32:
        with torch.inference_mode():
            answer: Float32 = run(torch.from_numpy(record_N)).numpy()
        return answer

    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # these warnings are about the compiler, not our network
            call(sample)
    except Exception as error:
        if not compiled:
            raise
        raise NotMeasured(f"torch.compile failed here: {_first_line(error)}") from error
    took_s = time.perf_counter() - start_s
    words = "torch.compile" if compiled else "torch eager"
    return Contestant(entry, call, f"{words} {torch.__version__}", took_s)


def _network(entry: Entry) -> Any:
    """The network of the entry's card, with seeded random weights and its head, if any."""
    labels = tuple(str(i) for i in range(entry.num_classes or 0))
    begins_at = InputSpec(entry.record, tuple(entry.shape), entry.dtype, "", 0.0)
    output = OutputSpec(entry.kind, labels)
    card = Card(entry.model, "", entry.arch, 0, 0, begins_at, output)
    return catalogue.step(entry.record, "build")(card, {}, entry.seed)


def _compile(entry: Entry, sample: Records) -> Contestant:
    return torch_contestant(entry, sample, lambda: _network(entry), compiled=True)


def _tensorrt(entry: Entry, sample: Records) -> Contestant:
    found = [name for name in ("tensorrt", "tensorrt_rtx") if importlib.util.find_spec(name)]
    if not found:
        raise NotMeasured("TensorRT is not installed (pip install tensorrt, or tensorrt-rtx)")
    if find_gpu() is None:
        raise NotMeasured("no NVIDIA GPU found; TensorRT needs one")
    engine_word = found[0].replace("_", "-")
    if entry.model in catalogue.NETWORKS:
        raise NotMeasured(
            f"{entry.model} is a network without an engine; run `edgehuman export {entry.model} "
            f"--format tensorrt --engine {engine_word} --out {entry.model}.engine` and bench that"
        )
    engine = file_of(entry.path).with_suffix(".engine")
    try:
        # Its side file says which of the two built it.
        return _artefact(entry, str(engine), "auto", sample)
    except EngineMismatchError as error:
        reason = _first_line(error).partition(". ")[0]
        raise NotMeasured(f"{reason}. {_cure(entry, engine, engine_word)}") from None
    except (ArtefactError, MissingDependencyError) as error:
        raise NotMeasured(_first_line(error)) from None


def _cure(entry: Entry, engine: Path, engine_word: str) -> str:
    """The command that builds an engine beside an ONNX file; a benchmark builds none."""
    onnx = engine.with_suffix(".onnx")
    if read_card(onnx).precision.name == "int8":
        return (
            "TensorRT cannot run the INT8 graph for CPUs; export the checkpoint with "
            f"`--format tensorrt --engine {engine_word} --precision int8`"
        )
    # Engines of zoo models are built elsewhere: an installed package should not get new files.
    from_zoo = entry.path.startswith(ZOO)
    source, out = (entry.path, engine.name) if from_zoo else (str(onnx), str(engine))
    return (
        f"Run `edgehuman export {source} --format tensorrt --engine {engine_word} --out {out}`"
        + (f" and bench {out}" if from_zoo else "")
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


_OPEN: Mapping[str, Callable[[Entry, Records], Contestant]] = {
    "onnxruntime": _onnxruntime,
    "torch": _torch,
    "compile": _compile,
    "tensorrt": _tensorrt,
}
