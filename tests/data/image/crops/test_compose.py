"""Composed crops of drawn people: who is in the mask, which joints are there, empty crops."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.data.image import cache
from edgehuman.data.image.cache import Budget
from edgehuman.data.image.crops.compose import Composer, Odds
from edgehuman.data.image.crops.kept import Kept
from edgehuman.data.image.crops.marring import Marring
from edgehuman.data.image.crops.view import ABSENT, Reach, draw_view
from edgehuman.data.image.part_groups import LABELS
from edgehuman.data.image.set import IGNORE, PersonSet
from edgehuman.records import Uint8

CLEAN = Marring(light=0, dark=0, grey=0, coarse=0, blur=0, streak=0, blocks=0, noise=0)
STILL = Reach(whole=1.0, rotate_deg=0, flip=0)
PLAIN = Odds(nobody=0, paste=0, beside=0, before=0, reach=STILL, marring=CLEAN)
SIZE = (80, 40)
RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


def two_people() -> PersonSet:
    """Somebody red and somebody green before blue, with three joints: head, foot, unknown."""
    images, masks = [], []
    for colour in (RED, GREEN):
        image_HWC = np.full((80, 40, 3), BLUE, np.uint8)
        image_HWC[10:70, 12:28] = colour
        mask_HW = np.zeros((80, 40), np.uint8)
        mask_HW[10:70, 12:28] = 1
        images.append(image_HWC)
        masks.append(mask_HW)
    joint_NJ3 = np.tile(np.array([[20, 12, 2], [20, 68, 2], [0, 0, 0]], np.float32), (2, 1, 1))
    nobody_N = np.full(2, -1, np.int64)
    roles_N = np.array(["train", "train"])
    return PersonSet(
        images, nobody_N, nobody_N, roles_N, joint_NJ3, np.full(2, 960, np.float32),
        masks=masks, parts=LABELS["person"], dataset="two",
    )  # fmt: skip


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_without_odds_the_picture_comes_back() -> None:
    persons = two_people()
    crop = Composer(persons, SIZE, PLAIN).sample(0, rng())
    assert np.abs(crop.image_HWC.astype(int) - persons.image(0)).max() <= 100  # at the soft edge
    assert np.array_equal(crop.image_HWC[30, 15], RED)
    assert np.array_equal(crop.mask_HW, persons.part(0))
    assert crop.joint_J3.tolist() == persons.keypoint_NJ3[0].tolist()


def test_a_person_is_pasted_on_another_background() -> None:
    crops = [
        Composer(two_people(), SIZE, dataclasses.replace(PLAIN, paste=1.0)).sample(0, rng(seed))
        for seed in range(12)
    ]
    # The light changes a little; the person stays where it was.
    assert all(crop.image_HWC[30, 20, 0] > crop.image_HWC[30, 20, 1] + 50 for crop in crops)
    assert all(np.array_equal(crop.mask_HW, two_people().part(0)) for crop in crops)
    assert any(np.abs(crop.image_HWC[5, 5].astype(int) - BLUE).max() > 40 for crop in crops)


def test_other_people_are_no_part_of_the_answer() -> None:
    odds = dataclasses.replace(PLAIN, beside=1.0)
    seen = 0
    for seed in range(40):
        crop = Composer(two_people(), SIZE, odds).sample(0, rng(seed))
        is_green_HW = (crop.image_HWC[..., 1] > 150) & (crop.image_HWC[..., 0] < 50)
        seen += bool(is_green_HW.any())
        assert not (crop.mask_HW[is_green_HW] == 1).any()
        for joint_3 in crop.joint_J3[:2]:
            hides = is_green_HW[int(joint_3[1]), int(joint_3[0])]
            assert joint_3[2] == (ABSENT if hides else 2)
    assert seen > 5


def test_what_is_behind_something_is_not_there() -> None:
    odds = dataclasses.replace(PLAIN, before=1.0)
    hidden = 0
    for seed in range(40):
        crop = Composer(two_people(), SIZE, odds).sample(0, rng(seed))
        for joint_3 in crop.joint_J3[:2]:
            row, column = int(joint_3[1]), int(joint_3[0])
            assert (joint_3[2] == ABSENT) == (crop.mask_HW[row, column] == 0)
            hidden += joint_3[2] == ABSENT
    assert hidden > 5


def test_only_a_leg_in_view_leaves_the_head_absent() -> None:
    reach = Reach(whole=0, enlarge=(1, 1), shift=0, squeeze=0, cut=1.0, rotate_deg=0, flip=0)
    odds = dataclasses.replace(PLAIN, reach=reach)
    found = {
        tuple(Composer(two_people(), SIZE, odds).sample(0, rng(seed)).joint_J3[:, 2])
        for seed in range(40)
    }
    assert (ABSENT, 2, 0) in found
    assert (2, ABSENT, 0) in found


def test_a_crop_of_nobody_has_no_person_and_no_joint() -> None:
    crop = Composer(two_people(), SIZE, dataclasses.replace(PLAIN, nobody=1.0)).sample(0, rng())
    assert not crop.mask_HW.any()
    assert (crop.joint_J3[:, 2] == ABSENT).all()


def test_a_person_without_a_mask_keeps_the_background_and_has_no_silhouette() -> None:
    persons = two_people()
    masks: list[Uint8] = [np.full((80, 40), IGNORE, np.uint8), persons.part(1)]
    persons = dataclasses.replace(persons, masks=masks)
    for without in (persons, dataclasses.replace(persons, masks=[], parts=())):
        crop = Composer(without, SIZE, dataclasses.replace(PLAIN, paste=1.0)).sample(0, rng())
        assert np.array_equal(crop.image_HWC, persons.image(0))
        assert (crop.mask_HW == IGNORE).all()


def test_every_joint_of_somebody_simulated_is_known() -> None:
    persons = dataclasses.replace(two_people(), simulated=True)
    crop = Composer(persons, SIZE, PLAIN, around=two_people()).sample(0, rng())
    assert crop.joint_J3[:, 2].tolist() == [2, 2, ABSENT]


def test_people_of_the_test_part_never_stand_beside_others() -> None:
    persons = two_people()
    persons = dataclasses.replace(persons, role_N=np.array(["train", "test"]))
    odds = dataclasses.replace(PLAIN, beside=1.0)
    for seed in range(30):
        crop = Composer(persons, SIZE, odds).sample(0, rng(seed))
        assert not crop.image_HWC[..., 1].any()  # nothing is green


def test_only_those_who_lend_stand_beside_others() -> None:
    odds = dataclasses.replace(PLAIN, beside=1.0)
    for seed in range(30):
        composer = Composer(two_people(), SIZE, odds, lending_K=np.array([0]))
        assert not composer.sample(0, rng(seed)).image_HWC[..., 1].any()  # nothing is green


@pytest.mark.parametrize("seed", range(12))
def test_beyond_the_end_of_a_picture_nobody_is_left(seed: int) -> None:
    reach = Reach(whole=0, enlarge=(1, 1), shift=0, squeeze=1, cut=1, ends=0.5, rotate_deg=0)
    crop = Composer(two_people(), SIZE, dataclasses.replace(PLAIN, reach=reach)).sample(
        0, rng(seed)
    )
    view = draw_view((12, 10, 28, 70), SIZE, SIZE, reach, after_one(seed))
    assert view.kept is not None
    left, top, right, bottom = view.kept
    beyond_HW = np.ones(SIZE, bool)
    beyond_HW[top:bottom, left:right] = False
    assert not crop.mask_HW[beyond_HW].any()
    if view.goes_on:
        edge_HWC = np.pad(
            crop.image_HWC[top:bottom, left:right],
            ((top, 80 - bottom), (left, 40 - right), (0, 0)), mode="edge",
        )  # fmt: skip
        assert np.array_equal(crop.image_HWC, edge_HWC)
    for x, y, seen in crop.joint_J3[:2]:
        inside = left <= x + 0.5 < right and top <= y + 0.5 < bottom
        assert inside or seen == ABSENT


def after_one(seed: int) -> np.random.Generator:
    """The random numbers of a crop after the first, which asks whether anybody is there."""
    after = rng(seed)
    after.random()
    return after


@pytest.mark.parametrize("seed", range(5))
def test_the_same_numbers_give_the_same_crop(seed: int) -> None:
    first, second = (Composer(two_people(), SIZE).sample(1, rng(seed)) for _ in range(2))
    assert np.array_equal(first.image_HWC, second.image_HWC)
    assert np.array_equal(first.mask_HW, second.mask_HW)


def test_two_composers_with_the_same_people_around_keep_each_picture_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As with simulated people among those of a dataset; the crops are the same either way."""
    monkeypatch.setattr(cache, "BUDGET", Budget(10**6))
    persons, odds = two_people(), dataclasses.replace(PLAIN, paste=1.0, beside=1.0)
    first = Composer(persons, SIZE, odds)
    others = dataclasses.replace(persons, dataset="others")
    again = dataclasses.replace(first, persons=others, around=first.people)
    alone = Composer(others, SIZE, odds, around=persons)
    for seed in range(6):
        first.sample(seed % 2, rng(seed))
        crop, same = (each.sample(seed % 2, rng(seed)) for each in (again, alone))
        assert np.array_equal(crop.image_HWC, same.image_HWC)
    # Two pictures and masks of `first`, of `again` and of `alone`, and those around `alone`.
    assert cache.BUDGET.free == 10**6 - 4 * 2 * 80 * 40 * 4


def test_pictures_are_kept_while_there_is_room() -> None:
    persons = two_people()
    large = [np.zeros((800, 400, 3), np.uint8), persons.image(1)]
    masks = [np.zeros((800, 400), np.uint8), persons.part(1)]
    kept = Kept(dataclasses.replace(persons, images=large, masks=masks), budget=Budget(80 * 40 * 4))
    # The first does not fit, and takes no room of the second.
    assert kept[0] is not kept[0]
    assert kept[1] is kept[1]
    assert kept.budget is not None
    assert kept.budget.free == 0
