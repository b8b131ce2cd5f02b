"""Image, joints and mask move together; mirroring swaps left and right."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.geometry import COCO_17, COCO_WHOLEBODY_133, mirror_order
from edgehuman.records import Uint8
from edgehuman.tasks.image.augment import (
    IGNORED,
    Move,
    Variation,
    change_light,
    draw_move,
    erase,
    move_image,
    move_joints,
    move_mask,
    vary,
)

HEIGHT, WIDTH = 32, 16
STILL = Move(np.eye(3)[:2], False)
MIRROR = Move(np.array([[-1.0, 0.0, WIDTH], [0.0, 1.0, 0.0]]), True)


def random_numbers(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def picture() -> Uint8:
    return random_numbers().integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def test_without_variation_nothing_changes() -> None:
    move = draw_move(Variation(), random_numbers(), HEIGHT, WIDTH)
    assert move.is_still
    assert vary(picture(), move, Variation(), random_numbers()) is not None
    assert np.array_equal(vary(picture(), move, Variation(), random_numbers()), picture())


def test_a_mirror_image_is_exact() -> None:
    drawn = draw_move(Variation(flip=1.0), random_numbers(), HEIGHT, WIDTH)
    assert drawn.is_flipped
    assert drawn.matrix_23 == pytest.approx(MIRROR.matrix_23)
    assert np.array_equal(move_image(picture(), drawn), picture()[:, ::-1])


def test_a_whole_pixel_shift_keeps_the_image_sharp() -> None:
    move = draw_move(Variation(shift_px=3), random_numbers(2), HEIGHT, WIDTH)
    right, down = move.matrix_23[:, 2]
    assert (right, down) == (round(right), round(down)) != (0, 0)
    mask_HW = np.arange(HEIGHT * WIDTH, dtype=np.uint8).reshape(HEIGHT, WIDTH) % 7
    moved_HW = move_mask(mask_HW, move)
    rows = slice(max(0, int(down)), HEIGHT + min(0, int(down)))
    columns = slice(max(0, int(right)), WIDTH + min(0, int(right)))
    from_rows = slice(rows.start - int(down), rows.stop - int(down))
    from_columns = slice(columns.start - int(right), columns.stop - int(right))
    assert np.array_equal(moved_HW[rows, columns], mask_HW[from_rows, from_columns])
    assert np.count_nonzero(moved_HW == IGNORED) == HEIGHT * WIDTH - moved_HW[rows, columns].size


@pytest.mark.parametrize("seed", range(4))
def test_joints_follow_the_image(seed: int) -> None:
    # A white square of 4x4 pixels on the grey fill colour; its centre is the joint.
    image_HWC = np.full((64, 32, 3), (124, 116, 104), np.uint8)
    image_HWC[30:34, 14:18] = 255
    joint_J3 = np.array([[15.5, 31.5, 2.0]], np.float32)
    variation = Variation(flip=0.5, shift_px=4, scale=0.3, rotate_deg=40)
    move = draw_move(variation, random_numbers(seed), 64, 32)
    x, y, seen = move_joints(joint_J3, move, 64, 32)[0]
    weight_HW = move_image(image_HWC, move)[..., 0] - 124.0
    rows, columns = np.mgrid[:64, :32]
    middle = [float((axis * weight_HW).sum() / weight_HW.sum()) for axis in (columns, rows)]
    assert seen == 2
    assert middle == pytest.approx([x, y], abs=0.1)


def test_mirroring_swaps_left_and_right() -> None:
    names = ("nose", "l_eye", "r_eye")
    joint_J3 = np.array([[8, 4, 2], [10, 3, 1], [6, 3, 0]], np.float32)
    moved_J3 = move_joints(joint_J3, MIRROR, HEIGHT, WIDTH, mirror_order(names))
    # Of columns 0 to 15, the left eye's 10 is 5 in the mirror: a right eye; the other had no label.
    assert moved_J3.tolist() == [[7, 4, 2], [9, 3, 0], [5, 3, 1]]
    mask_HW = np.zeros((2, 4), np.uint8)
    mask_HW[:, 0], mask_HW[:, 1] = 1, IGNORED
    small = Move(np.array([[-1.0, 0.0, 4.0], [0.0, 1.0, 0.0]]), True)
    moved_HW = move_mask(mask_HW, small, mirror_order(("background", "left arm", "right arm")))
    assert moved_HW[0].tolist() == [0, 0, IGNORED, 2]


def test_joints_outside_the_image_are_unlabelled() -> None:
    away = Move(np.array([[1.0, 0.0, 10.0], [0.0, 1.0, 0.0]]), False)
    joint_J3 = np.array([[3, 3, 2], [8, 3, 2]], np.float32)
    assert move_joints(joint_J3, away, HEIGHT, WIDTH)[:, 2].tolist() == [2, 0]


def test_mirror_images_of_names() -> None:
    assert mirror_order(("a", "left-leg", "right-leg", "l_hand_root", "lower")) == (0, 2, 1, 3, 4)
    for names in (COCO_17, COCO_WHOLEBODY_133):
        order = mirror_order(names)
        assert [order[i] for i in order] == list(range(len(names)))  # an involution
    # Chin, bridge and tip of the nose, four points of the mouth, and the body's nose.
    order = mirror_order(COCO_WHOLEBODY_133)
    assert sum(place == i for i, place in enumerate(order)) == 11
    face = [place - 23 for place in order[23:91]]
    # As the 68 points are published: jaw ends, brows' outer ends, eyes' outer corners, mouth.
    assert [face[i] for i in (0, 17, 31, 36, 40, 48, 60, 67)] == [16, 26, 35, 45, 47, 54, 64, 65]


def test_light_changes_and_stays_in_range() -> None:
    image_HWC = np.full((4, 4, 3), 200, np.uint8)
    seen = np.array([change_light(image_HWC, 0.3, random_numbers(i))[0, 0] for i in range(50)])
    assert seen.min() < 180
    assert seen.max() > 220
    assert (np.ptp(seen, axis=1) > 0).any()  # colours change independently
    assert change_light(image_HWC, 0.0, random_numbers()) is image_HWC


def test_erasing_copies_the_image() -> None:
    image_HWC = np.zeros((64, 32, 3), np.uint8)
    changed = [(erase(image_HWC, 1.0, random_numbers(i)) > 0).any(axis=2).mean() for i in range(40)]
    assert not image_HWC.any()
    assert min(changed) > 0.01
    assert max(changed) < 0.45
    assert erase(image_HWC, 0.0, random_numbers()) is image_HWC
