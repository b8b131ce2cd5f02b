"""Frames with drawn people and their parts: upper clothes above legs, on a grey, noisy ground."""

from __future__ import annotations

import dataclasses

import numpy as np

from edgehuman.data.image.frames.set import FrameParts, FrameSet
from edgehuman.metrics.crowds.people import PersonParts
from tests.tasks.drawn_frames import drawn_set

LABELS = ("background", "shirt", "left_leg", "right_leg")


@dataclasses.dataclass(frozen=True)
class Parts:
    """The upper half is part 1; of the lower one, the left half 2 and the right half 3."""

    frames: FrameSet
    names: tuple[str, ...] = LABELS

    def __getitem__(self, index: int, /) -> FrameParts:
        part_HW = np.zeros(self.frames.frames[index].shape[:2], np.uint8)
        people = []
        for x1, y1, x2, y2 in self.frames.people[index].box_M4.astype(int).tolist():
            own_HW = np.ones((y2 - y1, x2 - x1), np.uint8)
            own_HW[len(own_HW) // 2 :] = 2
            own_HW[len(own_HW) // 2 :, (x2 - x1) // 2 :] = 3
            people.append(PersonParts(x1, y1, own_HW))
            people[-1].paint(part_HW)
        return FrameParts(people, part_HW)


def parted_set(count: int = 24, test: int = 6, seed: int = 0, **size: int) -> FrameSet:
    """A set of drawn frames with parts."""
    frames = drawn_set(count, test, seed, **size)
    return dataclasses.replace(frames, parts=Parts(frames))
