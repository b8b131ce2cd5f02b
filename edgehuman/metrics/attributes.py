"""How well a set of yes-or-no attributes of a person is told: mean accuracy and instance scores.

Sources: Deng et al., "Pedestrian Attribute Recognition at Far Distance", ACM MM 2014 (mA); Li et
al., "A Richly Annotated Dataset for Pedestrian Attribute Recognition", arXiv 1603.07054 (instance
scores). F1 comes from the averaged precision and recall, as published numbers have it.

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
    """All from 0 to 1.

    Attributes:
        mean_accuracy: mA, the mean of `accuracy_A`.
        accuracy_A: per attribute, the mean of the shares of its positives and of its negatives
            that were told. An attribute that no picture has, or that every picture has, gets 0 for
            the missing half and so at most 0.5: that is how published numbers are made.
        accuracy, precision, recall: per picture, over the attributes that are predicted or true,
            predicted, true; then averaged over the pictures.
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
    """Scores of probabilities against 0/1 labels; predicted is what lies above the threshold.

    Raises:
        DataError: nothing to score, different shapes, labels other than 0 and 1, or values that are
            no probabilities.
        UsageError: a threshold outside 0..1.
    """
    if not 0.0 <= threshold <= 1.0:
        raise UsageError(f"found threshold {threshold}; a probability lies between 0 and 1")
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
    """part / whole, and 0 of nothing."""
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
            f"found label {label_NA[row, column]} at picture {row}, attribute {column}; "
            "labels are 0 and 1: leave out what nobody annotated"
        )
    # Written so that NaN fails too.
    if not ((probability_NA >= 0) & (probability_NA <= 1)).all():
        raise DataError(
            f"found values from {probability_NA.min()} to {probability_NA.max()}; "
            "give probabilities between 0 and 1, not logits"
        )
