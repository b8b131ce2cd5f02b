"""HOTA (Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking", IJCV
2021), as TrackEval computes it: finding people and keeping their tracks weigh the same.

At each of 19 thresholds of similarity, DetA = TP / (TP + FN + FP), and AssA is the mean over TP of
the share that the pair's common frames have in all frames of either; HOTA is the mean over the
thresholds of sqrt(DetA * AssA). Frames are matched by similarity times how alike the two tracks are
over the whole video. Of several videos the counts are summed and AssA is weighted by TP, and then
they are combined: it is no mean of their HOTAs.

Axes: A thresholds, G people, M found tracks.
"""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import dataclass

import numpy as np

from edgehuman.metrics.tracking.sequence import EPS, Sequence, matching
from edgehuman.records import Float64

ALPHAS: Float64 = np.asarray(np.arange(0.05, 0.99, 0.05), np.float64)


@dataclass(frozen=True, slots=True)
class Hota:
    """Attributes:
    tp_A, fn_A, fp_A: pairs, people without one, boxes without one.
    ass_A, ass_recall_A, ass_precision_A, similarity_A: sums over the pairs; their means are AssA,
        AssRe, AssPr and LocA.
    """

    tp_A: Float64
    fn_A: Float64
    fp_A: Float64
    ass_A: Float64
    ass_recall_A: Float64
    ass_precision_A: Float64
    similarity_A: Float64

    @property
    def det_a_A(self) -> Float64:
        """How well people are found (A,)."""
        return np.asarray(self.tp_A / np.maximum(1, self.tp_A + self.fn_A + self.fp_A))

    @property
    def ass_a_A(self) -> Float64:
        """How well tracks are kept (A,)."""
        return np.asarray(self.ass_A / np.maximum(1, self.tp_A))

    @property
    def hota_A(self) -> Float64:
        """The value at each threshold (A,)."""
        return np.asarray(np.sqrt(self.det_a_A * self.ass_a_A))

    @property
    def loc_a(self) -> float:
        """Mean similarity of pairs, over the thresholds."""
        return float(np.mean(np.maximum(1e-10, self.similarity_A) / np.maximum(1e-10, self.tp_A)))

    def metrics(self) -> dict[str, float]:
        """Means over the thresholds by name, 0 to 1."""
        some_A = np.maximum(1, self.tp_A)
        return {
            "hota": float(self.hota_A.mean()),
            "det_a": float(self.det_a_A.mean()),
            "ass_a": float(self.ass_a_A.mean()),
            "det_re": float(np.mean(self.tp_A / np.maximum(1, self.tp_A + self.fn_A))),
            "det_pr": float(np.mean(self.tp_A / np.maximum(1, self.tp_A + self.fp_A))),
            "ass_re": float(np.mean(self.ass_recall_A / some_A)),
            "ass_pr": float(np.mean(self.ass_precision_A / some_A)),
            "loc_a": self.loc_a,
        }


def hota(sequence: Sequence) -> Hota:
    """The counts of one video.

    Raises:
        MissingDependencyError: scipy is not installed.
    """
    count_G, count_M = sequence.count_true_G, sequence.count_found_M
    likeness_GM = _likeness(sequence)
    tp_A, fn_A, fp_A, similarity_A = np.zeros((4, len(ALPHAS)))
    pairs_AGM = np.zeros((len(ALPHAS), len(count_G), len(count_M)), np.int32)
    for true_G, found_M, alike_GM in zip(
        sequence.true, sequence.found, sequence.alike, strict=True
    ):
        fn_A += len(true_G)
        fp_A += len(found_M)
        if not alike_GM.size:
            continue
        g, m = matching(likeness_GM[np.ix_(true_G, found_M)] * alike_GM)
        is_pair_AP = alike_GM[g, m] >= ALPHAS[:, None] - EPS
        count_A = is_pair_AP.sum(axis=1)
        tp_A += count_A
        fn_A -= count_A
        fp_A -= count_A
        similarity_A += np.where(is_pair_AP, alike_GM[g, m], 0).sum(axis=1)
        pairs_AGM[:, true_G[g], found_M[m]] += is_pair_AP
    ass_A, recall_A, precision_A = np.zeros((3, len(ALPHAS)))
    for a, pairs_GM in enumerate(pairs_AGM):
        common_GM = pairs_GM.astype(np.float64) ** 2  # each pair weighs by the frames it is in
        either_GM = np.maximum(1, count_G[:, None] + count_M - pairs_GM)
        ass_A[a] = np.sum(common_GM / either_GM)
        recall_A[a] = np.sum(common_GM / np.maximum(1, count_G)[:, None])
        precision_A[a] = np.sum(common_GM / np.maximum(1, count_M))
    return Hota(tp_A, fn_A, fp_A, ass_A, recall_A, precision_A, similarity_A)


def of_several(each: Several[Hota]) -> Hota:
    """Of several videos together."""
    names = Hota.__slots__
    return Hota(*(np.sum([getattr(one, name) for one in each], axis=0) for name in names))


def _likeness(sequence: Sequence) -> Float64:
    """How alike each person's and each found track are over the video (G, M)."""
    count_G, count_M = sequence.count_true_G, sequence.count_found_M
    common_GM = np.zeros((len(count_G), len(count_M)))
    for true_G, found_M, alike_GM in zip(
        sequence.true, sequence.found, sequence.alike, strict=True
    ):
        either_GM = alike_GM.sum(axis=0) + alike_GM.sum(axis=1)[:, None] - alike_GM
        share_GM = np.divide(
            alike_GM, either_GM, out=np.zeros_like(alike_GM), where=either_GM > EPS
        )
        common_GM[np.ix_(true_G, found_M)] += share_GM
    return np.asarray(common_GM / (count_G[:, None] + count_M - common_GM))
