"""Masks of any size become records: the person fills the rows and stands in the middle."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.silhouette.normalise import (
    normalise,
    normalise_walk,
    one_channel,
    usable,
)
from edgehuman.records import Uint8
from tests.data.silhouette_trees import person_mask, person_masks


def _by_definition(mask: Uint8) -> Uint8:
    """GaitSet's preprocessing, step by step, for one mask."""
    rows = np.flatnonzero(mask.any(axis=1))
    mask = mask[rows[0] : rows[-1] + 1]
    width = int(64 * mask.shape[1] / mask.shape[0])
    sized = np.asarray(cv2.resize(mask, (width, 64), interpolation=cv2.INTER_CUBIC), np.uint8)
    total, middle = 0, 0
    for middle in range(width):
        total += int(sized[:, middle].sum())
        if total > sized.sum(dtype=np.int64) / 2:
            break
    padded = np.pad(sized, ((0, 0), (32, 32)))
    return padded[:, middle : middle + 64]


@pytest.mark.parametrize("size", [(120, 160), (64, 64), (480, 640), (90, 40), (40, 110)])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.93])
def test_the_record_is_that_of_the_reference(size: tuple[int, int], place: float) -> None:
    mask = person_mask(*size, centre=round(place * size[1]), tall=round(0.7 * size[0]), step=0.6)
    expected = _by_definition(mask)
    np.testing.assert_array_equal(normalise(mask, binary=False), expected)
    np.testing.assert_array_equal(normalise(mask), (expected > 127) * 255)


def test_size_and_place_in_the_picture_do_not_matter() -> None:
    near = normalise(person_mask(480, 640, 200, tall=400, step=0.5))
    far = normalise(person_mask(480, 640, 420, tall=200, step=0.5))
    assert np.mean(near != far) < 0.05


def test_a_record_stays_as_it_is() -> None:
    record = normalise(person_mask())
    np.testing.assert_array_equal(normalise(record), record)
    rows, columns = record.any(axis=1), record.sum(axis=0).cumsum()
    assert rows.all()
    assert int(np.argmax(2 * columns > columns[-1])) == 32


def test_a_wide_picture_is_cut_around_the_person() -> None:
    mask = person_mask(100, 4000, 3000, tall=60)
    record = normalise(mask)
    assert np.mean(record != normalise(mask[:, 2950:3050])) < 0.02


def test_masks_of_truth_values_and_of_ones_are_read() -> None:
    mask = person_mask()
    for other in (mask > 0, mask // 255, np.repeat(mask[..., None], 3, axis=2)):
        np.testing.assert_array_equal(normalise(other), normalise(mask))


@pytest.mark.parametrize(
    ("mask", "why"),
    [
        (np.zeros((90, 60), np.uint8), "shows nobody"),
        (255 - person_mask(), "white background"),
        (np.full((64, 64), 255, np.uint8), "white background"),
        (np.zeros((0, 4), np.uint8), "a mask is uint8"),
        (np.zeros((64, 64), np.float32), "float32"),
        (np.dstack([person_mask(), person_mask(centre=60), person_mask()]), "colour picture"),
    ],
)
def test_what_is_no_mask_is_told(mask: Uint8, why: str) -> None:
    with pytest.raises(DataError, match=why):
        normalise(mask)


def test_a_walk_names_its_bad_frames_or_leaves_them_out() -> None:
    masks = person_masks(5)
    masks[1] = 0
    masks[3] = 255 - masks[3]
    with pytest.raises(DataError, match=r"frame 1 shows nobody.*1 more"):
        normalise_walk(masks)
    records, kept, why = usable(masks)
    assert kept.tolist() == [0, 2, 4]
    assert sorted(why) == [1, 3]
    np.testing.assert_array_equal(records, normalise_walk(masks[[0, 2, 4]]))
    with pytest.raises(DataError, match="has no frames"):
        normalise_walk(masks[:0])


def test_colour_is_told_with_the_name_of_its_file() -> None:
    with pytest.raises(DataError, match=r"a\.png is a colour picture"):
        one_channel(np.arange(48, dtype=np.uint8).reshape(4, 4, 3), "a.png")


def test_a_line_is_not_scaled_to_millions_of_columns() -> None:
    mask_HW = np.zeros((4, 4_000_000), np.uint8)
    mask_HW[2, 10:-10] = 255
    begin = time.process_time()
    assert normalise(mask_HW).shape == (64, 64)
    assert time.process_time() - begin < 2.0
