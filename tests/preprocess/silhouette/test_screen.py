"""Mistakes in masks and records are found, and good ones are not blamed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgehuman.preprocess.silhouette.normalise import normalise_walk
from edgehuman.preprocess.silhouette.screen import (
    EMPTY,
    GREY,
    MOST_HOLES,
    hole_share,
    is_empty,
    is_inverted,
    is_unsized,
    mask_mistake,
)
from tests.data.silhouette_trees import person_mask, person_masks

GOOD = normalise_walk(np.concatenate([person_masks(6, seed) for seed in range(4)]))


def test_good_records_have_no_mistake() -> None:
    assert not (is_empty(GOOD) | is_inverted(GOOD) | is_unsized(GOOD)).any()
    assert hole_share(GOOD).max() <= MOST_HOLES


def test_every_bad_record_is_found() -> None:
    assert is_inverted(255 - GOOD).all()
    assert is_empty(np.zeros_like(GOOD)).all()
    small = np.zeros_like(GOOD)
    small[:, 16:48, 16:48] = GOOD[:, ::2, ::2]
    assert is_unsized(small).all()
    assert is_unsized(np.roll(GOOD, 9, axis=2)).all()


def test_a_hole_is_measured() -> None:
    frame = np.zeros((64, 64), np.uint8)
    frame[4:60, 20:44] = 255
    frame[20:30, 26:36] = 0
    assert hole_share(frame[None])[0] == pytest.approx(100 / (56 * 24 - 100))
    frame[20:30, 26:] = 0  # open to the side: no hole
    assert hole_share(frame[None])[0] == 0.0


def test_somebody_who_fills_the_picture_is_no_background() -> None:
    close = person_mask(100, 60, 30, tall=100, step=1.0)
    assert mask_mistake(np.asarray(cv2.dilate(close, np.ones((9, 9))), np.uint8)) is None
    assert mask_mistake(np.full((60, 60), 255, np.uint8)) is not None


@pytest.mark.parametrize(
    ("white", "mistake"), [(1, GREY), (2, GREY), (100, GREY), (127, GREY), (128, None), (255, None)]
)
def test_a_mask_without_white_is_not_black_and_not_a_person(white: int, mistake: str) -> None:
    mask_HW = (person_mask(100, 60, 30, tall=80, step=0.0) > 0).astype(np.uint8) * np.uint8(white)
    assert mask_mistake(mask_HW) == mistake
    assert mask_mistake(np.zeros_like(mask_HW)) == EMPTY
