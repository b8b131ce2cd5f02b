"""How well the parts of a person are painted: IoU per part, mIoU, mean and pixel accuracy.

One confusion matrix over the whole test set, to which every mask adds its pixels; pixels labelled
`IGNORE` count nowhere. Source: Long et al., "Fully Convolutional Networks for Semantic
Segmentation", arXiv 1411.4038, section 5. The background is a class like the others.

Axes: N masks, H height, W width, C classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.records import Float64, Index

IGNORE = 255

Mask = NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class ParsingScores:
    """All from 0 to 1.

    Attributes:
        iou_C: pixels both true and predicted / pixels either; NaN for a class that appears nowhere.
        accuracy_C: share of the class's pixels that were painted so; NaN for a class without any.
        mean_iou, mean_accuracy: means over the classes that are not NaN.
        pixel_accuracy: share of all pixels that are right.
    """

    iou_C: Float64
    accuracy_C: Float64
    mean_iou: float
    mean_accuracy: float
    pixel_accuracy: float


def mask_confusion(label: Mask, predicted: Mask, num_classes: int) -> Index:
    """Counts (C, C) of pixels: rows are true classes, columns predicted ones; add them up.

    Args:
        label, predicted: (H, W), (N, H, W) or any one shape, classes 0..C-1; the label may also be
            `IGNORE`, and what is predicted there does not matter.
        num_classes: C, with the background.

    Raises:
        DataError: different shapes, or a class outside 0..C-1.
    """
    label, predicted = np.asarray(label), np.asarray(predicted)
    if label.shape != predicted.shape:
        raise DataError(
            f"found a label of shape {label.shape} and a prediction of shape {predicted.shape}; "
            "resize the prediction to the label"
        )
    counts = label != IGNORE
    label_P, predicted_P = label[counts].astype(np.int64), predicted[counts].astype(np.int64)
    for name, class_P in (("label", label_P), ("prediction", predicted_P)):
        wrong_P = (class_P < 0) | (class_P >= num_classes)
        if wrong_P.any():
            raise DataError(
                f"found {name} {class_P[wrong_P][0]} in a mask; the {num_classes} classes are "
                f"0 to {num_classes - 1}, and {IGNORE} marks labels to ignore"
            )
    cell_P = label_P * num_classes + predicted_P
    counts_X = np.bincount(cell_P, minlength=num_classes**2)
    return counts_X.reshape(num_classes, num_classes).astype(np.int64)


def parsing_scores(counts_CC: NDArray[np.integer]) -> ParsingScores:
    """Scores of the sum of all `mask_confusion`.

    Raises:
        DataError: a matrix that is not square, or no pixel in it.
    """
    counts_CC = np.asarray(counts_CC)
    if counts_CC.ndim != 2 or counts_CC.shape[0] != counts_CC.shape[1]:
        raise DataError(f"found counts of shape {counts_CC.shape}; give (C, C)")
    if not counts_CC.sum():
        raise DataError("found no labelled pixel; every mask is empty or ignored altogether")
    hit_C, true_C = np.diag(counts_CC), counts_CC.sum(axis=1)
    iou_C = _share(hit_C, true_C + counts_CC.sum(axis=0) - hit_C)
    accuracy_C = _share(hit_C, true_C)
    return ParsingScores(
        iou_C=iou_C,
        accuracy_C=accuracy_C,
        mean_iou=float(np.nanmean(iou_C)),
        mean_accuracy=float(np.nanmean(accuracy_C)),
        pixel_accuracy=float(hit_C.sum() / counts_CC.sum()),
    )


def _share(part_C: NDArray[np.integer], whole_C: NDArray[np.integer]) -> Float64:
    """part / whole, and NaN of nothing."""
    blank_C = np.full(whole_C.shape, np.nan)
    return np.asarray(np.divide(part_C, whole_C, out=blank_C, where=whole_C > 0))
