"""Read the answer of a network that finds people and what they wear, with attributes.

    for each in items_of(row_KX, labels, attributes, (320, 416), place, least=0.3):
        each.label, each.box_4, each.attributes

The graph gives (N, K, 6 + A + h w): x1, y1, x2, y2 in pixels of the input, a score, and the index
of the label; the logits of the attributes; and those of a mask at a stride of 4, quarter by
quarter, as `metrics.crowds.answers` has them. The first label is `PERSON`. A graph that leaves the
choice of items to the runtime gives one row; see `outside`. This numpy and OpenCV code runs on the
device, in `evaluate` and in training.

Axes: K rows, A attributes, X numbers of a row, h w rows and columns of a mask, H height, W width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgehuman.errors import ArtefactError
from edgehuman.metrics.crowds.answers import (
    STRIDE,
    Placed,
    in_picture,
    mask_in,
    reach,
    require_size,
    woven,
)
from edgehuman.metrics.crowds.outside import is_outside
from edgehuman.metrics.garments.outside import HEAD, LABEL, SCORE, chosen
from edgehuman.records import Bool, Float32

PERSON = "person"
"""The first label of every such network."""
SURE = 0.3
"""The probability from which an attribute counts, as KE-RCNN has it."""
MOST_PIXELS = 100_000_000
"""Of the masks of a picture; what comes after that has a box alone."""


@dataclass(frozen=True, slots=True)
class Item:
    """A person, or something that somebody wears, in pixels of the picture.

    Attributes:
        label: "person", or a category.
        box_4: x1, y1, x2, y2, inside the picture.
        score: 0 to 1.
        attributes: the probability of each that counts, the most probable first.
        cut: x0, y0, x1, y1, whole pixels that the mask covers.
        mask_HW: bool, of these.
    """

    label: str
    box_4: Float32
    score: float
    attributes: Mapping[str, float] = field(default_factory=dict)
    cut: tuple[int, int, int, int] = (0, 0, 0, 0)
    mask_HW: Bool | None = None


def columns_of(size: tuple[int, int], num_attributes: int) -> int:
    """Numbers of a row, for an input of this height and width."""
    return HEAD + num_attributes + (size[0] // STRIDE) * (size[1] // STRIDE)


def require_items(
    output: Float32,
    num_labels: int,
    num_attributes: int,
    size: tuple[int, int],
    least: float = 0.0,
) -> Float32:
    """The outputs (N, K, X); ArtefactError unless they are items of such an input.

    Args:
        least: items of lower scores need no mask, where it is not computed yet.
    """
    if is_outside(output):
        require_size(output, size)
        output = chosen(output, num_labels, num_attributes, least)
    columns = columns_of(size, num_attributes)
    if output.ndim != 3 or output.shape[2] != columns:
        raise ArtefactError(
            f"the network gives {output.shape}; items with {num_attributes} attributes in an input "
            f"of {size[1]}x{size[0]} pixels are (N, items, {columns}). Export it again"
        )
    if not np.isfinite(output).all():
        raise ArtefactError("the network's outputs are not finite; train or export it again")
    label_NK = output[..., LABEL]
    if ((label_NK < 0) | (label_NK >= num_labels) | (label_NK != np.round(label_NK))).any():
        raise ArtefactError(
            f"the network gives labels that are no indices of its {num_labels}; export it again"
        )
    return output


def sure_of(logit_KA: Float32, least: float = SURE) -> Bool:
    """Which attributes count."""
    return np.asarray(logit_KA > np.log(least / (1 - least)))


def items_of(
    row_KX: Float32,
    labels: Sequence[str],
    attributes: Sequence[str],
    size: tuple[int, int],
    place: Placed,
    least: float,
) -> list[Item]:
    """The items of at least this score, the best first.

    Args:
        size: height and width of the network's input.
        place: where the picture lies in it.
    """
    grid = size[0] // STRIDE, size[1] // STRIDE
    count = len(attributes)
    row_KX = row_KX[row_KX[:, SCORE] >= least]
    found, pixels = [], 0
    for row_X in row_KX[np.argsort(-row_KX[:, SCORE], kind="stable")]:
        box_4 = in_picture(row_X[:4], place)
        cut = reach(box_4, place)
        pixels += (cut[2] - cut[0]) * (cut[3] - cut[1])
        if pixels > MOST_PIXELS or min(cut[2] - cut[0], cut[3] - cut[1]) <= 0:
            cut = (0, 0, 0, 0)
        said = _sure(row_X[HEAD : HEAD + count], attributes)
        mask_HW = mask_in(woven(row_X[HEAD + count :], grid), cut, place)
        label = labels[int(row_X[LABEL])]
        found.append(Item(label, box_4, float(row_X[SCORE]), said, cut, mask_HW))
    return found


def _sure(logit_A: Float32, attributes: Sequence[str]) -> dict[str, float]:
    there_A = np.flatnonzero(sure_of(logit_A))
    there_A = there_A[np.argsort(-logit_A[there_A], kind="stable")]
    prob_A = 1 / (1 + np.exp(-logit_A[there_A].astype(np.float64)))
    return {attributes[a]: float(p) for a, p in zip(there_A.tolist(), prob_A, strict=True)}
