"""People cut out in the boxes of their masks, as a detector gives them to a network of silhouettes.

    persons = as_seen(persons, card.output, (256, 128))

A box is enlarged by an eighth on every side and grown to the crop's shape, as those of COCO are.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from edgehuman.card import OutputSpec
from edgehuman.data.image.crops.view import box_of
from edgehuman.data.image.set import IGNORE, PersonSet, Pictures
from edgehuman.metrics.person_answers import SILHOUETTE
from edgehuman.preprocess.image.cropping import MARGIN, padded, person_box
from edgehuman.records import Uint8


@dataclass(frozen=True)
class _Boxed:
    """Pictures, or masks, in the boxes of masks.

    Attributes:
        masks: parts (H, W), of the same people.
        shape: width over height.
    """

    pictures: Pictures
    masks: Pictures
    shape: float

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int, /) -> Uint8:
        mask_HW = self.masks[index]
        picture = mask_HW if self.pictures is self.masks else self.pictures[index]
        height, width = mask_HW.shape
        if not ((mask_HW > 0) & (mask_HW != IGNORE)).any():
            return picture
        box = box_of(mask_HW, None, height, width)
        grown = person_box(box, height, width, self.shape, MARGIN)
        fill = IGNORE if self.pictures is self.masks else None
        return np.ascontiguousarray(padded(picture, grown, fill))


def as_seen(persons: PersonSet, output: OutputSpec, size: tuple[int, int]) -> PersonSet:
    """The people as a network with this output is scored on them: for silhouettes cut out, pictures
    and masks, but for those without a mask; for all else as they are.

    Args:
        size: height and width of the crops that the network reads.
    """
    if output.labels != SILHOUETTE or not len(persons.masks):
        return persons
    shape = size[1] / size[0]
    return dataclasses.replace(
        persons,
        images=_Boxed(persons.images, persons.masks, shape),
        masks=_Boxed(persons.masks, persons.masks, shape),
    )
