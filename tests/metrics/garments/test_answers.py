"""Rows of a network of garments, read by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import ArtefactError
from edgehuman.metrics.garments.answers import (
    columns_of,
    items_of,
    require_items,
    sure_of,
)
from edgehuman.metrics.garments.outside import HEAD
from edgehuman.preprocess.image.letterbox import Letterbox
from edgehuman.records import Float32

LABELS, ATTRIBUTES, SIZE = ("person", "coat"), ("check", "zip-up", "midi"), (32, 64)
TWICE = Letterbox(0.5, 0.5, 0, 0, 64, 128)  # the picture is twice as large


def rows() -> Float32:
    """A person on the left half and a checked coat with a zip in its upper half."""
    row_KX = np.zeros((3, columns_of(SIZE, 3)), np.float32)
    row_KX[0, :HEAD] = 0, 0, 32, 32, 0.6, 0
    row_KX[1, :HEAD] = 0, 0, 32, 16, 0.9, 1
    row_KX[1, HEAD : HEAD + 3] = 1.0, 3.0, -1.0
    row_KX[2, :HEAD] = 0, 0, 8, 8, 0.1, 1
    # Of every 2x2 cells the upper left, the upper right, the lower left, the lower right.
    mask_K4hw = row_KX[:, HEAD + 3 :].reshape(3, 4, 4, 8)
    mask_K4hw[:] = -9
    mask_K4hw[0, :, :, :4] = mask_K4hw[1, :, :2, :4] = 9
    return row_KX


def test_items_are_read_in_pixels_of_the_picture_the_best_first() -> None:
    coat, person = items_of(rows(), LABELS, ATTRIBUTES, SIZE, TWICE, 0.3)
    assert (person.label, coat.label) == LABELS
    assert coat.box_4.tolist() == [0, 0, 64, 32]
    assert list(coat.attributes) == ["zip-up", "check"]
    assert coat.attributes["check"] == pytest.approx(1 / (1 + np.exp(-1)))
    assert person.attributes["check"] == 0.5  # a logit of 0
    assert coat.mask_HW is not None
    x0, y0, x1, y1 = coat.cut
    assert (x0, y0, x1) == (0, 0, 71)  # a tenth of the box beyond it
    seen_HW = np.zeros((64, 128), np.bool_)
    seen_HW[y0:y1, x0:x1] = coat.mask_HW
    assert seen_HW[:30, :60].all()
    assert not seen_HW[36:].any()


def test_an_attribute_counts_from_a_probability_of_three_tenths() -> None:
    logit = np.log(0.3 / 0.7)
    sure = sure_of(np.array([logit + 1e-3, logit - 1e-3], np.float32))
    assert sure.tolist() == [True, False]


def test_other_outputs_are_refused() -> None:
    row_NKX = rows()[None]
    assert require_items(row_NKX, 2, 3, SIZE) is row_NKX
    for wrong, said in (
        (row_NKX[0], "items with 3 attributes"),
        (row_NKX[..., :-1], r"\(N, items, 137\)"),
        (np.full_like(row_NKX, np.nan), "not finite"),
        (np.full_like(row_NKX, 2.0), "no indices of its 2"),
        (np.full_like(row_NKX, 0.5), "no indices"),
    ):
        with pytest.raises(ArtefactError, match=said):
            require_items(wrong, 2, 3, SIZE)
