"""Decoded pictures and masks of people, kept while there is room: composing reads each many times.

Axes: H height, W width, C colour.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edgehuman.data.image.cache import Budget, Cache
from edgehuman.data.image.crops.view import Box, box_of
from edgehuman.data.image.set import IGNORE, PersonSet
from edgehuman.records import Uint8

Seen = tuple[Uint8, Uint8 | None, Box]


@dataclass
class Kept:
    """Pictures by index, with their masks (None where there is none) and the boxes of the people.

    Attributes:
        persons: whose they are.
        budget: None: that of the process; what does not fit is read anew each time.
    """

    persons: PersonSet
    budget: Budget | None = None
    _seen: Cache[Seen] = field(init=False)

    def __post_init__(self) -> None:
        self._seen = Cache(self.budget)

    def __getitem__(self, index: int, /) -> Seen:
        """Return one of them.

        Raises:
            ImageError: the picture or mask cannot be read.
        """
        if index in self._seen:
            return self._seen[index]
        image_HWC = self.persons.image(index)
        mask_HW = self.persons.part(index) if len(self.persons.masks) else None
        if mask_HW is not None and bool((mask_HW == IGNORE).all()):
            mask_HW = None
        box = box_of(mask_HW, None, image_HWC.shape[0], image_HWC.shape[1])
        seen = image_HWC, mask_HW, box
        size = image_HWC.nbytes + (0 if mask_HW is None else mask_HW.nbytes)
        self._seen.keep(index, seen, size)
        return seen
