"""Choose the items of a network's answer, where its graph leaves that to the runtime.

    output_NKX = chosen(output_N1X, num_labels=47, num_attributes=294)

`export --post outside` writes a graph without TopK. It gives one row: rows and columns of the
shared maps; of every point a box, a score, a label, the numbers of its mask and its features; the
shared maps; then what attributes are made with: weights, biases, and which label can have which.
The layers are those of `nets.image.garments.network`, in numpy.

Axes: N images, P points of all strides, K items, E shared maps, S points of stride 8, L labels, A
attributes, C features, W numbers of a mask, X numbers of a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.errors import ArtefactError
from edgehuman.metrics.boxes.overlap import shares_within
from edgehuman.metrics.crowds.outside import (
    MOST_PEOPLE,
    NOTHING,
    NUMBERS,
    QUARTERS,
    SHARED,
    STRIDES,
    masks_of,
    num_points,
    points_of,
    sides_of,
)
from edgehuman.records import Float32, Index

HEAD, SCORE, LABEL = 6, 4, 5
"""Numbers of a row before its attributes: a box, a score and a label; places of these two."""
NEVER = -20.0
"""The logit of an attribute that a label never has."""
OF_THE_IMAGE = 0.05
"""What the whole image weighs, beside a person who is surely found and holds all of a box."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A row taken apart.

    Attributes:
        grid: rows and columns of the shared maps.
        answer_P6, number_PW, feature_PC: of every point.
        shared_ES: the shared maps.
        weight_A3C, bias_A, together_LA: of the attributes.
    """

    grid: tuple[int, int]
    answer_P6: Float32
    number_PW: Float32
    feature_PC: Float32
    shared_ES: Float32
    weight_A3C: Float32
    bias_A: Float32
    together_LA: Float32


def chosen(
    output_N1X: Float32, num_labels: int, num_attributes: int, least: float = 0.0
) -> Float32:
    """The outputs (N, K, 6 + A + 4 S), the best first; see `answers`.

    Args:
        least: items of lower scores get no mask.

    Raises:
        ArtefactError: outputs that are something else.
    """
    rows = (_taken_apart(row_X, num_labels, num_attributes) for row_X in output_N1X[:, 0])
    return np.stack([_of_one(said, least) for said in rows])


def _of_one(said: _Said, least: float) -> Float32:
    cells = said.shared_ES.shape[1]
    score_P = said.answer_P6[:, SCORE]
    best_K = np.argsort(-score_P, kind="stable")[: min(MOST_PEOPLE, len(score_P))]
    attributes = len(said.bias_A)
    row_KX = np.full((len(best_K), HEAD + attributes + QUARTERS * cells), NOTHING, np.float32)
    row_KX[:, :HEAD] = said.answer_P6[best_K]
    row_KX[:, HEAD : HEAD + attributes] = _attributes(said, best_K)
    here_K = best_K[score_P[best_K] >= least]
    point_P2, stride_P = points_of(said.grid)
    row_KX[: len(here_K), HEAD + attributes :] = masks_of(
        said.shared_ES, said.number_PW[here_K], point_P2[here_K], stride_P[here_K], point_P2[:cells]
    )
    return row_KX


def _attributes(said: _Said, best_K: Index) -> Float32:
    """Logits (K, A): linear in an item's own features, those round the middle of its box, and those
    of who wears it.
    """
    answer_K6, own_KC = said.answer_P6[best_K], said.feature_PC[best_K]
    coarse = num_points(said.grid) - said.grid[0] * said.grid[1] * 5 // 4
    image_C = said.feature_PC[-coarse:].mean(axis=0)
    label_K = answer_K6[:, LABEL].astype(np.int64)
    person_K = np.where(label_K == 0, answer_K6[:, SCORE], 0)
    weight_KK = shares_within(answer_K6[:, :4], answer_K6[:, :4]) ** 2 * person_K[None]
    total_K1 = weight_KK.sum(axis=1, keepdims=True) + OF_THE_IMAGE
    wearer_KC = (weight_KK @ own_KC + OF_THE_IMAGE * image_C) / total_K1
    x_K3C = np.concatenate((own_KC, _round_the_middle(said, answer_K6), wearer_KC), axis=1)
    said_KA = x_K3C @ said.weight_A3C.T + said.bias_A
    return np.where(said.together_LA[label_K] > 0, said_KA, NEVER).astype(np.float32)


def _round_the_middle(said: _Said, answer_K6: Float32) -> Float32:
    """The mean (K, C) over 3x3 points of stride 8, those beyond the edge as zeros."""
    rows, columns = said.grid
    map_hwC = said.feature_PC[: rows * columns].reshape(rows, columns, -1)
    wide_hwC = np.pad(map_hwC, ((1, 1), (1, 1), (0, 0)))
    middle_K2 = (answer_K6[:, :2] + answer_K6[:, 2:4]) / (2 * STRIDES[0])
    x_K = middle_K2[:, 0].clip(0, columns - 1).astype(np.int64)
    y_K = middle_K2[:, 1].clip(0, rows - 1).astype(np.int64)
    near = [wide_hwC[y_K + down, x_K + right] for down in range(3) for right in range(3)]
    return np.asarray(np.mean(near, axis=0), np.float32)


def _taken_apart(row_X: Float32, labels: int, attributes: int) -> _Said:
    grid = sides_of(row_X)
    cells, points = grid[0] * grid[1], num_points(grid)
    fixed = 2 + points * (HEAD + NUMBERS) + SHARED * cells + attributes * (1 + labels)
    each = points + 3 * attributes
    width, rest = divmod(len(row_X) - fixed, each) if cells else (0, 0)
    if not cells or width < 1 or rest:
        raise ArtefactError(
            f"the network gives one row of {len(row_X)} numbers; of {labels} labels, {attributes} "
            f"attributes and maps of {grid[1]}x{grid[0]} points it has {fixed} and a multiple of "
            f"{each}. Export it again"
        )
    sizes = (
        points * (HEAD + NUMBERS + width),
        SHARED * cells,
        attributes * 3 * width,
        attributes,
    )
    said_X, shared_X, weight_X, bias_A, together_X = np.split(row_X[2:], np.cumsum(sizes))
    said_PX = said_X.reshape(points, -1)
    return _Said(
        grid,
        said_PX[:, :HEAD],
        said_PX[:, HEAD : HEAD + NUMBERS],
        said_PX[:, HEAD + NUMBERS :],
        shared_X.reshape(SHARED, cells),
        weight_X.reshape(attributes, 3 * width),
        bias_A,
        together_X.reshape(labels, attributes),
    )
