"""Labels lie where their pixels do, through windows, borders and mirrors."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.data.image.frames.set import FrameParts, People
from edgehuman.geometry import mirror_order
from edgehuman.metrics.crowds.people import PersonParts
from edgehuman.tasks.image.crowds.views import labels_in
from edgehuman.tasks.image.detection.augment import Variation, draw_view, in_order
from tests.tasks.crowds import LABELS, parted_set

MIRRORED = mirror_order(LABELS)


def test_a_frame_of_the_inputs_size_is_looked_up_at_the_middle_of_cells() -> None:
    own_HW = np.full((8, 8), 2, np.uint8)
    part_HW = np.zeros((32, 32), np.uint8)
    part_HW[8:16, 4:12] = 2
    parts = FrameParts([PersonParts(4, 8, own_HW)], part_HW)
    people = People(np.array([[4, 8, 12, 16]], np.float32), np.zeros(1, np.bool_))
    frame_HWC = np.zeros((32, 32, 3), np.uint8)
    view = draw_view(frame_HWC, people, Variation(), np.random.default_rng(0), 32, 32)
    part_hw, who_hw = labels_in(parts, view, in_order(view.box_M4, view.kind_M), MIRRORED)
    assert part_hw.shape == who_hw.shape == (8, 8)
    assert part_hw[2:4, 1:3].tolist() == [[2, 2]] * 2
    assert (part_hw > 0).sum() == (who_hw == 1).sum() == 4


def test_a_mirror_swaps_sides_and_places() -> None:
    frames = parted_set(2, 1, height=64, width=96)
    rng = np.random.default_rng
    frame_HWC, people, parts = frames.frames[0], frames.people[0], frames.parts
    assert parts is not None
    made = []
    for flip in (0.0, 1.0):
        view = draw_view(frame_HWC, people, Variation(flip=flip), rng(0), 64, 96)
        assert view.is_flipped == bool(flip)
        made.append(labels_in(parts[0], view, in_order(view.box_M4, view.kind_M), MIRRORED))
    (part_hw, who_hw), (flipped_hw, flipped_who_hw) = made
    table = np.array(MIRRORED, np.uint8)
    # A column's centre may fall on another pixel of an edge: all but a few cells are the same.
    assert (table[flipped_hw[:, ::-1]] == part_hw).mean() > 0.97
    assert ((flipped_who_hw[:, ::-1] > 0) == (who_hw > 0)).mean() > 0.97


@pytest.mark.parametrize("seed", range(4))
def test_people_of_any_window_lie_in_their_boxes(seed: int) -> None:
    frames = parted_set(3, 1, seed=seed, height=64, width=96)
    variation = Variation(flip=0.5, nearest=0.4, farthest=1.6)
    parts = frames.parts
    assert parts is not None
    for index in range(3):
        view = draw_view(
            frames.frames[index], frames.people[index], variation,
            np.random.default_rng(seed), 64, 96,
        )  # fmt: skip
        order_M = in_order(view.box_M4, view.kind_M)
        _, who_hw = labels_in(parts[index], view, order_M, MIRRORED)
        for place, box_4 in enumerate(view.box_M4[order_M], 1):
            y_K, x_K = np.nonzero(who_hw == place)
            if len(y_K):
                inside = (4 * x_K + 2 >= box_4[0] - 1) & (4 * x_K + 2 <= box_4[2] + 1)
                assert inside.all()
                assert (4 * y_K + 2 >= box_4[1] - 1).all()
                assert (4 * y_K + 2 <= box_4[3] + 1).all()


def test_a_frame_without_people_and_one_of_thousands() -> None:
    for count in (0, 5000):
        box_M4 = np.array([[i % 100, i // 100, i % 100 + 1, i // 100 + 1] for i in range(count)])
        box_M4 = box_M4.reshape(-1, 4).astype(np.float32) * 4
        people = People(box_M4, np.zeros(count, np.bool_))
        each = [PersonParts(int(x1), int(y1), np.ones((4, 4), np.uint8)) for x1, y1, _, _ in box_M4]
        parts = FrameParts(each, np.zeros((200, 400), np.uint8))
        frame_HWC = np.zeros((200, 400, 3), np.uint8)
        view = draw_view(frame_HWC, people, Variation(), np.random.default_rng(0), 224, 416)
        order_M = in_order(view.box_M4, view.kind_M)
        assert len(order_M) == min(count, 300)
        _, who_hw = labels_in(parts, view, order_M, MIRRORED)
        assert len(np.unique(who_hw)) - 1 == min(count, 300)
