"""Check an engine on the GPU that it was built for: its outputs for the judging samples against the
network's, before anything is written.

Without that GPU the engine cannot be checked, and `parity` in the side file is null.
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
    """The engine's entry of the side file, with its parity.

    Args:
        onnx, plan, about, card: as `to_tensorrt.write_engine` takes them.
        samples: raw records (N, ...). reference: the network's outputs for them (N, ...).

    Raises:
        ParityError: the engine's outputs are over the budget of its precision.
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
            f"{card.name}: the engine on the {gpu.name} does not match the network on "
            f"{len(samples)} samples: {'; '.join(broken)}. Nothing was written; export with "
            "--format onnx, or build with another precision"
        )
    return {**about, "parity": found.as_dict()}


def as_lines(about: Mapping[str, Any]) -> list[str]:
    """The lines of text that describe a built engine."""
    target = ", ".join(map(str, about["built_for"]))
    built = (
        f"{about['library']} {about['version']}, built in {about['build_s']} s for compute "
        f"capability {target}"
    )
    found = about["parity"]
    if found is None:
        return [
            built,
            "engine not checked: its GPU is not in this machine; on the target, "
            "`edgehuman export x.onnx --format tensorrt` builds and checks it",
        ]
    cosine, max_abs = found["cosine"], found["max_abs"]
    return [built, f"engine against network: cosine {cosine:.6f}, max abs {max_abs:.2e}"]
