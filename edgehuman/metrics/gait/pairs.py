"""Recognition across conditions: every ordered pair of a gallery's condition and a probes' one.

    sums = pair_sums(feature_NX, person_N, condition_N, ranks=(1, 5), distance="cosine")
    sums.shares("across")["rank1"], sums.intervals("across")["rank1"]

The gallery of a pair is all walks of one condition, the probes are all walks of another; in a pair
of a condition with itself each walk is looked for among the others. A probe whose person is not in
the gallery is skipped, and a pair without any probe that counts is left out. Intervals resample
people, not walks; the gallery stays whole.

Axes: N sequences, Q probes, H people, P pairs, K metrics (and the number of probes, last).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.metrics.bootstrap import interval_of_groups
from edgehuman.metrics.retrieval import (
    Distance,
    Sightings,
    match_places,
    scores_of_places,
)
from edgehuman.records import Bool, Float64, Index, Text

ACROSS, WITHIN = "across", "within"


@dataclass(frozen=True, slots=True)
class PairSums:
    """What each person adds to the metrics of each pair.

    Attributes:
        names: the metrics, (K,).
        pairs: (gallery, probes): their conditions, (P,).
        total_HPK: (H, P, K + 1): sums over a person's probes, and last their number.
    """

    names: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    total_HPK: Float64

    @property
    def columns(self) -> dict[str, Bool]:
        """The pairs of each column: `across`, the mean over those of different conditions,
        `within`, over those of one condition, then each alone: "s2 in s1", the probes first.
        """
        differ_P = np.array([gallery != probe for gallery, probe in self.pairs])
        every = {ACROSS: differ_P, WITHIN: ~differ_P}
        each = np.eye(len(self.pairs), dtype=bool)
        alone = {f"{probe} in {gallery}": each[i] for i, (gallery, probe) in enumerate(self.pairs)}
        return {name: mask_P for name, mask_P in (every | alone).items() if mask_P.any()}

    def shares(self, column: str) -> dict[str, float]:
        """Return the metrics of a column, 0..1."""
        total_PK = self.total_HPK[:, self.columns[column]].sum(axis=0)
        return {name: float(_share(total_PK, k)) for k, name in enumerate(self.names)}

    def intervals(self, column: str) -> dict[str, tuple[float, float]]:
        """Return the 95 % bootstrap intervals of a column over people; empty for one person."""
        total_HPK = self.total_HPK[:, self.columns[column]]
        total_HPK = total_HPK[total_HPK[..., -1].any(axis=1)]
        if len(total_HPK) < 2:
            return {}
        found = {
            name: interval_of_groups(total_HPK, partial(_share, k=k))
            for k, name in enumerate(self.names)
        }
        return {name: (each.low, each.high) for name, each in found.items()}

    def probes(self, column: str) -> int:
        """Return the number of probes of a column that counted."""
        return int(self.total_HPK[:, self.columns[column], -1].sum())


def _share(total_XPK: Float64, k: int) -> Float64:
    """Metric k of totals (..., P, K + 1): the mean over the pairs that have probes."""
    count_XP = total_XPK[..., -1]
    share_XP = np.full(count_XP.shape, np.nan)
    np.divide(total_XPK[..., k], count_XP, out=share_XP, where=count_XP > 0)
    return np.asarray(np.nanmean(share_XP, axis=-1))


def pair_sums(
    feature_NX: NDArray[np.floating],
    person_N: Index,
    condition_N: Text,
    ranks: Sequence[int],
    distance: Distance,
) -> PairSums:
    """Score all pairs of conditions.

    Args:
        feature_NX: (N, D), or (N, P, D) with a vector per part.
        ranks: values of k.

    Raises:
        DataError: fewer than two conditions, or nobody walks in two of them.
    """
    conditions = np.unique(condition_N).tolist()
    if len(conditions) < 2:
        raise DataError(
            f"found conditions: {', '.join(conditions) or 'none'}; pairs of them need at least "
            "two: use gallery-probe instead"
        )
    # As a camera of its own, a walk is not looked for in itself.
    walk_N, people = np.arange(len(person_N)), np.unique(person_N)
    pairs, totals = [], []
    for of_gallery in conditions:
        for of_probe in conditions:
            gallery, probe = (
                Sightings(feature_NX[mask_N], person_N[mask_N], walk_N[mask_N])
                for mask_N in (condition_N == of_gallery, condition_N == of_probe)
            )
            value_QK, counts_Q = _values(probe, gallery, ranks, distance)
            if counts_Q.any():
                pairs.append((of_gallery, of_probe))
                mine_HQ = (probe.person_N == people[:, None]) & counts_Q
                totals.append(mine_HQ.astype(np.float64) @ value_QK)
    if not any(gallery != probe for gallery, probe in pairs):
        raise DataError(
            f"nobody walks in two of the conditions {', '.join(conditions)}; give walks of the "
            "same people in several"
        )
    names = (*(f"rank{k}" for k in ranks), "map", "minp")
    return PairSums(names, tuple(pairs), np.stack(totals, axis=1))


def _values(
    probe: Sightings, gallery: Sightings, ranks: Sequence[int], distance: Distance
) -> tuple[Float64, Bool]:
    """Return each probe's metrics with a one behind (Q, K + 1), and which probes count (Q,)."""
    places = match_places(probe, gallery, distance)
    value_QK = np.zeros((len(places), len(ranks) + 3))
    for q, place_M in enumerate(places):
        if len(place_M):
            one = scores_of_places([place_M], max(ranks))
            value_QK[q] = [*(one.rank(k) for k in ranks), one.mean_ap, one.mean_inp, 1.0]
    return value_QK, value_QK[:, -1] > 0


def mean_of(each: Sequence[PairSums]) -> PairSums:
    """Return the mean over networks that saw the same walks."""
    return replace(each[0], total_HPK=np.mean([sums.total_HPK for sums in each], axis=0))


def gain_over(sums: PairSums, other: PairSums) -> PairSums | None:
    """Return the paired gain over another network; None if it did not see the same walks."""
    if sums.pairs != other.pairs or sums.total_HPK.shape != other.total_HPK.shape:
        return None
    if not np.array_equal(sums.total_HPK[..., -1], other.total_HPK[..., -1]):
        return None
    gain_HPK = sums.total_HPK - other.total_HPK
    gain_HPK[..., -1] = sums.total_HPK[..., -1]
    return replace(sums, total_HPK=gain_HPK)
