"""Garments through a window: boxes, masks in cells, and what is too small."""

from __future__ import annotations

import numpy as np

from edgehuman.data.image.frames.set import FrameGarments
from edgehuman.metrics.crowds.people import PersonParts
from edgehuman.records import Float32
from edgehuman.tasks.image.detection.augment import IGNORED, NOBODY, PERSON, Variation, draw_view
from edgehuman.tasks.image.garments.views import (
    MOST_THINGS,
    GarmentTargets,
    boxes_of,
    garments_in,
)


def things(*boxes: tuple[int, int, int, int]) -> FrameGarments:
    masks: list[PersonParts | None] = [
        PersonParts(x1, y1, np.ones((y2 - y1, x2 - x1), np.uint8)) for x1, y1, x2, y2 in boxes
    ]
    count = len(boxes)
    box_M4: Float32 = np.array(boxes, np.float32).reshape(-1, 4)
    attribute_MA = np.eye(count, 3, dtype=np.bool_)
    return FrameGarments(
        box_M4, np.arange(count), attribute_MA, np.zeros(count, np.bool_), masks,
        np.full(count, -1),
    )  # fmt: skip


def viewed(garments: FrameGarments, flip: float = 0.0) -> GarmentTargets:
    frame_HWC = np.zeros((64, 96, 3), np.uint8)
    rng = np.random.default_rng(0)
    view = draw_view(frame_HWC, boxes_of(garments), Variation(flip=flip), rng, 64, 96)
    return garments_in(garments, view)


def test_the_largest_come_first_with_labels_attributes_and_masks() -> None:
    found = viewed(things((8, 8, 16, 16), (0, 0, 32, 64)))
    assert found.box_M4.shape == (MOST_THINGS, 4)
    assert found.kind_M[:3].tolist() == [PERSON, PERSON, NOBODY]
    assert found.label_M[:2].tolist() == [1, 0]
    assert found.attribute_MA[:2].tolist() == [[0, 1, 0], [1, 0, 0]]
    assert found.mask_Mhw.shape == (MOST_THINGS, 16, 24)
    assert found.mask_Mhw[0].sum() == 16 * 8
    rows, columns = np.nonzero(found.mask_Mhw[1])
    assert (set(rows.tolist()), set(columns.tolist())) == ({2, 3}, {2, 3})


def test_a_mirror_moves_boxes_and_masks_alike() -> None:
    found = viewed(things((0, 0, 32, 64)), flip=1.0)
    assert found.box_M4[0].tolist() == [64, 0, 96, 64]
    assert set(np.nonzero(found.mask_Mhw[0])[1].tolist()) == set(range(16, 24))


def test_what_is_tiny_teaches_nothing_and_hidden_masks_are_empty() -> None:
    garments = things((0, 0, 32, 64), (40, 40, 60, 43))
    garments.masks[0] = None  # type: ignore[index]
    found = viewed(garments)
    assert found.kind_M[:2].tolist() == [PERSON, IGNORED]
    assert not found.mask_Mhw[0].any()
    nothing = viewed(things())
    assert not nothing.kind_M.any()
