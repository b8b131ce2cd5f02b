"""The calibration set and its ranges: one pass over the data, then MinMax, percentile or entropy.

The set is balanced over classes (over people without labels), chosen by a seed, and shares no
person with the set that judges the result.

Sources: percentile and KL-divergence calibration as in S. Migacz, "8-bit inference with TensorRT",
    GTC 2017.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import onnx
from numpy.typing import NDArray

from edgehuman.data.samples import Samples
from edgehuman.errors import DataError
from edgehuman.export.graph.sessions import batch_of, exposed, open_session
from edgehuman.export.proof.samples import balanced
from edgehuman.records import Float64

Method = Literal["minmax", "percentile", "entropy"]
METHODS: tuple[Method, ...] = get_args(Method)
PERCENTILE = 99.99
_BINS = 2048
_LEVELS = 128
Range = tuple[float, float]


def split(samples: Samples, calibrate: int, judge: int, seed: int) -> tuple[Samples, Samples]:
    """Split into a balanced calibration set and a balanced judging set that share no person.

    Raises:
        DataError: fewer than two people.
    """
    people = np.unique(samples.person_N)
    if len(people) < 2:
        raise DataError(
            f"found {len(people)} person in the {len(samples)} calibration samples; at least two "
            "are needed, as different people calibrate and judge; use more data"
        )
    shuffled = np.random.default_rng(seed).permutation(people)
    calibrating_N = np.isin(samples.person_N, shuffled[: (len(people) + 1) // 2])
    first = samples.select(np.flatnonzero(calibrating_N))
    second = samples.select(np.flatnonzero(~calibrating_N))
    return (
        first.select(balanced(first, calibrate, seed)),
        second.select(balanced(second, judge, seed)),
    )


class Histogram:
    """The values of one tensor in one pass: counts over equal bins from -bound to bound.

    When a value exceeds the bound, the bound doubles and bins are merged in pairs, so that no count
    is lost and no range is needed in advance.
    """

    def __init__(self) -> None:
        self.low, self.high, self.bound = np.inf, -np.inf, 2.0**-20
        self.count_B = np.zeros(2 * _BINS, np.int64)

    def add(self, values: NDArray[Any]) -> None:
        """Add these values to the counts."""
        self.low = min(self.low, float(values.min()))
        self.high = max(self.high, float(values.max()))
        while self.bound < max(-self.low, self.high):
            self.bound *= 2
            pairs_B = self.count_B.reshape(-1, 2).sum(axis=1)
            self.count_B = np.pad(pairs_B, _BINS // 2)
        scaled = (values.ravel() + self.bound) * (_BINS / self.bound)
        index = np.minimum(scaled.astype(np.int32), 2 * _BINS - 1)
        self.count_B += np.bincount(index, minlength=2 * _BINS)

    def range(self, method: Method) -> Range:
        """The range that INT8 covers; it always includes zero."""
        if method == "minmax":
            low, high = self.low, self.high
        elif method == "percentile":
            low, high = self._percentiles()
        else:
            bound = self._entropy_bound()
            low, high = max(self.low, -bound), min(self.high, bound)
        return min(low, 0.0), max(high, 0.0)

    def _percentiles(self) -> Range:
        share_B = np.cumsum(self.count_B) / max(1, self.count_B.sum())
        edge = np.linspace(-self.bound, self.bound, 2 * _BINS + 1)
        cut = (100.0 - PERCENTILE) / 100.0
        first = int(np.searchsorted(share_B, cut, side="right"))
        last = int(np.searchsorted(share_B, 1.0 - cut, side="left"))
        return max(self.low, float(edge[first])), min(self.high, float(edge[last + 1]))

    def _entropy_bound(self) -> float:
        magnitude_B = (self.count_B[_BINS:] + self.count_B[_BINS - 1 :: -1]).astype(np.float64)
        largest = int(np.flatnonzero(magnitude_B)[-1]) + 1
        stops = list(range(min(_LEVELS, largest), largest + 1, 16))
        divergence = [_divergence(magnitude_B[:largest], stop) for stop in stops]
        return self.bound * stops[int(np.argmin(divergence))] / _BINS


def _divergence(magnitude_B: Float64, stop: int) -> float:
    """KL divergence between the clipped histogram and the same in 128 levels."""
    clipped = magnitude_B[:stop].copy()
    clipped[-1] += magnitude_B[stop:].sum()
    levels = min(_LEVELS, stop)
    level = np.arange(stop) * levels // stop
    filled = magnitude_B[:stop] > 0
    mass = np.bincount(level, weights=magnitude_B[:stop], minlength=levels)
    places = np.bincount(level, weights=filled, minlength=levels)
    coarse = np.where(filled, mass[level] / np.maximum(places[level], 1), 0.0)
    if coarse.sum() == 0:
        return float("inf")
    p, q = clipped / clipped.sum(), coarse / coarse.sum()
    q = np.where(q > 0, q, 1e-10)
    seen = p > 0
    return float(np.sum(p[seen] * np.log(p[seen] / q[seen])))


def collect(
    model: onnx.ModelProto, tensors: Sequence[str], samples: NDArray[Any]
) -> dict[str, Histogram]:
    """Collect histograms of these float tensors over the samples (N, ...), batch by batch."""
    found = {name: Histogram() for name in tensors}
    for name, values in _values(model, tensors, samples):
        found[name].add(values)
    return found


def _values(
    model: onnx.ModelProto, tensors: Sequence[str], samples: NDArray[Any]
) -> Iterable[tuple[str, NDArray[Any]]]:
    own_input = model.graph.input[0].name
    inside = [name for name in tensors if name != own_input]
    cores = os.cpu_count() or 1
    session = open_session(exposed(model, inside), cores) if inside else None
    count = batch_of(samples)
    for start in range(0, len(samples), count):
        batch = samples[start : start + count]
        if own_input in tensors:
            yield own_input, batch
        if session is not None:
            yield from zip(inside, session.run(inside, {own_input: batch}), strict=True)


def ranges(histograms: Mapping[str, Histogram], method: Method) -> dict[str, Range]:
    """The range of each tensor by one method."""
    return {name: histogram.range(method) for name, histogram in histograms.items()}
