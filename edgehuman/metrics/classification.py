"""Classification metrics: confusion matrix, accuracy, F1 per class, macro-F1 and AUROC.

Axes: N samples, C classes. Labels are indices 0..C-1; a label outside that range is an error,
because silently dropping it would inflate the score.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.records import Float64, Index

Labels = NDArray[np.integer]


def confusion(label_N: Labels, predicted_N: Labels, num_classes: int) -> Index:
    """Return counts (C, C): rows are true classes, columns predicted ones.

    Raises:
        DataError: no samples, unequal lengths, or a label outside 0..C-1.
    """
    label_N, predicted_N = np.asarray(label_N), np.asarray(predicted_N)
    if label_N.ndim != 1 or label_N.shape != predicted_N.shape or label_N.size == 0:
        raise DataError(
            f"found {label_N.shape} labels and {predicted_N.shape} predictions; "
            "give the same number of both, at least one"
        )
    for name, index_N in (("label", label_N), ("prediction", predicted_N)):
        low, high = int(index_N.min()), int(index_N.max())
        if low < 0 or high >= num_classes:
            wrong = low if low < 0 else high
            raise DataError(
                f"found {name} {wrong}; it must be from 0 to {num_classes - 1} for {num_classes} "
                "classes: drop unlabelled samples first"
            )
    flat_N = label_N.astype(np.int64) * num_classes + predicted_N.astype(np.int64)
    return np.bincount(flat_N, minlength=num_classes**2).reshape(num_classes, num_classes)


def accuracy(label_N: Labels, predicted_N: Labels) -> float:
    """Return the share of samples predicted correctly, 0..1."""
    num_classes = 1 + max(int(np.max(label_N, initial=0)), int(np.max(predicted_N, initial=0)))
    counts_CC = confusion(label_N, predicted_N, num_classes)
    return float(np.trace(counts_CC) / counts_CC.sum())


def f1_of_confusion(counts_CC: NDArray[np.integer]) -> Float64:
    """Return F1 per class (..., C) from counts (..., C, C); NaN if never true nor predicted."""
    hit_C = np.diagonal(counts_CC, axis1=-2, axis2=-1).astype(np.float64)
    either_C = counts_CC.sum(axis=-1) + counts_CC.sum(axis=-2)
    blank_C = np.full(hit_C.shape, np.nan)
    return np.asarray(np.divide(2.0 * hit_C, either_C, out=blank_C, where=either_C > 0))


def per_class_f1(label_N: Labels, predicted_N: Labels, num_classes: int) -> Float64:
    """Return F1 per class (C,): 2 TP / (2 TP + FP + FN); NaN for a class that never occurs."""
    return f1_of_confusion(confusion(label_N, predicted_N, num_classes))


def macro_f1(label_N: Labels, predicted_N: Labels, num_classes: int) -> float:
    """Return the mean F1 over the classes that occur in labels or predictions, 0..1.

    Equal to scikit-learn's `f1_score(average="macro")`. A class that is absent from the labels
    counts as 0 if it is predicted, and is ignored otherwise.
    """
    return float(np.nanmean(per_class_f1(label_N, predicted_N, num_classes)))


def scored_macro_f1(label_N: Labels, predicted_N: Labels, num_classes: int) -> float:
    """Return the mean F1 over the classes that occur in the labels, 0..1.

    For a model that tells more classes than the data have: a class that is only predicted costs
    those it was taken for, and is none of its own.
    """
    counts_CC = confusion(label_N, predicted_N, num_classes)
    return float(f1_of_confusion(counts_CC)[counts_CC.sum(axis=1) > 0].mean())


def auroc(score_NC: NDArray[np.floating], label_N: Labels) -> float:
    """Return the mean over classes of the area under the ROC curve of one against the rest, 0..1.

    Equal to scikit-learn's `roc_auc_score(multi_class="ovr")` on the classes that occur; NaN if
    fewer than two do.

    Args:
        score_NC: probabilities or logits; only their order within a class counts.
    """
    found = np.unique(label_N)
    if len(found) < 2:
        return float("nan")
    return float(np.mean([_area(score_NC[:, c], label_N == c) for c in found]))


def _area(score_N: NDArray[np.floating], is_true_N: NDArray[np.bool_]) -> float:
    """The Mann-Whitney U of the true samples' ranks; ties share theirs."""
    _, place_N, count_V = np.unique(score_N, return_inverse=True, return_counts=True)
    rank_N = (np.cumsum(count_V) - (count_V - 1) / 2)[place_N]
    positive, negative = int(is_true_N.sum()), int((~is_true_N).sum())
    above = rank_N[is_true_N].sum() - positive * (positive + 1) / 2
    return float(above / (positive * negative))
