"""People in other poses: what moves, what stays, and who cannot be moved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehuman.data.image.crops import compose
from edgehuman.data.image.crops.compose import Odds
from edgehuman.data.image.crops.puppet import HIDDEN, Moved, articulate
from edgehuman.data.image.crops.view import ABSENT
from edgehuman.data.image.load import load_persons
from edgehuman.data.image.part_groups import grouped
from edgehuman.data.image.set import IGNORE, PersonSet
from edgehuman.geometry import COCO_17, mirror_order
from edgehuman.records import Float32, Uint8

BONES = ((5, 7), (7, 9), (6, 8), (8, 10), (11, 13), (13, 15), (12, 14), (14, 16))
TRUNK = [0, 1, 2, 3, 4, 5, 6, 11, 12]


@pytest.fixture(scope="module")
def people() -> PersonSet:
    people = grouped(load_persons("simulated", "pose", people=16, each=1, seed=3), "person")
    whole_N = (people.keypoint_NJ3[:, 5:, 2] > 0).all(axis=1)
    assert whole_N.sum() >= 6
    return people


def first_whole(people: PersonSet) -> list[int]:
    """Six people all of whose joints below the head are known."""
    whole_N = (people.keypoint_NJ3[:, 5:, 2] > 0).all(axis=1)
    return [int(place) for place in np.flatnonzero(whole_N)[:6]]


def someone(people: PersonSet, index: int = 0) -> tuple[Uint8, NDArray[np.bool_], Float32]:
    place = first_whole(people)[index]
    return people.image(place), people.part(place) == 1, people.keypoint_NJ3[place].copy()


def lengths(joint_J3: Float32) -> Float32:
    return np.array([np.hypot(*(joint_J3[a, :2] - joint_J3[b, :2])) for a, b in BONES])


@pytest.mark.parametrize("index", range(6))
def test_limbs_move_about_a_trunk_that_stays(people: PersonSet, index: int) -> None:
    image_HWC, is_person_HW, joint_J3 = someone(people, index)
    rng = np.random.default_rng(index)
    turned = 0
    for _ in range(8):
        moved = articulate(image_HWC, is_person_HW, joint_J3, rng)
        assert moved is not None
        assert moved.image_HWC.shape == (*moved.is_person_HW.shape, 3)
        assert not moved.image_HWC[~moved.is_person_HW].any()
        shift_T2 = moved.joint_J3[TRUNK, :2] - joint_J3[TRUNK, :2]
        assert np.ptp(shift_T2, axis=0) == pytest.approx(0, abs=1e-3)
        # Pieces are rigid, at most foreshortened to 0.45, or a tenth longer.
        share = lengths(moved.joint_J3) / np.maximum(lengths(joint_J3), 1)
        assert (share < 1.1 + 1e-3).all()
        assert (share > 0.45 - 1e-3).all()
        elbows_J2 = moved.joint_J3[[7, 8, 13, 14], :2] - shift_T2[0]
        turned += int(np.abs(elbows_J2 - joint_J3[[7, 8, 13, 14], :2]).max() > 3)
    assert turned >= 6


def test_a_joint_that_is_seen_is_on_the_person_and_one_behind_is_hidden(people: PersonSet) -> None:
    rng = np.random.default_rng(0)
    seen, hidden = [], 0
    for index in range(6):
        for _ in range(10):
            moved = articulate(*someone(people, index), rng)
            assert moved is not None
            for x, y, state in moved.joint_J3[[7, 8, 9, 10, 13, 14, 15, 16]]:
                row, column = round(float(y)), round(float(x))
                inside = 0 <= row < moved.is_person_HW.shape[0]
                if inside and 0 <= column < moved.is_person_HW.shape[1]:
                    seen += [bool(moved.is_person_HW[row, column])] if state == 2 else []
                    hidden += state == HIDDEN
    assert np.mean(seen) == 1
    assert hidden > 20


@pytest.mark.parametrize("unknown", [[5], [12], [7, 8, 13, 14], [9, 10, 15, 16], list(range(17))])
def test_whose_trunk_or_limbs_are_unknown_is_left_alone(
    people: PersonSet, unknown: list[int]
) -> None:
    image_HWC, is_person_HW, joint_J3 = someone(people)
    joint_J3[unknown, 2] = 0
    assert articulate(image_HWC, is_person_HW, joint_J3, np.random.default_rng(0)) is None


def test_the_smallest_people_and_empty_masks_are_left_alone(people: PersonSet) -> None:
    image_HWC, is_person_HW, joint_J3 = someone(people)
    rng = np.random.default_rng(0)
    assert articulate(image_HWC, np.zeros_like(is_person_HW), joint_J3, rng) is None
    small_J3 = joint_J3 * np.array([0.05, 0.05, 1], np.float32)
    assert articulate(image_HWC, is_person_HW, small_J3, rng) is None


def test_joints_far_outside_the_picture_end_in_no_error(people: PersonSet) -> None:
    for far in (-1e5, 1e5, 3e9, -1e30):
        image_HWC, is_person_HW, joint_J3 = someone(people)
        joint_J3[[9, 16], :2] = far
        moved = articulate(image_HWC, is_person_HW, joint_J3, np.random.default_rng(1))
        assert moved is not None
        assert np.isfinite(moved.joint_J3).all()
        joint_J3[[8, 13], :2] = far  # now every limb
        assert articulate(image_HWC, is_person_HW, joint_J3, np.random.default_rng(1)) is None
        joint_J3 = someone(people)[2]
        joint_J3[5, :2] = far
        assert articulate(image_HWC, is_person_HW, joint_J3, np.random.default_rng(1)) is None


def test_a_hand_that_is_turned_out_of_the_picture_is_not_there(people: PersonSet) -> None:
    """Of somebody cut off at the waist an arm is longer than the room: nothing shows the wrist."""
    rng = np.random.default_rng(0)
    outside = 0
    for index in range(6):
        image_HWC, is_person_HW, joint_J3 = someone(people, index)
        is_person_HW[int(joint_J3[[11, 12], 1].max()) + 2 :] = False
        for _ in range(6):
            moved = articulate(image_HWC, is_person_HW, joint_J3, rng)
            assert moved is not None
            height, width = moved.is_person_HW.shape
            x_J, y_J = moved.joint_J3[7:11, :2].round().T
            is_out_J = (x_J < 0) | (y_J < 0) | (x_J >= width) | (y_J >= height)
            assert (moved.joint_J3[7:11, 2][is_out_J] == ABSENT).all()
            assert (moved.joint_J3[7:11, 2][~is_out_J] != ABSENT).all()
            outside += int(is_out_J.sum())
    assert outside > 0


def test_large_people_are_shrunk_and_their_joints_too(people: PersonSet) -> None:
    image_HWC, is_person_HW, joint_J3 = someone(people)
    times = -(-2100 // int(is_person_HW.any(axis=1).sum()))
    large_J3 = joint_J3.copy()
    large_J3[:, :2] = (joint_J3[:, :2] + 0.5) * times - 0.5
    moved = articulate(
        image_HWC.repeat(times, 0).repeat(times, 1),
        is_person_HW.repeat(times, 0).repeat(times, 1),
        large_J3,
        np.random.default_rng(0),
    )
    same = articulate(image_HWC, is_person_HW, joint_J3, np.random.default_rng(0))
    assert moved is not None
    assert same is not None
    assert moved.is_person_HW.shape[0] == 1024 + 2 * 256
    scale = 1024 / is_person_HW.any(axis=1).sum()
    apart_T2 = np.diff(moved.joint_J3[TRUNK, :2], axis=0)
    assert apart_T2 == pytest.approx(scale * np.diff(same.joint_J3[TRUNK, :2], axis=0), abs=0.6)
    assert lengths(moved.joint_J3) == pytest.approx(scale * lengths(same.joint_J3), rel=0.02)
    trunk = moved.joint_J3[[5, 6, 11, 12], :2].round().astype(int)
    assert moved.is_person_HW[trunk[:, 1], trunk[:, 0]].all()


def test_of_a_composed_crop_the_joints_that_are_seen_are_on_the_moved_person(
    people: PersonSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pasted picture, the mask and the joints are turned and cut together."""
    made: list[Moved] = []

    def kept(*words: Any) -> Moved | None:
        moved = articulate(*words)
        made.extend([] if moved is None else [moved])
        return moved

    monkeypatch.setattr(compose, "articulate", kept)
    odds = Odds(articulate=1.0, nobody=0, beside=0, before=0)
    moving = compose.Composer(people, (128, 96), odds, mirrored_joints=mirror_order(COCO_17))
    seen, absent, found = 0, 0, []
    for number in range(24):
        place = first_whole(people)[number % 6]
        crop, same = (moving.sample(place, np.random.default_rng(number)) for _ in range(2))
        assert np.array_equal(crop.image_HWC, same.image_HWC)
        assert np.array_equal(crop.joint_J3, same.joint_J3)
        absent += int((crop.joint_J3[7:, 2] == ABSENT).sum())
        for x, y, state in crop.joint_J3[7:].tolist():
            if state == 2:
                rows, columns = (slice(max(0, round(at) - 2), round(at) + 3) for at in (y, x))
                found.append((crop.mask_HW[rows, columns] == 1).any())
                seen += 1
    assert len(made) == 48
    assert seen > 60
    assert absent > 0
    assert np.mean(found) > 0.98


def test_which_part_is_where_is_unknown_after_a_turn() -> None:
    people = load_persons("simulated", "pose", people=16, each=1, seed=3)
    assert len(people.parts) > 2
    crop = compose.Composer(people, (128, 96), Odds(articulate=1.0, nobody=0)).sample(
        first_whole(people)[0], np.random.default_rng(0)
    )
    assert set(np.unique(crop.mask_HW)) <= {0, IGNORE}
    assert (crop.mask_HW == IGNORE).any()
