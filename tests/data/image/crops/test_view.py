"""Views by hand: whole pictures, boxes, joints that leave the crop."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.data.image.crops.view import ABSENT, Reach, View, box_of, draw_view, kept_of

STILL = Reach(whole=0.0, enlarge=(1.0, 1.0), shift=0.0, squeeze=0.0, cut=0.0, rotate_deg=0, flip=0)
JOINTS = np.array([[10, 20, 2], [50, 60, 1], [5, 90, 0]], np.float32)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_whole_picture_is_squeezed_to_the_crop() -> None:
    reach = Reach(whole=1.0, rotate_deg=0, flip=0)
    view = draw_view((0, 0, 10, 10), (100, 80), (50, 20), reach, rng())
    assert view.matrix_23.tolist() == [[0.25, 0, 0], [0, 0.5, 0]]
    # From the corner (10.5, 20.5) to (2.625, 10.25), and back to centres.
    assert view.joints(JOINTS)[0].tolist() == [2.125, 9.75, 2]


def test_a_box_grows_to_the_shape_of_the_crop() -> None:
    # 20 x 80 about (30, 60) becomes 40 x 80, then half of that.
    view = draw_view((20, 20, 40, 100), (120, 60), (40, 20), STILL, rng())
    assert view.matrix_23.tolist() == [[0.5, 0, -5], [0, 0.5, -10]]


def test_a_joint_outside_is_absent_and_an_unknown_one_stays_unknown() -> None:
    view = View(np.array([[1.0, 0, 0], [0, 1.0, 0]]), (70, 40))
    moved_J3 = view.joints(JOINTS)
    assert moved_J3[:, 2].tolist() == [2, ABSENT, 0]


def test_a_mirror_image_swaps_left_and_right() -> None:
    view = View(np.array([[-1.0, 0, 80], [0, 1.0, 0]]), (100, 80), is_flipped=True)
    moved_J3 = view.joints(JOINTS, mirrored=(1, 0, 2))
    assert moved_J3[1].tolist() == [69, 20, 2]
    mask_HW = np.zeros((100, 80), np.uint8)
    mask_HW[20, 10] = 7
    assert view.labels(mask_HW)[20, 69] == 7


@pytest.mark.parametrize("cut", [0.0, 1.0])
def test_a_cut_shows_a_part_of_the_person(cut: float) -> None:
    reach = Reach(
        whole=0.0, enlarge=(1.0, 1.0), shift=0, squeeze=1.0, cut=cut, rotate_deg=0, flip=0
    )
    is_person_HW = np.zeros((200, 100), bool)
    is_person_HW[20:180, 10:90] = True
    shares = []
    for seed in range(20):
        view = draw_view(
            (10, 20, 90, 180), (200, 100), (64, 32), reach, np.random.default_rng(seed)
        )
        area = abs(np.linalg.det(view.matrix_23[:, :2])) * 80 * 160
        shares.append(view.cover(is_person_HW).sum() / area)
    assert (min(shares) > 0.97) == (cut == 0)
    assert min(shares) > 0.12  # head and shoulders


def test_a_picture_may_end_where_the_person_is_cut() -> None:
    reach = dataclasses.replace(STILL, squeeze=1.0, cut=1.0, ends=0.5)
    box = (0.0, 0.0, 40.0, 80.0)
    ends, covers, at_two = 0, 0, 0
    for seed in range(200):
        view = draw_view(box, (80, 40), (80, 40), reach, np.random.default_rng(seed))
        assert view.kept is not None
        left, top, right, bottom = view.kept
        ends, covers = ends + view.goes_on, covers + (not view.goes_on)
        # Nothing of the person is lost on the sides that are not cut, and some of them is kept.
        cut = [left > 0, top > 0, right < 40, bottom < 80]
        assert left < right
        assert top < bottom
        assert 1 <= sum(cut) + (view.kept == (0, 0, 40, 80)) <= 2
        at_two += sum(cut) == 2
    assert ends == pytest.approx(100, abs=25)
    assert 0 < at_two < 60
    whole = draw_view(box, (80, 40), (80, 40), dataclasses.replace(STILL, ends=0.5), rng())
    assert whole.kept is None


@pytest.mark.parametrize(
    ("part", "flipped", "kept"),
    [
        ((0, 0, 40, 50), False, (0, 0, 40, 60)),  # the crop is 5 pixels more on every side
        ((0, 30, 40, 80), False, (0, 20, 40, 80)),
        ((0, 0, 20, 80), False, (0, 0, 20, 80)),
        ((0, 0, 20, 80), True, (20, 0, 40, 80)),  # in the mirror image the other side ends
        ((0, 0, 40, 80), False, (0, 0, 40, 80)),
    ],
)
def test_what_is_kept_ends_at_the_cut_alone(
    part: tuple[int, ...], flipped: bool, kept: tuple[int, ...]
) -> None:
    box, crop = (0, 0, 40, 80), (0, 10 if part[1] else -10, 40, 90 if part[1] else 70)
    assert kept_of(box, part, crop, (80, 40), flipped) == kept  # type: ignore[arg-type]


def test_boxes_of_masks_of_joints_and_of_nothing() -> None:
    mask_HW = np.full((50, 40), 255, np.uint8)
    assert box_of(mask_HW, None, 50, 40) == (0, 0, 40, 50)
    mask_HW[10:20, 5:8] = 3
    assert box_of(mask_HW, None, 50, 40) == (5, 10, 8, 20)
    # Joints from 10, 20 to 50, 60 with 8 % of 40 around them, inside the picture.
    assert box_of(None, JOINTS, 100, 52) == pytest.approx((6.8, 16.8, 52, 63.2))
    assert box_of(None, JOINTS[2:], 100, 80) == (0, 0, 80, 100)


def test_the_same_numbers_give_the_same_view() -> None:
    views = [draw_view((0, 0, 9, 9), (90, 60), (32, 32), Reach(), rng()) for _ in range(2)]
    assert np.array_equal(views[0].matrix_23, views[1].matrix_23)
