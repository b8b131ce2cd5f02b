"""What scenes are composed of: people cut out of photos, and streets beside them.

A `Stock` reads a photo when it is first needed, and keeps what it makes of it while there is room
(`data.image.cache`): about 0.2 MB a person and 0.1 MB a street. It is shared by threads; two may
make the same entry, which is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from edgehuman.data.image.cache import Cache
from edgehuman.data.image.crowds.cutouts import CutOut, cut_out
from edgehuman.data.image.set import FilePictures, PersonSet
from edgehuman.errors import ImageError
from edgehuman.progress import tell
from edgehuman.records import Bool, Index, Uint8

CARRIED = frozenset({"bag", "purse", "wallet", "umbrella"})
"""Parts that belong to the cut-out but not to the person's box."""
BARE = frozenset({"skin", "hair", "face", "torso_skin", "null"})
"""Parts that are no clothes."""
_LEAST_STRIP, _MOST_STRIPS_PX, _APART_PX = 24, 128, 5


class Source(Protocol):
    """People and streets by number.

    Attributes:
        parts: names of the parts in `CutOut.part_HW`.
    """

    @property
    def parts(self) -> tuple[str, ...]: ...

    def __len__(self) -> int:
        """How many photos."""

    def person(self, number: int) -> CutOut | None:
        """The person of a photo; None: not usable."""

    def street(self, number: int) -> Uint8 | None:
        """What is beside them; None: not usable."""


class NoPhotos:
    """No people and streets of photos."""

    parts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return 0

    def person(self, number: int) -> CutOut | None:
        """Nobody."""
        return None

    def street(self, number: int) -> Uint8 | None:
        """Nothing."""
        return None


class Stock:
    """People and streets of some photos of a set.

    Args:
        persons: labelled by part, one person a photo.
        index_N: which of them.
        clean: numbers in the names of photos that show nobody else; None: all do.

    Attributes:
        parts: see `Source`.
        unread: names of photos that could not be read, each told once.
    """

    def __init__(self, persons: PersonSet, index_N: Index, clean: frozenset[int] | None) -> None:
        self._persons, self._index_N, self._clean = persons, index_N, clean
        self._carried_K, self._bare_K = (
            np.array([index for index, name in enumerate(persons.parts) if name in names], np.uint8)
            for names in (CARRIED, BARE)
        )
        self.parts = tuple(persons.parts)
        self._people: Cache[CutOut | None] = Cache()
        self._streets: Cache[Uint8 | None] = Cache()
        self.unread: set[str] = set()

    def __len__(self) -> int:
        return len(self._index_N)

    @property
    def num_bytes(self) -> int:
        """Of what is kept."""
        return self._people.num_bytes + self._streets.num_bytes

    def person(self, number: int) -> CutOut | None:
        """The person of photo `number`; None: unreadable, or cut off by the photo."""
        return self._people[number] if number in self._people else self._open(number)[0]

    def street(self, number: int) -> Uint8 | None:
        """What is beside the person of photo `number`, (H, W, 3); None: unreadable, too little, or
        there are other people.
        """
        return self._streets[number] if number in self._streets else self._open(number)[1]

    def _open(self, number: int) -> tuple[CutOut | None, Uint8 | None]:
        """The person and the street of a photo, which are kept if there is room."""
        person, street = None, None
        photo = self._read(number)
        if photo is not None:
            stem = Path(self._name(number)).stem
            is_clean = self._clean is None or (stem.isdigit() and int(stem) in self._clean)
            street = beside(photo[0], photo[1] > 0) if is_clean else None
            person = self._cut(number, *photo)
        self._streets.keep(number, street, 0 if street is None else street.nbytes)
        self._people.keep(number, person, 0 if person is None else person.num_bytes)
        return person, street

    def _name(self, number: int) -> str:
        index, images = int(self._index_N[number]), self._persons.images
        return images.names[index] if isinstance(images, FilePictures) else str(index)

    def _read(self, number: int) -> tuple[Uint8, Uint8] | None:
        index = int(self._index_N[number])
        try:
            return self._persons.image(index), self._persons.part(index)
        except ImageError as error:
            self.unread.add(self._name(number))
            tell(f"edgehuman: {error}; left out of the scenes")
            return None

    def _cut(self, number: int, image_HWC: Uint8, part_HW: Uint8) -> CutOut | None:
        whole_HW = (part_HW > 0) & (part_HW != 255)
        body_HW = whole_HW & ~np.isin(part_HW, self._carried_K)
        cloth_HW = whole_HW & ~np.isin(part_HW, self._bare_K)
        shade = 0.15 + 0.35 * (number * 0.618 % 1.0)
        return cut_out(image_HWC, whole_HW, body_HW, cloth_HW, shade, part_HW)


def beside(image_HWC: Uint8, person_HW: Bool) -> Uint8 | None:
    """The strips to the left and the right of a person, joined where the person was.

    Returns:
        uint8 (H, W, 3), at most 128 wide; None: together they are too narrow, or nobody is marked,
        so that nobody knows where the person is.
    """
    x_K = np.flatnonzero(person_HW.any(axis=0))
    if not len(x_K):
        return None
    left_HWC = image_HWC[:, : max(0, int(x_K[0]) - _APART_PX)]
    right_HWC = image_HWC[:, int(x_K[-1]) + 1 + _APART_PX :]
    strips = [each for each in (left_HWC, right_HWC) if each.shape[1] >= _LEAST_STRIP // 2]
    if sum(each.shape[1] for each in strips) < _LEAST_STRIP:
        return None
    return _joined(strips)[:, :_MOST_STRIPS_PX].copy()


def _joined(strips: Sequence[Uint8]) -> Uint8:
    """One or two strips side by side, faded into each other over a quarter of the narrower."""
    if len(strips) == 1:
        return strips[0]
    left_HWC, right_HWC = strips
    over = max(2, min(left_HWC.shape[1], right_HWC.shape[1]) // 4)
    share_W1 = np.linspace(0.0, 1.0, over, dtype=np.float32)[:, None]
    faded_HWC = left_HWC[:, -over:] * (1 - share_W1) + right_HWC[:, :over] * share_W1
    middle_HWC = np.asarray(cv2.convertScaleAbs(faded_HWC), np.uint8)
    parts = (left_HWC[:, :-over], middle_HWC, right_HWC[:, over:])
    return np.concatenate(parts, axis=1)
