"""Evaluation protocols of public gait datasets: gallery, probes and metrics.

    scores = gait_scores(vectors, PROTOCOLS["casia-b"], "euclidean")
    scores.metrics["rank1"], scores.groups["bg"]

Four ways of counting:
- `view pairs` (CASIA-B, OUMVLP, PsyMo): rank k for each pair of probe view and gallery view, except
  pairs of the same view; mean over the gallery views, then over the probe views. A pair's share is
  rounded to 0.01 % before averaging, as in the published code; a probe without a match in the
  gallery is a miss.
- `gallery` (Gait3D, GREW, and datasets with a gallery and probes): all views together, rank k, mAP,
  mINP; nothing is excluded by camera.
- `cross view`: the whole gallery except the same person's walks in the probe's view; rank k and mAP
  per probe view, rounded, and their mean.
- `condition pairs` (KTH's scenarios): every condition in turn as the gallery of every other one,
  and their mean (`pairs.py`).

Sources: Yu et al., "A framework for evaluating the effect of view angle, clothing and carrying
condition", ICPR 2006, and the 74/50 split used since (CASIA-B); Takemura et al., IPSJ T-CVA 2018
(OUMVLP); Zhu et al., "Gait recognition in the wild", ICCV 2021 (GREW); Zheng et al., CVPR 2022
(Gait3D); Cosma and Radoi, WACV 2024 (PsyMo; here its gallery is the first normal walk); Hou et al.,
arXiv 2203.02396, for the cross-view option. The tests compare with OpenGait's numbers.

Axes: N sequences, Q probes, G gallery sequences, V views, K ranks, P parts, D dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.metrics.gait.pairs import ACROSS, PairSums, pair_sums
from edgehuman.metrics.retrieval import (
    Distance,
    Sightings,
    first_match_places,
    retrieval_scores,
)
from edgehuman.records import Bool, Float64, Index, Text

Counting = Literal["view pairs", "gallery", "cross view", "condition pairs"]
GALLERY, PROBE, TRAIN = "gallery", "probe", "train"


@dataclass(frozen=True, slots=True)
class GaitVectors:
    """Walks as vectors, with the labels that protocols need.

    Attributes:
        feature_NX: (N, D), or (N, P, D) with a vector per part.
        person_N: identity.
        view_N: camera or angle; "" if unknown.
        condition_N: kind of the walk and its number, such as "nm-01" or "bg"; "" if unknown.
        role_N: "gallery" or "probe"; "train" is not evaluated, nor is "" if roles decide.

    Raises:
        DataError: unequal lengths.
    """

    feature_NX: NDArray[np.floating]
    person_N: Text
    view_N: Text
    condition_N: Text
    role_N: Text

    def __post_init__(self) -> None:
        for name in ("person_N", "view_N", "condition_N", "role_N"):
            found = getattr(self, name).shape
            if found != self.feature_NX.shape[:1]:
                raise DataError(
                    f"found {found} of {name} for features of shape {self.feature_NX.shape}; "
                    "give one per sequence"
                )

    def __len__(self) -> int:
        return len(self.feature_NX)


@dataclass(frozen=True, slots=True)
class Protocol:
    """One evaluation protocol.

    Attributes:
        counting: see the module's docstring.
        gallery: conditions of the gallery: "nm-01" is that walk, "nm" all normal ones; empty: the
            dataset's roles define it.
        probes: conditions of each group of probes, by group name; empty: the dataset's roles, with
            a group per condition.
        ranks: the reported values of k.
        source: dataset and split.
    """

    counting: Counting
    gallery: tuple[str, ...] = ()
    probes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranks: tuple[int, ...] = (1, 5)
    source: str = ""


_CASIA_GALLERY = ("nm-01", "nm-02", "nm-03", "nm-04")
_CASIA_PROBES = {"nm": ("nm-05", "nm-06"), "bg": ("bg-01", "bg-02"), "cl": ("cl-01", "cl-02")}
_CASIA = "CASIA-B, subjects 075 to 124; gallery nm-01 to nm-04"

PROTOCOLS: Mapping[str, Protocol] = {
    "casia-b": Protocol("view pairs", _CASIA_GALLERY, _CASIA_PROBES, (1, 5), _CASIA),
    "casia-b-cross-view": Protocol(
        "cross view",
        ("nm-02", "bg-02", "cl-02"),
        {"nm": ("nm-01",), "bg": ("bg-01",), "cl": ("cl-01",)},
        (1, 5),
        "CASIA-B, subjects 075 to 124; gallery the second walk of each kind, probes the first",
    ),
    "oumvlp": Protocol(
        "view pairs", ("01",), {"probe": ("00",)}, (1, 5), "OUMVLP; gallery 01, probes 00"
    ),
    "oumvlp-cross-view": Protocol(
        "cross view", ("01",), {"probe": ("00",)}, (1, 5), "OUMVLP; gallery 01, probes 00"
    ),
    "psymo": Protocol(
        "view pairs",
        ("nm-01",),
        {
            "nm": ("nm-02",),
            **{name: (name,) for name in ("bg", "cl", "ph", "txt", "wsf", "wss")},
        },
        (1, 5),
        "PsyMo; gallery the first normal walk",
    ),
    "grew": Protocol("gallery", ("01",), {"probe": ("02",)}, (1, 5, 10, 20), "GREW, in-house"),
    "gait3d": Protocol("gallery", (), {}, (1, 5, 10), "Gait3D, its list of probes"),
    "kth-walk": Protocol(
        "condition pairs", (), {}, (1, 5), "KTH; each scenario in turn the gallery of each other"
    ),
    "gallery-probe": Protocol("gallery", (), {}, (1, 5, 10), "the set's own gallery and probes"),
    "cross-view": Protocol("cross view", (), {}, (1, 5), "the set's own gallery and probes"),
}


@dataclass(frozen=True, slots=True)
class GaitScores:
    """Attributes:
    metrics: mean over the groups of probes: rank1, rank5 …, and map, minp if the protocol has
        them; 0..1.
    groups: the same per group.
    cells: for view pairs, rank-1 (V, V) per group, rows are probe views; NaN if not counted.
    views: the views of the cells' rows and columns.
    gallery, probes: number of sequences.
    skipped: number of probes without a possible match in the gallery.
    people: number of people in the gallery.
    by_person: for condition pairs, what each person adds; the gallery and the probes are then all
        walks, the probes once for each gallery.
    """

    metrics: dict[str, float]
    groups: dict[str, dict[str, float]]
    gallery: int
    probes: int
    skipped: int
    people: int
    views: tuple[str, ...] = ()
    cells: dict[str, Float64] = field(default_factory=dict)
    by_person: PairSums | None = None


def gait_scores(
    vectors: GaitVectors, protocol: Protocol, distance: Distance = "euclidean"
) -> GaitScores:
    """Score the vectors by the protocol.

    Raises:
        DataError: fewer than two people in the gallery, no probes, only one view for a cross-view
            protocol, or none of the probes' people in the gallery.
    """
    in_gallery_N, groups = parts_of(vectors, protocol)
    index_of = {name: i for i, name in enumerate(np.unique(vectors.person_N).tolist())}
    person_N = np.array([index_of[name] for name in vectors.person_N.tolist()], np.int64)
    if protocol.counting == "condition pairs":
        return _over_pairs(vectors, person_N, protocol, distance)
    judge = _Judge(vectors, person_N, in_gallery_N, protocol, distance)
    found = {name: judge.scores(is_probe_N) for name, is_probe_N in groups.items()}
    tables = {name: each.metrics for name, each in found.items()}
    keys = next(iter(tables.values()))
    return GaitScores(
        metrics={key: float(np.mean([table[key] for table in tables.values()])) for key in keys},
        groups=tables,
        gallery=int(in_gallery_N.sum()),
        probes=sum(int(mask_N.sum()) for mask_N in groups.values()),
        skipped=sum(each.skipped for each in found.values()),
        people=len(np.unique(person_N[in_gallery_N])),
        views=judge.views,
        cells={name: each.cells_VV for name, each in found.items() if each.cells_VV is not None},
    )


def _over_pairs(
    vectors: GaitVectors, person_N: Index, protocol: Protocol, distance: Distance
) -> GaitScores:
    condition_N = vectors.condition_N
    sums = pair_sums(vectors.feature_NX, person_N, condition_N, protocol.ranks, distance)
    probes = len(vectors) * (len(np.unique(condition_N)) - 1)
    return GaitScores(
        metrics=sums.shares(ACROSS),
        groups={name: sums.shares(name) for name in sums.columns},
        gallery=len(vectors),
        probes=probes,
        skipped=probes - sums.probes(ACROSS),
        people=len(np.unique(person_N)),
        by_person=sums,
    )


def parts_of(vectors: GaitVectors, protocol: Protocol) -> tuple[Bool, dict[str, Bool]]:
    """Return masks of the gallery (N,) and of each group of probes (N,).

    Raises:
        DataError: empty gallery, only one person in it, no probes, or a probe that is also in the
            gallery.
    """
    if protocol.gallery:
        is_test_N = vectors.role_N != TRAIN
        in_gallery_N = is_test_N & has_condition(vectors.condition_N, protocol.gallery)
        groups = {
            name: is_test_N & has_condition(vectors.condition_N, conditions)
            for name, conditions in protocol.probes.items()
        }
    else:
        in_gallery_N = vectors.role_N == GALLERY
        is_probe_N = vectors.role_N == PROBE
        family_N = np.array([name.partition("-")[0] for name in vectors.condition_N.tolist()])
        groups = {
            name or PROBE: is_probe_N & (family_N == name)
            for name in np.unique(family_N[is_probe_N]).tolist()
        }
    groups = {name: mask_N for name, mask_N in groups.items() if mask_N.any()}
    conditions = ", ".join(np.unique(vectors.condition_N).tolist())
    if not in_gallery_N.any():
        asked = f"conditions {', '.join(protocol.gallery)}" if protocol.gallery else "role gallery"
        raise DataError(
            f"the gallery is empty: no sequence has {asked} ({len(vectors)} sequences, conditions "
            f"{conditions}); enrol somebody or choose another protocol"
        )
    if not groups:
        raise DataError(f"found no probes among {len(vectors)} sequences, conditions {conditions}")
    if any((in_gallery_N & mask_N).any() for mask_N in groups.values()):
        raise DataError(
            "found sequences that are both gallery and probe; a walk would match itself: give "
            "each one role"
        )
    people = np.unique(vectors.person_N[in_gallery_N])
    if len(people) < 2:
        raise DataError(
            f"found one person in the gallery, {people[0]}: every probe would match them; give "
            "walks of at least two people"
        )
    return in_gallery_N, groups


def has_condition(condition_N: Text, asked: Sequence[str]) -> Bool:
    """Return which walks have one of these conditions; "nm" includes "nm-01" and "nm-02"."""
    names = np.unique(condition_N)
    chosen = [n for n in names.tolist() if n in asked or n.partition("-")[0] in asked]
    return np.isin(condition_N, chosen)


@dataclass(frozen=True, slots=True)
class _Found:
    metrics: dict[str, float]
    skipped: int = 0
    cells_VV: Float64 | None = None


class _Judge:
    """Scores groups of probes in the gallery of one protocol."""

    def __init__(
        self,
        vectors: GaitVectors,
        person_N: Index,
        in_gallery_N: Bool,
        protocol: Protocol,
        distance: Distance,
    ) -> None:
        self._vectors, self._person_N, self._in_gallery_N = vectors, person_N, in_gallery_N
        self._protocol, self._distance = protocol, distance
        by_view = protocol.counting != "gallery"
        self.views = tuple(np.unique(vectors.view_N).tolist()) if by_view else ()
        if by_view and len(self.views) < 2:
            raise DataError(
                f"found views: {', '.join(self.views) or 'none'}; a cross-view protocol needs at "
                "least two: use gallery-probe instead"
            )

    def scores(self, is_probe_N: Bool) -> _Found:
        """Score one group of probes.

        Raises:
            DataError: none of its people is in the gallery.
        """
        if not np.isin(self._person_N[is_probe_N], self._person_N[self._in_gallery_N]).any():
            raise DataError(
                "none of the probes' people is in the gallery; give sequences of the same people "
                "for both"
            )
        if self._protocol.counting == "view pairs":
            return self._over_view_pairs(is_probe_N)
        if self._protocol.counting == "cross view":
            return self._across_views(is_probe_N)
        return self._pooled(self._chosen(is_probe_N), self._chosen(self._in_gallery_N))

    def _chosen(self, mask_N: Bool, view_N: Index | None = None) -> Sightings:
        camera_N = None if view_N is None else view_N[mask_N]
        return Sightings(self._vectors.feature_NX[mask_N], self._person_N[mask_N], camera_N)

    def _pooled(self, probe: Sightings, gallery: Sightings) -> _Found:
        ranks = self._protocol.ranks
        scores = retrieval_scores(probe, gallery, self._distance, max(ranks))
        metrics = {f"rank{k}": scores.rank(k) for k in ranks}
        return _Found({**metrics, "map": scores.mean_ap, "minp": scores.mean_inp}, scores.skipped)

    def _over_view_pairs(self, is_probe_N: Bool) -> _Found:
        view_N, ranks = self._vectors.view_N, self._protocol.ranks
        share_KVV = np.full((len(ranks), len(self.views), len(self.views)), np.nan)
        for column, of_gallery in enumerate(self.views):
            in_view_N = self._in_gallery_N & (view_N == of_gallery)
            if not in_view_N.any():
                continue
            gallery = self._chosen(in_view_N)
            for row, of_probe in enumerate(self.views):
                is_here_N = is_probe_N & (view_N == of_probe)
                if row == column or not is_here_N.any():
                    continue
                place_Q = first_match_places(self._chosen(is_here_N), gallery, self._distance)
                share_KVV[:, row, column] = [_rounded((place_Q <= k).mean()) for k in ranks]
        used_V = ~np.isnan(share_KVV[0]).all(axis=1)
        if not used_V.any():
            seen = ", ".join(np.unique(view_N[is_probe_N]).tolist())
            raise DataError(
                f"probes from view {seen} have no gallery from another view, so no pair of views "
                "counts; give a gallery from several views, or use gallery-probe"
            )
        mean_K = np.nanmean(share_KVV[:, used_V], axis=2).mean(axis=1)
        metrics = {f"rank{k}": float(mean) for k, mean in zip(ranks, mean_K, strict=True)}
        return _Found(metrics, 0, share_KVV[0])

    def _across_views(self, is_probe_N: Bool) -> _Found:
        _, view_N = np.unique(self._vectors.view_N, return_inverse=True)
        gallery = self._chosen(self._in_gallery_N, view_N)
        tables, skipped = [], 0
        for view in np.unique(view_N[is_probe_N]):
            probe = self._chosen(is_probe_N & (view_N == view), view_N)
            found = self._pooled(probe, gallery)
            tables.append(found.metrics)
            skipped += found.skipped
        keys = [key for key in tables[0] if key != "minp"]
        means = {key: np.mean([_rounded(table[key]) for table in tables]) for key in keys}
        return _Found({key: float(mean) for key, mean in means.items()}, skipped)


def _rounded(share: float) -> float:
    """Round a share to 0.01 %, that is a percentage with two decimals."""
    return round(100.0 * share, 2) / 100.0
