"""`edgehuman evaluate MODEL --fuse OTHER`: how well two gait models find people together.

    edgehuman evaluate zoo:gait-silhouette --fuse zoo:gait-skeleton --data kth_walk.npz --json

The walks have both records, as `kth_walk.npz` has, or are simulated. Every probe is looked for by
joints alone, by outlines alone and by both, as `edgehuman run --fuse` does: a person's score in a
model is that of their nearest walk, and both are fused (`metrics.gait.fusion`) by the deviations of
that gallery. Shares are over all probes, intervals over people. A protocol of pairs of conditions
takes each condition as the gallery of each other one; any other one its gallery, all probes
together.

At each threshold it says what becomes of known people and of strangers: probes whose own person is
left out. `calibrated` is what `edgehuman run --fuse` needs where a gallery has no threshold of its
own.

Axes: N walks, Q probes, D dimensions, P parts, H people of the set.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np

from edgehuman import catalogue
from edgehuman.bench.evaluate.walks import of_known, open_named
from edgehuman.data.gait.score import protocol_of, vectors_of
from edgehuman.data.gait.walks import WalkSet
from edgehuman.data.silhouette.load import load_silhouettes, people_in
from edgehuman.data.silhouette.score import embed_whole, least_frames
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.data.silhouette.walks import simulated_set as simulated_outlines
from edgehuman.data.skeleton.load import load_skeletons, resampled
from edgehuman.data.skeleton.mistakes import shows_nobody
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.data.skeleton.walks import simulated_set as simulated_joints
from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.bootstrap import interval_of_groups
from edgehuman.metrics.gait.protocols import PROTOCOLS, parts_of
from edgehuman.metrics.gait.strangers import ACCEPTED_STRANGERS
from edgehuman.metrics.gait.trials import (
    BOTH,
    JOINTS,
    WAYS,
    Trials,
    at_threshold,
    trials_of,
)
from edgehuman.metrics.gait.vectors import embed_walks
from edgehuman.metrics.retrieval import Distance
from edgehuman.outcome import Outcome
from edgehuman.progress import tell
from edgehuman.records import Bool, Float32, Float64, Index
from edgehuman.runtime.model import Model
from edgehuman.runtime.silhouette.answer import require_silhouettes
from edgehuman.runtime.skeleton.answer import require_gait
from edgehuman.tables.fusions import FUSIONS

# Simulated people of the evaluation: world 0, which no training here uses.
_PEOPLE, _EACH, _FRAMES = 60, 6, 72
_RANKS = (1, 5)
# Flags of one model, and their defaults.
_OF_ONE: Mapping[str, object] = {
    "distance": None,
    "submission": None,
    "random_networks": 0,
    "rate_hz": None,
    "size": None,
    "layout": None,
}


class Words(Protocol):
    """What the evaluations of both records share."""

    @property
    def model(self) -> str: ...
    @property
    def fuse(self) -> str | None: ...
    @property
    def data(self) -> str: ...
    @property
    def dataset(self) -> str | None: ...
    @property
    def protocol(self) -> str | None: ...
    @property
    def batch(self) -> int: ...
    @property
    def threads(self) -> int: ...
    @property
    def seed(self) -> int: ...


@dataclass(frozen=True, slots=True)
class _Asked:
    """One of the two models."""

    model: str
    threads: int
    seed: int


def require_alone(config: Any) -> None:
    """Raises UsageError for a flag that says nothing of two models."""
    for name, usual in _OF_ONE.items():
        if getattr(config, name, usual) != usual:
            flag = f"--{name.replace('_', '-')}"
            raise UsageError(f"{flag} is for one model; leave it out with --fuse")


def evaluate_fused(words: Words, reads: str) -> Outcome:
    """`edgehuman evaluate --fuse`.

    Args:
        reads: the record of the first model, "joints" or "outlines".

    Raises:
        ArtefactError: not one model of joints and one of outlines.
        DataError: no such data, or without both records; or as `trials_of`.
        UsageError: an unknown protocol.
    """
    assert words.fuse is not None
    names = (words.model, words.fuse) if reads == JOINTS else (words.fuse, words.model)
    models = [open_named(_Asked(name, words.threads, words.seed)) for name in names]
    require_gait(models[0])
    require_silhouettes(models[1])
    joints, outlines, left_out = both_records(words.data, models)
    if words.dataset is not None and words.dataset != joints.name:
        raise DataError(f"--data {words.data} is {joints.name}, but --dataset asks for another")
    features = features_of(joints, outlines, models, words.batch)
    pairs, said = pairs_of(joints, words.protocol)
    distances = [cast(Distance, model.card.output.distance) for model in models]
    person_N = np.unique(joints.person_N, return_inverse=True)[1].reshape(-1)
    trials = trials_of(pairs, person_N, features, distances)
    data = {
        "model": words.model,
        "fuse": words.fuse,
        "data": words.data,
        "dataset": joints.name,
        "simulated": joints.simulated,
        "protocol": said,
        "people": len(np.unique(person_N)),
        "walks": len(joints),
        "left_out": left_out,
        "probes": len(trials.person_Q),
        "weights": [model.card.gallery_space for model in models],
        "share_of_joints": float(np.mean(trials.shares)),
        "metrics": table_of(trials),
        "open_set": open_sets(trials, models),
        "calibrated": calibrated(trials, pairs, person_N),
    }
    return Outcome(data, as_text(data))


def both_records(data: str, models: Sequence[Model]) -> tuple[SkeletonSet, SilhouetteSet, int]:
    """The walks that have both records and are long enough for both models, in one order; and how
    many are left out.

    Raises:
        DataError: no such data, or no walk has both records.
        UsageError: not a number of simulated people.
    """
    joints, outlines = _loaded(data, models[0].card.input.rate_hz)
    place = {name: i for i, name in enumerate(outlines.sequence_N.tolist())}
    least = models[0].card.input.shape[0], least_frames(models[1].card.arch)
    nobody_N = shows_nobody(joints)
    kept = [
        (i, place[name])
        for i, name in enumerate(joints.sequence_N.tolist())
        if name in place
        and not nobody_N[i]
        and joints.length_N[i] >= least[0]
        and outlines.length_N[place[name]] >= least[1]
    ]
    if not kept:
        raise DataError(
            f"{data}: no walk has joints and outlines, with the {least[0]} frames of a window; "
            "give kth_walk.npz, or simulated"
        )
    first, second = (list(each) for each in zip(*kept, strict=True))
    left_out = len({*joints.sequence_N.tolist(), *place}) - len(kept)
    if left_out:
        tell(f"edgehuman: {data}: {left_out} walks lack joints or outlines, or are too short")
    return joints.subset(first), outlines.subset(second), left_out


def _loaded(data: str, rate_hz: float) -> tuple[SkeletonSet, SilhouetteSet]:
    word, _, count = data.partition(":")
    if word != catalogue.SIMULATED:
        try:
            return resampled(load_skeletons(data), rate_hz), load_silhouettes(data)
        except DataError as error:
            raise DataError(
                f"{data} needs joints and outlines of each walk, as kth_walk.npz has; or give "
                f"simulated. {error}"
            ) from None
    people = people_in(count) if count else _PEOPLE
    if people < 2:
        raise UsageError(f"--data {data}: somebody else has to be there; give a number from 2")
    walks = simulated_joints(people, _EACH, 0, _FRAMES)
    return resampled(walks, rate_hz), simulated_outlines(people, _EACH, 0, _FRAMES)


def features_of(
    joints: SkeletonSet, outlines: SilhouetteSet, models: Sequence[Model], batch: int = 32
) -> tuple[Float32, Float32]:
    """The vectors of each walk: (N, D) of joints, and (N, P, D) of outlines."""
    bones, masks = models
    sequences = (joints.sequence(i) for i in range(len(joints)))
    frames, distance = bones.card.input.shape[0], str(bones.card.output.distance)
    first_ND, _ = embed_walks(sequences, bones.logits, frames, distance, batch)
    second_NPD, _ = embed_whole(outlines, masks.logits, batch, least_frames(masks.card.arch))
    return first_ND, second_NPD


def pairs_of(walks: WalkSet, asked: str | None = None) -> tuple[list[tuple[Bool, Bool]], str]:
    """The galleries (N,) with their probes (N,), and what they are in words.

    Raises:
        UsageError: no such protocol.
        DataError: as `parts_of`, or there is one condition alone.
    """
    name = protocol_of(walks, asked)
    protocol = PROTOCOLS[name]
    if protocol.counting == "condition pairs":
        conditions = np.unique(walks.condition_N).tolist()
        masks = {each: walks.condition_N == each for each in conditions}
        pairs = [(masks[g], masks[p]) for g in conditions for p in conditions if g != p]
        if not pairs:
            raise DataError(f"{walks.name}: all walks are in one condition; two are needed")
        return pairs, f"{walks.name}, each condition the gallery of each other one"
    blank_ND = np.zeros((len(walks), 1), np.float32)
    in_gallery_N, groups = parts_of(vectors_of(walks, blank_ND), protocol)
    return [(in_gallery_N, np.logical_or.reduce([*groups.values()]))], f"{walks.name}, all probes"


def table_of(trials: Trials) -> dict[str, Any]:
    """Way -> rank-1 and rank-5 with their intervals over people, and what both gain over each."""
    people = int(trials.person_Q.max()) + 1

    def sums(hit_Q: Any) -> Float64:
        return np.stack(
            [np.bincount(trials.person_Q, each, people) for each in (hit_Q, np.ones(len(hit_Q)))],
            axis=1,
        )

    def said(hit_Q: Any) -> list[float]:
        sum_H2 = sums(hit_Q)
        sum_H2 = sum_H2[sum_H2[:, 1] > 0]
        one = interval_of_groups(sum_H2, lambda total_R2: total_R2[:, 0] / total_R2[:, 1])
        return [one.value, one.low, one.high]

    hit = {rank: (trials.rank_WQ <= rank).astype(np.float64) for rank in _RANKS}
    table: dict[str, Any] = {
        way: {f"rank{rank}": said(hit[rank][w]) for rank in _RANKS} for w, way in enumerate(WAYS)
    }
    table["gain_over"] = {
        way: {"rank1": said(hit[1][-1] - hit[1][w])} for w, way in enumerate(WAYS[:-1])
    }
    return table


def open_sets(trials: Trials, models: Sequence[Model]) -> dict[str, Any]:
    """Way -> what becomes of known people and strangers at the threshold that holds without a
    calibration; None: there is none.
    """
    row = FUSIONS.get((models[0].card.gallery_space, models[1].card.gallery_space))
    thresholds = [*(model.card.decision.threshold for model in models)]
    found: dict[str, Any] = {
        way: at_threshold(trials, w, threshold)
        for w, (way, threshold) in enumerate(zip(WAYS, thresholds, strict=False))
    }
    found[BOTH] = None if row is None else at_threshold(trials, WAYS.index(BOTH), row.threshold)
    return found


def calibrated(
    trials: Trials, pairs: Sequence[tuple[Bool, Bool]], person_N: Index
) -> dict[str, Any]:
    """The share of joints, the threshold at which 5 % of these probes are taken for somebody else
    where their own person is left out, and what becomes of everybody there, by each way.
    """
    at = {
        way: at_threshold(
            trials, w, float(np.quantile(trials.stranger_WQ[w], 1 - ACCEPTED_STRANGERS))
        )
        for w, way in enumerate(WAYS)
    }
    people = int(np.median([len(np.unique(person_N[gallery_N])) for gallery_N, _ in pairs]))
    return {
        "share": float(np.mean(trials.shares)),
        "threshold": at[BOTH]["threshold"],
        "people": people,
        "day": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "each": at,
    }


def as_text(data: Mapping[str, Any]) -> str:
    """The tables in words."""
    kind = "SIMULATED walkers" if data["simulated"] else data["dataset"]
    lines = [
        f"{data['model']} and {data['fuse']} on {kind}: {data['probes']} probes of "
        f"{data['people']} people, {data['protocol']}",
        "",
        f"  {'':<22}{'rank-1, 95 % over people':<28}rank-5",
        *(
            f"  {way:<22}{_cell(data['metrics'][way]['rank1']):<28}"
            f"{_cell(data['metrics'][way]['rank5'])}"
            for way in WAYS
        ),
        *(
            f"  {f'both over {way}':<22}{_cell(data['metrics']['gain_over'][way]['rank1'])}"
            for way in WAYS[:-1]
        ),
        "",
        f"  the mean of both scores is {data['share_of_joints']:.1%} that of joints",
        *_open_lines(data),
    ]
    return "\n".join(lines)


def _open_lines(data: Mapping[str, Any]) -> Iterator[str]:
    for way, table in data["open_set"].items():
        if table is None:
            yield f"  {way}: no threshold without a gallery's own"
            continue
        yield f"  {way}, at {table['threshold']:.4f}: {_shares(table)}"
    for way, table in data["calibrated"]["each"].items():
        yield f"  {way}, where 5 % of strangers are accepted: {_shares(table)}"


def _shares(table: Mapping[str, float]) -> str:
    return f"{of_known(table)}; {table['strangers_accepted']:.1%} of strangers accepted"


def _cell(values: Sequence[float]) -> str:
    value, low, high = values
    return f"{100 * value:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
