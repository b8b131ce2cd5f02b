"""Score a person-image network on labelled people: used in training, by `evaluate` for checkpoints
and artefacts, and by the accuracy check of an export.

    found = score(persons, index_K, answer, card.output, (256, 128))
    found.metrics["mean_iou"]

Pictures are resized as on the device, without cropping. Outputs are scored at the picture's
original size. Labels of the model and of the data are matched by name.

Axes: K pictures of the set, N pictures of a batch, J joints, A attributes, C parts, H height, W
width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from edgehuman.card import Decision, OutputSpec
from edgehuman.data.image.boxed import as_seen
from edgehuman.data.image.load import PersonSet
from edgehuman.data.image.part_groups import LABELS, grouping_with, places
from edgehuman.errors import ArtefactError, DataError, ImageError, MissingDependencyError
from edgehuman.geometry import mirror_order
from edgehuman.metrics.attributes import attribute_scores
from edgehuman.metrics.keypoints import (
    SIGMAS,
    coco_results,
    coco_truth,
    keypoint_scores,
    mean_error,
    oks,
    wholebody_scores,
)
from edgehuman.metrics.parsing import mask_confusion, parsing_scores
from edgehuman.metrics.person_answers import decode_joints, parts_of, probabilities
from edgehuman.metrics.retrieval import Distance, Sightings, retrieval_scores
from edgehuman.preprocess.image.pixels import resize, to_crop
from edgehuman.records import Float32, Float64, Index, Uint8

Sizes = Sequence[tuple[int, int]]
Answer = Callable[[Uint8], Float32]
"""Raw pictures (N, H, W, 3) -> the network's outputs (N, ...)."""


@dataclass(frozen=True, slots=True)
class PersonScores:
    """Attributes:
    metrics: values 0..1; the metric that selects checkpoints comes first.
    pictures: number of pictures scored.
    said: description of what was scored.
    per_label: by attribute or part; None if the data has no examples of it.
    unreadable: pictures left out because they could not be read.
    """

    metrics: dict[str, float]
    pictures: int
    said: str
    per_label: dict[str, float | None] = field(default_factory=dict)
    unreadable: int = 0


class PersonJudge(Protocol):
    """Collect a network's outputs, and score them against the labels at the end."""

    def add(self, index_N: Index, sizes: Sizes, outputs: Float32) -> None:
        """Add the outputs (N, ...) for these pictures of the set, given their original sizes."""

    def scores(self, unreadable: int = 0) -> PersonScores:
        """Score the collected outputs.

        Raises:
            DataError: no outputs, or none with labels.
        """


def judge_of(
    persons: PersonSet, output: OutputSpec, size: tuple[int, int], decision: Decision | None = None
) -> PersonJudge:
    """Return the judge for this kind of output.

    Args:
        persons: the labels; output: the network's output; size: height and width of its input.
        decision: of the card, by which the device reads SimCC; None: as it comes.

    Raises:
        DataError: labels unknown to the model, or a set without the labels that the output needs.
    """
    judge = _JUDGES.get(output.kind)
    if judge is None:
        raise DataError(f"{output.kind} cannot be scored on person images")
    made = judge(persons, output, size)
    if isinstance(made, _Joints):
        made.decision = decision
    return made


def score(
    persons: PersonSet,
    index_K: Index,
    answer: Answer,
    output: OutputSpec,
    size: tuple[int, int],
    batch: int = 32,
    flip_test: bool = False,
    decision: Decision | None = None,
) -> PersonScores:
    """Run the network on these pictures and score its outputs.

    Args:
        persons: labelled people, for silhouettes cut out first; index_K: which of them.
        answer: the network.
        output: its output; size: height and width of its input.
        flip_test: also run every mirrored picture, and score the mean of both outputs.
        decision: see `judge_of`.

    Raises:
        DataError: nothing to score, or as `judge_of`.
        ArtefactError: outputs that are not finite.
    """
    persons = as_seen(persons, output, size)
    judge = judge_of(persons, output, size, decision)
    if flip_test:
        answer = with_mirror(answer, output)
    unreadable: dict[int, str] = {}
    for index_N, sizes, image_NHWC in read_batches(persons, index_K, size, batch, unreadable):
        found = answer(image_NHWC)
        if not np.isfinite(found).all():
            raise ArtefactError("the network's outputs are not finite; train or export it again")
        judge.add(index_N, sizes, found)
    return judge.scores(len(unreadable))


def with_mirror(answer: Answer, output: OutputSpec) -> Answer:
    """Average a network's outputs for a picture and its mirror image, mirrored back: maps are
    flipped, and left and right labels swapped.
    """
    order = list(mirror_order(output.labels))

    def both(image_NHWC: Uint8) -> Float32:
        straight = answer(image_NHWC)
        turned = answer(np.ascontiguousarray(image_NHWC[:, :, ::-1]))
        if output.kind in ("heatmaps", "segmentation"):
            turned = turned[..., ::-1]
        if output.kind == "simcc":
            columns = output.dim or 0
            turned = np.concatenate([turned[..., columns - 1 :: -1], turned[..., columns:]], axis=2)
        if order:
            turned = turned[:, order]
        return np.asarray((straight + turned) / 2, np.float32)

    return both


def read_batches(
    persons: PersonSet,
    index_K: Index,
    size: tuple[int, int],
    batch: int,
    unreadable: dict[int, str],
) -> Iterator[tuple[Index, Sizes, Uint8]]:
    """Yield indices in the set, original sizes of the pictures, and the batch (N, H, W, 3).

    Args:
        unreadable: filled with the pictures that cannot be read, and the reasons.
    """
    for start in range(0, len(index_K), batch):
        kept, sizes, images = [], [], []
        for index in map(int, index_K[start : start + batch]):
            try:
                image_HWC = persons.image(index)
            except ImageError as error:
                unreadable[index] = str(error)
                continue
            kept.append(index)
            sizes.append((image_HWC.shape[0], image_HWC.shape[1]))
            images.append(resize(image_HWC, *size))
        if kept:
            yield np.array(kept, np.int64), sizes, np.stack(images)


class _Kept:
    """Keep all outputs until the end; for small outputs."""

    def __init__(self, persons: PersonSet, output: OutputSpec, size: tuple[int, int]) -> None:
        self.persons, self.output, self.size = persons, output, size
        self._index: list[Index] = []
        self._outputs: list[Float32] = []

    def add(self, index_N: Index, sizes: Sizes, outputs: Float32) -> None:
        self._index.append(index_N)
        self._outputs.append(outputs)

    def all(self) -> tuple[Index, Float32]:
        """Indices in the set, and outputs.

        Raises:
            DataError: there are none.
        """
        if not self._index:
            raise DataError(f"{self.persons.dataset}: no picture to score, or none is readable")
        return np.concatenate(self._index), np.concatenate(self._outputs)


class _Retrieval(_Kept):
    """The Market-1501 protocol. Without query and gallery roles, every picture is a query against
    all others; if nobody is seen by two cameras, only the query itself is excluded.
    """

    def scores(self, unreadable: int = 0) -> PersonScores:
        index_N, vector_NX = self.all()
        person_N = self.persons.person_N[index_N]
        camera_N, role_N = self.persons.camera_N[index_N], self.persons.role_N[index_N]
        is_query_N, is_gallery_N = role_N == "query", role_N == "gallery"
        if not is_query_N.any() or not is_gallery_N.any():
            is_query_N = is_gallery_N = person_N >= 0
            pairs = np.unique(np.stack([person_N, camera_N]), axis=1)
            if len(np.unique(pairs[0])) == pairs.shape[1]:
                camera_N = np.arange(len(camera_N))
        query, gallery = (
            Sightings(vector_NX[chosen_N], person_N[chosen_N], camera_N[chosen_N])
            for chosen_N in (is_query_N, is_gallery_N)
        )
        distance: Distance = "euclidean" if self.output.distance == "euclidean" else "cosine"
        found = retrieval_scores(query, gallery, distance)
        people = len(np.unique(person_N[person_N >= 0]))
        skipped = f", {found.skipped} without a match skipped" if found.skipped else ""
        return PersonScores(
            metrics={
                "mean_ap": found.mean_ap,
                "rank1": found.rank(1),
                "rank5": found.rank(5),
                "mean_inp": found.mean_inp,
            },
            pictures=len(index_N),
            said=f"{found.queries} queries{skipped}, {len(gallery)} pictures of {people} people",
            unreadable=unreadable,
        )


class _Attributes(_Kept):
    def __init__(self, persons: PersonSet, output: OutputSpec, size: tuple[int, int]) -> None:
        super().__init__(persons, output, size)
        self._column_A = _places(persons.attributes, output.labels, "attributes", persons.dataset)

    def scores(self, unreadable: int = 0) -> PersonScores:
        index_N, logits_NA = self.all()
        prob_NA = probabilities(logits_NA[:, self._column_A])
        found = attribute_scores(prob_NA, self.persons.attribute_NA[index_N])
        names = ("mean_accuracy", "accuracy", "precision", "recall", "f1")
        return PersonScores(
            metrics={name: float(getattr(found, name)) for name in names},
            pictures=len(index_N),
            said=f"{len(index_N)} pictures, {len(self._column_A)} attributes",
            per_label=_named(self.persons.attributes, found.accuracy_A),
            unreadable=unreadable,
        )


class _Joints(_Kept):
    """COCO AP and AR with the true boxes; every picture counts as one image."""

    decision: Decision | None = None

    def __init__(self, persons: PersonSet, output: OutputSpec, size: tuple[int, int]) -> None:
        super().__init__(persons, output, size)
        own = persons.keypoint_NJ3.shape[1]
        if own != len(output.labels):
            raise DataError(
                f"{persons.dataset} has {own} joints per person, but the model gives "
                f"{len(output.labels)}; fine-tune it on that data"
            )

    def add(self, index_N: Index, sizes: Sizes, outputs: Float32) -> None:
        joint_NJ3 = decode_joints(outputs, self.output, self.size, self.decision)
        whole = (0, 0, self.size[1], self.size[0])
        on_picture = [
            to_crop(joint_J3, whole, *own) for joint_J3, own in zip(joint_NJ3, sizes, strict=True)
        ]
        super().add(index_N, sizes, np.stack(on_picture))

    def scores(self, unreadable: int = 0) -> PersonScores:
        index_N, joint_NJ3 = self.all()
        truth_NJ3, area_N = self.persons.keypoint_NJ3[index_N], self.persons.area_N[index_N]
        if not (truth_NJ3[..., 2] > 0).any():
            raise DataError(f"{self.persons.dataset}: no person here has a labelled joint")
        similar_N = oks(joint_NJ3, truth_NJ3, area_N, SIGMAS[truth_NJ3.shape[1]])
        metrics = {"mean_oks": float(np.nanmean(similar_N))}
        metrics["mean_error_px"] = mean_error(joint_NJ3, truth_NJ3)
        said = f"{len(index_N)} people in their true boxes, {truth_NJ3.shape[1]} joints"
        try:
            metrics |= _coco_metrics(joint_NJ3, truth_NJ3, area_N)
        except MissingDependencyError as error:
            said += f"; no AP: {error}"
        return PersonScores(metrics, len(index_N), said, unreadable=unreadable)


def _coco_metrics(joint_NJ3: Float32, truth_NJ3: Float32, area_N: Float32) -> dict[str, float]:
    labelled_NJ = truth_NJ3[..., 2] > 0
    low_N2 = np.where(labelled_NJ[..., None], truth_NJ3[..., :2], np.inf).min(axis=1)
    high_N2 = np.where(labelled_NJ[..., None], truth_NJ3[..., :2], -np.inf).max(axis=1)
    box_N4 = np.concatenate([low_N2, high_N2 - low_N2], axis=1)
    box_N4[~labelled_NJ.any(axis=1)] = 0
    image_N = np.arange(len(joint_NJ3))
    truth, results = (
        coco_truth(truth_NJ3, area_N, box_N4, image_N),
        coco_results(joint_NJ3, image_N),
    )
    if truth_NJ3.shape[1] == 133:
        parts = wholebody_scores(truth, results)
        return {f"ap_{name}": found.ap for name, found in parts.items()}
    whole = keypoint_scores(truth, results)
    return {"ap": whole.ap, "ap50": whole.ap50, "ap75": whole.ap75, "ar": whole.ar}


class _Parts:
    """One confusion matrix over all pixels, at the original size of each picture. If the model
    predicts groups of parts, the labels are grouped too.
    """

    def __init__(self, persons: PersonSet, output: OutputSpec, size: tuple[int, int]) -> None:
        self.persons, self.labels = persons, output.labels
        grouping = grouping_with(output.labels)
        if grouping is None or persons.parts == output.labels:
            place_C = _places(persons.parts, output.labels, "parts", persons.dataset)
        else:
            place_C = places(persons.parts, grouping)
        self._table = np.full(256, 255, np.uint8)
        self._table[: len(place_C)] = place_C
        self._counts_CC = np.zeros((len(output.labels), len(output.labels)), np.int64)
        self._pictures = self._unreadable = 0
        self._iou: list[float] = []
        self._is_outline = output.labels == LABELS["person"]

    def add(self, index_N: Index, sizes: Sizes, outputs: Float32) -> None:
        for index, own, logits_CHW in zip(index_N, sizes, outputs, strict=True):
            try:
                true_HW = self._table[self.persons.part(int(index))]
            except ImageError:
                self._unreadable += 1
                continue
            said_HW = parts_of(logits_CHW, *own)
            counts_CC = mask_confusion(true_HW, said_HW, len(self.labels))
            self._counts_CC += counts_CC
            self._pictures += 1
            if self._is_outline and counts_CC[1].any():
                self._iou.append(counts_CC[1, 1] / (counts_CC.sum() - counts_CC[0, 0]))

    def scores(self, unreadable: int = 0) -> PersonScores:
        if not self._pictures:
            raise DataError(f"{self.persons.dataset}: no picture to score, or none is readable")
        found = parsing_scores(self._counts_CC)
        names = ("mean_iou", "mean_accuracy", "pixel_accuracy")
        metrics = {name: float(getattr(found, name)) for name in names}
        if self._iou:  # of the person in each picture
            metrics["median_iou"] = float(np.median(self._iou))
        whose = "people in the boxes of their masks" if self._is_outline else "pictures"
        return PersonScores(
            metrics=metrics,
            pictures=self._pictures,
            said=f"{self._pictures} {whose}, {len(self.labels)} parts",
            per_label=_named(self.labels, found.iou_C),
            unreadable=unreadable + self._unreadable,
        )


_JUDGES: Mapping[str, Callable[[PersonSet, OutputSpec, tuple[int, int]], PersonJudge]] = {
    "embedding": _Retrieval,
    "attributes": _Attributes,
    "heatmaps": _Joints,
    "simcc": _Joints,
    "segmentation": _Parts,
}


def _places(own: Sequence[str], known: Sequence[str], kind: str, where: str) -> list[int]:
    """Index of every label of the data among the model's labels.

    Raises:
        DataError: a label unknown to the model, or no labels.
    """
    unknown = [name for name in own if name not in known]
    if unknown or not own:
        found = f"the {kind} {', '.join(unknown)}" if own else f"no {kind}"
        raise DataError(
            f"{where} has {found}, but the model knows {', '.join(known)}; fine-tune it on that "
            "data, or use other data"
        )
    return [known.index(name) for name in own]


def _named(names: Sequence[str], value_X: Float64) -> dict[str, float | None]:
    return {
        name: None if np.isnan(value) else float(value)
        for name, value in zip(names, value_X, strict=True)
    }
