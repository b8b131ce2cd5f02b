"""Ways to compare walks of real people without any training: what each finds, on the same walks.

    python -m edgehuman.bench.pages.gait_ways --data kth_walk.npz

Of both gait models, of random weights of their networks, of bone lengths and of gait energy images,
rank-1 in percent over every pair of conditions, probes counted once each, with 95 % over people:

- as it is: the nearest walk of the gallery, compared as the model's card says;
- less the camera's mean: from every vector the mean of all walks of its condition is taken, as a
  camera could that has seen many people pass; nobody's name is used;
- less the gallery's mean: that of the gallery's people, as cards do that say `centred`;
- a person's mean: a gallery vector is the mean of that person's walks;
- nearest windows (of skeletons): the nearest pair of windows in place of the means of both walks;
- both models: the sum of both scores, each in standard deviations of the gallery's own scores
  between different people, with weights 1 : 1 and 1 : 2; the score of a person in a model is that
  of their nearest walk there, as in `edgehuman run --fuse`.

The set has both records of each walk. It writes `table.md` and `table.json` to --out.

Axes: N walks, Q probes, G gallery walks, W windows, D dimensions, H people.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate import silhouette, skeleton
from edgehuman.bench.evaluate.checkpoint_engine import open_random
from edgehuman.bench.evaluate.walks import open_named
from edgehuman.bench.pages.keep import write_table
from edgehuman.card import Card, OutputSpec
from edgehuman.config import require
from edgehuman.data.gait.score import judged_walks, protocol_of
from edgehuman.data.silhouette.gei import energy_images
from edgehuman.data.silhouette.score import embed_whole
from edgehuman.data.skeleton.bones import bone_vectors
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError
from edgehuman.metrics.bootstrap import interval_of_groups
from edgehuman.metrics.gait.fusion import best_of_people, fused, share_of, stranger_deviation
from edgehuman.metrics.gait.vectors import mean_vector, window_starts
from edgehuman.metrics.retrieval import Distance, Sightings, distances, similarity
from edgehuman.outcome import Outcome
from edgehuman.progress import tell
from edgehuman.records import Float64, Index
from edgehuman.runtime.model import Model

Score = Callable[[Index, Index], Float64]
"""(probes (Q,), gallery (G,)) -> scores (Q, G), larger is nearer."""
BONES, GEI, RANDOM, BOTH = "bone lengths", "gait energy images", "random weights", "both models"
AS_IS, CAMERA, PERSON = "as it is", "less the camera's mean", "a person's mean"
GALLERY = "less the gallery's mean"
WINDOWS, CAMERA_PERSON = "nearest windows", "less the camera's, a person's mean"
LATER = "as it is, probes of all conditions but the first"
_SHARES = (0.5, 1.0)


@dataclass(frozen=True, slots=True)
class WaysConfig:
    """Compare ways of comparing walks, on walks that have skeletons and silhouettes."""

    data: str
    """The set: kth_walk.npz."""
    skeletons: str = "zoo:gait-skeleton"
    """The model of skeletons."""
    silhouettes: str = "zoo:gait-silhouette"
    """The model of silhouettes."""
    out: Path = Path("runs/ways")
    """Folder of the table."""
    threads: int = 1
    """CPU threads."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        require(self, [(self.threads >= 1, "threads", "at least 1")])


@dataclass(frozen=True, slots=True)
class Walked:
    """Who walked where.

    Attributes:
        person_N: numbers from 0; condition_N: of what is a gallery together.
    """

    person_N: Index
    condition_N: Index


def build_table(config: WaysConfig) -> Outcome:
    """Score all ways; write the table.

    Raises:
        DataError: no such --data, without both records of each walk, or in one condition.
        UsageError, ArtefactError: no such model, or one of another record.
    """
    rows: dict[str, dict[str, Float64]] = {}
    walked, features, windows, cards = read(config)
    for who, feature_ND in features.items():
        tell(who)
        by_way = dict(ways(walked, feature_ND))
        if who in cards:
            by_way[AS_IS] = as_card(walked, feature_ND, cards[who].output)
        rows[who] = {way: hits(walked, score) for way, score in by_way.items()}
        rows[who][LATER] = hits(walked, by_way[AS_IS], first=1)
    rows[config.skeletons][WINDOWS] = hits(walked, nearest_windows(*windows))
    both = config.skeletons, config.silhouettes
    own = [in_parts(features[name], cards[name].output) for name in both]
    compared = [cast(Distance, cards[name].output.distance) for name in both]
    plain = [centred_by(walked, unit(features[name])) for name in both]
    for share in _SHARES:
        score = summed(walked, own, compared, (share, 1.0))
        less = summed(walked, plain, ["cosine", "cosine"], (share, 1.0))
        row = {AS_IS: hits(walked, score), CAMERA: hits(walked, less)}
        rows[f"{BOTH}, {share:g} : 1"] = row
    data = {
        "people": len(np.unique(walked.person_N)),
        "walks": len(walked.person_N),
        "rank1": {
            who: {way: said(hits_H2) for way, hits_H2 in table.items()}
            for who, table in rows.items()
        },
        "gains": gains(rows, config),
    }
    text = write_table(config.out, render(data), data)
    return Outcome(data, json.dumps(data) if config.json else text)


def read(
    config: WaysConfig,
) -> tuple[Walked, dict[str, Float64], tuple[Float64, Index], dict[str, Card]]:
    """Read both records; return who walked, the vectors (N, D) of each model and baseline, the
    windows (W, D) of the skeletons' model with their walks (W,), and both models' cards.
    """
    words = skeleton.EvaluateConfig(config.skeletons, threads=config.threads)
    model = open_named(words)
    masks_words = silhouette.EvaluateConfig(config.silhouettes, threads=config.threads)
    masks_model = silhouette.open_gait(masks_words)
    bones = skeleton.load_test(config.data, model.card.input.rate_hz)
    bones = judged_walks(bones, protocol_of(bones))
    masks = silhouette.load_test(config.data)
    frames = model.card.input.shape[0]
    if bones.sequence_N.tolist() != masks.sequence_N.tolist() or (bones.length_N < frames).any():
        raise DataError(
            f"{config.data}: some walks lack skeletons, silhouettes, or the {frames} frames of a "
            "window; every walk needs all, as in kth_walk.npz"
        )
    window_WD, walk_W = windows_of(bones, model, frames)
    seed = words.seed + 1
    random_WD, _ = windows_of(
        bones, open_random(model.card.arch, seed, config.threads, frames), frames
    )
    random = open_random(masks_model.card.arch, seed, config.threads)
    everyone_N = np.ones(len(bones), np.bool_)
    features = {
        config.skeletons: means(window_WD, walk_W),
        f"{RANDOM}, skeletons": means(random_WD, walk_W),
        BONES: bone_vectors(bones, everyone_N),
        config.silhouettes: flat(embed_whole(masks, masks_model.logits)[0]),
        f"{RANDOM}, silhouettes": flat(embed_whole(masks, random.logits)[0]),
        GEI: energy_images(masks).reshape(len(masks), -1).astype(np.float64),
    }
    person_N, condition_N = (
        np.unique(each, return_inverse=True)[1].reshape(-1)
        for each in (bones.person_N, bones.condition_N)
    )
    if condition_N.max() == 0:
        raise DataError(f"{config.data}: all walks are in one condition; two are needed")
    cards = {config.skeletons: model.card, config.silhouettes: masks_model.card}
    return Walked(person_N, condition_N), features, (unit(window_WD), walk_W), cards


def windows_of(walks: SkeletonSet, model: Model, frames: int) -> tuple[Float64, Index]:
    """The vectors (W, D) of all windows, and the walk (W,) of each."""
    vectors, places = [], []
    for i in range(len(walks)):
        walk_TJ3 = walks.sequence(i)
        begins = window_starts(len(walk_TJ3), frames)
        made = np.stack([walk_TJ3[begin : begin + frames] for begin in begins])
        vectors.append(model.logits(made).astype(np.float64))
        places += [i] * len(begins)
    return np.concatenate(vectors), np.array(places)


def means(window_WD: Float64, walk_W: Index) -> Float64:
    """The mean direction (N, D) of the windows of each walk."""
    walks = range(int(walk_W.max()) + 1)
    parts = [mean_vector(window_WD[walk_W == i].astype(np.float32)) for i in walks]
    return np.stack(parts).astype(np.float64)


def flat(feature_NPD: Any) -> Float64:
    """Parts, each of length 1, side by side (N, P x D): the cosine is the mean over parts."""
    unit_NPD = unit(feature_NPD.astype(np.float64))
    return np.asarray(unit_NPD.reshape(len(unit_NPD), -1))


def unit(value_ND: Float64) -> Float64:
    """Scale to length 1."""
    return np.asarray(value_ND / np.maximum(np.linalg.norm(value_ND, axis=-1)[..., None], 1e-12))


def ways(walked: Walked, feature_ND: Float64) -> Iterator[tuple[str, Score]]:
    """The ways that need one vector of each walk. Bone lengths and energy images are compared by
    their distance as they are, and by the cosine once their mean is zero.
    """
    length_N = np.linalg.norm(feature_ND, axis=1)
    by_cosine = bool(np.ptp(length_N) < 1e-4 * length_N.mean())
    yield AS_IS, cosine(unit(feature_ND)) if by_cosine else distance(feature_ND)
    centred_ND = centred_by(walked, feature_ND)
    yield CAMERA, cosine(centred_ND)
    yield GALLERY, less_gallery(walked, feature_ND)
    if by_cosine:
        yield PERSON, persons_mean(walked, unit(feature_ND))
    yield CAMERA_PERSON, persons_mean(walked, centred_ND)


def in_parts(feature_ND: Float64, output: OutputSpec) -> Float64:
    """Vectors with a vector for each part (N, P, D), as `flat` had them."""
    return feature_ND.reshape(len(feature_ND), max(1, output.parts), -1)


def as_card(walked: Walked, feature_ND: Float64, output: OutputSpec) -> Score:
    """Similarities as a gallery of the model has them."""
    feature_NPD, compared = in_parts(feature_ND, output), cast(Distance, output.distance)

    def score(probe_Q: Index, gallery_G: Index) -> Float64:
        probes, held = (
            Sightings(feature_NPD[index_N], walked.person_N[index_N])
            for index_N in (probe_Q, gallery_G)
        )
        return similarity(distances(probes, held, compared), compared)

    return score


def centred_by(walked: Walked, feature_ND: Float64) -> Float64:
    """Take the mean of its condition from each vector; scale to length 1."""
    made_ND = feature_ND.copy()
    for condition in np.unique(walked.condition_N).tolist():
        own_N = walked.condition_N == condition
        made_ND[own_N] -= made_ND[own_N].mean(axis=0)
    return unit(made_ND)


def cosine(unit_ND: Float64) -> Score:
    """Cosines."""
    return lambda probe_Q, gallery_G: unit_ND[probe_Q] @ unit_ND[gallery_G].T


def distance(feature_ND: Float64) -> Score:
    """Euclidean distances, negative."""
    square_N = (feature_ND**2).sum(axis=1)
    return lambda probe_Q, gallery_G: (
        2 * feature_ND[probe_Q] @ feature_ND[gallery_G].T
        - square_N[gallery_G]
        - square_N[probe_Q][:, None]
    )


def less_gallery(walked: Walked, feature_ND: Float64) -> Score:
    """Cosines once the mean of the gallery's people is taken from all vectors."""

    def score(probe_Q: Index, gallery_G: Index) -> Float64:
        person_G, held_GD = walked.person_N[gallery_G], feature_ND[gallery_G]
        of_people = [held_GD[person_G == person].mean(axis=0) for person in np.unique(person_G)]
        centre_D = np.mean(of_people, axis=0)
        probe_QD, held_GD = unit(feature_ND[probe_Q] - centre_D), unit(held_GD - centre_D)
        return np.asarray(probe_QD @ held_GD.T)

    return score


def persons_mean(walked: Walked, unit_ND: Float64) -> Score:
    """Cosines to the mean of a person's walks in the gallery."""

    def score(probe_Q: Index, gallery_G: Index) -> Float64:
        person_G, own_GD = walked.person_N[gallery_G], unit_ND[gallery_G]
        mean_GD = unit(np.stack([own_GD[person_G == person].mean(axis=0) for person in person_G]))
        return np.asarray(unit_ND[probe_Q] @ mean_GD.T)

    return score


def nearest_windows(window_WD: Float64, walk_W: Index) -> Score:
    """The cosine of the nearest two windows of two walks."""
    begin_N = np.flatnonzero(np.diff(walk_W, prepend=-1))
    cosine_WW = window_WD @ window_WD.T
    best_NN = np.maximum.reduceat(np.maximum.reduceat(cosine_WW, begin_N, axis=0), begin_N, axis=1)
    return lambda probe_Q, gallery_G: best_NN[np.ix_(probe_Q, gallery_G)]


def summed(
    walked: Walked,
    features: list[Float64],
    compared: Sequence[Distance],
    weights: tuple[float, float],
) -> Score:
    """The weighed sum of two models' scores, each in standard deviations of the gallery's own
    scores between different people; of a person, that of the nearest walk in each model.
    """

    def score(probe_Q: Index, gallery_G: Index) -> Float64:
        people_P, person_G = np.unique(walked.person_N[gallery_G], return_inverse=True)
        person_G = person_G.reshape(-1)
        best, deviations = [], []
        for feature_NX, way, weight in zip(features, compared, weights, strict=True):
            held = Sightings(feature_NX[gallery_G], person_G)
            asked = Sightings(feature_NX[probe_Q], walked.person_N[probe_Q])
            deviations.append(stranger_deviation(held, way) / weight)
            score_QG = similarity(distances(asked, held, way), way)
            best.append(best_of_people(score_QG, person_G, len(people_P)))
        by_both_QP = fused(best[0], best[1], share_of(*deviations))
        return np.asarray(by_both_QP[:, person_G])

    return score


def hits(walked: Walked, score: Score, first: int = 0) -> Float64:
    """How often the nearest walk is the person's own, and of how many probes, by person (H, 2); a
    tie with somebody else is none.

    Args:
        first: number of the first condition whose walks are probes.
    """
    found_H2 = np.zeros((int(walked.person_N.max()) + 1, 2))
    conditions = np.unique(walked.condition_N).tolist()
    for gallery, probe in ((g, p) for g in conditions for p in conditions[first:] if g != p):
        gallery_G, probe_Q = (
            np.flatnonzero(walked.condition_N == each) for each in (gallery, probe)
        )
        score_QG = score(probe_Q, gallery_G)
        same_QG = walked.person_N[probe_Q][:, None] == walked.person_N[gallery_G]
        own_Q = np.where(same_QG, score_QG, -np.inf).max(axis=1)
        other_Q = np.where(same_QG, -np.inf, score_QG).max(axis=1)
        known_Q = same_QG.any(axis=1)
        pair_Q2 = np.stack([own_Q > other_Q, np.ones(len(own_Q))], axis=1)
        np.add.at(found_H2, walked.person_N[probe_Q][known_Q], pair_Q2[known_Q])
    return found_H2


def said(hits_H2: Float64) -> list[float]:
    """The share, and its interval over people."""
    found = interval_of_groups(hits_H2, lambda total_R2: total_R2[:, 0] / total_R2[:, 1])
    return [found.value, found.low, found.high]


def gains(
    rows: Mapping[str, Mapping[str, Float64]], config: WaysConfig
) -> dict[str, dict[str, list[float]]]:
    """Gains of both models over their baselines, each compared in the same way."""
    pairs = {
        config.skeletons: (BONES, f"{RANDOM}, skeletons"),
        config.silhouettes: (GEI, f"{RANDOM}, silhouettes"),
    }
    return {
        f"{model} over {other}": {
            way: said(np.stack([rows[model][way][:, 0] - rows[other][way][:, 0],
                                rows[model][way][:, 1]], axis=1))
            for way in rows[model] if way in rows[other]
        }
        for model, others in pairs.items() for other in others
    }  # fmt: skip


def render(data: Mapping[str, Any]) -> str:
    """The Markdown page."""
    columns = (AS_IS, CAMERA, GALLERY, PERSON, CAMERA_PERSON, WINDOWS, LATER)
    lines = [
        f"{data['walks']} walks of {data['people']} **real** people, each condition the gallery of "
        "each other one; rank-1 in percent [95 % over people].",
        "",
        f"| | {' | '.join(columns)} |",
        "|---|" + "---:|" * len(columns),
    ]
    for who, table in {**data["rank1"], **data["gains"]}.items():
        cells = [_cell(table.get(way)) for way in columns]
        lines.append(f"| {who} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(numbers: list[float] | None) -> str:
    if numbers is None:
        return "-"
    share, low, high = (100 * each for each in numbers)
    return f"{share:.1f} [{low:.1f}, {high:.1f}]"


if __name__ == "__main__":
    sys.exit(main(WaysConfig, build_table))
