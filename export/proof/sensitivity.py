"""Rank the layers by how much INT8 hurts them, and find the fewest to keep in float.

keep_float(...)  keeps the most sensitive layers in float until the drop is within the budget.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx
from numpy.typing import NDArray

from edgehuman.errors import ParityError
from edgehuman.export.graph.calibration import Range
from edgehuman.export.graph.int8 import Target, quantise, weight_layers
from edgehuman.export.graph.sessions import open_session, run
from edgehuman.metrics.parity import output_error
from edgehuman.progress import progress_bar
from edgehuman.records import Float32

# Enough to rank layers; the judge decides on its whole set.
_SAMPLES = 32

# A smaller drop in points would be printed as none.
_LEAST_SHOWN = 0.01


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The output error when only this layer is in INT8; see `metrics.parity.output_error`."""

    layer: str
    error: float


def rank(
    model: onnx.ModelProto,
    range_of: Mapping[str, Range],
    target: Target,
    samples: NDArray[Any],
    threads: int = 1,
    scale_of: Mapping[str, Float32] | None = None,
    float_layers: Collection[str] = (),
    kind: str = "",
) -> list[Sensitivity]:
    """Rank every weight layer but those in float already, the most sensitive first.

    Args:
        scale_of: as `int8.quantise` takes it.
        kind: of the output.
    """
    few = samples[:_SAMPLES]
    every = [node.name for node in weight_layers(model)]
    names = [name for name in every if name not in float_layers]
    reference = run(open_session(model, threads), few)
    found = []
    for name in progress_bar(names, "sensitivity", unit="layer", leave=False):
        others = [other for other in every if other != name]
        alone = quantise(model, range_of, target, others, scale_of)
        error = output_error(reference, run(open_session(alone, threads), few), kind)
        found.append(Sensitivity(name, error))
    return sorted(found, key=lambda row: -row.error)


def keep_float(
    ranked: Sequence[Sensitivity],
    drop_of: Callable[[Sequence[str]], float],
    max_drop: float,
    most: int,
    broken: Callable[[Sequence[str]], Sequence[str]] = lambda layers: (),
) -> tuple[str, ...]:
    """The fewest layers of the ranking to keep in float so that the drop is within the budget.

    The count doubles until it suffices, then a binary search narrows it, so that a network of
    eighty layers is judged about a dozen times.

    Args:
        drop_of: points that the metric loses with these layers in float.
        most: layers that may be kept in float.
        broken: of layers in float that were tried, the budgets of parity that do not hold.

    Raises:
        ParityError: with so many layers in float the metric is still over the budget.
    """
    names = [row.layer for row in ranked]
    too_few, drop = 0, math.inf
    for enough in _doubling(min(most, len(names) - 1)):
        drop = drop_of(names[:enough])
        if drop <= max_drop:
            break
        too_few = enough
    else:
        shown = f"{drop:.2f}" if drop >= _LEAST_SHOWN else f"{drop:.1g}"
        by = f"the metric still drops by {shown} points"
        cure = "Export in fp16 or fp32, use more calibration data, or raise --max-drop"
        if not math.isfinite(drop):
            why = broken(names[:too_few]) if too_few else ()
            by = "; ".join(why) or "the answers still differ too much"
            cure = "Export in fp16 or fp32, use more calibration data, or train the network longer"
        error = ParityError(
            f"no INT8 graph is within its budget (--max-drop {max_drop}): with {most} of its "
            f"{len(names)} layers in float, the most that leave a gain, {by}. {cure}"
        )
        error.ranking = ranked
        raise error
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if drop_of(names[:middle]) <= max_drop:
            enough = middle
        else:
            too_few = middle
    return tuple(names[:enough])


def _doubling(limit: int) -> list[int]:
    """1, 2, 4, …, then the limit itself; empty if the limit is 0."""
    powers = [1 << i for i in range(limit.bit_length()) if 1 << i < limit]
    return [*powers, limit] if limit > 0 else []
