"""An engine's own proof, where the GPU that it was built for is here: its answers to the judging
samples against the network's, before anything is written.

Where that GPU is not here nothing can be proved, and the side file says so: `parity` is null.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.card import Card
from edgehuman.errors import ParityError
from edgehuman.metrics import parity
from edgehuman.records import Float32
from edgehuman.runtime.engine import build as to_tensorrt
from edgehuman.runtime.engine import build_on_device
from edgehuman.runtime.engine.open import EngineRequest
from edgehuman.runtime.engine.tensorrt import open_tensorrt

_BATCH = 64


def prove(
    onnx: bytes,
    plan: bytes,
    about: Mapping[str, Any],
    card: Card,
    samples: NDArray[Any],
    reference: Float32,
) -> dict[str, Any]:
    """What the side file says of the engine, its parity included.

    Args:
        onnx, plan, about, card: as `to_tensorrt.write_engine` takes them.
        samples: raw records (N, ...). reference: the right answers to them (N, ...).

    Raises:
        ParityError: the engine's answers are over the budget of its precision.
        EngineError, MissingDependencyError: the engine does not start; see `open_tensorrt`.
    """
    gpu = build_on_device.find_gpu()
    if gpu is None or gpu.capability not in about["built_for"]:
        return {**about, "parity": None}
    with tempfile.TemporaryDirectory(prefix="edgehuman-proof-") as folder:
        path = Path(folder) / "judged.engine"
        to_tensorrt.write_engine(path, onnx, card, plan, about)
        engine = open_tensorrt(path, EngineRequest())
        parts = [engine.run(samples[i : i + _BATCH]) for i in range(0, len(samples), _BATCH)]
    found = parity.compare(reference, np.concatenate(parts), card.output)
    broken = parity.engine_failures(found, card.precision.name)
    if broken:
        raise ParityError(
            f"{card.name}: the engine on the {gpu.name} does not give the network's answers to "
            f"{len(samples)} samples: {'; '.join(broken)}. Nothing was written; export the graph "
            "with --format onnx and run that, or build with another precision"
        )
    return {**about, "parity": found.as_dict()}


def as_lines(about: Mapping[str, Any]) -> list[str]:
    """What a person reads of an engine that was written."""
    target = ", ".join(map(str, about["built_for"]))
    built = (
        f"{about['library']} {about['version']}, built in {about['build_s']} s for compute "
        f"capability {target}"
    )
    found = about["parity"]
    if found is None:
        return [
            built,
            "the engine's own answers were not judged: the GPU that it is for is not here; there, "
            "`edgehuman export x.onnx --format tensorrt` builds and judges it",
        ]
    cosine, max_abs = found["cosine"], found["max_abs"]
    return [built, f"the engine's own answers: cosine {cosine:.6f}, max abs {max_abs:.2e}"]
