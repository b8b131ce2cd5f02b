"""Choose the people of a parser's answer, where its graph leaves that to the runtime.

    output_NRX = chosen(output_N1X, num_labels=20)      as a graph gives it that chooses them itself

`export --post outside` writes a graph without TopK. It gives one row: rows and columns of the
shared maps, then of every point a box, a score and the numbers of its mask, then the shared maps,
then the parts. The layers of a mask are those of `nets.image.crowds.masks`, in numpy.

Axes: N images, P points of all strides, K people, E shared maps, S points of stride 8, C parts, W
numbers of a mask, R rows of an answer, X numbers of a row.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgehuman.errors import ArtefactError
from edgehuman.records import Float32

MOST_PEOPLE = 100
"""K: of an answer."""
HEAD = 5
"""Numbers of a row before its map: a box and a score."""
STRIDES = (8, 16, 32)
"""Of the points, pixels of the input; the first is that of the shared maps."""
SHARED, INSIDE, QUARTERS = 8, 8, 4
"""E; what the first layer gives; the answers of a point, which covers 2x2 cells."""
SHAPES = ((INSIDE, SHARED + 2), (QUARTERS, INSIDE))
"""Rows and columns of the two layers."""
NUMBERS = sum(rows * (columns + 1) for rows, columns in SHAPES)
"""W."""
REACH = 8.0
"""Places are told in so many strides of the point."""
NOTHING = -1.0
"""Of a mask that nobody asked for: nothing is inside."""


def is_outside(output_NRX: Float32) -> bool:
    """Whether the people of these outputs are still to be chosen."""
    return output_NRX.ndim == 3 and output_NRX.shape[1] == 1


def chosen(output_N1X: Float32, num_labels: int, least: float = 0.0) -> Float32:
    """The outputs (N, K + C, 5 + 4 S), best people first; see `answers`.

    Args:
        least: people of lower scores get no mask.

    Raises:
        ArtefactError: outputs that are something else.
    """
    return np.stack([_of_one(row_X, num_labels, least) for row_X in output_N1X[:, 0]])


def _of_one(row_X: Float32, num_labels: int, least: float) -> Float32:
    grid = _grid(row_X, num_labels)
    points = num_points(grid)
    sizes = points * (HEAD + NUMBERS), SHARED * int(np.prod(grid))
    said_X, shared_X, part_X = np.split(row_X[2:], np.cumsum(sizes))
    said_PX = said_X.reshape(points, -1)
    most = min(MOST_PEOPLE, points)
    best_K = np.argsort(-said_PX[:, HEAD - 1], kind="stable")[:most]
    width = QUARTERS * int(np.prod(grid))
    row_RX = np.zeros((most + num_labels, HEAD + width), np.float32)
    row_RX[:most, :HEAD] = said_PX[best_K, :HEAD]
    row_RX[:most, HEAD:] = NOTHING
    asked = int(np.count_nonzero(row_RX[:most, HEAD - 1] >= least))
    here_K = best_K[:asked]
    point_P2, stride_P = points_of(grid)
    masks = masks_of(shared_X.reshape(SHARED, -1), said_PX[here_K, HEAD:], point_P2[here_K],
                   stride_P[here_K], point_P2[: int(np.prod(grid))])  # fmt: skip
    row_RX[:asked, HEAD:] = masks
    row_RX[most:, HEAD:] = part_X.reshape(num_labels, width)
    return row_RX


def _grid(row_X: Float32, num_labels: int) -> tuple[int, int]:
    """Rows and columns of the shared maps."""
    height, width = sides_of(row_X)
    cells = height * width
    numbers = num_points((height, width)) * (HEAD + NUMBERS)
    numbers += cells * (SHARED + QUARTERS * num_labels)
    if not cells or len(row_X) != 2 + numbers:
        raise ArtefactError(
            f"the network gives one row of {len(row_X)} numbers; of {num_labels} parts and maps of "
            f"{width}x{height} points it has {2 + numbers}. Export it again"
        )
    return height, width


def sides_of(row_X: Float32) -> tuple[int, int]:
    """Rows and columns of the shared maps, as a row states them; 0 of what none can have."""
    height, width = (round(float(side)) if 0 < side < 1e5 else 0 for side in row_X[:2])
    return height, width


def num_points(grid: tuple[int, int]) -> int:
    """P: of stride 8, a fourth of these, and a sixteenth."""
    return grid[0] * grid[1] * 21 // 16


def points_of(grid: tuple[int, int]) -> tuple[Float32, Float32]:
    """x and y of the points of all strides, row by row, (P, 2), and the stride of each, (P,)."""
    points, strides = [], []
    for stride in STRIDES:
        height, width = (side * STRIDES[0] // stride for side in grid)
        y_hw, x_hw = np.mgrid[:height, :width].astype(np.float32)
        points.append((np.stack((x_hw, y_hw), axis=2).reshape(-1, 2) + 0.5) * stride)
        strides.append(np.full(height * width, stride, np.float32))
    return np.concatenate(points).astype(np.float32), np.concatenate(strides)


def masks_of(
    shared_ES: Float32, number_KW: Float32, point_K2: Float32, stride_K: Float32, place_S2: Float32
) -> Float32:
    """Logits (K, 4 S), quarter by quarter."""
    (first_KRC, bias_KR), (last_KRC, last_KR) = _layers(number_KW)
    from_KR2 = first_KRC[..., SHARED:] / (REACH * stride_K[:, None, None])
    bias_KR = bias_KR - (from_KR2 * point_K2[:, None]).sum(axis=2)
    weight_KRC = np.concatenate((first_KRC[..., :SHARED], from_KR2), axis=2)
    x_CS = np.concatenate((shared_ES, place_S2.T))
    made_KRS = np.maximum(weight_KRC @ x_CS + bias_KR[..., None], 0)
    answer_KRS = last_KRC @ made_KRS + last_KR[..., None]
    return np.asarray(answer_KRS.reshape(len(number_KW), QUARTERS * len(place_S2)))


def _layers(number_KW: Float32) -> Sequence[tuple[Float32, Float32]]:
    """The weights (K, rows, columns) and biases (K, rows) of the two layers."""
    found, begin = [], 0
    for rows, columns in SHAPES:
        middle, end = begin + rows * columns, begin + rows * (columns + 1)
        weight_KRC = number_KW[:, begin:middle].reshape(len(number_KW), rows, columns)
        found.append((weight_KRC, number_KW[:, middle:end]))
        begin = end
    return found
