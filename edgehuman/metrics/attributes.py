"""Metrics of person attributes: mean accuracy (mA) and instance scores.

Sources: Deng et al., "Pedestrian Attribute Recognition at Far Distance", ACM MM 2014 (mA); Li et
al., "A Richly Annotated Dataset for Pedestrian Attribute Recognition", arXiv 1603.07054 (instance
scores). F1 is computed from the averaged precision and recall, as in published numbers.

Axes: N pictures, A attributes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError, UsageError
from edgehuman.records import Bool, Float64


@dataclass(frozen=True, slots=True)
class AttributeScores:
    """Attribute scores, all from 0 to 1.

    Attributes:
        mean_accuracy: mA, the mean of `accuracy_A`.
        accuracy_A: per attribute, the mean of the recall of positives and of negatives. An
            attribute that all images or no images have gets 0 for the missing half, so at most
            0.5, as in published numbers.
        accuracy, precision, recall: per image, over the attributes that are predicted or true,
            predicted, true; then averaged over the images.
        f1: the harmonic mean of `precision` and `recall`.
    """

    mean_accuracy: float
    accuracy_A: Float64
    accuracy: float
    precision: float
    recall: float
    f1: float


def attribute_scores(
    probability_NA: NDArray[np.floating],
    label_NA: NDArray[np.integer] | Bool,
    threshold: float = 0.5,
) -> AttributeScores:
    """Score probabilities against 0/1 labels; probabilities above the threshold count as yes.

    Raises:
        DataError: no samples, different shapes, labels other than 0 and 1, or values that are not
            probabilities.
        UsageError: the threshold is outside 0..1.
    """
    if not 0.0 <= threshold <= 1.0:
        raise UsageError(f"found threshold {threshold}; it must be between 0 and 1")
    _check(np.asarray(probability_NA), np.asarray(label_NA))
    true_NA = np.asarray(label_NA) == 1
    said_NA = np.asarray(probability_NA) > threshold
    told_yes_A = _share((said_NA & true_NA).sum(axis=0), true_NA.sum(axis=0))
    told_no_A = _share((~said_NA & ~true_NA).sum(axis=0), (~true_NA).sum(axis=0))
    accuracy_A = (told_yes_A + told_no_A) / 2

    both_N = (said_NA & true_NA).sum(axis=1)
    precision = float(_share(both_N, said_NA.sum(axis=1)).mean())
    recall = float(_share(both_N, true_NA.sum(axis=1)).mean())
    return AttributeScores(
        mean_accuracy=float(accuracy_A.mean()),
        accuracy_A=accuracy_A,
        accuracy=float(_share(both_N, (said_NA | true_NA).sum(axis=1)).mean()),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if precision + recall else 0.0,
    )


def _share(part: NDArray[np.integer], whole: NDArray[np.integer]) -> Float64:
    """Return part / whole; 0 if whole is 0."""
    return np.asarray(part / np.maximum(whole, 1), np.float64)


def _check(probability_NA: NDArray[np.floating], label_NA: NDArray[np.generic]) -> None:
    if probability_NA.ndim != 2 or probability_NA.shape != label_NA.shape or not label_NA.size:
        raise DataError(
            f"found probabilities {probability_NA.shape} and labels {label_NA.shape}; "
            "give (N, A) of both, at least one of each"
        )
    wrong_NA = ~np.isin(label_NA, (0, 1))
    if wrong_NA.any():
        row, column = np.argwhere(wrong_NA)[0]
        raise DataError(
            f"found label {label_NA[row, column]} at image {row}, attribute {column}; "
            "labels must be 0 or 1: leave out unannotated attributes"
        )
    # Written so that NaN also fails.
    if not ((probability_NA >= 0) & (probability_NA <= 1)).all():
        raise DataError(
            f"found values from {probability_NA.min()} to {probability_NA.max()}; "
            "give probabilities between 0 and 1, not logits"
        )
