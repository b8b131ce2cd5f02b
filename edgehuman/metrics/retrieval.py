"""Retrieval metrics: CMC, mAP, mINP, by the Market-1501 protocol.

For each query, gallery items of the same person and camera are ignored; a query without a match
among the rest is skipped, not scored 0. Sources: Zheng et al., "Scalable Person Re-identification",
ICCV 2015, section 5.1 (CMC, mAP; AP is the mean of the precision at each match, not a trapezoidal
area); Ye et al., "Deep Learning for Person Re-identification", arXiv 2001.04193, section 4.1
(mINP). Left out: re-ranking.

Gallery items at the same distance as a match are ranked before it, so a network that maps everybody
to the same vector does not profit from the order of the files.

Axes: N images or sequences, Q queries, G gallery items, O other gallery items, M matches,
P parts, D dimensions, K ranks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.gait.centring import centred, people_centre, unit
from edgehuman.records import Bool, Float64, Index

Distance = Literal["euclidean", "cosine", "centred"]
"""`centred` is 1 - cosine less the mean person of the gallery (`metrics.gait.centring`)."""

# Distances are stored for about this many pairs at a time (256 MB), so memory does not grow with
# queries x gallery. A gallery of a million is read once per 32 queries.
BLOCK_PAIRS = 32_000_000

# Within a block, distances are computed for about this many pairs at a time, and about this many
# gallery values are converted at once.
TILE = 2_000_000

# A `Scorer` stores at most this many gallery values (128 MB): 250,000 vectors of 64 numbers.
READY_VALUES = 16_000_000

# Rank of a match that does not exist: after every rank.
NO_MATCH = int(np.iinfo(np.int64).max)

# Squared distances and similarities that differ by less than this share of the largest squared
# length differ by rounding only and count as equal.
_ROUNDING = 2.0**-40


@dataclass(frozen=True, slots=True)
class Sightings:
    """Feature vectors with identities and cameras.

    Attributes:
        feature_NX: (N, D), or (N, P, D) with a vector per part; the distance is then the mean over
            parts.
        person_N: identity of each, 0 or more; 0 may be used for distractors.
        camera_N: camera of each; None if the protocol ignores cameras.

    Raises:
        DataError: empty, unequal lengths, a value that is not finite, or a negative identity.
    """

    feature_NX: NDArray[np.floating]
    person_N: NDArray[np.integer]
    camera_N: NDArray[np.integer] | None = None

    def __post_init__(self) -> None:
        shape = self.feature_NX.shape
        if len(shape) not in (2, 3) or 0 in shape:
            raise DataError(f"found features of shape {shape}; give non-empty (N, D) or (N, P, D)")
        for name, index_N in (("identities", self.person_N), ("cameras", self.camera_N)):
            if index_N is not None and index_N.shape != shape[:1]:
                raise DataError(
                    f"found {index_N.shape} {name} for {shape[0]} features; give one of each"
                )
        broken_N = ~np.isfinite(self.feature_NX).reshape(shape[0], -1).all(axis=1)
        if broken_N.any():
            raise DataError(
                f"found {broken_N.sum()} features that are not finite, the first at index "
                f"{broken_N.argmax()}; check the network that computed them"
            )
        if self.person_N.min() < 0:
            raise DataError(
                f"found identity {self.person_N.min()}; identities must be 0 or more: "
                "leave out junk boxes when reading the dataset"
            )

    def __len__(self) -> int:
        return len(self.feature_NX)


@dataclass(frozen=True, slots=True)
class RetrievalScores:
    """Attributes:
    cmc_K: share of the queries with a match among the first 1..K gallery items.
    mean_ap: mean average precision, 0..1.
    mean_inp: mean of (matches / rank of the last match), 0..1.
    queries: number of scored queries, those with a match.
    skipped: number of queries without a possible match in the gallery.
    """

    cmc_K: Float64
    mean_ap: float
    mean_inp: float
    queries: int
    skipped: int

    def rank(self, k: int) -> float:
        """Return the share of the queries with a match among the first k, 0..1."""
        if not 1 <= k <= len(self.cmc_K):
            raise UsageError(f"found rank {k}; ranks 1 to {len(self.cmc_K)} were measured")
        return float(self.cmc_K[k - 1])


def retrieval_scores(
    query: Sightings, gallery: Sightings, distance: Distance = "euclidean", max_rank: int = 50
) -> RetrievalScores:
    """Rank the gallery for each query and score the ranks of the matches.

    Args:
        query, gallery: with cameras in both, or in neither: then every gallery item counts.
        distance: Euclidean between unnormalised features, 1 - cosine, or that of centred features.
        max_rank: K of the CMC curve.

    Raises:
        DataError: features of different shapes, cameras in only one, a vector of length 0 with the
            cosine distance, or no query with a match.
        UsageError: unknown distance, or max_rank below 1.
    """
    if max_rank < 1:
        raise UsageError(f"found max_rank {max_rank}; it must be at least 1")
    return scores_of_places(match_places(query, gallery, distance), max_rank)


def match_places(query: Sightings, gallery: Sightings, distance: Distance) -> list[Index]:
    """Return each query's `places_of_matches`; none where it has no match.

    Raises:
        DataError: features of different shapes, cameras in only one, or a vector of length 0 with
            the cosine distance.
        UsageError: unknown distance.
    """
    if (query.camera_N is None) != (gallery.camera_N is None):
        raise DataError("found cameras in only one of query and gallery; give both or neither")
    places: list[Index] = []
    index = 0
    for distance_QG in distance_blocks(query, gallery, distance):
        for distance_G in distance_QG:
            same_G = gallery.person_N == query.person_N[index]
            if query.camera_N is not None and gallery.camera_N is not None:
                counts_G = ~(same_G & (gallery.camera_N == query.camera_N[index]))
                distance_G, same_G = distance_G[counts_G], same_G[counts_G]
            places.append(places_of_matches(distance_G, same_G))
            index += 1
    return places


def places_of_matches(distance_G: NDArray[np.floating], is_match_G: Bool) -> Index:
    """Return the ranks (M,), from 1, of the matches by distance; ties count as ranked before.

    Items before each match are counted without sorting the gallery.
    """
    match_M = np.sort(distance_G[is_match_G])
    # An item is before match m, and all later ones, if it is at most as far away.
    first_m_O = np.searchsorted(match_M, distance_G[~is_match_G], side="left")
    others_in_front_M = np.cumsum(np.bincount(first_m_O, minlength=len(match_M) + 1))[:-1]
    return np.asarray(others_in_front_M + np.arange(1, len(match_M) + 1), np.int64)


def scores_of_places(places: Sequence[Index], max_rank: int = 50) -> RetrievalScores:
    """Return CMC, mAP and mINP from the ranks of each query's matches; skip queries without any.

    Raises:
        DataError: no query has a match.
    """
    found = [place_M for place_M in places if len(place_M)]
    if not found:
        raise DataError(
            f"found no match in the gallery for any of {len(places)} queries; "
            "a match has the same identity and, if cameras are given, another camera"
        )
    first_Q = np.array([place_M[0] for place_M in found])
    return RetrievalScores(
        cmc_K=np.array([(first_Q <= k).mean() for k in range(1, max_rank + 1)]),
        mean_ap=float(np.mean([_average_precision(place_M) for place_M in found])),
        mean_inp=float(np.mean([len(place_M) / place_M[-1] for place_M in found])),
        queries=len(found),
        skipped=len(places) - len(found),
    )


def _average_precision(place_M: Index) -> float:
    return float(np.mean(np.arange(1, len(place_M) + 1) / place_M))


def distances(query: Sightings, gallery: Sightings, distance: Distance = "euclidean") -> Float64:
    """Return all distances at once, (Q, G), for galleries that fit in memory.

    Raises:
        DataError, UsageError: as `retrieval_scores`.
    """
    return np.concatenate(list(distance_blocks(query, gallery, distance)))


def similarity(distance_X: Float64, distance: Distance) -> Float64:
    """Convert distances to similarities, 1 for equal vectors: the cosine, or 1 / (1 + d)."""
    return 1 / (1 + distance_X) if distance == "euclidean" else 1 - distance_X


class Scorer:
    """Similarities of one vector to the same gallery, again and again.

    What depends on the gallery alone is computed once, and stored up to `READY_VALUES`; of a
    larger gallery each call computes it anew, tile by tile.

    Args:
        largest: the largest squared length in the gallery that these are a part of, by which
            rounding goes; None: these are all.
        centre: (P, D) of that gallery; None: that of these.

    Raises:
        DataError, UsageError: as `retrieval_scores`.
    """

    def __init__(
        self,
        gallery: Sightings,
        distance: Distance,
        largest: float | None = None,
        centre: Float64 | None = None,
    ) -> None:
        self._gallery, self._distance = gallery, distance
        self._centre = centre_of(gallery, distance) if centre is None else centre
        self._ready_PGD: Float64 | None = None
        if gallery.feature_NX.size <= READY_VALUES and distance in get_args(Distance):
            gallery_GPD = _parts(gallery.feature_NX)
            ready_GPD = directions(gallery_GPD, distance, self._centre)
            self._ready_PGD = np.ascontiguousarray(ready_GPD.transpose(1, 0, 2))
            self._square_PG = np.einsum("pgd,pgd->pg", self._ready_PGD, self._ready_PGD)
            self._largest = float(self._square_PG.sum(axis=0).max()) if largest is None else largest

    def scores(self, vector_X: NDArray[np.floating]) -> Float64:
        """The similarity (G,) of a vector (D,) or (P, D) to each gallery item.

        Raises:
            DataError: a vector of another shape, not finite, or of length 0 with the cosine.
        """
        probe = Sightings(vector_X[None], np.zeros(1, np.int64))
        same_shape = vector_X.shape == self._gallery.feature_NX.shape[1:]
        if self._ready_PGD is None or not same_shape:
            blocks = distance_blocks(probe, self._gallery, self._distance, self._centre)
            return similarity(next(blocks)[0], self._distance)
        probe_PD = directions(_parts(probe.feature_NX), self._distance, self._centre)[0]
        if self._distance != "euclidean":
            dot_PG = self._ready_PGD @ probe_PD[:, :, None]
            distance_G = 1.0 - _rounded(dot_PG[:, :, 0].sum(axis=0) / len(probe_PD), _ROUNDING)
        else:
            step = _ROUNDING * max(self._largest, *_largest_square(probe))
            square_P = (probe_PD**2).sum(axis=1)
            dot_PG = (self._ready_PGD @ probe_PD[:, :, None])[:, :, 0]
            square_PG = square_P[:, None] + self._square_PG - 2 * dot_PG
            distance_G = np.sqrt(np.maximum(_rounded(square_PG, step), 0)).mean(axis=0)
        return similarity(distance_G, self._distance)


def first_match_places(
    query: Sightings, gallery: Sightings, distance: Distance = "euclidean"
) -> Index:
    """Return the rank (Q,), from 1, of each query's first match; `NO_MATCH` if there is none.

    Nothing is sorted, so protocols with thousands of view pairs use this.

    Raises:
        DataError, UsageError: as `retrieval_scores`.
    """
    places, start = [], 0
    for distance_QG in distance_blocks(query, gallery, distance):
        person_Q = query.person_N[start : start + len(distance_QG)]
        same_QG = person_Q[:, None] == gallery.person_N[None]
        nearest_Q = np.where(same_QG, distance_QG, np.inf).min(axis=1)
        in_front_QG = distance_QG <= nearest_Q[:, None]
        in_front_QG &= ~same_QG
        place_Q = in_front_QG.sum(axis=1, dtype=np.int64) + 1
        places.append(np.where(np.isfinite(nearest_Q), place_Q, NO_MATCH))
        start += len(distance_QG)
    return np.concatenate(places)


def nearest(
    query: Sightings, gallery: Sightings, count: int, distance: Distance = "euclidean"
) -> tuple[Index, Float64]:
    """Return indices (Q, K) of each query's nearest gallery items, nearest first, and distances.

    Equally near items are in gallery order. K is `count`, or the size of a smaller gallery.

    Raises:
        DataError, UsageError: as `retrieval_scores`.
    """
    if count < 1:
        raise UsageError(f"found count {count}; it must be at least 1")
    count = min(count, len(gallery))
    indices, found = [], []
    for distance_QG in distance_blocks(query, gallery, distance):
        for distance_G in distance_QG:
            limit = np.partition(distance_G, count - 1)[count - 1]
            near = np.flatnonzero(distance_G <= limit)
            order = near[np.argsort(distance_G[near], kind="stable")][:count]
            indices.append(order)
            found.append(distance_G[order])
    return np.stack(indices).astype(np.int64), np.stack(found)


def distance_blocks(
    query: Sightings, gallery: Sightings, distance: Distance, centre: Float64 | None = None
) -> Iterator[Float64]:
    """Yield distances of a block of queries to the whole gallery, (Q', G).

    Args:
        centre: (P, D), in place of the gallery's own.

    Raises:
        DataError: features of different shapes, or of length 0 with the cosine distance.
        UsageError: unknown distance.
    """
    if distance not in get_args(Distance):
        raise UsageError(f"found distance {distance!r}; known: {', '.join(get_args(Distance))}")
    if query.feature_NX.shape[1:] != gallery.feature_NX.shape[1:]:
        raise DataError(
            f"found query features {query.feature_NX.shape[1:]} and gallery features "
            f"{gallery.feature_NX.shape[1:]}; both must come from the same network"
        )
    if distance == "euclidean":
        block, step = _euclidean_block, _ROUNDING * max(_largest_square(query, gallery))
    else:
        block, step = _cosine_block, _ROUNDING
    if centre is None:
        centre = centre_of(gallery, distance)
    rows = max(1, min(len(query), BLOCK_PAIRS // len(gallery)))
    columns = max(1, TILE // max(rows, query.feature_NX[0].size))
    for start in range(0, len(query), rows):
        query_QPD = directions(_parts(query.feature_NX[start : start + rows]), distance, centre)
        distance_QG = np.empty((len(query_QPD), len(gallery)))
        for left in range(0, len(gallery), columns):
            tile = slice(left, left + columns)
            tile_GPD = directions(_parts(gallery.feature_NX[tile]), distance, centre)
            distance_QG[:, tile] = block(query_QPD, tile_GPD, step)
        yield distance_QG


def centre_of(gallery: Sightings, distance: Distance) -> Float64 | None:
    """The mean person (P, D) that `centred` takes away; None for the other distances."""
    if distance != "centred":
        return None
    return people_centre(gallery.feature_NX, gallery.person_N)


def directions(feature_NPD: Float64, distance: Distance, centre: Float64 | None) -> Float64:
    """What is compared: the features as they are, or of length 1, before that less a centre.

    Raises:
        DataError: a vector of length 0 that has no direction.
    """
    if distance == "euclidean":
        return feature_NPD
    return unit(feature_NPD) if centre is None else centred(unit(feature_NPD), centre)


def _largest_square(*sightings: Sightings) -> list[float]:
    """Return the largest squared length of each."""
    flat = [each.feature_NX.reshape(len(each), -1) for each in sightings]
    return [float(np.einsum("nx,nx->n", x, x, dtype=np.float64).max()) for x in flat]


def _parts(feature_NX: NDArray[np.floating]) -> Float64:
    """Convert to float64 (N, P, D), with one part if the features have none."""
    feature = feature_NX.astype(np.float64)
    return feature[:, None] if feature.ndim == 2 else feature


def _euclidean_block(query_QPD: Float64, gallery_GPD: Float64, step: float) -> Float64:
    total_QG = np.zeros((len(query_QPD), len(gallery_GPD)))
    for part in range(query_QPD.shape[1]):
        query_QD, gallery_GD = query_QPD[:, part], gallery_GPD[:, part]
        square_Q, square_G = (query_QD**2).sum(axis=1), (gallery_GD**2).sum(axis=1)
        square_QG = square_Q[:, None] + square_G[None] - 2 * (query_QD @ gallery_GD.T)
        total_QG += np.sqrt(np.maximum(_rounded(square_QG, step), 0))
    return total_QG / query_QPD.shape[1]


def _cosine_block(query_QPD: Float64, gallery_GPD: Float64, step: float) -> Float64:
    query_QX, gallery_GX = (each.reshape(len(each), -1) for each in (query_QPD, gallery_GPD))
    return 1.0 - _rounded(query_QX @ gallery_GX.T / query_QPD.shape[1], step)


def _rounded(value_QG: Float64, step: float) -> Float64:
    return np.asarray(np.rint(value_QG / step) * step) if step else value_QG
