"""What is wrong with the joints of a model: whose, in which way, and whether their order costs AP.

    python -m edgehuman.bench.pages.image.joint_faults zoo:person-pose --data coco_people
        --split all

Each labelled joint is one of five, after Ronchi and Perona ("Benchmarking and Error Diagnosis in
Multi-Instance Pose Estimation", ICCV 2017), by the similarity of OKS: good (over 0.85), near (over
0.5), at its mirror joint, at another joint of the person, or missed; their exchange with another
person counts as missed, since a crop's labels are of one. AP is also shown for people ranked by
their true OKS, the best that any score could do, and with the mirror image.

It writes `table.md` and `table.json` to --out. Axes: N people, J joints, 3: x, y and confidence or
visibility.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tyro.conf import Positional

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate.evaluate import Split, open_model
from edgehuman.bench.evaluate.image import part_of
from edgehuman.bench.pages.keep import write_table
from edgehuman.config import require
from edgehuman.data.image.load import PersonSet, load_persons
from edgehuman.data.image.score import Answer, read_batches, with_mirror
from edgehuman.errors import ArtefactError, DataError
from edgehuman.geometry import COCO_17, mirror_order
from edgehuman.metrics.keypoints import (
    SIGMAS,
    coco_results,
    coco_truth,
    keypoint_scores,
    oks,
    person_score,
)
from edgehuman.metrics.person_answers import decode_joints
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.pixels import to_crop
from edgehuman.records import Bool, Float32, Float64, Index
from edgehuman.runtime.model import Model

FAULTS = ("good", "near", "mirrored", "other", "missed")
_GOOD, _NEAR = 0.85, 0.5
_LEGS = [COCO_17.index(f"{side}_{joint}") for side in "lr" for joint in ("knee", "ankle")]
_BATCH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultsConfig:
    """Say what is wrong with the joints that a model finds."""

    model: Positional[str]
    """zoo:NAME, an artefact's path or a checkpoint folder, of the 17 joints of COCO."""
    data: str
    """People with joints."""
    split: Split = "test"
    """The test part, the training part, or all."""
    out: Path = Path("runs/joint_faults")
    """Folder of the table."""
    threads: int = 1
    """Threads inside one operator."""
    seed: int = 0
    """Seed of the random weights, if the model is a catalogue name."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        require(self, [(self.threads >= 1, "threads", "at least 1")])


@dataclass(frozen=True, slots=True)
class Looked:
    """Attributes:
    found_NJ3, true_NJ3: joints in pixels of each picture.
    area_N: of each person, square pixels.
    """

    found_NJ3: Float32
    true_NJ3: Float32
    area_N: Float32


def similarity(found_NJ3: Float32, looked: Looked, order: Index | None = None) -> Float64:
    """Similarity (N, J) of each joint to its label, or to that of the joint that `order` names."""
    order = np.arange(found_NJ3.shape[1]) if order is None else order
    true_NJ3 = looked.true_NJ3[:, order]
    square_NJ = ((found_NJ3[..., :2] - true_NJ3[..., :2]) ** 2).sum(axis=2)
    room_NJ = 2 * looked.area_N[:, None] * (2 * SIGMAS[17][order]) ** 2
    return np.asarray(np.where(true_NJ3[..., 2] > 0, np.exp(-square_NJ / room_NJ), 0.0))


def faults(looked: Looked) -> Index:
    """Index (N, J) in `FAULTS`; -1: not labelled."""
    count = looked.true_NJ3.shape[1]
    right_NJ = similarity(looked.found_NJ3, looked)
    mirror_NJ = similarity(looked.found_NJ3, looked, np.array(mirror_order(COCO_17)))
    turned = (np.roll(np.arange(count), shift) for shift in range(1, count))
    other_NJ = np.max([similarity(looked.found_NJ3, looked, each) for each in turned], axis=0)
    found_NJ = np.select(
        [right_NJ > _GOOD, right_NJ >= _NEAR, mirror_NJ >= _NEAR, other_NJ >= _NEAR], range(4), 4
    )
    return np.asarray(np.where(looked.true_NJ3[..., 2] > 0, found_NJ, -1))


def groups(looked: Looked) -> dict[str, Bool]:
    """Who is in which group, by what is labelled."""
    labelled_NJ = looked.true_NJ3[..., 2] > 0
    count_N = labelled_NJ.sum(axis=1)
    has_legs_N = labelled_NJ[:, _LEGS].sum(axis=1) >= 2
    return {
        "all": count_N > 0,
        "legs in view": has_legs_N,
        "no legs in view": ~has_legs_N & (count_N > 0),
        "1 to 8 joints": (count_N > 0) & (count_N <= 8),
        "9 to 12 joints": (count_N > 8) & (count_N <= 12),
        "13 to 17 joints": count_N > 12,
    }


def average_precision(looked: Looked, score_N: Float64) -> float:
    """AP of people ranked by a score, in their true boxes."""
    labelled_NJ1 = looked.true_NJ3[..., 2:] > 0
    low_N2 = np.where(labelled_NJ1, looked.true_NJ3[..., :2], np.inf).min(axis=1)
    high_N2 = np.where(labelled_NJ1, looked.true_NJ3[..., :2], -np.inf).max(axis=1)
    box_N4 = np.concatenate([low_N2, high_N2 - low_N2], axis=1)
    box_N4[~labelled_NJ1.any(axis=(1, 2))] = 0
    image_N = np.arange(len(score_N))
    truth = coco_truth(looked.true_NJ3, looked.area_N, box_N4, image_N)
    return float(keypoint_scores(truth, coco_results(looked.found_NJ3, image_N, score_N)).ap)


def measured(looked: Looked) -> dict[str, Any]:
    """AP as it is and of the best order, what labelled joints are called, and the groups.

    Raises:
        DataError: nobody has a labelled joint.
        MissingDependencyError: pycocotools is not installed.
    """
    is_labelled_NJ = looked.true_NJ3[..., 2] > 0
    if not is_labelled_NJ.any():
        raise DataError("no person here has a labelled joint; give other people")
    alike_N = np.nan_to_num(oks(looked.found_NJ3, looked.true_NJ3, looked.area_N, SIGMAS[17]))
    fault_NJ, alike_NJ = faults(looked), similarity(looked.found_NJ3, looked)
    is_there_NJ = looked.found_NJ3[..., 2] > 0
    by_group = {}
    for name, in_N in groups(looked).items():
        own = fault_NJ[in_N][is_labelled_NJ[in_N]]
        shares = [float((own == number).mean()) if len(own) else 0.0 for number in range(5)]
        by_group[name] = {
            "people": int(in_N.sum()),
            "oks": float(alike_N[in_N].mean()) if in_N.any() else 0.0,
            **dict(zip(FAULTS, shares, strict=True)),
        }
    return {
        "ap": average_precision(looked, person_score(looked.found_NJ3[..., 2])),
        "ap_best_order": average_precision(looked, alike_N),
        "said_there": float(is_there_NJ[is_labelled_NJ].mean()),
        "alike_there": _mean(alike_NJ[is_labelled_NJ & is_there_NJ]),
        "alike_not_there": _mean(alike_NJ[is_labelled_NJ & ~is_there_NJ]),
        "groups": by_group,
    }


def _mean(values: Float64) -> float:
    return float(values.mean()) if len(values) else 0.0


def look(model: Model, persons: PersonSet, index_K: Index, see: Answer) -> Looked:
    """Find the joints of some people of a set; pictures that cannot be read are left out."""
    size = (model.card.input.shape[0], model.card.input.shape[1])
    found, kept = [], []
    whole = (0, 0, size[1], size[0])
    for index_N, sizes, image_NHWC in read_batches(persons, index_K, size, _BATCH, {}):
        joint_NJ3 = decode_joints(see(image_NHWC), model.card.output, size, model.card.decision)
        found += [
            to_crop(each_J3, whole, *own) for each_J3, own in zip(joint_NJ3, sizes, strict=True)
        ]
        kept.append(index_N)
    if not kept:
        raise DataError(f"{persons.dataset}: none of its pictures can be read; copy it again")
    index_N = np.concatenate(kept)
    return Looked(np.stack(found), persons.keypoint_NJ3[index_N], persons.area_N[index_N])


def build(config: FaultsConfig) -> Outcome:
    """Measure, and write the table.

    Raises:
        ArtefactError: the model does not give the 17 joints of COCO.
        DataError: no such data, or nobody with a labelled joint.
    """
    model = open_model(config)
    card = model.card
    if card.output.kind not in ("heatmaps", "simcc") or card.output.labels != COCO_17:
        raise ArtefactError(f"{card.name} does not give the 17 joints of COCO; give one that does")
    persons = load_persons(config.data, "pose", shape=card.input.shape[1] / card.input.shape[0])
    index_K = part_of(persons, config.split)
    ways: Mapping[str, Answer] = {"as it is": model.logits}
    ways = {**ways, "with the mirror image": with_mirror(model.logits, card.output)}
    table = {name: measured(look(model, persons, index_K, see)) for name, see in ways.items()}
    data = {"model": model.name, "data": persons.dataset, "people": len(index_K), "ways": table}
    whose = "SIMULATED people" if persons.simulated else persons.dataset
    text = write_table(config.out, f"{model.name}, {whose}, percent.\n\n{_as_text(table)}", data)
    return Outcome(data, json.dumps(data) if config.json else text)


def _as_text(table: Mapping[str, Mapping[str, Any]]) -> str:
    percent: Callable[[float], str] = lambda share: f"{100 * share:.1f}"  # noqa: E731
    names = ("AP", "AP in the best order", "joints said to be there", "OKS of these", "of others")
    keys = ("ap", "ap_best_order", "said_there", "alike_there", "alike_not_there")
    lines = [f"| | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
    for name, found in table.items():
        lines.append(f"| {name} | {' | '.join(percent(found[key]) for key in keys)} |")
    lines += ["", f"| | people | OKS | {' | '.join(FAULTS)} |", "|---|" + "---:|" * 7]
    for name, found in next(iter(table.values()))["groups"].items():
        cells = " | ".join(percent(found[key]) for key in ("oks", *FAULTS))
        lines.append(f"| {name} | {found['people']} | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(FaultsConfig, build))
