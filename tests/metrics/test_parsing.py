"""IoU and accuracies of a mask of eight pixels, counted by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.parsing import IGNORE, mask_confusion, parsing_scores

LABEL = np.array([[0, 0, 1, 1], [2, 2, 0, IGNORE]], np.uint8)
PREDICTED = np.array([[0, 1, 1, 1], [2, 0, 0, 3]], np.uint8)


def test_rows_are_true_columns_predicted_without_ignored_pixels() -> None:
    counts = mask_confusion(LABEL, PREDICTED, 4)
    assert counts.tolist() == [[2, 1, 0, 0], [0, 2, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]


def test_scores_by_hand() -> None:
    scores = parsing_scores(mask_confusion(LABEL, PREDICTED, 4))
    # Class 0: 2 of 3 + 3 - 2; class 1: 2 of 2 + 3 - 2; class 2: 1 of 2 + 1 - 1; class 3: nowhere.
    assert scores.iou_C[:3] == pytest.approx([2 / 4, 2 / 3, 1 / 2])
    assert np.isnan(scores.iou_C[3])
    assert scores.mean_iou == pytest.approx((2 / 4 + 2 / 3 + 1 / 2) / 3)
    assert scores.accuracy_C[:3] == pytest.approx([2 / 3, 1, 1 / 2])
    assert scores.mean_accuracy == pytest.approx((2 / 3 + 1 + 1 / 2) / 3)
    assert scores.pixel_accuracy == pytest.approx(5 / 7)


def test_a_class_that_is_only_predicted_has_iou_0_and_no_accuracy() -> None:
    scores = parsing_scores(mask_confusion(np.array([0, 0]), np.array([0, 1]), 2))
    assert scores.iou_C.tolist() == [0.5, 0.0]
    assert np.isnan(scores.accuracy_C[1])
    assert scores.mean_accuracy == 0.5


def test_counts_of_masks_of_different_sizes_add_up() -> None:
    counts = mask_confusion(LABEL, PREDICTED, 4) + mask_confusion(LABEL[:1], PREDICTED[:1], 4)
    assert counts.sum() == 7 + 4
    assert parsing_scores(counts).pixel_accuracy == pytest.approx((5 + 3) / 11)


@pytest.mark.parametrize(
    ("label", "predicted", "said"),
    [
        ([0, 1], [0], "resize the prediction"),
        ([0, 4], [0, 0], "label 4"),
        ([0, 0], [0, IGNORE], "prediction 255"),
        ([0, -1], [0, 0], "label -1"),
    ],
)
def test_wrong_masks_are_an_error(label: list[int], predicted: list[int], said: str) -> None:
    with pytest.raises(DataError, match=said):
        mask_confusion(np.array(label), np.array(predicted), 4)


def test_nothing_labelled_is_an_error() -> None:
    ignored = mask_confusion(np.full((2, 2), IGNORE), np.zeros((2, 2), int), 4)
    with pytest.raises(DataError, match="no labelled pixel"):
        parsing_scores(ignored)
    with pytest.raises(DataError, match=r"shape \(2, 3\)"):
        parsing_scores(np.ones((2, 3), int))


def test_published_code_gives_the_same(reference_vectors: Path) -> None:
    expected = json.loads((reference_vectors / "vision_metric_refs.json").read_text())["parsing"]
    with np.load(reference_vectors / "parsing_refs.npz") as file:
        pairs = zip(file["sem_gt"], file["sem_pred"], strict=True)
        counts = sum(mask_confusion(label, said, expected["num_classes"]) for label, said in pairs)
    scores = parsing_scores(np.asarray(counts))
    assert scores.iou_C == pytest.approx(expected["iou"])
    assert scores.mean_iou == pytest.approx(expected["mIoU"])
    assert scores.mean_accuracy == pytest.approx(expected["mean_acc"])
    assert scores.pixel_accuracy == pytest.approx(expected["pixel_acc"])
