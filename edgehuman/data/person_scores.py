"""What a network of person images scores on labelled people: one function for training, for
`evaluate` on a checkpoint, and for `evaluate` on an artefact on the device.

    found = score(persons, index_K, answer, card.output, (256, 128))
    found.metrics["mean_iou"]

Pictures go to the network as on the device: brought to its size, nothing cut. Answers are judged on
the picture's own grid. Labels of the model and of the data are matched by name.

Axes: K pictures of the set, N pictures of a batch, J joints, A attributes, C parts, H height, W
width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgehuman.card import OutputSpec
from edgehuman.data.persons import PersonSet
from edgehuman.errors import DataError, ImageError
from edgehuman.metrics.attributes import attribute_scores
from edgehuman.metrics.keypoints import (
    SIGMAS,
    coco_results,
    coco_truth,
    keypoint_scores,
    oks,
    wholebody_scores,
)
from edgehuman.metrics.parsing import mask_confusion, parsing_scores
from edgehuman.metrics.person_answers import joints_of, parts_of, probabilities
from edgehuman.metrics.retrieval import Distance, Sightings, retrieval_scores
from edgehuman.preprocess.image import ImageArray, resize, to_crop
from edgehuman.samples import FloatArray

Index = NDArray[np.int64]
Answer = Callable[[ImageArray], FloatArray]
"""Raw pictures (N, H, W, 3) -> the network's outputs (N, ...)."""


@dataclass(frozen=True, slots=True)
class PersonScores:
    """Attributes:
    metrics: the numbers, 0..1, the one that selects first.
    per_label: by attribute or part; None where the data holds none of it.
    pictures: how many were judged; unreadable: left out, because they could not be read.
    said: what was judged, in words.
    """

    metrics: dict[str, float]
    pictures: int
    said: str
    per_label: dict[str, float | None] = field(default_factory=dict)
    unreadable: int = 0


@dataclass(slots=True)
class _Reading:
    """Batches of pictures brought to one size; what cannot be read is counted."""

    persons: PersonSet
    index_K: Index
    size: tuple[int, int]
    batch: int
    unreadable: int = 0

    def __iter__(self) -> Iterator[tuple[Index, list[tuple[int, int]], ImageArray]]:
        """Numbers in the set, sizes of the pictures as they are, and the batch (N, H, W, 3)."""
        for start in range(0, len(self.index_K), self.batch):
            kept, sizes, images = [], [], []
            for index in map(int, self.index_K[start : start + self.batch]):
                try:
                    image_HWC = self.persons.image(index)
                except ImageError:
                    self.unreadable += 1
                    continue
                kept.append(index)
                sizes.append((image_HWC.shape[0], image_HWC.shape[1]))
                images.append(resize(image_HWC, *self.size))
            if kept:
                yield np.array(kept, np.int64), sizes, np.stack(images)


def score(
    persons: PersonSet,
    index_K: Index,
    answer: Answer,
    output: OutputSpec,
    size: tuple[int, int],
    batch: int = 32,
) -> PersonScores:
    """Ask the network about these pictures and compare.

    Args:
        persons: labelled people; index_K: which of them.
        answer: the network.
        output: what it gives; size: height and width that it takes.

    Raises:
        DataError: nothing to judge, labels that the model does not know, or a set without the
            labels that this output is judged by.
    """
    if not len(index_K):
        raise DataError(f"{persons.dataset}: no picture to judge")
    reading = _Reading(persons, index_K, size, batch)
    judges = {
        "embedding": _retrieval,
        "attributes": _attributes,
        "heatmaps": _joints,
        "segmentation": _parts,
    }
    if output.kind not in judges:
        raise DataError(f"{output.kind} cannot be judged on person images")
    return judges[output.kind](reading, answer, output)


def _gathered(reading: _Reading, answer: Answer) -> tuple[Index, FloatArray]:
    """All outputs at once, where they are small."""
    kept, outputs = [], []
    for index_N, _, image_NHWC in reading:
        kept.append(index_N)
        outputs.append(answer(image_NHWC))
    if not kept:
        raise DataError(f"{reading.persons.dataset}: none of the pictures can be read")
    return np.concatenate(kept), np.concatenate(outputs)


def _retrieval(reading: _Reading, answer: Answer, output: OutputSpec) -> PersonScores:
    """The Market-1501 protocol. A set without query and gallery asks with every picture for all
    others; where nobody has a second camera, only the picture itself is left out.
    """
    persons = reading.persons
    index_N, vector_ND = _gathered(reading, answer)
    person_N, camera_N = persons.person_N[index_N], persons.camera_N[index_N]
    role_N = persons.role_N[index_N]
    is_query_N, is_gallery_N = role_N == "query", role_N == "gallery"
    if not is_query_N.any() or not is_gallery_N.any():
        is_query_N = is_gallery_N = person_N >= 0
        pairs = np.unique(np.stack([person_N, camera_N]), axis=1)
        if len(np.unique(pairs[0])) == pairs.shape[1]:
            camera_N = np.arange(len(camera_N))
    sides = [
        Sightings(vector_ND[chosen_N], person_N[chosen_N], camera_N[chosen_N])
        for chosen_N in (is_query_N, is_gallery_N)
    ]
    distance: Distance = "euclidean" if output.distance == "euclidean" else "cosine"
    found = retrieval_scores(sides[0], sides[1], distance)
    people = len(np.unique(person_N[person_N >= 0]))
    skipped = f", {found.skipped} without a match left out" if found.skipped else ""
    return PersonScores(
        metrics={
            "mean_ap": found.mean_ap,
            "rank1": found.rank(1),
            "rank5": found.rank(5),
            "mean_inp": found.mean_inp,
        },
        pictures=len(index_N),
        said=f"{found.queries} queries{skipped}, {len(sides[1])} pictures of {people} people",
        unreadable=reading.unreadable,
    )


def _attributes(reading: _Reading, answer: Answer, output: OutputSpec) -> PersonScores:
    persons = reading.persons
    column_A = _places(persons.attributes, output.labels, "attributes", persons.dataset)
    index_N, logits_NA = _gathered(reading, answer)
    found = attribute_scores(probabilities(logits_NA[:, column_A]), persons.attribute_NA[index_N])
    return PersonScores(
        metrics={
            "mean_accuracy": found.mean_accuracy,
            "accuracy": found.accuracy,
            "precision": found.precision,
            "recall": found.recall,
            "f1": found.f1,
        },
        pictures=len(index_N),
        said=f"{len(index_N)} pictures, {len(column_A)} attributes",
        per_label=_named(persons.attributes, found.accuracy_A),
        unreadable=reading.unreadable,
    )


def _joints(reading: _Reading, answer: Answer, output: OutputSpec) -> PersonScores:
    """COCO AP and AR with the true boxes; every picture is an image of its own."""
    persons = reading.persons
    truth_NJ3 = persons.keypoint_NJ3
    if truth_NJ3.shape[1] != len(output.labels):
        raise DataError(
            f"{persons.dataset} has {truth_NJ3.shape[1]} joints and the model {len(output.labels)}"
        )
    kept, found = [], []
    for index_N, sizes, image_NHWC in reading:
        heatmap_NJHW = answer(image_NHWC)
        joint_NJ3 = joints_of(heatmap_NJHW, reading.size[0] / heatmap_NJHW.shape[2])
        whole = (0, 0, reading.size[1], reading.size[0])
        kept.append(index_N)
        found += [
            to_crop(joint_J3, whole, *own_size)
            for joint_J3, own_size in zip(joint_NJ3, sizes, strict=True)
        ]
    if not kept:
        raise DataError(f"{persons.dataset}: none of the pictures can be read")
    index_N, joint_NJ3 = np.concatenate(kept), np.stack(found)
    return PersonScores(
        metrics=_joint_metrics(joint_NJ3, truth_NJ3[index_N], persons.area_N[index_N]),
        pictures=len(index_N),
        said=f"{len(index_N)} people in their true boxes, {len(output.labels)} joints",
        unreadable=reading.unreadable,
    )


def _joint_metrics(
    joint_NJ3: FloatArray, truth_NJ3: FloatArray, area_N: FloatArray
) -> dict[str, float]:
    image_N = np.arange(len(joint_NJ3))
    labelled_NJ = truth_NJ3[..., 2] > 0
    similar_N = oks(joint_NJ3, truth_NJ3, area_N, SIGMAS[truth_NJ3.shape[1]])
    low_N2 = np.where(labelled_NJ[..., None], truth_NJ3[..., :2], np.inf).min(axis=1)
    high_N2 = np.where(labelled_NJ[..., None], truth_NJ3[..., :2], -np.inf).max(axis=1)
    box_N4 = np.nan_to_num(np.concatenate([low_N2, high_N2 - low_N2], axis=1), posinf=0, neginf=0)
    truth = coco_truth(truth_NJ3, area_N, box_N4, image_N)
    results = coco_results(joint_NJ3, image_N)
    if truth_NJ3.shape[1] == 133:
        parts = wholebody_scores(truth, results)
        metrics = {f"ap_{name}": scores.ap for name, scores in parts.items()}
    else:
        scores = keypoint_scores(truth, results)
        metrics = {"ap": scores.ap, "ap50": scores.ap50, "ap75": scores.ap75, "ar": scores.ar}
    return {"mean_oks": float(np.nanmean(similar_N)), **metrics}


def _parts(reading: _Reading, answer: Answer, output: OutputSpec) -> PersonScores:
    persons = reading.persons
    place_C = _places(persons.parts, output.labels, "parts", persons.dataset)
    table = np.full(256, 255, np.uint8)
    table[: len(place_C)] = place_C
    counts_CC = np.zeros((len(output.labels), len(output.labels)), np.int64)
    pictures = 0
    for index_N, sizes, image_NHWC in reading:
        for index, own_size, logits_CHW in zip(index_N, sizes, answer(image_NHWC), strict=True):
            truth_HW = table[persons.part(int(index))]
            counts_CC += mask_confusion(
                truth_HW, parts_of(logits_CHW, *own_size), len(output.labels)
            )
            pictures += 1
    if not pictures:
        raise DataError(f"{persons.dataset}: none of the pictures can be read")
    found = parsing_scores(counts_CC)
    return PersonScores(
        metrics={
            "mean_iou": found.mean_iou,
            "mean_accuracy": found.mean_accuracy,
            "pixel_accuracy": found.pixel_accuracy,
        },
        pictures=pictures,
        said=f"{pictures} pictures, {len(output.labels)} parts",
        per_label=_named(output.labels, found.iou_C),
        unreadable=reading.unreadable,
    )


def _places(own: Sequence[str], known: Sequence[str], kind: str, where: str) -> list[int]:
    """For every label of the data its place among the model's.

    Raises:
        DataError: a label that the model does not know.
    """
    unknown = [name for name in own if name not in known]
    if unknown or not own:
        raise DataError(
            f"{where} has the {kind} {', '.join(unknown) or 'of nothing'}, which the model does "
            f"not know; its own are {', '.join(known)}. Fine-tune it on that data"
        )
    return [known.index(name) for name in own]


def _named(names: Sequence[str], value_X: NDArray[np.float64]) -> dict[str, float | None]:
    return {
        name: None if np.isnan(value) else float(value)
        for name, value in zip(names, value_X, strict=True)
    }
