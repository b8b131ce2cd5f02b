"""mA and instance scores of four images and two attributes, counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.attributes import attribute_scores

LABEL = np.array([[1, 0], [1, 1], [0, 1], [0, 0]])
PROBABILITY = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.6], [0.1, 0.3]])


def test_mean_accuracy_is_the_mean_recall_of_yes_and_no() -> None:
    scores = attribute_scores(PROBABILITY, LABEL)
    # Attribute 0: 1 of 2 positives, 1 of 2 negatives; attribute 1: all.
    assert scores.accuracy_A.tolist() == [0.5, 1.0]
    assert scores.mean_accuracy == 0.75


def test_instance_scores_by_hand() -> None:
    # Both / said / true / either, per picture: 1 1 1 1, 1 1 2 2, 1 2 1 2, 0 0 0 0.
    scores = attribute_scores(PROBABILITY, LABEL)
    assert scores.accuracy == pytest.approx((1 + 1 / 2 + 1 / 2 + 0) / 4)
    assert scores.precision == pytest.approx((1 + 1 + 1 / 2 + 0) / 4)
    assert scores.recall == pytest.approx((1 + 1 / 2 + 1 + 0) / 4)
    assert scores.f1 == pytest.approx(0.625)


def test_exactly_the_threshold_is_a_no() -> None:
    label = np.array([[0], [1]])
    assert attribute_scores(np.array([[0.5], [0.51]]), label).mean_accuracy == 1.0
    assert attribute_scores(np.array([[0.5], [0.51]]), label, threshold=0.4).mean_accuracy == 0.5


def test_an_attribute_that_nobody_has_gets_at_most_half() -> None:
    scores = attribute_scores(np.array([[0.1, 0.9]]), np.array([[0, 1]]))
    assert scores.accuracy_A.tolist() == [0.5, 0.5]


def test_no_positive_prediction_has_f1_0() -> None:
    scores = attribute_scores(np.zeros((2, 3)), np.ones((2, 3), np.int8))
    assert (scores.precision, scores.recall, scores.f1) == (0, 0, 0)


@pytest.mark.parametrize(
    ("probability", "label", "said"),
    [
        (np.zeros((0, 2)), np.zeros((0, 2), int), "at least one"),
        (np.zeros((2, 3)), np.zeros((2, 2), int), r"\(2, 3\) and labels \(2, 2\)"),
        (np.zeros((2, 2)), np.array([[0, 1], [0, -1]]), "label -1 at image 1, attribute 1"),
        (np.array([[-3.0, 2.0]]), np.array([[0, 1]]), "not logits"),
        (np.array([[np.nan, 0.5]]), np.array([[0, 1]]), "found values from nan"),
    ],
)
def test_wrong_input_is_an_error(
    probability: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    label: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    said: str,
) -> None:
    with pytest.raises(DataError, match=said):
        attribute_scores(probability, label)


def test_a_threshold_outside_0_to_1_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"threshold 1\.5"):
        attribute_scores(PROBABILITY, LABEL, threshold=1.5)


def test_published_code_gives_the_same(reference_vectors: Path) -> None:
    with np.load(reference_vectors / "vision_metric_refs.npz") as file:
        scores = attribute_scores(file["par/prob"], file["par/gt"])
        assert scores.mean_accuracy == pytest.approx(float(file["par/ma"]))
        assert scores.accuracy_A == pytest.approx(file["par/label_ma"])
        assert scores.accuracy == pytest.approx(float(file["par/instance_acc"]))
        assert scores.precision == pytest.approx(float(file["par/instance_prec"]))
        assert scores.recall == pytest.approx(float(file["par/instance_recall"]))
        assert scores.f1 == pytest.approx(float(file["par/instance_f1"]))
