"""Answers of a few cells, read by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from edgehuman.errors import ArtefactError
from edgehuman.metrics.crowds import answers
from edgehuman.metrics.crowds.answers import (
    boxes_in,
    columns_of,
    people_of,
    require_rows,
    woven,
)
from edgehuman.records import Float32
from tests.runtime.parts_models import quartered

SIZE = (16, 24)  # 4 x 6 cells
LABELS = 3


@dataclass(frozen=True)
class Place:
    """Where a picture lies in the input."""

    scale_x: float
    scale_y: float
    left: int
    top: int
    height: int
    width: int


WHOLE = Place(1.0, 1.0, 0, 0, 16, 24)


def answer() -> Float32:
    """Two people, side by side: the left of part 1 above part 2, the right nowhere."""
    row_RX = np.zeros((2 + LABELS, columns_of(SIZE)), np.float32)
    map_Rhw = np.zeros((len(row_RX), 4, 6), np.float32)
    row_RX[0, :5] = 12, 0, 24, 16, 0.4
    row_RX[1, :5] = 0, 0, 12, 16, 0.9
    map_Rhw[:2] = -9
    map_Rhw[1, :, :3] = 9
    map_Rhw[2] = -1
    map_Rhw[3, :2], map_Rhw[4, 2:] = 5, 5
    row_RX[:, 5:] = quartered(map_Rhw)
    return row_RX


def test_maps_are_woven_of_their_quarters() -> None:
    quarters = np.arange(8, dtype=np.float32)[None]
    assert woven(quarters, (2, 4)).tolist() == [[[0, 2, 1, 3], [4, 6, 5, 7]]]
    map_Rhw = np.random.default_rng(0).normal(size=(3, 4, 6)).astype(np.float32)
    assert np.array_equal(woven(quartered(map_Rhw), (4, 6)), map_Rhw)


def test_people_come_by_falling_score_with_their_parts() -> None:
    first, second = people_of(answer(), LABELS, SIZE, WHOLE, 0.1)
    assert [first.score, second.score] == pytest.approx([0.9, 0.4])
    assert first.box_4.tolist() == [0, 0, 12, 16]
    own_HW = first.person.part_HW
    # The box and a tenth of 12 more to the right: 14 columns; the mask ends in the middle.
    assert own_HW.shape == first.mask_HW.shape == (16, 14)
    assert own_HW[:, :11].tolist() == [[1] * 11] * 8 + [[2] * 11] * 8
    assert not own_HW[:, 13].any()
    assert not second.mask_HW.any()


def test_low_scores_are_left_out() -> None:
    assert len(people_of(answer(), LABELS, SIZE, WHOLE, 0.5)) == 1


def test_a_picture_that_fills_a_part_of_the_input_has_its_own_pixels() -> None:
    # Twice as large as the 12x8 pixels of the input that show it, from (0, 4) on.
    place = Place(0.5, 0.5, 0, 4, 16, 24)
    (first, _) = people_of(answer(), LABELS, SIZE, place, 0.1)
    assert first.box_4.tolist() == [0, 0, 24, 16]
    assert first.mask_HW.all()
    # Input rows 4 to 8 are of part 1, so are eight of the picture.
    assert [*np.unique(first.person.part_HW[:8]), *np.unique(first.person.part_HW[8:])] == [1, 2]


def test_maps_of_too_many_pixels_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_PIXELS", 300)
    first, second = people_of(answer(), LABELS, SIZE, WHOLE, 0.1)
    assert first.mask_HW.any()
    assert second.mask_HW.size == second.person.part_HW.size == 0


def test_boxes_are_the_rows_of_people() -> None:
    assert boxes_in(answer(), LABELS)[:, 4].tolist() == pytest.approx([0.4, 0.9])


@pytest.mark.parametrize("shape", [(5, 29), (1, 3, 29), (1, 5, 28), (1, 5, 29, 1)])
def test_other_outputs_are_an_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(ArtefactError, match="people and 3 parts of an input of 24x16"):
        require_rows(np.zeros(shape, np.float32), LABELS, SIZE)


def test_broken_numbers_are_an_error() -> None:
    output = answer()[None]
    output[0, 0, 7] = np.nan
    with pytest.raises(ArtefactError, match="not finite"):
        require_rows(output, LABELS, SIZE)
