"""Strangers at a gallery: how many get a name, by the size of the gallery and the way of comparing.

    python -m edgehuman.bench.pages.strangers --data kth_walk.npz
    python -m edgehuman.bench.pages.strangers --data mot

A threshold is chosen once, on simulated people whom the networks of `edgehuman run` see before a
drawn camera (`drawn_days`): 5 % of them get a name in a gallery of 20 that they are not in.
`edgehuman export --threshold` takes it into a card. With that one, so many people of each set are
enrolled from one condition, drawn again and again; all walks of another condition look for their
person: those of the enrolled are known, all others strangers. `cosine` compares vectors as they
are, `centred` less the gallery's mean person (`metrics.gait.centring`), with --prior people at the
origin. Percent, for strangers with 95 % over people.

A folder of videos with true tracks, or `drawn:N` of N simulated days, is seen by the networks of
`edgehuman run` first, as in `bench.pages.own_eyes`; its conditions are the halves of each person's
time. It writes `table.md` and `table.json` to --out.

Axes: N walks, Q probes, G gallery walks, H people, P parts, D dimensions.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate import silhouette, skeleton
from edgehuman.bench.evaluate.fusion import pairs_of
from edgehuman.bench.evaluate.walks import open_named
from edgehuman.bench.pages import own_eyes
from edgehuman.bench.pages.drawn_days import drawn_days
from edgehuman.bench.pages.gait_ways import means, windows_of
from edgehuman.bench.pages.keep import write_table
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.data.gait.score import judged_walks, protocol_of
from edgehuman.data.image.frames.load import load_frames
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.silhouette.load import people_in
from edgehuman.data.silhouette.score import embed_whole
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.data.skeleton.load import resampled
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.data.skeleton.walks import simulated_set as simulated_joints
from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.bootstrap import interval_of_groups
from edgehuman.metrics.gait.centring import PRIOR_PEOPLE, people_centre
from edgehuman.metrics.gait.fusion import best_of_people
from edgehuman.metrics.gait.strangers import ACCEPTED_STRANGERS
from edgehuman.metrics.retrieval import Distance, Sightings, distance_blocks, similarity
from edgehuman.outcome import Outcome
from edgehuman.progress import tell
from edgehuman.records import Bool, Float32, Float64, Index
from edgehuman.runtime.model import Model

WAYS: tuple[Distance, ...] = ("cosine", "centred")
_DRAWN = "drawn:"
# Walks of each person, the world, and frames of a walk, as in `evaluate --data simulated`.
_SIMULATED_WALKS = 6, 0, 96


@dataclass(frozen=True, slots=True)
class StrangersConfig:
    """Count strangers who get a name, on sets that chose nothing."""

    data: tuple[str, ...]
    """Sets of walks, folders of videos with tracks, or drawn:N."""
    reference: str = "drawn:12"
    """Simulated people, on whom the threshold is chosen."""
    chosen_at: int = 20
    """People in the gallery then."""
    model: str = "zoo:gait-silhouette"
    """A model of gait that compares by the cosine or centred."""
    sizes: tuple[int, ...] = (2, 3, 5, 10, 15)
    """People in the gallery; a set needs two more."""
    draws: int = 20
    """Galleries of each size and pair of conditions."""
    prior: float = PRIOR_PEOPLE
    """People at the origin that the mean of the gallery counts besides its own."""
    seed: int = 0
    """Seed of the draws."""
    out: Path = Path("runs/strangers")
    """Folder of the table."""
    threads: int = 1
    """CPU threads."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        sized = bool(self.sizes) and min(self.sizes) >= 2
        require(
            self,
            [
                (bool(self.data), "data", "at least one set"),
                (sized, "sizes", "2 or more each"),
                (self.draws >= 1, "draws", "at least 1"),
                (self.prior > 0, "prior", "above 0"),
                (self.threads >= 1, "threads", "at least 1"),
            ],
        )


@dataclass(frozen=True, slots=True)
class Walked:
    """Walks as vectors.

    Attributes:
        feature_NPD: with a vector for each part.
        person_N: numbers from 0.
        pairs: galleries (N,) with their probes (N,).
    """

    feature_NPD: Float32
    person_N: Index
    pairs: Sequence[tuple[Bool, Bool]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What every probe reached, of all draws.

    Attributes:
        person_Q: who it is; known_Q: enrolled or not.
        score_Q: of the nearest person; right_Q: it is that person, and nobody else as near.
    """

    person_Q: Index
    known_Q: Bool
    score_Q: Float64
    right_Q: Bool


def build_table(config: StrangersConfig) -> Outcome:
    """Choose the thresholds, count strangers in every set, and write the table.

    Raises:
        DataError: no such --data, or too few people.
        UsageError, ArtefactError: no such model, or one of another record.
    """
    model = open_named(silhouette.EvaluateConfig(config.model, threads=config.threads))
    reference = walked_of(config.reference, model, config)
    thresholds = {}
    for way in WAYS:
        chosen = drawn(reference, config.chosen_at, way, config)
        thresholds[way] = float(
            np.quantile(chosen.score_Q[~chosen.known_Q], 1 - ACCEPTED_STRANGERS)
        )
    rows = []
    for data in config.data:
        walked = walked_of(data, model, config)
        for size in config.sizes:
            if size + 2 > len(np.unique(walked.person_N)):
                continue
            for way in WAYS:
                found = drawn(walked, size, way, config)
                row = {"data": data, "people": size, "way": way}
                rows.append({**row, **counted(found, thresholds[way])})
    chosen_by = {"reference": config.reference, "chosen_at": config.chosen_at}
    result = {"model": config.model, "prior": config.prior, **chosen_by}
    result |= {"thresholds": thresholds, "rows": rows}
    text = write_table(config.out, render(result), result)
    return Outcome(result, json.dumps(result) if config.json else text)


def walked_of(data: str, model: Model, config: StrangersConfig) -> Walked:
    """The vectors of a set.

    Raises:
        DataError: see `load_test` of the record, and `own_eyes.look`.
    """
    tell(data)
    is_joints = not model.card.output.parts  # outlines have a vector for each part of a person
    if data.startswith(_DRAWN) or Path(data).is_dir():
        words = own_eyes.OwnEyesConfig(data, threads=config.threads)
        frames = _drawn(data) if data.startswith(_DRAWN) else load_frames(data)
        joints, outlines = own_eyes.walks_of(own_eyes.look(frames, words))
        walks: SkeletonSet | SilhouetteSet = joints if is_joints else outlines
    elif is_joints:
        walks = _joints(data, model.card.input.rate_hz)
    else:
        walks = silhouette.load_test(data)
    return _embedded(walks, model)


def _joints(data: str, rate_hz: float) -> SkeletonSet:
    """Walks of joints, also of so many simulated people."""
    word, _, count = data.partition(":")
    if word == SIMULATED and count:
        return resampled(simulated_joints(people_in(count), *_SIMULATED_WALKS), rate_hz)
    bones = skeleton.load_test(data, rate_hz)
    return judged_walks(bones, protocol_of(bones))


def _drawn(data: str) -> FrameSet:
    count = data.removeprefix(_DRAWN)
    if not count.isdecimal():
        raise UsageError(f"--data {data}: give the number of days, such as {_DRAWN}12")
    return drawn_days(int(count))


def _embedded(walks: SkeletonSet | SilhouetteSet, model: Model) -> Walked:
    if isinstance(walks, SkeletonSet):
        frames = model.card.input.shape[0]
        long_N = walks.length_N >= frames
        walks = walks.subset(long_N)
        feature_NPD = means(*windows_of(walks, model, frames))[:, None].astype(np.float32)
    else:
        feature_NPD, kept_N = embed_whole(walks, model.logits)
        walks = walks.subset(kept_N)
    person_N = np.unique(walks.person_N, return_inverse=True)[1].reshape(-1)
    by_condition = len(np.unique(walks.condition_N)) > 1 and not (walks.role_N != "").any()
    pairs, _ = pairs_of(walks, "kth-walk" if by_condition else None)
    return Walked(feature_NPD, person_N, pairs)


def drawn(walked: Walked, size: int, way: Distance, config: StrangersConfig) -> Drawn:
    """Enrol so many people, again and again, and look for everybody.

    Raises:
        DataError: no gallery has two people more than that.
    """
    found: list[tuple[Index, Bool, Float64, Bool]] = []
    for number, (gallery_N, probe_N) in enumerate(walked.pairs):
        there = np.unique(walked.person_N[gallery_N])
        if len(there) < size + 2 and len(np.unique(walked.person_N[probe_N])) < size + 2:
            continue
        rng = np.random.default_rng([config.seed, size, number])
        for _ in range(config.draws):
            enrolled = rng.choice(there, min(size, len(there)), replace=False)
            held_N = gallery_N & np.isin(walked.person_N, enrolled)
            found.append(_looked(walked, held_N, probe_N, way, config.prior))
    if not found:
        raise DataError(f"no gallery has {size + 2} people; give smaller --sizes or more people")
    return Drawn(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _looked(
    walked: Walked, held_N: Bool, probe_N: Bool, way: Distance, prior: float
) -> tuple[Index, Bool, Float64, Bool]:
    """Look for all probes in one gallery."""
    people_H, person_G = np.unique(walked.person_N[held_N], return_inverse=True)
    held = Sightings(walked.feature_NPD[held_N], person_G.reshape(-1))
    asked = Sightings(walked.feature_NPD[probe_N], walked.person_N[probe_N])
    centre = None
    if way == "centred":
        centre = people_centre(held.feature_NX, held.person_N, prior=prior)
    distance_QG = np.concatenate([*distance_blocks(asked, held, way, centre)])
    score_QH = best_of_people(similarity(distance_QG, way), held.person_N, len(people_H))
    best_Q = score_QH.max(axis=1)
    alone_Q = (score_QH == best_Q[:, None]).sum(axis=1) == 1
    person_Q = walked.person_N[probe_N]
    right_Q = (people_H[score_QH.argmax(axis=1)] == person_Q) & alone_Q
    return person_Q, np.isin(person_Q, people_H), best_Q, right_Q


def counted(found: Drawn, threshold: float) -> dict[str, Any]:
    """Shares of the known who are found and named right, of strangers who are named, and those of
    the known who would be named right at the threshold at which 5 % of these strangers are.
    """
    known, named = found.known_Q, found.score_Q >= threshold
    of_these = float(np.quantile(found.score_Q[~known], 1 - ACCEPTED_STRANGERS))
    strangers_H2 = _by_person(found.person_Q[~known], named[~known])
    interval = interval_of_groups(strangers_H2, lambda total_R2: total_R2[:, 0] / total_R2[:, 1])
    return {
        "rank1": float(found.right_Q[known].mean()),
        "named_right": float((found.right_Q & named)[known].mean()),
        "strangers_named": [interval.value, interval.low, interval.high],
        "named_right_at_5": float((found.right_Q & (found.score_Q >= of_these))[known].mean()),
    }


def _by_person(person_Q: Index, hit_Q: Bool) -> Float64:
    """Hits and trials of each person (H, 2)."""
    _, index_Q = np.unique(person_Q, return_inverse=True)
    index_Q = index_Q.reshape(-1)
    return np.stack([np.bincount(index_Q, hit_Q), np.bincount(index_Q)], axis=1)


def render(data: Mapping[str, Any]) -> str:
    """The Markdown page."""
    chosen = ", ".join(f"{way} {score:.3f}" for way, score in data["thresholds"].items())
    lines = [
        f"{data['model']}; thresholds of 5 % of **simulated** strangers ({data['reference']}) at "
        f"{data['chosen_at']} people: {chosen}; prior {data['prior']:g}. Percent [95 % over "
        "people].",
        "",
        "| set | enrolled | compared | rank-1 | known, named right | strangers named "
        "| known, named right where 5 % of these strangers are |",
        "|---|---:|---|---:|---:|---:|---:|",
    ]
    for row in data["rows"]:
        value, low, high = (100 * each for each in row["strangers_named"])
        cells = [
            row["data"],
            str(row["people"]),
            row["way"],
            f"{100 * row['rank1']:.1f}",
            f"{100 * row['named_right']:.1f}",
            f"{value:.1f} [{low:.1f}, {high:.1f}]",
            f"{100 * row['named_right_at_5']:.1f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(StrangersConfig, build_table))
