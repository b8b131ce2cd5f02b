"""Answers of a gait model with the quality of the walks that it was asked about, and the fit of the
quality's exponents to them. What `discard` measures.

Axes: N, Q probes, G walks of a gallery, M comparisons of two people, D dimensions, K parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehuman.bench.pages.skeleton.unseen import at_random, for_a_while, never
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.metrics.gait.vectors import halves_alike, mean_vector, window_starts
from edgehuman.preprocess.quality import Quality, Weights
from edgehuman.preprocess.skeleton.motion.quality import quality_of
from edgehuman.records import Bool, Float32, Float64, Index, Text
from edgehuman.runtime.model import Model
from edgehuman.simulate.skeleton.detector import Detector
from edgehuman.simulate.skeleton.walks import SimulatedSkeletons, simulate_skeletons

RANK1, FNMR = "rank-1 error", "FNMR at FMR 1 %"
_FMR = 0.01
# Detectors from usual to bad, and what they lose.
_DETECTORS = (
    Detector(),
    Detector(noise=2.0, spread=0.6, dropped=2.0),
    Detector(noise=3.0, spread=0.8, dropped=3.0, swapped=3.0),
    Detector(dropped=5.0),
)
_LIMBS = (
    *((f"{side}_elbow", f"{side}_wrist") for side in "rl"),
    *((f"{side}_knee", f"{side}_ankle") for side in "rl"),
    ("nose", "r_eye", "l_eye", "r_ear", "l_ear"),
    ("r_ankle", "l_ankle"),
)
_FRAMES, _SHORTEST = 96, 24
_PIECES = 2
# An exponent is at least this, so that the quality rises with every part.
_LEAST_WEIGHT = 0.05


@dataclass(frozen=True, slots=True)
class Answers:
    """Probes with their answers.

    Attributes:
        quality: of each probe, N of them.
        person_N: whose it is.
        own_N, other_N: best score with the person's own walks, and with anybody else's.
        impostor_M: scores of all comparisons of two people.
    """

    quality: tuple[Quality, ...]
    person_N: Text
    own_N: Float64
    other_N: Float64
    impostor_M: Float64

    @property
    def wrong(self) -> dict[str, Float64]:
        """1 for a wrong answer, by error."""
        threshold = float(np.quantile(self.impostor_M, 1.0 - _FMR))
        return {
            RANK1: (self.own_N <= self.other_N).astype(np.float64),
            FNMR: (self.own_N < threshold).astype(np.float64),
        }

    def orders(self) -> dict[str, Float64]:
        """What to discard by: the quality, and each part that all probes have."""
        names = [name for name in Weights._fields if all(name in q.parts for q in self.quality)]
        made = {"quality": np.array([_power(each) for each in self.quality])}
        return made | {n: np.array([each.parts[n] for each in self.quality]) for n in names}

    def chosen(self, is_N: Bool) -> Answers:
        """Some of them."""
        quality = tuple(self.quality[i] for i in np.flatnonzero(is_N).tolist())
        own_N, other_N = self.own_N[is_N], self.other_N[is_N]
        return Answers(quality, self.person_N[is_N], own_N, other_N, self.impostor_M)


def _power(quality: Quality) -> float:
    """The quality before it is rounded."""
    value = np.log(np.maximum([*quality.parts.values()], 1e-6))
    weight = np.array([getattr(quality.weights, name) for name in quality.parts])
    return float(np.exp((weight @ value) / weight.sum()))


def embedded(model: Model, walks: Sequence[Float32]) -> tuple[Float32, list[Quality]]:
    """The vector (N, D) and the quality of each walk, of one window or more."""
    frames, rate_hz = model.card.input.shape[0], model.card.input.rate_hz
    vectors, qualities = [], []
    for walk_TJ3 in walks:
        starts = window_starts(len(walk_TJ3), frames)
        vector_ND = model.logits(np.stack([walk_TJ3[i : i + frames] for i in starts]))
        vector_ND = vector_ND.reshape(len(starts), -1)
        vectors.append(mean_vector(vector_ND, str(model.card.output.distance)))
        qualities.append(quality_of(walk_TJ3, rate_hz, halves_alike(vector_ND)))
    return np.stack(vectors), qualities


def simulated_answers(model: Model, people: int, world: int) -> Answers:
    """Simulated people, each with four whole walks in the gallery and four probes that show less:
    other days, bags and coats, and bad detectors.
    """
    gallery = simulate_skeletons(people, 4, world, frames=_FRAMES, conditions=("nm",))
    vector_GD, _ = embedded(model, list(gallery.skeleton_NTJ3))
    probes = [
        simulate_skeletons(
            people, 8, world, _FRAMES, conditions=("nm", "nm", "bg", "cl"), detector=detector
        )
        for detector in _DETECTORS
    ]
    walks, person_N = _lacking(probes, np.random.default_rng(world))
    vector_QD, quality = embedded(model, walks)
    return _answers(vector_QD, person_N, quality, vector_GD, gallery.person_N)


def _lacking(
    probes: Sequence[SimulatedSkeletons], random: np.random.Generator
) -> tuple[list[Float32], Index]:
    """Pieces of the later walks of each person, one detector after the other, with joints lost."""
    walks, person = [], []
    for i in np.repeat(np.flatnonzero(probes[0].walk_N >= 4), _PIECES).tolist():
        whole_TJ3 = probes[int(random.integers(len(probes)))].skeleton_NTJ3[i]
        frames = int(random.integers(_SHORTEST, _FRAMES + 1))
        begin = int(random.integers(_FRAMES - frames + 1))
        piece_TJ3 = whole_TJ3[begin : begin + frames].copy()
        limbs = [_LIMBS[k] for k in random.permutation(len(_LIMBS))[: random.integers(1, 3)]]
        losses = (
            None,
            at_random(random.uniform(0.05, 0.5)),
            for_a_while(12, random.uniform(0.1, 0.6)),
            never(*(name for limb in limbs for name in limb)),
        )
        lose = losses[int(random.integers(len(losses)))]
        if lose is not None:
            piece_TJ3[lose(piece_TJ3, random)] = 0.0
        walks.append(piece_TJ3)
        person.append(int(probes[0].person_N[i]))
    return walks, np.array(person)


def real_answers(model: Model, walks: SkeletonSet) -> Answers:
    """Each condition the gallery of each other one; without conditions, gallery and probes."""
    walks = walks.subset(walks.length_N >= model.card.input.shape[0])
    vector_ND, quality = embedded(model, [walks.sequence(i) for i in range(len(walks))])
    has_pairs = len({*walks.condition_N[walks.role_N == "probe"].tolist()}) > 1
    found = []
    for gallery_N, probe_N in _pairs(walks, has_pairs):
        at_probe = np.flatnonzero(probe_N).tolist()
        of_probe = [quality[i] for i in at_probe]
        person = walks.person_N
        found.append(
            _answers(
                vector_ND[probe_N], person[probe_N], of_probe, vector_ND[gallery_N],
                person[gallery_N],
            )
        )  # fmt: skip
    return Answers(
        tuple(each for one in found for each in one.quality),
        *(np.concatenate([getattr(one, n) for one in found]) for n in _ARRAYS),
    )


_ARRAYS = ("person_N", "own_N", "other_N", "impostor_M")


def _pairs(walks: SkeletonSet, has_pairs: bool) -> Iterator[tuple[Bool, Bool]]:
    if not has_pairs:
        yield walks.role_N == "gallery", walks.role_N != "gallery"
        return
    conditions = np.unique(walks.condition_N).tolist()
    for gallery in conditions:
        for probe in conditions:
            if gallery != probe:
                yield walks.condition_N == gallery, walks.condition_N == probe


def _answers(
    vector_QD: Float32, person_Q: Any, quality: Sequence[Quality], vector_GD: Float32, person_G: Any
) -> Answers:
    """The best scores of each probe, of those whose person is in the gallery."""
    score_QG = vector_QD.astype(np.float64) @ vector_GD.astype(np.float64).T
    same_QG = person_Q[:, None] == person_G[None]
    own_Q = np.where(same_QG, score_QG, -np.inf).max(axis=1)
    other_Q = np.where(same_QG, -np.inf, score_QG).max(axis=1)
    person_N, impostor_M = np.asarray(person_Q).astype(str), score_QG[~same_QG]
    made = Answers(tuple(quality), person_N, own_Q, other_Q, impostor_M)
    return made.chosen(np.isfinite(own_Q) & np.isfinite(other_Q))


def fitted(answers: Answers) -> Weights:
    """The exponents by which the quality's logarithm best tells right from wrong at rank 1: those
    of the largest likelihood under a logistic curve.
    """
    from scipy.optimize import minimize

    right_N = 1.0 - answers.wrong[RANK1]
    names = Weights._fields
    log_NK = np.array(
        [[each.parts.get(name, np.nan) for name in names] for each in answers.quality]
    )
    log_NK = np.log(np.maximum(log_NK, 1e-2))
    known_NK = np.isfinite(log_NK)

    def weights(free: Float64) -> Float64:
        share_K = np.exp(free[: len(names)] - free[: len(names)].max())
        free_mass = 1.0 - _LEAST_WEIGHT * len(names)
        return np.asarray(_LEAST_WEIGHT + free_mass * share_K / share_K.sum())

    def unlikely(free: Float64) -> float:
        weight_NK = np.where(known_NK, weights(free), 0.0)
        power_N = (weight_NK * np.nan_to_num(log_NK)).sum(axis=1) / weight_NK.sum(axis=1)
        odds_N = free[-2] + np.exp(free[-1]) * power_N
        return float(np.mean(np.logaddexp(0.0, odds_N) - right_N * odds_N))

    found = minimize(unlikely, np.zeros(len(names) + 2), method="L-BFGS-B")
    return Weights(*(round(each, 2) for each in weights(found.x).tolist()))
