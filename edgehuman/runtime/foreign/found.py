"""People that a network found in a frame, whatever the network gives.

Coordinates are continuous pixels of the frame. Axes: J joints (COCO's 17), H height, W width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edgehuman.metrics.garments.answers import Item
from edgehuman.records import Bool, Float32, Uint8

Cut = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """One person.

    Attributes:
        box_4: x1, y1, x2, y2; of a network without boxes, around its joints or mask.
        score: 0 to 1.
        joint_J3: x, y, score 0 to 1, of COCO's 17 joints; None: the network gives none.
        mask_HW: of the part `cut` of the frame; None: the network gives none.
        cut: whole pixels x0, y0, x1, y1, outside which nothing is this person's; None: the frame.
        part_HW: uint8, of the same part of the frame: indices of `parts`, whose first is the
            background; None: the network gives none. worn: what the person wears.
    """

    box_4: Float32
    score: float
    joint_J3: Float32 | None = None
    mask_HW: Bool | None = None
    cut: Cut | None = None
    part_HW: Uint8 | None = None
    parts: tuple[str, ...] = ()
    worn: tuple[Item, ...] = ()

    @property
    def mask_place(self) -> Cut | None:
        """Where in the frame the mask lies; None without one."""
        if self.mask_HW is None:
            return None
        return self.cut or (0, 0, self.mask_HW.shape[1], self.mask_HW.shape[0])


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
