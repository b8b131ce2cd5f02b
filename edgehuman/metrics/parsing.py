"""Segmentation metrics: IoU per class, mIoU, mean and pixel accuracy.

Computed from one confusion matrix over all pixels of the test set; pixels labelled `IGNORE` are
not counted. Source: Long et al., "Fully Convolutional Networks for Semantic Segmentation", arXiv
1411.4038, section 5. The background is a class like the others.

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
    """Segmentation scores, all from 0 to 1.

    Attributes:
        iou_C: intersection over union of true and predicted pixels; NaN for a class that never
            occurs.
        accuracy_C: share of the class's pixels predicted correctly; NaN for a class without pixels.
        mean_iou, mean_accuracy: means over the classes that are not NaN.
        pixel_accuracy: share of all pixels predicted correctly.
    """

    iou_C: Float64
    accuracy_C: Float64
    mean_iou: float
    mean_accuracy: float
    pixel_accuracy: float


def mask_confusion(label: Mask, predicted: Mask, num_classes: int) -> Index:
    """Return pixel counts (C, C), rows true classes, columns predicted ones; sum them over masks.

    Args:
        label, predicted: (H, W), (N, H, W) or any equal shape, classes 0..C-1; the label may also
            be `IGNORE`; predictions there are not counted.
        num_classes: C, including the background.

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
    """Compute the scores from the sum of all `mask_confusion`.

    Raises:
        DataError: the matrix is not square or has no pixels.
    """
    counts_CC = np.asarray(counts_CC)
    if counts_CC.ndim != 2 or counts_CC.shape[0] != counts_CC.shape[1]:
        raise DataError(f"found counts of shape {counts_CC.shape}; give (C, C)")
    if not counts_CC.sum():
        raise DataError("found no labelled pixel: all masks are empty or ignored; check the labels")
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
    """Return part / whole; NaN if whole is 0."""
    blank_C = np.full(whole_C.shape, np.nan)
    return np.asarray(np.divide(part_C, whole_C, out=blank_C, where=whole_C > 0))
