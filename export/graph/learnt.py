"""Ranges and scales that quantisation-aware training learnt, in a file beside the weights.

    checkpoint/int8.safetensors     of each layer, by the name of its node in the graph:
        range/LAYER     (2, 2) float64: the range of its input, and of its output (NaN: not rounded)
        scale/LAYER     (C,) float32: the step of each output channel of its weight
        about           in the metadata, JSON: target, and weights_sha256 of the weights that they
                        were learnt with

Layers are named by nodes, as the exporter numbers tensors anew in each of its versions.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import onnx
from safetensors import safe_open
from safetensors.numpy import save

from edgehuman.errors import CheckpointError
from edgehuman.export.graph.calibration import Range
from edgehuman.export.graph.int8 import Target, weight_layers
from edgehuman.files import write_whole
from edgehuman.outcome import to_json
from edgehuman.reading.parsers import fault_of, foreign, json_of
from edgehuman.records import Float32

FILE = "int8.safetensors"
STUDENT = "student.sha256"
"""Hash of the weights in the folder above, from which the training began."""
_ABOUT = "about"
WORDS = "learnt by quantisation-aware training"


@dataclass(frozen=True, slots=True)
class LayerSteps:
    """The learnt range of a layer's input and, where it is rounded, output; the step of each output
    channel of its weight (C,).
    """

    input: Range
    output: Range | None
    scale_C: Float32


@dataclass(frozen=True)
class Learnt:
    """Attributes:
    target: the layout that was trained for.
    weights_sha256: as `trace.weights_sha256`, of the network in the same folder.
    layers: node name -> its steps; a weight layer that is not here stays in float.
    """

    target: Target
    weights_sha256: str
    layers: Mapping[str, LayerSteps]

    def of_graph(
        self, model: onnx.ModelProto
    ) -> tuple[dict[str, Range], dict[str, Float32], tuple[str, ...]]:
        """What `int8.quantise` takes: ranges by tensor, scales by initialiser, layers in float.

        Raises:
            CheckpointError: the graph has no such layers.
        """
        nodes = {node.name: node for node in weight_layers(model)}
        unknown = [name for name in self.layers if name not in nodes]
        if unknown:
            raise CheckpointError(
                f"{FILE} has steps for {len(unknown)} layers that the graph does not have (first: "
                f"{unknown[0]}); export with the PyTorch that trained it, or remove the file to "
                "calibrate"
            )
        range_of: dict[str, Range] = {}
        scale_of: dict[str, Float32] = {}
        for name, steps in self.layers.items():
            range_of[nodes[name].input[0]] = steps.input
            scale_of[nodes[name].input[1]] = steps.scale_C
            if steps.output is not None:
                range_of[nodes[name].output[0]] = steps.output
        return range_of, scale_of, tuple(name for name in nodes if name not in self.layers)

    def sha256(self) -> str:
        """Hash of the file's content."""
        return hashlib.sha256(self.content()).hexdigest()

    def content(self) -> bytes:
        """The file."""
        arrays = {}
        for name, steps in self.layers.items():
            output = (math.nan, math.nan) if steps.output is None else steps.output
            arrays[f"range/{name}"] = np.array([steps.input, output], np.float64)
            arrays[f"scale/{name}"] = np.ascontiguousarray(steps.scale_C, np.float32)
        about = {"target": self.target, "weights_sha256": self.weights_sha256}
        # One entry: safetensors writes several in any order, and the content is hashed.
        written: bytes = save(arrays, {_ABOUT: to_json(about)})
        return written


def write(folder: Path, learnt: Learnt) -> None:
    """Write the file whole.

    Raises:
        CheckpointError: the folder cannot be written to, or a step is not finite.
    """
    _require_finite(learnt, f"{folder / FILE} was not written")
    write_whole(folder / FILE, learnt.content(), CheckpointError)


def read(folder: Path, weights_sha256: str) -> Learnt | None:
    """Read the file of a checkpoint folder; None if there is none.

    Args:
        weights_sha256: of the network in the folder.

    Raises:
        CheckpointError: damaged, or it belongs to other weights.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with foreign(), safe_open(path, framework="np") as stream:
            metadata = stream.metadata() or {}
            arrays = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 (it has no iterator)
        learnt = _learnt(json_of(metadata[_ABOUT]), arrays)
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path}: {fault_of(error)}; train again, or remove it to calibrate"
        ) from error
    _require_finite(learnt, str(path))
    if learnt.weights_sha256 != weights_sha256:
        raise CheckpointError(
            f"{path}: belongs to other weights ({learnt.weights_sha256[:12]}, not "
            f"{weights_sha256[:12]}); restore the weights that it was learnt with, or remove it to "
            "calibrate"
        )
    return learnt


def _require_finite(learnt: Learnt, where: str) -> None:
    """Raise CheckpointError for a range or a step that is NaN or infinite."""
    for name, steps in learnt.layers.items():
        held = (steps.input, steps.output or (0.0, 0.0), steps.scale_C)
        if not all(np.isfinite(each).all() for each in held):
            raise CheckpointError(
                f"{where}: the steps learnt for {name} are not finite; train again with a lower "
                "--qat-lr"
            )


def _learnt(about: Mapping[str, str], arrays: Mapping[str, Float32]) -> Learnt:
    targets = {target: target for target in get_args(Target)}
    layers = {}
    for key in arrays:
        kind, _, name = key.partition("/")
        if kind == "range":
            taken, given = arrays[key].tolist()
            output = None if math.isnan(given[0]) else (given[0], given[1])
            layers[name] = LayerSteps((taken[0], taken[1]), output, arrays[f"scale/{name}"])
    return Learnt(targets[about["target"]], str(about["weights_sha256"]), layers)
