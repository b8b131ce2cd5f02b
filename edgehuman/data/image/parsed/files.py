"""Parts of people in files: labels are read with their picture, and boxes are those of the parts.

    frames = parsed_set(images, load, names, roles, "cihp")
    frames.frames[7], frames.people[7].box_M4, frames.parts[7].part_HW

Axes: M people of one picture, H height, W width.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from edgehuman.data.image.frames.layout import texts
from edgehuman.data.image.frames.set import FrameParts, FrameSet, People
from edgehuman.data.image.set import FilePictures
from edgehuman.errors import ImageError
from edgehuman.metrics.crowds.people import box_of
from edgehuman.records import Uint8

Load = Callable[[int, tuple[int, int]], FrameParts]
"""Index of a picture, and its height and width -> the parts of its people, each of whom has some;
raises ImageError."""
_KEPT = 16


class PartFiles:
    """Parts of the pictures of a set; the last few are kept.

    Attributes:
        names: of the parts; the first is the background.
    """

    def __init__(self, images: FilePictures, load: Load, names: tuple[str, ...]) -> None:
        self.names = names
        self._images, self._load = images, load
        self._kept: OrderedDict[int, FrameParts] = OrderedDict()

    def __getitem__(self, index: int, /) -> FrameParts:
        kept = self._kept.get(index)
        if kept is None:
            kept = self._load(index, self._images.size(index))
            self._kept[index] = kept
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return kept


@dataclass(frozen=True)
class _Pictures:
    """Pictures whose labels can be read."""

    images: FilePictures
    parts: PartFiles

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int, /) -> Uint8:
        image_HWC = self.images[index]
        self.parts[index]
        return image_HWC


class _Boxes(Sequence[People]):
    """Boxes of the people of each picture, found when they are asked for; none of one whose labels
    cannot be read, which its picture says.
    """

    def __init__(self, parts: PartFiles, count: int) -> None:
        self._parts, self._count = parts, count
        self._found: dict[int, People] = {}

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> People: ...

    @overload
    def __getitem__(self, index: slice) -> list[People]: ...

    def __getitem__(self, index: int | slice) -> People | list[People]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(self._count))]
        index = range(self._count)[index]
        if index not in self._found:
            self._found[index] = self._people(index)
        return self._found[index]

    def __iter__(self) -> Iterator[People]:
        return (self[index] for index in range(self._count))

    def _people(self, index: int) -> People:
        try:
            people = self._parts[index].people
        except ImageError:
            people = []
        box_M4 = np.array([box_of(each) for each in people], np.float32).reshape(-1, 4)
        return People(box_M4, np.zeros(len(people), np.bool_))


def parsed_set(
    images: FilePictures, load: Load, names: tuple[str, ...], roles: Sequence[str], dataset: str
) -> FrameSet:
    """The set of pictures in files with the parts of their people; each stands alone.

    Args:
        names: of the parts.
        roles: "train" or "test", of each picture.
    """
    parts = PartFiles(images, load, names)
    each = [images.names[index] for index in range(len(images))]
    return FrameSet(
        frames=_Pictures(images, parts),
        people=_Boxes(parts, len(images)),
        names=each,
        role_N=texts(roles),
        sequence_N=texts(each),
        dataset=dataset,
        parts=parts,
    )
