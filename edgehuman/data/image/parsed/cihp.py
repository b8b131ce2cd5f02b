"""CIHP (Gong et al., "Instance-level human parsing", ECCV 2018): 20 parts of several people.

{Training,Validation}/{Images/*.jpg, Category_ids/*.png, Human_ids/*.png}: for each picture a map of
parts and one of people, with a palette or grey; their numbers count, not their colours. Pictures
are those of train_id.txt and val_id.txt, where there are such. The test labels are not public: the
validation part is for testing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.frames.layout import FrameReader
from edgehuman.data.image.frames.set import FrameParts, FrameSet
from edgehuman.data.image.parsed.files import parsed_set
from edgehuman.data.image.published.parsing import LIP_PARTS
from edgehuman.data.image.set import IGNORE, FilePictures, load_png_mask, require_size
from edgehuman.data.image.unlabelled.file_names import Names, listed_in, maps_in
from edgehuman.data.layout import Layout
from edgehuman.errors import ImageError
from edgehuman.metrics.crowds.people import people_in

PARTS = tuple({"jumpsuits": "torso_skin"}.get(name, name) for name in LIP_PARTS)
_PICTURES, _PARTS, _PEOPLE = "Images", "Category_ids", "Human_ids"
_SPLITS = (("Training", "train_id.txt", "train"), ("Validation", "val_id.txt", "test"))


def _is_split(folder: Path) -> bool:
    return all((folder / name).is_dir() for name in (_PICTURES, _PARTS, _PEOPLE))


def _stems(root: Path, split: str, listed: str) -> list[str]:
    """Names of the pictures of a split, without suffix."""
    for place in (root / split / listed, root / listed):
        if place.is_file():
            return listed_in(place)
    return [Path(name).stem for name in maps_in(root / split / _PARTS)]


def _read(root: Path) -> FrameSet:
    places: list[tuple[str, str]] = []
    roles: list[str] = []
    for split, listed, role in _SPLITS:
        if _is_split(root / split):
            stems = _stems(root, split, listed)
            places += [(split, stem) for stem in stems]
            roles += [role] * len(stems)
    images = FilePictures(root, Names(f"{a}/{_PICTURES}/{b}.jpg" for a, b in places))

    def load(index: int, size: tuple[int, int]) -> FrameParts:
        split, stem = places[index]
        part_HW = _map(root / split / _PARTS / f"{stem}.png", size)
        wrong = part_HW[(part_HW >= len(PARTS)) & (part_HW != IGNORE)]
        if wrong.size:
            raise ImageError(
                f"{root / split / _PARTS / stem}.png holds the part {int(wrong[0])}; CIHP's are 0 "
                f"to {len(PARTS) - 1}. Copy it again"
            )
        who_HW = _map(root / split / _PEOPLE / f"{stem}.png", size)
        known_HW = np.where(part_HW == IGNORE, 0, part_HW).astype(np.uint8)
        people = [each for each in people_in(known_HW, who_HW) if each.part_HW.any()]
        return FrameParts(people, part_HW.astype(np.uint8))

    return parsed_set(images, load, PARTS, roles, "cihp")


def _map(path: Path, size: tuple[int, int]) -> NDArray[Any]:
    """The numbers of a map, of the size of its picture.

    Raises:
        ImageError: missing, damaged, of colours, or of another size.
    """
    map_HW = load_png_mask(str(path), size)
    require_size(str(path), map_HW.shape, size, "its picture has")
    return map_HW


CIHP = Layout(
    dataset="cihp",
    looks_like="Training/ and Validation/, each with Images/*.jpg, Category_ids/*.png and "
    "Human_ids/*.png",
    recognise=lambda root: any(_is_split(root / split) for split, _, _ in _SPLITS),
    read=FrameReader(_read, of_maps=True),
    almost=lambda root: (
        "Category_ids/ or Human_ids/ is missing beside Images/"
        if any((root / split / _PICTURES).is_dir() for split, _, _ in _SPLITS)
        else ""
    ),
)
