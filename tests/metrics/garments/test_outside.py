"""Items that the runtime chooses, and attributes that it computes, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import ArtefactError
from edgehuman.metrics.crowds.outside import NUMBERS
from edgehuman.metrics.garments.answers import require_items
from edgehuman.metrics.garments.outside import HEAD, NEVER, chosen
from edgehuman.records import Float32

SIZE = (32, 64)  # 4 x 8 points of stride 8, 2 x 4, 1 x 2
CELLS, POINTS = 32, 42
LABELS, ATTRIBUTES = 2, 3


def answer() -> Float32:
    """A coat at point 2, whose box has its middle at point 9, and who wears it at point 40; of one
    feature, and three attributes: of the coat's point, round the middle, and of the wearer. A
    person has none.
    """
    said_PX = np.zeros((POINTS, HEAD + NUMBERS + 1), np.float32)
    said_PX[2, :HEAD] = 8, 8, 16, 16, 0.5, 1
    said_PX[40, :HEAD] = 0, 0, 32, 32, 0.95, 0
    said_PX[2, -1], said_PX[40, -1], said_PX[9, -1], said_PX[41, -1] = 2, 7, 9, 1
    said_PX[2, HEAD + 3] = 1  # the first layer of its mask reads the fourth shared map
    said_PX[2, HEAD + 88 + np.arange(4) * 8] = 1, 2, 3, 4
    shared_ES = np.zeros((8, CELLS), np.float32)
    shared_ES[3, 9] = 5
    bias_A, together_LA = np.array([0, 0, 10]), np.array([[0, 0, 0], [1, 1, 1]])
    numbers = [np.array([4, 8]), said_PX, shared_ES, np.eye(3), bias_A, together_LA]
    row_X = np.concatenate([each.ravel() for each in numbers])
    return np.asarray(row_X, np.float32)[None, None]


def test_the_best_come_first_with_attributes_and_masks_by_hand() -> None:
    row_KX = require_items(answer(), LABELS, ATTRIBUTES, SIZE)[0]
    assert row_KX.shape == (POINTS, HEAD + ATTRIBUTES + 4 * CELLS)
    assert row_KX[:2, 5].tolist() == [0, 1]
    person_A, coat_A = row_KX[:2, HEAD : HEAD + ATTRIBUTES]
    assert person_A.tolist() == [NEVER] * 3
    image = (7 + 1) / 2  # the two points of stride 32
    # Of the 3x3 points round the ninth, the second and the ninth have one.
    worn = 10 + (0.95 * 7 + 0.05 * image) / (0.95 + 0.05)
    assert coat_A.tolist() == pytest.approx([2, (9 + 2) / 9, worn])
    mask_4hw = row_KX[1, HEAD + ATTRIBUTES :].reshape(4, 4, 8)
    assert mask_4hw[:, 1, 1].tolist() == [5, 10, 15, 20]
    assert np.count_nonzero(mask_4hw) == 4


def test_what_is_not_asked_for_has_no_mask() -> None:
    row_KX = chosen(answer(), LABELS, ATTRIBUTES, least=0.7)[0]
    assert row_KX[1, HEAD] == pytest.approx(2)
    assert (row_KX[1, HEAD + ATTRIBUTES :] < 0).all()


@pytest.mark.parametrize("sides", [(4, 7), (0, 8), (-4, -8), (1e9, 8), (8, 4)])
def test_other_rows_are_an_error(sides: tuple[float, float]) -> None:
    output = answer()
    output[0, 0, :2] = sides
    with pytest.raises(ArtefactError, match="Export it again"):
        require_items(output, LABELS, ATTRIBUTES, SIZE)
    with pytest.raises(ArtefactError, match="Export it again"):
        require_items(answer(), LABELS + 1, ATTRIBUTES, SIZE)


def test_broken_numbers_are_an_error() -> None:
    output = answer()
    output[0, 0, -1] = np.nan
    with pytest.raises(ArtefactError, match="not finite"):
        require_items(output, LABELS, ATTRIBUTES, SIZE)
