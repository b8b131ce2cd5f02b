"""`edgehuman export x.onnx --format tensorrt`: an engine of a graph that carries its card and its
proof already. It needs TensorRT and neither PyTorch nor the checkpoint, so a device can do it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.errors import UsageError
from edgehuman.export.engine import proof as engine_proof
from edgehuman.export.proof.samples import balanced, load_samples
from edgehuman.export.words import ExportConfig, check, options, out_path
from edgehuman.outcome import Outcome
from edgehuman.runtime.engine import build as to_tensorrt
from edgehuman.runtime.engine.onnx import open_onnx
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.engine.open import EngineRequest
from edgehuman.runtime.model import file_of

_JUDGES = 64


def build_from_onnx(config: ExportConfig) -> Outcome:
    """The engine with its companions, or the bundle.

    Raises:
        UsageError: a graph that no TensorRT takes, or flags that only a checkpoint can follow.
        ArtefactError: no such file, foreign or changed; or the graph does not parse.
        EngineError, MissingDependencyError, ParityError: as the parts raise them.
    """
    source = file_of(config.checkpoint)
    card = read_card(source)
    require_buildable(config, card, source)
    check(config)
    path = out_path(config, card.replace(name=source.stem))
    content = source.read_bytes()
    places = to_tensorrt.require_place(path, card, config.on_device, content)
    files = to_tensorrt.files_of(path, card, config.on_device)
    if config.on_device:
        to_tensorrt.write_bundle(path, content, card, options(config), config.engine)
        return _outcome(path, files, card, {}, places)
    library = to_tensorrt.load_library(config.engine)
    to_tensorrt.require_target(library, options(config))
    samples = load_samples(card, config.data or SIMULATED)
    samples = samples.select(balanced(samples, _JUDGES, config.seed))
    serving = open_onnx(source, EngineRequest("onnxruntime"))
    reference = np.concatenate([serving.run(one[None]) for one in samples.array])
    plan, about = to_tensorrt.build_engine(library, content, options(config), config.timing_cache)
    about = engine_proof.prove(content, plan, about, card, samples.array, reference)
    to_tensorrt.write_engine(path, content, card, plan, about)
    return _outcome(path, files, card, about, places)


def require_buildable(config: ExportConfig, card: Card, source: Path) -> None:
    """Raises UsageError where the words or the graph rule an engine out, before any work."""
    own = card.precision.name.partition("-")[0]
    if config.format != "tensorrt":
        raise UsageError(
            f"{source} is exported already; from it --format tensorrt builds an engine. For "
            f"{config.format} give the checkpoint folder, or a name from `edgehuman models`"
        )
    if config.precision not in ("fp32", own):
        raise UsageError(
            f"--precision is {config.precision}, and the graph of {source} is in "
            f"{card.precision.name}; its precision is inside it: leave the flag out, or export the "
            "checkpoint anew"
        )
    if card.precision.name == "int8":
        raise UsageError(
            f"{source} is the INT8 graph of a CPU (uint8 activations with a zero point), which "
            "TensorRT does not read; export the checkpoint with --format tensorrt --precision "
            "int8 --data ..., or build from the FP32 or FP16 graph"
        )
    if config.explain:
        raise UsageError("--explain compares with the network, so it needs the checkpoint")


def _outcome(
    path: Path, files: Sequence[Path], card: Card, about: Mapping[str, object], notes: Sequence[str]
) -> Outcome:
    data = {
        "path": str(path),
        "files": [str(file) for file in files],
        "precision": card.precision.name,
        "parity": card.parity,
        "engine": dict(about),
        "notes": list(notes),
    }
    text = f"{path} ({card.precision.name}), built from a graph that carries its proof"
    return Outcome(data, "\n".join([text, *notes]))
