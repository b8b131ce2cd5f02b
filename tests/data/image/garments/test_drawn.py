"""Garments of composed scenes: boxes of their pixels, worn by the person whose they are."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.data.image.frames.load import load_frames
from edgehuman.data.image.frames.set import FrameGarments, FrameSet, GarmentLabels
from edgehuman.data.image.garments.drawn import LEAST_PX, LEAST_SIDE_PX
from edgehuman.metrics.crowds.people import box_of


@pytest.fixture(scope="module")
def frames() -> FrameSet:
    return load_frames("simulated", 6, 1)


@pytest.fixture(scope="module")
def labels(frames: FrameSet) -> GarmentLabels:
    assert frames.garments is not None
    return frames.garments


@pytest.fixture(scope="module")
def each(labels: GarmentLabels) -> list[FrameGarments]:
    return [labels[index] for index in range(6)]


def test_people_come_first_and_have_the_boxes_that_detectors_learn(
    frames: FrameSet, each: list[FrameGarments]
) -> None:
    assert sum(len(found.label_M) for found in each) > 60
    for index, found in enumerate(each):
        count = int((found.label_M == 0).sum())
        assert not found.label_M[:count].any()
        np.testing.assert_array_equal(found.box_M4[:count], frames.people[index].box_M4)
        np.testing.assert_array_equal(found.ignore_M[:count], frames.people[index].ignore_M)
        assert not found.attribute_MA[:count].any()


def test_what_is_worn_lies_in_its_wearers_mask(each: list[FrameGarments]) -> None:
    for found in each:
        for m in np.flatnonzero(found.label_M > 0).tolist():
            mask, person = found.masks[m], found.masks[int(found.wearer_M[m])]
            assert mask is not None
            assert person is not None
            np.testing.assert_array_equal(box_of(mask), found.box_M4[m])
            assert found.label_M[found.wearer_M[m]] == 0
            assert (person.within(mask.box)[mask.part_HW > 0] > 0).all()


def test_little_of_something_counts_neither_way(each: list[FrameGarments]) -> None:
    ignored = 0
    for found in each:
        for m in np.flatnonzero(found.label_M > 0).tolist():
            mask = found.masks[m]
            assert mask is not None
            is_tiny = mask.part_HW.sum() < LEAST_PX or min(mask.part_HW.shape) < LEAST_SIDE_PX
            assert found.ignore_M[m] or not is_tiny
            ignored += bool(found.ignore_M[m] and not is_tiny)
    assert ignored > 0  # hidden, not tiny


def test_nothing_is_said_that_the_table_does_not_have(
    labels: GarmentLabels, each: list[FrameGarments]
) -> None:
    together_CA = labels.together_CA(np.arange(6))
    assert together_CA.any(axis=1).tolist() == list(labels.described)
    for found in each:
        worn_M = found.label_M > 0
        own_MA = together_CA[found.label_M[worn_M] - 1]
        assert not (found.attribute_MA[worn_M] & ~own_MA).any()


def test_a_scene_is_the_same_whenever_it_is_asked_for(each: list[FrameGarments]) -> None:
    again = load_frames("simulated", 6, 1).garments
    assert again is not None
    np.testing.assert_array_equal(again[3].box_M4, each[3].box_M4)
    np.testing.assert_array_equal(again[3].attribute_MA, each[3].attribute_MA)
