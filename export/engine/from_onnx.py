"""`edgehuman export x.onnx --format tensorrt`: build an engine from an exported graph with its card
and parity inside. It needs TensorRT but neither PyTorch nor the checkpoint, so it runs on a device.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.export.beside import options_for, require_form
from edgehuman.export.engine import proof as engine_proof
from edgehuman.export.licences import require_commercial
from edgehuman.export.proof.samples import balanced, load_samples
from edgehuman.export.words import ExportConfig, check, options, out_path
from edgehuman.files import write_together
from edgehuman.outcome import Outcome
from edgehuman.runtime.engine import build as to_tensorrt
from edgehuman.runtime.engine.onnx import open_bytes, read_trusted
from edgehuman.runtime.engine.onnx_file import OnnxFile
from edgehuman.runtime.engine.open import EngineRequest
from edgehuman.runtime.engine.part_files import TEXT, part_path
from edgehuman.runtime.zoo import file_of
from edgehuman.tables.trainings import TEXT_REID

_JUDGES = 64


def build_from_onnx(config: ExportConfig) -> Outcome:
    """Write the engine with its companions, or the bundle.

    Raises:
        UsageError: a graph that TensorRT does not support, or flags that need the checkpoint.
        ArtefactError: the file is missing, foreign or changed, or its graph does not parse.
        SignatureError: a signature is required, and there is none that holds.
        EngineError, MissingDependencyError, ParityError: from building and checking.
        LicenceError: see `require_commercial`.
    """
    source = file_of(config.checkpoint)
    request = EngineRequest("onnxruntime")
    file = read_trusted(source, request)
    card = file.card
    require_buildable(config, card, source)
    if config.commercial:
        require_commercial(card, config.checkpoint)
    check(config)
    path = out_path(config, card.replace(name=source.stem))
    content = file.plain
    places = to_tensorrt.require_place(
        path, card, card.precision.name, config.on_device, content, config.replace
    )
    files = to_tensorrt.files_of(path, card, config.on_device)
    if config.on_device:
        to_tensorrt.write_bundle(path, content, card, options(config), config.engine)
        return _outcome(path, files, card, {}, places)
    library = to_tensorrt.load_library(config.engine)
    to_tensorrt.require_target(library, options(config))
    beside: dict[Path, bytes] = {}
    if card.task == TEXT_REID:
        text = _text(config, library, source, path, card)
        beside, files = text, (*files, *text)
    own, about = _engine(config, library, file, source, path)
    write_together({**beside, **own})
    return _outcome(path, files, card, about, places)


def _engine(
    config: ExportConfig, library: Any, file: OnnxFile, source: Path, path: Path
) -> tuple[dict[Path, bytes], dict[str, Any]]:
    """The files of an engine, built and proved, and what describes it."""
    card, content = file.card, file.plain
    samples = load_samples(card, config.data or SIMULATED)
    samples = samples.select(balanced(samples, _JUDGES, config.seed))
    serving = open_bytes(file, source, EngineRequest("onnxruntime"))
    reference = np.concatenate([serving.run(one[None]) for one in samples.array])
    asked = options_for(config, card)
    plan, about = to_tensorrt.build_engine(library, content, asked, config.timing_cache)
    about = engine_proof.prove(content, plan, about, card, samples.array, reference)
    return to_tensorrt.engine_files(path, content, card, plan, about), about


def _text(
    config: ExportConfig, library: Any, source: Path, path: Path, card: Card
) -> dict[Path, bytes]:
    """The files of the engine of sentences beside one of pictures.

    Raises:
        ArtefactError: its graph is not beside that of pictures, or of another model.
    """
    beside, out = part_path(source, TEXT), part_path(path, TEXT)
    if not beside.is_file():
        raise ArtefactError(
            f"{beside}, the graph of sentences of {source}, is not beside it; copy both files"
        )
    file = read_trusted(beside, EngineRequest("onnxruntime"))
    if file.card.weights_sha256 != card.weights_sha256:
        raise ArtefactError(f"{beside} is of another model than {source}; export both again")
    precision = file.card.precision.name
    to_tensorrt.require_place(out, file.card, precision, onnx=file.plain, replace=config.replace)
    return _engine(config, library, file, beside, out)[0]


def require_buildable(config: ExportConfig, card: Card, source: Path) -> None:
    """Raise UsageError, before the work, if no engine can be built with these flags or graph."""
    own = card.precision.name.partition("-")[0]
    if config.format != "tensorrt":
        raise UsageError(
            f"{source} is already exported; --format tensorrt builds an engine from it. For "
            f"{config.format} give the checkpoint folder, or a name from `edgehuman models`"
        )
    if config.precision not in ("fp32", own):
        raise UsageError(
            f"--precision is {config.precision}, but the graph of {source} is in "
            f"{card.precision.name}; remove the flag, or export the checkpoint again"
        )
    if card.precision.name == "int8":
        raise UsageError(
            f"{source} is an INT8 graph for CPUs (uint8 activations with a zero point), which "
            "TensorRT cannot read; export the FP32 model or the checkpoint with --format tensorrt "
            "--precision int8 --data ..., or build from the FP16 graph"
        )
    if config.on_device and card.task == TEXT_REID:
        require_form(config)
    if config.explain:
        raise UsageError(
            "--explain compares with the network; give the checkpoint, or remove --explain"
        )
    if config.threshold is not None:
        raise UsageError(
            f"--threshold is {config.threshold}, but an engine keeps the card of {source}; export "
            "the checkpoint with that threshold, or remove the flag"
        )


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
    text = f"{path} ({card.precision.name}), built from an exported graph"
    return Outcome(data, "\n".join([text, *notes]))
