"""Who goes with whom at the least cost, where not everybody has to.

    assign([[.1, .65], [.2, .95]], limit=.7)      row 0 with column 0; row 1 stays open

Pairs are chosen so that the sum of their costs, plus the limit for every pair that could be and is
not, is least: the same as `lap.lapjv(cost, extend_cost=True, cost_limit=limit)`. It is not the same
as the least sum over as many pairs as possible of which those over the limit are dropped: that
would pair both rows above, at .65 and .2.

Shortest augmenting paths (Jonker and Volgenant, Computing 38, 1987) over the pairs within the limit
alone, of which people of one frame have few. In plain Python: a device has no scipy.

Axes: K rows, M columns, P pairs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pairs = list[tuple[int, int]]
_Edges = Mapping[int, float]


def assign(cost_KM: NDArray[Any], limit: float) -> Pairs:
    """Pairs of a row and a column, by row.

    Args:
        cost_KM: a cost that is not finite forbids the pair.
        limit: a pair of a higher cost is not made.
    """
    with np.errstate(invalid="ignore"):
        may_KM = cost_KM <= limit
    may_KM &= np.isfinite(cost_KM)
    if not may_KM.any():
        return []
    one_K, one_M = may_KM.sum(axis=1) == 1, may_KM.sum(axis=0) == 1
    # Where a row and a column have each other alone, there is nothing to choose.
    sure_KM = may_KM & one_K[:, None] & one_M[None]
    pairs: Pairs = list(zip(*(each.tolist() for each in np.nonzero(sure_KM)), strict=True))
    rest_KM = may_KM & ~sure_KM
    rows = np.flatnonzero(rest_KM.any(axis=1)).tolist()
    if rows:
        edges = []
        for row in rows:
            columns = np.flatnonzero(rest_KM[row])
            gains = cost_KM[row, columns] - limit
            edges.append(dict(zip(columns.tolist(), gains.tolist(), strict=True)))
        pairs += [(rows[k], column) for k, column in _least(edges, cost_KM.shape[1])]
    return sorted(pairs)


def _least(edges: Sequence[_Edges], columns: int) -> Pairs:
    """The pairs of the least sum.

    Args:
        edges: of each row, the columns it may have and their costs, none above 0; a row costs 0 if
            it stays open: then it has a column of its own, beyond `columns`.
    """
    dual: dict[int, float] = {}
    row_of: dict[int, int] = {}
    column_of: dict[int, int] = {}
    options = [{**each, columns + k: 0.0} for k, each in enumerate(edges)]
    for first in range(len(options)):
        open_: dict[int, float] = {}  # length of the shortest path to a column that is not done
        done: dict[int, float] = {}
        before: dict[int, int] = {}  # the row from which it comes
        row, length = first, 0.0
        while True:
            for column, cost in options[row].items():
                if column not in done:
                    path = length + cost - dual.get(column, 0.0)
                    if path < open_.get(column, math.inf):
                        open_[column], before[column] = path, row
            column = min(open_, key=open_.__getitem__)
            arrived = open_.pop(column)
            if column not in row_of:
                break
            done[column] = arrived
            row = row_of[column]
            length = arrived - options[row][column] + dual.get(column, 0.0)
        for passed, at in done.items():
            dual[passed] = dual.get(passed, 0.0) + at - arrived
        while True:  # turn the path round
            row = before[column]
            row_of[column] = row
            column_of[row], column = column, column_of.get(row, -1)
            if row == first:
                break
    return [(row, column) for row, column in column_of.items() if column < columns]
