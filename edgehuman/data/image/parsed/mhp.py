"""LV-MHP-v2 (Zhao et al., arXiv 1804.03287): 58 parts of several people.

{train,val}/{images/*.jpg, parsing_annos/*.png}, list/{train,val}.txt. Each person has a map of
their own, PICTURE_NN_II.png: number II of NN; the red channel of its colours is the part. The test
labels are not public: the validation part is for testing. People without any part are left out, as
its evaluation does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.frames.layout import FrameReader
from edgehuman.data.image.frames.set import FrameParts, FrameSet
from edgehuman.data.image.parsed.files import parsed_set
from edgehuman.data.image.set import FilePictures, require_size
from edgehuman.data.image.unlabelled.file_names import Names, listed_in, maps_in
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError, ImageError
from edgehuman.metrics.crowds.people import person_of
from edgehuman.preprocess.image.pixels import read_image

_OF_BOTH_SIDES = ["arm", "hand", "boot", "shoe", "highheel", "sandal", "leg", "foot"]
_SIDES = {name: (f"left_{name}", f"right_{name}") for name in _OF_BOTH_SIDES}
PARTS = (
    *("background", "cap", "helmet", "face", "hair", *_SIDES["arm"], *_SIDES["hand"]),
    *("protector", "bikini", "hooded_jacket", "t-shirt", "polo_shirt", "sweater", "singlet"),
    *("torso_skin", "pants", "shorts", "skirt", "stockings", "socks", *_SIDES["boot"]),
    *(*_SIDES["shoe"], *_SIDES["highheel"], *_SIDES["sandal"], *_SIDES["leg"], *_SIDES["foot"]),
    *("coat", "dress", "robe", "jumpsuit", "other_full_body_clothes", "headwear", "backpack"),
    *("ball", "bats", "belt", "bottle", "carrybag", "cases", "sunglasses", "eyewear", "glove"),
    *("scarf", "umbrella", "wallet", "watch", "wristband", "tie", "other_accessory"),
    *("other_upper_body_clothes", "other_lower_body_clothes"),
)
_PICTURES, _PARTS = "images", "parsing_annos"
_SPLITS = (("train", "train"), ("val", "test"))


def _is_split(folder: Path) -> bool:
    return (folder / _PICTURES).is_dir() and (folder / _PARTS).is_dir()


def _maps(folder: Path) -> Mapping[str, list[str]]:
    """Names of the maps of each picture, as many as they say.

    Raises:
        DataError: a map is missing, or has no number.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for name in maps_in(folder):
        found[Path(name).stem.rsplit("_", 2)[0]].append(name)
    for stem, names in found.items():
        said = [Path(name).stem.split("_")[-2:] for name in names]
        if any(len(each) < 2 or not each[0].isdecimal() for each in said):
            raise DataError(
                f"{folder / names[0]}: the map of a person is named PICTURE_NN_II.png; copy the "
                "dataset again"
            )
        stated = next((int(count) for count, _ in said if int(count) != len(names)), len(names))
        if stated != len(names):
            raise DataError(
                f"{folder}: {stem} has {len(names)} maps, and their names say {stated}; unpack the "
                "whole archive"
            )
    return found


def _stems(root: Path, split: str, there: Mapping[str, list[str]]) -> list[str]:
    listed = root / "list" / f"{split}.txt"
    if not listed.is_file():
        return sorted(there)
    stems = listed_in(listed)
    gone = [stem for stem in stems if stem not in there]
    if gone:
        raise DataError(
            f"{root / split / _PARTS}: {len(gone)} of {len(stems)} pictures of {listed} have no "
            f"map, e.g. {gone[0]}; unpack the whole archive"
        )
    return stems


def _read(root: Path) -> FrameSet:
    places: list[tuple[str, str, list[str]]] = []
    roles: list[str] = []
    for split, role in _SPLITS:
        if _is_split(root / split):
            there = _maps(root / split / _PARTS)
            stems = _stems(root, split, there)
            places += [(split, stem, there[stem]) for stem in stems]
            roles += [role] * len(stems)
    images = FilePictures(root, Names(f"{a}/{_PICTURES}/{b}.jpg" for a, b, _ in places))

    def load(index: int, size: tuple[int, int]) -> FrameParts:
        split, _, maps = places[index]
        part_HW = np.zeros(size, np.uint8)
        people = []
        for name in maps:
            own_HW = red_map(root / split / _PARTS / name, size)
            person = person_of(own_HW, own_HW > 0)
            if person.part_HW.any():
                person.paint(part_HW)
                people.append(person)
        return FrameParts(people, part_HW)

    return parsed_set(images, load, PARTS, roles, "lv_mhp_v2")


def red_map(path: Path, size: tuple[int, int]) -> NDArray[Any]:
    """The parts (H, W) in the red channel of a person's map.

    Raises:
        ImageError: missing, damaged, of another size, or with a part that there is not.
    """
    part_HW = read_image(path)[..., 0]
    require_size(str(path), part_HW.shape, size, "its picture has")
    wrong = part_HW[part_HW >= len(PARTS)]
    if wrong.size:
        raise ImageError(
            f"{path} holds the part {int(wrong[0])} in red; LV-MHP-v2's are 0 to {len(PARTS) - 1}. "
            "Copy it again"
        )
    return part_HW


LV_MHP_V2 = Layout(
    dataset="lv_mhp_v2",
    looks_like="train/ and val/, each with images/*.jpg and parsing_annos/*_NN_II.png",
    recognise=lambda root: any(_is_split(root / split) for split, _ in _SPLITS),
    read=FrameReader(_read, of_maps=True),
    almost=lambda root: (
        "images/ is missing beside parsing_annos/"
        if any((root / split / _PARTS).is_dir() for split, _ in _SPLITS)
        else ""
    ),
)
