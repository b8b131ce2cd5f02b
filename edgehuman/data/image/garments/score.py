"""Score a network of garments on labelled frames: in training, by `evaluate`, and by the accuracy
check of an export.

    judge = FrameGarmentsJudge(output, size, described)
    judge.add(frames, index, row_KX, place)      for each frame
    judge.scores().metrics["box_ap_iou_f1"]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.card import OutputSpec
from edgehuman.data.image.frames.score import as_metrics, clipped, seen
from edgehuman.data.image.frames.set import FrameGarments, FrameSet, GarmentLabels, People
from edgehuman.errors import DataError
from edgehuman.metrics.boxes.detection import Found, average_precision
from edgehuman.metrics.boxes.overlap import ious, shares_within
from edgehuman.metrics.crowds.people import PersonParts
from edgehuman.metrics.garments.answers import PERSON, Item, items_of, require_items
from edgehuman.metrics.garments.localized import FoundGarments, GarmentJudge, TrueGarments
from edgehuman.preprocess.image.letterbox import Letterbox
from edgehuman.records import Bool, Float32, Float64, Index

FLOOR = 0.01
"""Detections of lower scores are not looked at."""


@dataclass(frozen=True, slots=True)
class FrameGarmentsScores:
    """Attributes:
    metrics: values 0..1; the one that selects checkpoints comes first.
    threshold: the score from which detections count, where the F1 of boxes, of people and garments
        alike, is highest; 0: nothing was found.
    garments: number that count.
    """

    metrics: dict[str, float]
    threshold: float
    garments: int


class FrameGarmentsJudge:
    """Collects a network's items frame by frame.

    Args:
        output: of the network; the frames have the same labels and attributes (`fitting`).
        size: height and width of its input.
        described: of each category, whether it has attributes.
    """

    def __init__(
        self, output: OutputSpec, size: tuple[int, int], described: Sequence[bool]
    ) -> None:
        self._output, self._size = output, size
        self._boxes, self._masks = GarmentJudge(described), GarmentJudge(described)
        self._found: list[Found] = []
        self._all: list[People] = []
        self._people: tuple[list[Found], list[People]] = ([], [])

    def add(self, frames: FrameSet, index: int, row_KX: Float32, place: Letterbox) -> None:
        """Compare the network's answer for a frame with what is in it."""
        output = self._output
        counts = len(output.labels), len(output.attributes)
        row_KX = require_items(row_KX[None], *counts, self._size, FLOOR)[0]
        items = items_of(row_KX, output.labels, output.attributes, self._size, place, FLOOR)
        self.add_found(frames, index, items, (place.height, place.width))

    def add_found(
        self, frames: FrameSet, index: int, items: Sequence[Item], size: tuple[int, int]
    ) -> None:
        """Compare what was found in a frame with what is in it.

        Args:
            size: height and width of the frame.
        """
        assert frames.garments is not None
        truth = frames.garments[index]
        worn = [each for each in items if each.label != PERSON]
        is_worn_M = truth.label_M > 0
        found, wanted = self._as_found(worn), _as_true(truth, is_worn_M)
        true_M4 = clipped(truth.box_M4[is_worn_M], size)
        self._boxes.add(found, wanted, _box_ious(_boxes(worn), true_M4, wanted.crowd_M))
        masks = [truth.masks[m] for m in np.flatnonzero(is_worn_M).tolist()]
        self._masks.add(found, wanted, _mask_ious(worn, masks, wanted.crowd_M))
        self._found.append((_boxes(items), _scores(items)))
        self._all.append(seen(People(truth.box_M4, truth.ignore_M), size))
        people = [each for each in items if each.label == PERSON]
        self._people[0].append((_boxes(people), _scores(people)))
        self._people[1].append(seen(frames.people[index], size))

    def _as_found(self, worn: Sequence[Item]) -> FoundGarments:
        output = self._output
        attribute_KA = np.zeros((len(worn), len(output.attributes)), np.bool_)
        for k, each in enumerate(worn):
            attribute_KA[k, [output.attributes.index(name) for name in each.attributes]] = True
        category_K = np.array([output.labels.index(each.label) - 1 for each in worn], np.int64)
        return FoundGarments(category_K, _scores(worn), attribute_KA)

    def scores(self) -> FrameGarmentsScores:
        """The scores of all frames: of garments by boxes and by masks, and AP50 of people, where
        the frames say where these are.

        Raises:
            DataError: no frames, or nothing is worn in them.
        """
        if not self._found:
            raise DataError("no frame to score, or none is readable")
        boxes = self._boxes.scores()
        metrics = boxes.as_metrics("box") | self._masks.scores().as_metrics("mask")
        if any(not each.ignore_M.all() for each in self._people[1]):
            metrics["ap50"] = as_metrics(average_precision(*self._people))["ap50"]
        threshold = average_precision(self._found, self._all).best_score
        return FrameGarmentsScores(metrics, threshold, boxes.garments)


def fitting(frames: FrameSet, output: OutputSpec) -> GarmentLabels:
    """The garments of frames, whose names are those of an output.

    Raises:
        DataError: they have none, or others.
    """
    garments = frames.garments
    if garments is None:
        raise DataError(
            f"{frames.dataset} has boxes of people, and does not say what they wear; give a set "
            "that does, such as fashionpedia or `simulated`"
        )
    own = (PERSON, *garments.categories), garments.attributes
    if own != (output.labels, output.attributes):
        raise DataError(
            f"{frames.dataset} has {len(own[0]) - 1} categories and {len(own[1])} attributes, and "
            f"the model {len(output.labels) - 1} and {len(output.attributes)}, or others; give "
            "data of the same, or a model that was taught with these"
        )
    return garments


def _as_true(truth: FrameGarments, is_worn_M: Bool) -> TrueGarments:
    return TrueGarments(
        truth.label_M[is_worn_M] - 1, truth.attribute_MA[is_worn_M], truth.ignore_M[is_worn_M]
    )


def _boxes(items: Sequence[Item]) -> Float32:
    return np.array([each.box_4 for each in items], np.float32).reshape(-1, 4)


def _scores(items: Sequence[Item]) -> Float32:
    return np.array([each.score for each in items], np.float32)


def _box_ious(box_K4: Float32, true_M4: Float32, crowd_M: Bool) -> Float64:
    """IoU (K, M); with a crowd, the share of the box within it."""
    return np.where(crowd_M, shares_within(box_K4, true_M4), ious(box_K4, true_M4))


def _mask_ious(
    items: Sequence[Item], masks: Sequence[PersonParts | None], crowd_M: Bool
) -> Float64:
    """IoU (K, M) of masks; with a crowd, the share of the mask within it."""
    own_K = [0 if each.mask_HW is None else int(np.count_nonzero(each.mask_HW)) for each in items]
    own_M = [0 if mask is None else int(np.count_nonzero(mask.part_HW)) for mask in masks]
    place_K4 = np.array([each.cut for each in items], np.int64).reshape(-1, 4)
    place_M4 = np.array(
        [(0, 0, 0, 0) if mask is None else mask.box for mask in masks], np.int64
    ).reshape(-1, 4)
    iou_KM = np.zeros((len(items), len(masks)))
    for k, m in zip(*np.nonzero(_touches(place_K4, place_M4)), strict=True):
        item, mask = items[k], masks[m]
        assert mask is not None
        assert item.mask_HW is not None
        (x0, y0), (x1, y1) = _shared(place_K4[k], place_M4[m])
        left, top = place_K4[k, :2].tolist()
        mine_HW = item.mask_HW[y0 - top : y1 - top, x0 - left : x1 - left]
        both = int(np.count_nonzero(mine_HW & (mask.within((x0, y0, x1, y1)) > 0)))
        union = own_K[k] if crowd_M[m] else own_K[k] + own_M[m] - both
        iou_KM[k, m] = both / union if union else 0.0
    return iou_KM


def _touches(place_K4: Index, place_M4: Index) -> Bool:
    low_KM2 = np.maximum(place_K4[:, None, :2], place_M4[None, :, :2])
    high_KM2 = np.minimum(place_K4[:, None, 2:], place_M4[None, :, 2:])
    return np.asarray((high_KM2 > low_KM2).all(axis=2))


def _shared(one_4: Index, other_4: Index) -> tuple[tuple[int, int], tuple[int, int]]:
    low_2, high_2 = np.maximum(one_4[:2], other_4[:2]), np.minimum(one_4[2:], other_4[2:])
    return (int(low_2[0]), int(low_2[1])), (int(high_2[0]), int(high_2[1]))
