"""Frames of one sequence stay together, set by set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.image.frames.set import People
from edgehuman.errors import DataError
from edgehuman.tasks.image.detection.settings import DetectionConfig
from edgehuman.tasks.image.detection.splits import split_frames
from tests.tasks.drawn_frames import drawn_set


def config(**changes: float) -> DetectionConfig:
    return DetectionConfig(out=Path("unused"), **changes)  # type: ignore[arg-type]


def test_sequences_are_held_out_whole_and_the_test_part_is_apart() -> None:
    frames = drawn_set(12, test=2)
    frames = replace(frames, sequence_N=np.array([f"camera {index // 2}" for index in range(12)]))
    splits = split_frames([frames, drawn_set(4, test=4)], config(select_share=0.4))
    assert [len(each) for each in splits] == [6, 4, 6]
    cameras = [{place.frame // 2 for place in each} for each in (splits.learn, splits.select)]
    assert not cameras[0] & cameras[1]
    assert {place.number for place in splits.test} == {0, 1}


def test_few_are_held_out_of_many() -> None:
    splits = split_frames([drawn_set(30, test=0)], config(select_share=0.5, most_select=4))
    assert (len(splits.learn), len(splits.select)) == (15, 4)


def test_data_without_a_training_part_is_an_error() -> None:
    with pytest.raises(DataError, match="no training part, only 5 test frames"):
        split_frames([drawn_set(5, test=5)], config())
    with pytest.raises(DataError, match="1 training sequences, too few to hold 1 out"):
        split_frames([drawn_set(1, test=0)], config())


def test_nobody_to_find_in_what_is_held_out_is_an_error() -> None:
    nobody = People(np.zeros((0, 4), np.float32), np.zeros(0, np.bool_))
    frames = replace(drawn_set(10, test=0), people=[nobody] * 10)
    with pytest.raises(DataError, match="nobody is in them"):
        split_frames([frames], config())
