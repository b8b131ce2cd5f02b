"""Masks cut to the person: by hand."""

from __future__ import annotations

import numpy as np

from edgehuman.simulate.silhouette.centre import centred


def test_the_person_fills_the_rows_and_is_in_the_middle() -> None:
    mask = np.zeros((116, 116), np.uint8)
    mask[10:106, 70:94] = 255
    made = centred(mask)
    assert set(np.unique(made).tolist()) == {0, 255}
    assert (made > 0).any(axis=1).all()
    columns = np.flatnonzero((made > 0).all(axis=0))
    # 24 of 96 is 16 of 64, with column 32 in the middle.
    assert (columns.min(), columns.max()) in {(24, 39), (23, 38), (24, 40)}


def test_an_arm_does_not_move_the_middle() -> None:
    mask = np.zeros((64, 116), np.uint8)
    mask[:, 40:56] = 255
    plain = centred(mask)
    mask[20:24, 56:72] = 255
    arm = centred(mask)
    assert (np.flatnonzero(plain[50]) - np.flatnonzero(arm[50])).max() <= 1


def test_wide_masks_are_cut_and_empty_ones_stay_empty() -> None:
    mask = np.zeros((20, 116), np.uint8)
    assert not centred(mask).any()
    mask[5:15] = 255
    assert centred(mask).all()
