"""Frames with drawn people and what they wear: a coat above boots, checked or plain."""

from __future__ import annotations

import dataclasses

import numpy as np

from edgehuman.data.image.frames.set import FrameGarments, FrameSet
from edgehuman.metrics.crowds.people import PersonParts
from edgehuman.records import Bool, Index
from tests.tasks.drawn_frames import drawn_set

CATEGORIES, ATTRIBUTES = ("coat", "boots"), ("check", "plain", "long")


@dataclasses.dataclass(frozen=True)
class Worn:
    """The upper half of each person is a coat, checked in every second frame, the lower boots."""

    frames: FrameSet
    categories: tuple[str, ...] = CATEGORIES
    attributes: tuple[str, ...] = ATTRIBUTES
    described: tuple[bool, ...] = (True, False)
    wrong: tuple[str, ...] = ()

    def __getitem__(self, index: int, /) -> FrameGarments:
        boxes, labels, wearers, masks = [], [], [], []
        people = self.frames.people[index].box_M4.astype(int).tolist()
        for number, (x1, y1, x2, y2) in enumerate(people):
            middle = (y1 + y2) // 2
            for label, (top, low) in enumerate(((y1, y2), (y1, middle), (middle, y2))):
                boxes.append((x1, top, x2, low))
                labels.append(label)
                wearers.append(3 * number if label else -1)
                masks.append(PersonParts(x1, top, np.ones((low - top, x2 - x1), np.uint8)))
        label_M = np.array(labels, np.int64)
        attribute_MA = np.zeros((len(labels), 3), np.bool_)
        attribute_MA[label_M == 1, index % 2] = True
        return FrameGarments(
            np.array(boxes, np.float32).reshape(-1, 4), label_M, attribute_MA,
            np.zeros(len(labels), np.bool_), masks, np.array(wearers, np.int64),
        )  # fmt: skip

    def together_CA(self, index_K: Index) -> Bool:
        """Coats are checked or plain."""
        return np.array([[True, True, False], [False] * 3])


def worn_set(count: int = 24, test: int = 6, seed: int = 0, **size: int) -> FrameSet:
    """A set of drawn frames with garments."""
    frames = drawn_set(count, test, seed, **size)
    return dataclasses.replace(frames, garments=Worn(frames))
