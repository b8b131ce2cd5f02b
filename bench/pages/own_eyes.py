"""Gait by this project's own eyes, on real people before real cameras.

    python -m edgehuman.bench.pages.own_eyes --data mot

The people of videos whose truth says who is who are found, and their joints and outlines taken, by
the networks that `edgehuman run` takes. A detection is of the person whose true box it overlaps
most, by at least half. What is seen of a person is cut in two in the middle, a second is left out
between, and each half is in turn looked for among the other halves of its video. Rank-1 in percent
with 95 % over people, of both gait models, of random weights of their networks, of bone lengths and
of gait energy images; and of both models together, as `edgehuman run --fuse` joins them, of the
people who have joints and outlines. Both halves are of one camera and one day: it is no test across
clothes or places, but of whether gait is left of people by the time that all networks have seen
them.

It writes `table.md` and `table.json` to --out. Axes: N walks, P people, G true boxes, T frames, J
joints.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate import silhouette, skeleton
from edgehuman.bench.evaluate.checkpoint_engine import open_random
from edgehuman.bench.evaluate.fusion import pairs_of, table_of
from edgehuman.bench.evaluate.walks import open_named
from edgehuman.bench.pages.gait_ways import (
    BONES,
    GEI,
    RANDOM,
    Walked,
    as_card,
    cosine,
    distance,
    flat,
    hits,
    in_parts,
    means,
    said,
    windows_of,
)
from edgehuman.bench.pages.keep import write_table
from edgehuman.card import Card
from edgehuman.config import require
from edgehuman.data.image.frames.load import load_frames
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.silhouette.gei import energy_images
from edgehuman.data.silhouette.score import embed_whole
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.data.skeleton.bones import bone_vectors
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError
from edgehuman.metrics.boxes.overlap import ious
from edgehuman.metrics.gait.trials import WAYS, trials_of
from edgehuman.metrics.retrieval import Distance
from edgehuman.metrics.tracking.mot import Truth
from edgehuman.outcome import Outcome
from edgehuman.preprocess.skeleton.walk import RATE_HZ, gaps, resample, to_record
from edgehuman.progress import progress_bar
from edgehuman.records import Float32, Float64, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.gait.outlines import hidden_shares, outline_of
from edgehuman.runtime.gait.walkers import DETECTOR, POSE, SEGMENTER, watching_for
from edgehuman.runtime.image.frames.answer import answer_frame
from edgehuman.runtime.image.frames.results import FrameResult
from edgehuman.runtime.image.frames.taken import TakenFrame

_OVERLAP, _PAUSE_S, _LEAST_S = 0.5, 1.0, 2.5
_RANDOM_SEEDS = (1, 2, 3)
# Each half is the gallery of each other one; of fewer people there is no deviation of scores.
_PROTOCOL, _FEWEST = "kth-walk", 3


@dataclass(frozen=True, slots=True)
class OwnEyesConfig:
    """Measure gait on the tracks of videos, seen by the project's own networks."""

    data: str
    """Videos with true tracks, such as a folder of MOTChallenge's."""
    skeletons: str = "zoo:gait-skeleton"
    """The model of skeletons."""
    silhouettes: str = "zoo:gait-silhouette"
    """The model of silhouettes."""
    detector: str = DETECTOR
    """What finds people."""
    pose: str = POSE
    """What gives their joints."""
    segmenter: str = SEGMENTER
    """What gives their outlines."""
    out: Path = Path("runs/own_eyes")
    """Folder of the table."""
    threads: int = 1
    """CPU threads."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        require(self, [(self.threads >= 1, "threads", "at least 1")])


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at a person.

    Attributes:
        t_s: when.
        joint_J3: of COCO, x, y and confidence.
        record_HW: the outline, (64, 64); None: it cannot be used.
    """

    t_s: float
    joint_J3: Float32
    record_HW: Uint8 | None


def build_table(config: OwnEyesConfig) -> Outcome:
    """Look at the videos, score all ways, and write the table.

    Raises:
        DataError: no such --data, without tracks or times, or fewer than two people are seen long
            enough.
        UsageError, ArtefactError: no such model, or one of another kind.
    """
    frames = load_frames(config.data)
    seen = look(frames, config)
    joints, outlines = walks_of(seen)
    by_joints = features_of_joints(joints, config)
    by_outlines = features_of_outlines(outlines, config)
    words = skeleton.EvaluateConfig(config.skeletons), silhouette.EvaluateConfig(config.silhouettes)
    cards = [open_named(each).card for each in words]
    models = by_joints[config.skeletons], by_outlines[config.silhouettes]
    data = {
        "data": frames.dataset,
        "detector": config.detector,
        "pose": config.pose,
        "segmenter": config.segmenter,
        "joints": _scored(joints, by_joints, cards[0]),
        "outlines": _scored(outlines, by_outlines, cards[1]),
        "fused": fused_of(joints, outlines, models, cards),
    }
    text = write_table(config.out, render(data), data)
    return Outcome(data, json.dumps(data) if config.json else text)


def look(frames: FrameSet, config: OwnEyesConfig) -> dict[tuple[str, int], list[Sight]]:
    """What is seen of each person, by video and number.

    Raises:
        DataError: the set does not say who is who, or when.
    """
    if frames.tracks is None or frames.t_s_N is None:
        raise DataError(f"{frames.dataset}: its truth does not say who is who, and when")
    kept = config.detector, config.threads
    outlines = watching_for("outlines", kept[0], config.segmenter, None, kept[1])
    joints = watching_for("joints", kept[0], config.pose, None, kept[1]).per_person
    assert joints is not None
    seen: dict[tuple[str, int], list[Sight]] = defaultdict(list)
    for index in progress_bar(range(len(frames)), desc="frames"):
        image_HWC, t_s = frames.frames[index], float(frames.t_s_N[index])
        height, width = image_HWC.shape[:2]
        taken = TakenFrame(frames.names[index], index, t_s, image_HWC, height, width)
        result = answer_frame(outlines, taken)
        places = dict(_matched(result, frames.tracks[index]))
        found = [FoundPerson(each.box_4, each.score) for each in result.people]
        answers = joints.answer_all(image_HWC, found) if places else []
        hidden_M = hidden_shares(result.people)
        for place, person in places.items():
            record_HW, _ = outline_of(result.people[place], hidden_M[place], height, width)
            joint_J3 = answers[place].joint_J3
            if joint_J3 is not None:
                sight = Sight(t_s, joint_J3, record_HW)
                seen[(str(frames.sequence_N[index]), person)].append(sight)
    return dict(seen)


def _matched(result: FrameResult, truth: Truth) -> Iterator[tuple[int, int]]:
    """Places of those found in a frame, and the numbers of the people that they are."""
    from scipy.optimize import linear_sum_assignment

    box_G4 = truth.box_G4[truth.is_marked_G]
    if not result.people or not len(box_G4):
        return
    overlap_MG = ious(np.stack([each.box_4 for each in result.people]), box_G4)
    for place, other in zip(*linear_sum_assignment(-overlap_MG), strict=True):
        if overlap_MG[place, other] >= _OVERLAP:
            yield int(place), int(truth.track_G[truth.is_marked_G][other])


def walks_of(
    seen: Mapping[tuple[str, int], list[Sight]],
) -> tuple[SkeletonSet, SilhouetteSet]:
    """Two walks of each person who is seen for long enough: joints at a constant rate, the longest
    run without a pause of over half a second; and usable outlines.

    Raises:
        DataError: of fewer than two people.
    """
    bones: dict[tuple[str, int, int], Float32] = {}
    masks: dict[tuple[str, int, int], Uint8] = {}
    for (video, person), sights in seen.items():
        middle = (sights[0].t_s + sights[-1].t_s) / 2
        halves = (
            [each for each in sights if each.t_s < middle - _PAUSE_S / 2],
            [each for each in sights if each.t_s > middle + _PAUSE_S / 2],
        )
        runs = [_longest_run(half) for half in halves]
        if all(run and run[-1].t_s - run[0].t_s >= _LEAST_S for run in runs):
            for half, run in enumerate(runs):
                joint_TJ3 = to_record(np.stack([each.joint_J3 for each in run]), video, "coco17")
                stamp_s_T = np.array([each.t_s for each in run])
                bones[(video, person, half)] = resample(joint_TJ3, stamp_s_T)
        usable = [
            [each.record_HW for each in half if each.record_HW is not None] for half in halves
        ]
        times = [[each.t_s for each in half if each.record_HW is not None] for half in halves]
        if all(each and each[-1] - each[0] >= _LEAST_S for each in times):
            for half, records in enumerate(usable):
                masks[(video, person, half)] = np.stack(records)
    for kind, found in (("joints", bones), ("outlines", masks)):
        if len(found) < 4:
            raise DataError(
                f"the {kind} of {len(found) // 2} people are seen for {_LEAST_S:g} s twice; two "
                "people are needed"
            )
    return SkeletonSet(**_about(bones), skeleton_SJ3=_joined(bones)), SilhouetteSet(
        **_about(masks), silhouette_SHW=_joined(masks)
    )


def _longest_run(sights: list[Sight]) -> list[Sight]:
    """The longest part without a pause."""
    if not sights:
        return []
    parts = [sights[part] for part in gaps(np.array([each.t_s for each in sights]))]
    return max(parts, key=lambda part: part[-1].t_s - part[0].t_s)


def _about(walks: Mapping[tuple[str, int, int], Any]) -> dict[str, Any]:
    """What a set of walks knows of them, besides their frames."""
    keys = list(walks)
    blank_N = np.full(len(keys), "")
    return {
        "name": "own eyes",
        "length_N": np.array([len(walks[key]) for key in keys]),
        "person_N": np.array([f"{video} {person}" for video, person, _ in keys]),
        "sequence_N": np.array([f"{video} {person} {half}" for video, person, half in keys]),
        "view_N": blank_N,
        "condition_N": np.array([f"{video} {half}" for video, _, half in keys]),
        "role_N": blank_N,
        "rate_hz_N": np.full(len(keys), RATE_HZ),
        "image_size_N2": np.zeros((len(keys), 2), np.int64),
    }


def _joined(walks: Mapping[tuple[str, int, int], Any]) -> Any:
    return np.concatenate(list(walks.values()))


def features_of_joints(walks: SkeletonSet, config: OwnEyesConfig) -> dict[str, Float64]:
    """Vectors (N, D) of the model, of random weights, and bone lengths."""
    model = open_named(skeleton.EvaluateConfig(config.skeletons, threads=config.threads))
    frames = model.card.input.shape[0]
    networks = {config.skeletons: model}
    for seed in _RANDOM_SEEDS:
        name = f"{RANDOM}, {seed}"
        networks[name] = open_random(model.card.arch, seed, config.threads, frames)
    features = {
        name: means(*windows_of(walks, network, frames)) for name, network in networks.items()
    }
    return {**features, BONES: bone_vectors(walks, np.ones(len(walks), np.bool_))}


def features_of_outlines(walks: SilhouetteSet, config: OwnEyesConfig) -> dict[str, Float64]:
    """Vectors (N, D) of the model, of random weights, and energy images."""
    words = silhouette.EvaluateConfig(config.silhouettes, threads=config.threads)
    model = silhouette.open_gait(words)
    networks = {config.silhouettes: model}
    for seed in _RANDOM_SEEDS:
        networks[f"{RANDOM}, {seed}"] = open_random(model.card.arch, seed, config.threads)
    features = {
        name: flat(embed_whole(walks, network.logits)[0]) for name, network in networks.items()
    }
    images_ND = energy_images(walks).reshape(len(walks), -1).astype(np.float64)
    return {**features, GEI: images_ND}


def _scored(
    walks: SkeletonSet | SilhouetteSet, features: Mapping[str, Float64], card: Card
) -> dict[str, Any]:
    """Rank-1 of each, and the gain of the model, which is the first, over the others."""
    person_N, condition_N = (
        np.unique(each, return_inverse=True)[1].reshape(-1)
        for each in (walks.person_N, walks.condition_N)
    )
    walked = Walked(person_N, condition_N)
    found: dict[str, Float64] = {}
    for name, feature_ND in features.items():
        length_N = np.linalg.norm(feature_ND, axis=1)
        is_unit = bool(np.ptp(length_N) < 1e-3 * length_N.mean())
        score = cosine(feature_ND) if is_unit else distance(feature_ND)
        found[name] = hits(walked, score if found else as_card(walked, feature_ND, card.output))
    randoms = [found.pop(name) for name in list(found) if name.startswith(RANDOM)]
    found[RANDOM] = np.mean(randoms, axis=0)
    model, *others = found
    gains = {
        other: said(np.stack([found[model][:, 0] - found[other][:, 0], found[model][:, 1]], axis=1))
        for other in others
    }
    return {
        "people": len(np.unique(person_N)),
        "rank1": {name: said(hits_H2) for name, hits_H2 in found.items()},
        "gains": gains,
    }


def fused_of(
    joints: SkeletonSet,
    outlines: SilhouetteSet,
    models: tuple[Float64, Float64],
    cards: Sequence[Card],
) -> dict[str, Any]:
    """Rank-1 of the people who have both records, by each model and by both together.

    Args:
        models: vectors (N, D) of each walk by the models of joints and of outlines.
    """
    place = {name: i for i, name in enumerate(outlines.sequence_N.tolist())}
    pairs = [(i, place[n]) for i, n in enumerate(joints.sequence_N.tolist()) if n in place]
    if not pairs:
        return {}
    first, second = (np.array(each) for each in zip(*pairs, strict=True))
    walks = joints.subset(first)
    person_N = np.unique(walks.person_N, return_inverse=True)[1].reshape(-1)
    pairs_N, _ = pairs_of(walks, _PROTOCOL)
    galleries = [pair for pair in pairs_N if len(np.unique(person_N[pair[0]])) >= _FEWEST]
    if not galleries:
        return {}
    joints_NPD, outlines_NPD = (
        in_parts(feature_ND[rows], card.output).astype(np.float32)
        for feature_ND, rows, card in zip(models, (first, second), cards, strict=True)
    )
    compared = [cast(Distance, card.output.distance) for card in cards]
    trials = trials_of(galleries, person_N, (joints_NPD, outlines_NPD), compared)
    return {"people": len(np.unique(trials.person_Q)), **table_of(trials)}


def render(data: Mapping[str, Any]) -> str:
    """The Markdown page."""
    lines = [
        f"**Real** people of {data['data']}, seen by {data['detector']}, {data['pose']} and "
        f"{data['segmenter']}; rank-1 in percent [95 % over people].",
    ]
    for kind in ("joints", "outlines"):
        table = data[kind]
        head = f"| {kind}, {table['people']} people | rank-1 | the model gains |"
        lines += ["", head, "|---|---:|---:|"]
        for name, values in table["rank1"].items():
            gain = _in_percent(table["gains"].get(name))
            lines.append(f"| {name} | {_in_percent(values)} | {gain} |")
    if data["fused"]:
        table = data["fused"]
        lines += [
            "",
            f"| fused, {table['people']} people | rank-1 | both gain |",
            "|---|---:|---:|",
        ]
        for way in WAYS:
            gain = table["gain_over"].get(way, {}).get("rank1")
            lines.append(f"| {way} | {_in_percent(table[way]['rank1'])} | {_in_percent(gain)} |")
    return "\n".join(lines)


def _in_percent(values: list[float] | None) -> str:
    if values is None:
        return ""
    value, low, high = (100 * each for each in values)
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


if __name__ == "__main__":
    sys.exit(main(OwnEyesConfig, build_table))
