"""Composed scenes are a set of frames: same index, same scene; roles share no photo."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from edgehuman.data.image.frames.scenes import scenes_of, shared_parts, simulated_frames
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.image.part_groups import LABELS
from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.crowds.people import PersonParts, box_of
from edgehuman.records import Uint8
from edgehuman.simulate.image.figure.parts import PARTS
from tests.data.image.crowds.drawn import drawn_persons


@pytest.fixture(scope="module")
def frames() -> FrameSet:
    return scenes_of(drawn_persons(), train=8, test=3, seed=0)


def test_a_set_of_frames_with_roles(frames: FrameSet) -> None:
    assert len(frames) == 11
    assert frames.role_N.tolist() == ["train"] * 8 + ["test"] * 3
    assert (frames.dataset, frames.licence, frames.simulated) == (
        "ccp + simulated",
        "Apache-2.0",
        False,
    )
    assert len(set(frames.sequence_N.tolist())) == 11
    assert frames.num_people > 11


def test_boxes_are_inside_the_frame(frames: FrameSet) -> None:
    for index in range(len(frames)):
        frame_HWC, people = frames.frames[index], frames.people[index]
        assert frame_HWC.dtype == np.uint8
        height, width, _ = frame_HWC.shape
        box_M4 = people.box_M4
        assert (box_M4[:, 2:] > box_M4[:, :2]).all()
        assert (box_M4 >= 0).all()
        assert (box_M4 <= (width, height, width, height)).all()


def test_parts_lie_in_the_boxes_of_their_people(frames: FrameSet) -> None:
    assert frames.parts is not None
    assert frames.parts.names == LABELS["garments"]
    for index in range(len(frames)):
        found, people = frames.parts[index], frames.people[index]
        assert found.part_HW.shape == frames.frames[index].shape[:2]
        assert len(found.people) == len(people.box_M4)
        for each, box_4 in zip(found.people, people.box_M4, strict=True):
            is_bag_HW = each.part_HW == LABELS["garments"].index("accessories")
            body = PersonParts(each.left, each.top, np.where(is_bag_HW, 0, each.part_HW))
            if body.part_HW.any():  # and boxes leave bags out
                assert (box_of(body)[:2] >= box_4[:2] - 2).all()
                assert (box_of(body)[2:] <= box_4[2:] + 2).all()


def test_parts_of_photos_that_are_in_no_group_are_left_out() -> None:
    assert shared_parts(("background", "wing"))[0] == ()
    names, tables = shared_parts(("background", "hat"))
    assert names == LABELS["garments"]
    assert [names[table[1]] for table in tables] == ["accessories", "accessories"]
    assert shared_parts(())[0] == shared_parts(PARTS)[0] == PARTS


def test_the_same_index_is_the_same_scene(frames: FrameSet) -> None:
    again = scenes_of(drawn_persons(), train=8, test=3, seed=0)
    other = scenes_of(drawn_persons(), train=8, test=3, seed=1)
    for index in (3, 9):
        np.testing.assert_array_equal(frames.frames[index], again.frames[index])
        np.testing.assert_array_equal(frames.people[index].box_M4, again.people[index].box_M4)
        same = frames.frames[index].shape == other.frames[index].shape
        assert not same or (frames.frames[index] != other.frames[index]).any()


def test_people_by_slices_and_from_the_end(frames: FrameSet) -> None:
    assert frames.people[-1] is frames.people[10]
    assert len(frames.people[4:7]) == 3
    with pytest.raises(IndexError):
        frames.people[11]
    with pytest.raises(IndexError):
        frames.frames[11]


def test_scenes_for_testing_read_photos_for_testing_alone() -> None:
    class Read(list[Uint8]):
        def __getitem__(self, index: Any, /) -> Any:
            read.add(int(index))
            return super().__getitem__(index)

    read: set[int] = set()
    persons = drawn_persons(4, 2)
    made = scenes_of(
        dataclasses.replace(persons, images=Read(persons.images[index] for index in range(6))),
        12,
        8,
        seed=0,
    )
    for indices, photos in ((range(12), {0, 1, 2, 3}), (range(12, 20), {4, 5})):
        read.clear()
        for index in indices:
            assert made.frames[index].size
        assert read == photos


def test_a_role_without_photos_is_refused() -> None:
    with pytest.raises(DataError, match="none of the 4 photos is for testing"):
        scenes_of(drawn_persons(4, 0), train=1, test=1, seed=0)
    assert len(scenes_of(drawn_persons(4, 0), train=1, test=0, seed=0)) == 1


def test_roles_licence_and_people() -> None:
    frames = simulated_frames(10, 0)
    assert frames.role_N.tolist() == ["train"] * 8 + ["test"] * 2
    assert frames.simulated
    assert frames.dataset == "simulated"
    assert frames.licence.startswith("Apache-2.0")
    assert sum(len(frames.people[index].ignore_M) for index in range(3)) > 0
    frame_HWC = frames.frames[0]
    assert frame_HWC.dtype == np.uint8
    np.testing.assert_array_equal(frame_HWC, simulated_frames(10, 0).frames[0])


def test_the_share_of_portraits_is_one() -> None:
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(UsageError, match="it must be a share, from 0 to 1"):
            simulated_frames(4, 0, share)
    plans = simulated_frames(4, 0, 1.0)
    assert all(0 < len(plans.people[index].ignore_M) <= 3 for index in range(4))


def test_too_few_simulated_frames() -> None:
    with pytest.raises(UsageError, match="got 1 simulated frames"):
        simulated_frames(1, 0)
