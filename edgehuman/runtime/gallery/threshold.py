"""`edgehuman gallery threshold`: the score under which somebody is unknown, by the gallery itself.

edgehuman gallery threshold known.gallery --fpir 0.01 --apply

Every person is left out in turn: among the others they are a stranger, and the best score that they
reach is one that a stranger reaches at a gallery of this size. Their walks against their own other
walks say how many of the enrolled would be refused. FPIR is the share of strangers who get a name,
FNIR that of the enrolled who do not get theirs (ISO/IEC 19795-1), both as means over people.

Trials of one person are not independent, so people are counted. Where none of n people is in error,
the rate is at most 3 / n with 95 % confidence (rule of 3); a rate below that is not printed.

Source: Hanley and Lippman-Hand, "If nothing goes wrong, is everything all right?" (1983).
Axes: N probes, G walks, P people.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tyro.conf import Positional

from edgehuman.config import require
from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.bootstrap import Interval, interval, mean
from edgehuman.metrics.gait.fusion import best_of_people, fused, share_of, stranger_deviation
from edgehuman.metrics.gait.strangers import judged_scores
from edgehuman.metrics.retrieval import Distance, Sightings
from edgehuman.outcome import Outcome
from edgehuman.records import Float64, Index
from edgehuman.runtime.gallery.files import is_store, read_gallery, update_gallery
from edgehuman.runtime.gallery.gallery import Calibrated, Fusion, Gallery
from edgehuman.runtime.gallery.terms import today
from edgehuman.runtime.loop.play import say

RULE_OF_3 = 3.0
_TARGET = 0.01
# More people than this are drawn as strangers; all stay in the gallery.
_MOST_STRANGERS = 2000
# Above a score by less than vectors of one walk differ.
_ABOVE = 1e-6
# Axes of vectors of parts: walks, parts, numbers.
_OF_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdConfig:
    """Calibrate the threshold on the gallery's own people.

    Attributes:
        gallery: the file.
        fuse_gallery: that of the other model of `--fuse`: calibrate the mean of both scores, on the
            people who are in both.
        fpir: the share of strangers who may get a name, 0 to 1 (default: 0.01 if there are people
            enough to show it, or else a threshold that no stranger among them reaches).
        apply: write the threshold into the gallery; `run` and `gallery identify` use it then, `run
            --fuse` that of both.
        key: of an encrypted gallery, of both (default: EDGEHUMAN_GALLERY_KEY).
        seed: of the people drawn from a large gallery.
    """

    gallery: Positional[Path]
    fuse_gallery: Path | None = None
    fpir: float | None = None
    apply: bool = False
    key: Path | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        is_share = self.fpir is None or 0 < self.fpir < 1
        require(self, [(is_share, "fpir", "above 0 and below 1")])


@dataclass(frozen=True, slots=True)
class Trials:
    """What every person reaches when left out, and against their own other walks.

    Attributes:
        person_N: index of the person of each probe.
        other_N: best score with anybody else.
        stranger_N: the same in a gallery without them.
        own_N: best score with another walk of their own; -inf if there is none.
        people: in the gallery.
    """

    person_N: Index
    other_N: Float64
    stranger_N: Float64
    own_N: Float64
    people: int


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of people's trials.

    Attributes:
        people: who were tried.
        value: the mean over people; None: so few people show none.
        low, high: with 95 % confidence; the rule of 3 where nobody was in error.
    """

    people: int
    value: float | None
    low: float | None
    high: float | None

    def said(self) -> str:
        """In words."""
        if self.value is None or self.low is None or self.high is None:
            return f"{self.people} people cannot show it"
        if self.value == 0:
            return f"none of {self.people} people, so at most {self.high:.2%}"
        return f"{self.value:.2%} ({self.low:.2%} to {self.high:.2%}, {self.people} people)"


def threshold(config: ThresholdConfig) -> Outcome:
    """`edgehuman gallery threshold`.

    Raises:
        DataError: fewer than two people, too few for the rate that was asked for, or for --apply.
        UsageError: --apply on a gallery that cannot hold a threshold.
    """
    if config.apply and config.gallery.exists() and not is_store(config.gallery):
        raise UsageError(
            "an .npz gallery holds no threshold: make one that does with `edgehuman gallery "
            "convert`, or give the threshold to each command with --threshold"
        )
    gallery, other, share = read_gallery(config.gallery, config.key), None, None
    alone: dict[str, Trials] = {}
    if config.fuse_gallery is None:
        trials = tried(gallery, config.seed)
    else:
        other = read_gallery(config.fuse_gallery, config.key)
        trials, share, *each = tried_together(*in_order(gallery, other), config.seed)
        alone = dict(zip(("joints", "outlines"), each, strict=True))
    rate = wanted_rate(trials.people, config.fpir)
    score = score_at(trials, rate)
    strangers, known = rates(trials, score)
    if config.apply and strangers.value is None:
        raise DataError(
            f"{trials.people} people show no rate, so their threshold is not written; enrol more"
        )
    if config.apply:
        space = None if other is None else other.weights_sha256
        _keep(config, Calibrated(score, trials.people, today().isoformat()), share, space)
    refused = {by: rates(own, score_at(own, rate))[1] for by, own in alone.items()}
    data = {
        "gallery": str(config.gallery),
        **({} if share is None else {"fuse_gallery": str(config.fuse_gallery), "share": share}),
        "threshold": score,
        "people": trials.people,
        "strangers_named": _row(strangers),
        "known_refused": _row(known),
        "known_refused_alone": {by: _row(own) for by, own in refused.items()},
        "least_rate": RULE_OF_3 / trials.people,
        "applied": config.apply,
    }
    both = "" if share is None else f" of both scores ({share:.0%} by joints)"
    text = (
        f"{config.gallery}: threshold {score:.6f}{both} at {trials.people} people\n"
        f"  strangers who get a name (FPIR): {strangers.said()}\n"
        f"  known people not named right (FNIR): {known.said()}\n"
        + "".join(f"  by {by} alone (FNIR): {own.said()}\n" for by, own in refused.items())
        + f"  {'written into the gallery' if config.apply else 'not written: give --apply'}"
    )
    return Outcome(data, text)


def _keep(
    config: ThresholdConfig, fixed: Calibrated, share: float | None, space: str | None
) -> None:
    """Write a threshold into the gallery: its own, or that of its scores with another one's.

    Args:
        space: of the other gallery.
    """
    changes: dict[str, Any] = {"threshold": fixed}
    if share is not None and space is not None:
        changes = {"fusion": Fusion(share, fixed, space)}
    update_gallery(
        config.gallery,
        lambda old: dataclasses.replace(old, **changes),
        notify=say,
        key=config.key,
    )


def wanted_rate(people: int, asked: float | None) -> float:
    """The share of strangers who may get a name; 0: nobody.

    Raises:
        DataError: so many people cannot show the rate that was asked for.
    """
    least = RULE_OF_3 / people
    if asked is None:
        return _TARGET if least <= _TARGET else 0.0
    if asked < least:
        raise DataError(
            f"{people} people cannot show an FPIR of {asked:.3%}: even if none of them is in "
            f"error, it may be up to 3 / {people} = {least:.3%}. Ask for --fpir {least:.2g} or "
            f"more, or enrol {math.ceil(RULE_OF_3 / asked):,} people"
        )
    return asked


def tried(gallery: Gallery, seed: int = 0) -> Trials:
    """Leave every person out of the gallery in turn.

    Raises:
        DataError: fewer than two people.
    """
    people = len(gallery.people())
    if people < 2:
        raise DataError(
            f"found {people} people in the gallery; a threshold needs two, and a rate of 1 % "
            "needs 300: enrol more, or give --threshold"
        )
    everybody = gallery.sightings
    person_G: Index = np.asarray(everybody.person_N, np.int64)
    drawn = np.random.default_rng(seed).permutation(people)[:_MOST_STRANGERS]
    index_N = np.flatnonzero(np.isin(person_G, drawn))
    probes = Sightings(gallery.vector_GD[index_N], person_G[index_N])
    other_N, stranger_N, own_N = np.empty((3, len(index_N)))
    for row_Q, known_QG, stranger_QG in judged_scores(probes, everybody, gallery.distance):
        index_Q = index_N[row_Q]
        same_QG = person_G[index_Q][:, None] == person_G[None]
        other_N[row_Q] = np.where(same_QG, -np.inf, known_QG).max(axis=1)
        stranger_N[row_Q] = np.where(same_QG, -np.inf, stranger_QG).max(axis=1)
        same_QG[np.arange(len(index_Q)), index_Q] = False
        own_N[row_Q] = np.where(same_QG, known_QG, -np.inf).max(axis=1)
    return Trials(person_G[index_N], other_N, stranger_N, own_N, people)


def in_order(gallery: Gallery, other: Gallery) -> tuple[Gallery, Gallery]:
    """Two galleries, that of joints first: its vectors have no parts.

    Raises:
        UsageError: which is which cannot be told, such as of two of joints.
    """
    parts = [each.vector_GD.ndim == _OF_PARTS for each in (gallery, other)]
    if parts[0] == parts[1]:
        raise UsageError(
            f"which gallery is of joints and which of outlines cannot be told ({gallery.model}, "
            f"{other.model}): {'both' if parts[0] else 'neither'} have a vector for each part of a "
            "person, as those of outlines have; give one of each"
        )
    return (other, gallery) if parts[0] else (gallery, other)


def tried_together(
    joints: Gallery, outlines: Gallery, seed: int = 0
) -> tuple[Trials, float, Trials, Trials]:
    """Leave every person who is in both galleries out in turn: the trials of both scores together,
    the share of joints in them, and the trials of joints and of outlines alone.

    A probe is a walk by joints with the walk of the same id by outlines; of a person without any,
    the first with the first, the second with the second.

    Raises:
        DataError: fewer than two people are in both.
    """
    both = [name for name in joints.people() if name in {*outlines.person_G}]
    if len(both) < 2:
        raise DataError(
            f"found {len(both)} people who are in both galleries; a threshold of both scores needs "
            "two, and a rate of 1 % needs 300: enrol with `gallery enroll --fuse`"
        )
    place = {name: index for index, name in enumerate(both)}
    drawn = np.random.default_rng(seed).permutation(len(both))[:_MOST_STRANGERS].tolist()
    pairs = [pair for index in sorted(drawn) for pair in _paired(joints, outlines, both[index])]
    index_N2 = np.array(pairs, np.int64)
    person_N = np.array([place[joints.person_G[g]] for g in index_N2[:, 0].tolist()])
    deviations, scores, strangers = [], [], []
    for gallery, index_N in zip((joints, outlines), index_N2.T, strict=True):
        person_G = np.array([place.get(name, -1) for name in gallery.person_G])
        held = Sightings(gallery.vector_GD[person_G >= 0], person_G[person_G >= 0])
        deviations.append(stranger_deviation(held, gallery.distance, seed))
        row_N = np.cumsum(person_G >= 0)[index_N] - 1
        known_NP, stranger_NP = _of_people(held, row_N, gallery.distance, len(both))
        scores.append(known_NP)
        strangers.append(stranger_NP)
    share = share_of(*deviations)
    both_NP, both_apart_NP = (fused(each[0], each[1], share) for each in (scores, strangers))
    by_both = _left_out(both_NP, both_apart_NP, person_N)
    first, second = (_left_out(*each, person_N) for each in zip(scores, strangers, strict=True))
    return by_both, share, first, second


def _left_out(known_NP: Float64, stranger_NP: Float64, person_N: Index) -> Trials:
    """The trials of probes whose scores with all people these are, and would be with all others if
    they were strangers.
    """
    row_N = np.arange(len(person_N))
    own_N, best = known_NP[row_N, person_N], []
    for score_NP in (known_NP, stranger_NP):
        others_NP = score_NP.copy()
        others_NP[row_N, person_N] = -np.inf
        best.append(others_NP.max(axis=1))
    return Trials(person_N, best[0], best[1], own_N, known_NP.shape[1])


def _paired(joints: Gallery, outlines: Gallery, name: str) -> list[tuple[int, int]]:
    """The walks of a person in both galleries that are one walk."""
    first, second = (
        {each.walk_G[g]: g for g, own in enumerate(each.person_G) if own == name}
        for each in (joints, outlines)
    )
    same = [(first[walk], second[walk]) for walk in first if walk in second]
    return same or [*zip(first.values(), second.values(), strict=False)]


def _of_people(
    walks: Sightings, row_N: Index, distance: Distance, people: int
) -> tuple[Float64, Float64]:
    """The best score of each person for some of the walks (N, P), themselves left out, and those of
    a gallery without the walk's own person.
    """
    probes = Sightings(walks.feature_NX[row_N], walks.person_N[row_N])
    known_NP, stranger_NP = np.empty((2, len(row_N), people))
    for index_Q, known_QG, stranger_QG in judged_scores(probes, walks, distance):
        stranger_NP[index_Q] = best_of_people(stranger_QG, walks.person_N, people)
        known_QG[np.arange(len(index_Q)), row_N[index_Q]] = -np.inf
        known_NP[index_Q] = best_of_people(known_QG, walks.person_N, people)
    return known_NP, stranger_NP


def score_at(trials: Trials, rate: float) -> float:
    """The lowest threshold at which at most this share of strangers gets a name.

    Raises:
        DataError: somebody's walk is another's too.
    """
    _, place_N, walks_P = np.unique(trials.person_N, return_inverse=True, return_counts=True)
    share_N = 1 / (len(walks_P) * walks_P[place_N.reshape(-1)])
    order_N = np.argsort(-trials.stranger_N, kind="stable")
    named_N = np.cumsum(share_N[order_N])
    first = int(np.searchsorted(named_N, rate * (1 + 1e-9), side="right"))
    if first >= len(order_N):
        return float(trials.stranger_N.min())
    score = float(trials.stranger_N[order_N[first]]) + _ABOVE
    if score > 1:
        raise DataError(
            "two people of the gallery have the same walk, so no threshold tells them apart: find "
            "it with `edgehuman gallery show`, and forget it"
        )
    return score


def rates(trials: Trials, score: float) -> tuple[Rate, Rate]:
    """FPIR and FNIR at a threshold, as means over people."""
    named = _rate(trials.person_N, trials.stranger_N >= score)
    mated_N = np.isfinite(trials.own_N)
    own_N, other_N = trials.own_N[mated_N], trials.other_N[mated_N]
    refused = _rate(trials.person_N[mated_N], (own_N < score) | (own_N <= other_N))
    return named, refused


def _rate(person_N: Index, wrong_N: Any) -> Rate:
    """A rate, unless so few people cannot show any."""
    people_P, place_N = np.unique(person_N, return_inverse=True)
    people = len(people_P)
    if people <= RULE_OF_3:
        return Rate(people, None, None, None)
    place_N = place_N.reshape(-1)
    share_P = np.bincount(place_N, wrong_N) / np.bincount(place_N)
    if not share_P.any():
        return Rate(people, 0.0, 0.0, RULE_OF_3 / people)
    found: Interval = interval(share_P, mean)
    return Rate(people, found.value, found.low, max(found.high, RULE_OF_3 / people))


def _row(rate: Rate) -> dict[str, Any]:
    return {"people": rate.people, "rate": rate.value, "low": rate.low, "high": rate.high}
