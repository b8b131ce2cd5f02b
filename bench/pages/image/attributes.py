"""What saying who wears what costs: the network of attributes over the detector alone.

    python -m edgehuman.bench.pages.image.attributes --archs starnet_s100_k3 tinyvit_5m

46 categories and 294 attributes, as Fashionpedia has, 416x416 pixels. Weights are random, as time
hardly depends on them. The sides of a ratio take turns on one thread, and what counts is processor
time.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from edgehuman import catalogue
from edgehuman.bench.entry import main
from edgehuman.bench.targets.people import in_warm_turns
from edgehuman.bench.targets.ratios import require_torch
from edgehuman.card import RANDOM_WEIGHTS, Card, OutputSpec, image_input
from edgehuman.errors import UsageError
from edgehuman.metrics.garments.answers import PERSON
from edgehuman.outcome import Outcome
from edgehuman.runtime.engine.onnx_file import sealed
from edgehuman.runtime.model import load

SIZE = (416, 416)
_CATEGORIES, _ATTRIBUTES = 46, 294


@dataclass(frozen=True, slots=True)
class CostConfig:
    """Measure a network of 46 categories and 294 attributes beside the detector alone."""

    archs: tuple[str, ...] = ("starnet_s100_k3",)
    """Networks of person images."""
    rounds: int = 10
    """Turns of each side."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise UsageError(f"--rounds is {self.rounds}; it must be at least 1")


def outputs() -> tuple[OutputSpec, OutputSpec]:
    """Those of the detector and of the network of attributes."""
    labels = PERSON, *(f"category {number}" for number in range(_CATEGORIES))
    attributes = tuple(f"attribute {number}" for number in range(_ATTRIBUTES))
    return OutputSpec("boxes"), OutputSpec("part_attributes", labels, attributes=attributes)


def measure_cost(config: CostConfig) -> Outcome:
    """Measure each network.

    Raises:
        UsageError: no such network. NotMeasured: PyTorch is not installed.
    """
    rows = {}
    for arch in config.archs:
        detector_ms, worn_ms = network_ms(arch, config.rounds)
        rows[arch] = {
            "detector_ms": detector_ms,
            "attributes_ms": worn_ms,
            "attributes_over_detector": worn_ms / detector_ms,
        }
    lines = [
        "| network | detector alone, ms | with attributes, ms | ratio |",
        "|---|---:|---:|---:|",
    ]
    for arch, row in rows.items():
        lines.append("| " + " | ".join([arch, *(f"{value:.2f}" for value in row.values())]) + " |")
    return Outcome(rows, json.dumps(rows) if config.json else "\n".join(lines))


def network_ms(arch: str, rounds: int) -> tuple[float, float]:
    """Median processor time of a picture on onnxruntime in FP32, of the detector and of the network
    of attributes.
    """
    require_torch()
    from edgehuman.export.graph.trace import to_onnx

    input_NHWC = np.random.default_rng(0).integers(0, 256, (1, *SIZE, 3), np.uint8)
    turns: list[Callable[[], object]] = []
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        for output in outputs():
            frame = image_input(*SIZE, record="Frame")
            said = f"{RANDOM_WEIGHTS}, for a measurement of speed"
            card = Card(output.kind, "frames", arch, 0, 0, frame, output, recipe=said)
            network = catalogue.step(frame.record, "build")(card, {}, 0)
            path = Path(folder) / f"{output.kind}.onnx"
            path.write_bytes(sealed(to_onnx(network, card).SerializeToString()))
            turns.append(partial(load(str(path), threads=1).logits, input_NHWC))
        detector_ms, worn_ms = in_warm_turns(turns, rounds, clock=time.process_time_ns)
    return detector_ms, worn_ms


if __name__ == "__main__":
    sys.exit(main(CostConfig, measure_cost))
