"""FP32 and INT8 on this machine: every shipped network, timed in turn on the same input.

The two files of a pair run alternately, so that whatever else the machine does affects both.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from edgehuman.card import Card
from edgehuman.records import Float32
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.zoo import file_of, zoo_names

ROUNDS = 40
_LONGEST_S = 1.0  # of one pair
_INT8 = "-int8"


@dataclass(frozen=True, slots=True)
class Timed:
    """One file of a network on this machine.

    Attributes:
        model: its name.
        precision: "fp32", "fp16", "int8".
        calls: how often it ran.
        p50_ms, p95_ms: of one record, one thread.
        size_mb: of the file.
        card: its card.
    """

    model: str
    precision: str
    calls: int
    p50_ms: float
    p95_ms: float
    size_mb: float
    card: Card


def pair_of(model: str) -> tuple[str, ...]:
    """A model and, where it ships, its INT8 file."""
    here = zoo_names()
    int8 = model + _INT8
    return (model, int8) if int8 in here and not model.endswith(_INT8) else (model,)


def timed(names: tuple[str, ...], seed: int = 0) -> tuple[Timed, ...]:
    """Time these models in turn on one made-up record.

    Raises:
        UsageError, ArtefactError, EngineError: a model cannot be used.
    """
    models = [load(name) for name in names]
    record = made_up(models[0], seed)
    taken_ms: list[list[float]] = [[] for _ in models]
    for model in models:
        model.logits(record)
    end_s = time.monotonic() + _LONGEST_S
    for done in range(ROUNDS):
        for model, own_ms in zip(models, taken_ms, strict=True):
            begin_ns = time.perf_counter_ns()
            model.logits(record)
            own_ms.append((time.perf_counter_ns() - begin_ns) / 1e6)
        if done >= 4 and time.monotonic() > end_s:
            break
    return tuple(_row(model, own_ms) for model, own_ms in zip(models, taken_ms, strict=True))


def made_up(model: Model, seed: int) -> Float32:
    """A batch of one random record of the model's shape and type: enough to time it."""
    shape, dtype = model.card.input.shape, np.dtype(model.card.input.dtype)
    rng = np.random.default_rng(seed)
    if dtype == np.uint8:
        made: Float32 = rng.integers(0, 256, (1, *shape)).astype(np.uint8)
        return made
    return rng.standard_normal((1, *shape)).astype(np.float32)


def _row(model: Model, taken_ms: list[float]) -> Timed:
    p50_ms, p95_ms = np.percentile(taken_ms, [50, 95]).tolist()
    size_mb = file_of(model.name).stat().st_size / 1e6
    return Timed(
        model.name, model.card.precision.name, len(taken_ms), p50_ms, p95_ms, size_mb, model.card
    )
