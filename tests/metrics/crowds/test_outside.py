"""People that the runtime chooses are those that the graph would have chosen."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import ArtefactError
from edgehuman.metrics.crowds import outside
from edgehuman.metrics.crowds.answers import people_of, require_rows, woven
from edgehuman.metrics.crowds.outside import NUMBERS, chosen, is_outside
from edgehuman.preprocess.image.letterbox import Letterbox
from edgehuman.records import Float32

SIZE = (32, 64)  # 4 x 8 points of stride 8, 2 x 4, 1 x 2
CELLS, POINTS = 32, 42
LABELS = 2


def answer() -> Float32:
    """Two people: point 9, the second row's second, and point 40, the first of stride 32. The mask
    of the first is the fourth shared map, that of the second how far right of it a place is.
    """
    said_PX = np.zeros((POINTS, 5 + NUMBERS), np.float32)
    said_PX[9, :5] = 0, 0, 24, 24, 0.6
    said_PX[40, :5] = 0, 0, 64, 32, 0.9
    for point, channel in ((9, 3), (40, 8)):
        said_PX[point, 5 + channel] = 1  # the first layer's first row
        said_PX[point, 5 + 88 + np.arange(4) * 8] = 1, 2, 3, 4  # the last layer's first column
    shared_ES = np.zeros((8, CELLS), np.float32)
    shared_ES[3, 9] = 5
    part_CX = np.arange(LABELS * 4 * CELLS, dtype=np.float32)
    numbers = [np.array([4, 8]), said_PX, shared_ES, part_CX]
    row_X = np.concatenate([each.ravel() for each in numbers])
    return np.asarray(row_X, np.float32)[None, None]


def test_the_best_come_first_with_masks_by_hand() -> None:
    assert is_outside(answer())
    row_RX = chosen(answer(), LABELS)[0]
    assert row_RX.shape == (POINTS + LABELS, 5 + 4 * CELLS)
    assert row_RX[:3, 4] == pytest.approx([0.9, 0.6, 0])
    far_hw, near_hw = woven(row_RX[:2, 5:], (8, 16))
    # From x = 16 of a stride of 32, at x = 20: 4 / 256; columns left of the point are below 0.
    assert far_hw[0, :6].tolist() == [0, 0, 0, 0, 4 / 256, 8 / 256]
    assert near_hw[2:4, 2:4].tolist() == [[5, 10], [15, 20]]
    assert np.count_nonzero(near_hw) == 4
    assert row_RX[POINTS, 5:8].tolist() == [0, 1, 2]


def test_who_is_not_asked_for_has_a_box_and_no_mask() -> None:
    row_RX = chosen(answer(), LABELS, least=0.7)[0]
    assert row_RX[1, :5].tolist() == pytest.approx([0, 0, 24, 24, 0.6])
    assert (row_RX[1, 5:] < 0).all()
    assert row_RX[0, 5:].max() > 0
    none_RX = chosen(answer(), LABELS, least=np.inf)[0]
    assert (none_RX[:POINTS, 5:] < 0).all()
    assert np.array_equal(none_RX[:, :5], row_RX[:, :5])


def test_no_more_than_the_graph_would_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "MOST_PEOPLE", 1)
    assert chosen(answer(), LABELS).shape[1] == 1 + LABELS
    place = Letterbox(1.0, 1.0, 0, 0, *SIZE)
    row_RX = require_rows(answer(), LABELS, SIZE, 0.5)[0]
    assert [each.score for each in people_of(row_RX, LABELS, SIZE, place, 0.5)] == [
        pytest.approx(0.9)
    ]


@pytest.mark.parametrize("sides", [(4, 7), (0, 8), (-4, -8), (1e9, 8), (8, 4)])
def test_other_rows_are_an_error(sides: tuple[float, float]) -> None:
    output = answer()
    output[0, 0, :2] = sides
    with pytest.raises(ArtefactError, match="Export it again"):
        require_rows(output, LABELS, SIZE)
    with pytest.raises(ArtefactError, match="Export it again"):
        require_rows(answer(), LABELS + 1, SIZE)


def test_broken_numbers_are_an_error() -> None:
    output = answer()
    output[0, 0, 0] = np.nan
    with pytest.raises(ArtefactError, match="not finite"):
        require_rows(output, LABELS, SIZE)
