"""People that a network found in a frame, whatever the network gives.

Coordinates are continuous pixels of the frame. Axes: J joints (COCO's 17), H height, W width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edgehuman.records import Bool, Float32, Uint8


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """One person.

    Attributes:
        box_4: x1, y1, x2, y2; of a network without boxes, around its joints or mask.
        score: 0 to 1.
        joint_J3: x, y, score 0 to 1, of COCO's 17 joints; None: the network gives none.
        mask_HW: at the frame's size; None: the network gives none.
    """

    box_4: Float32
    score: float
    joint_J3: Float32 | None = None
    mask_HW: Bool | None = None


class PersonFinder(Protocol):
    """A network that finds people in a frame, or in a box of it."""

    @property
    def name(self) -> str:
        """The name or path that it was opened by."""

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """People in a frame, uint8 RGB (H, W, 3), best first.

        Args:
            box_4: for a network of one person: where that person is; None: the whole frame.
        """
