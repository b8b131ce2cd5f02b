"""Fashionpedia (Jia et al., ECCV 2020): garments, accessories and parts with their attributes.

instances_attributes_{train,val}2020.json (or in annotations/) beside train/ and, for both of the
published val and test pictures, test/. Own data in the same form: instances_attributes_train.json
and instances_attributes_val.json; the pictures of val may also lie in val/. It is COCO's form with
"attributes" beside "categories", and "attribute_ids" in each annotation. Attributes are counted in
the order of their ids, which have gaps. The test labels are not public: val is for testing.

Nothing says where people are: the person of a picture is the box around everything in it and 10
pixels more, as for KE-RCNN (Wang et al., ACM MM 2023), and counts neither way. Where a category is
named "person", it says so, and who wears what is found by the boxes.

Axes: N pictures, M annotations of a picture, A attributes, C categories.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.data.image.frames.layout import FrameReader, corners, texts
from edgehuman.data.image.frames.set import FrameGarments, FrameSet, People
from edgehuman.data.image.garments.masks import extent_of, fault_in, mask_of, packed
from edgehuman.data.image.set import FilePictures
from edgehuman.data.image.unlabelled.file_names import Names
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_ANNOTATIONS, read_bounded
from edgehuman.metrics.boxes.overlap import areas
from edgehuman.metrics.garments.answers import PERSON
from edgehuman.metrics.garments.wearers import wearers
from edgehuman.preprocess.image.pixels import touches_pixels
from edgehuman.preprocess.image.room import MOST_PIXELS
from edgehuman.progress import tell
from edgehuman.reading.parsers import json_of
from edgehuman.reading.values import path_below, shown
from edgehuman.records import Bool, Float32, Index

CATEGORIES = 46
"""Of the published set: 0 to 12 garments, 13 to 26 accessories, 27 to 45 parts."""
DESCRIBED = frozenset({*range(13), 28, 29, 31, 32, 33})
"""Its categories that have attributes."""
ATTRIBUTE_IDS = (*range(235), *range(281, 284), *range(285, 341))
"""Of its 294 attributes."""
_AROUND_PX = 10.0
_SPLITS = (("train", ("train",), "train"), ("val", ("test", "val"), "test"))
_FEW = 5


@dataclass(frozen=True, slots=True)
class _Row:
    """One annotation: where it is in its file, its box, what it is, and its mask as stated."""

    where: str
    box_4: Float32
    label: int
    attributes: tuple[int, ...]
    is_crowd: bool
    segmentation: Any


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture of a file: its name, height and width, role, and annotations."""

    name: str
    size: tuple[int, int]
    role: str
    rows: list[_Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Names:
    """What the ids of a file are: of categories a label (0: a person), of attributes an index."""

    categories: tuple[str, ...]
    attributes: tuple[str, ...]
    label_of: dict[Any, int]
    index_of: dict[Any, int]

    @property
    def is_published(self) -> bool:
        """Whether these are Fashionpedia's own."""
        ids = tuple(sorted(self.index_of))
        return ids == ATTRIBUTE_IDS and sorted(self.label_of) == list(range(CATEGORIES))


class GarmentFiles:
    """The garments of the pictures of a set; masks are rasterised when they are asked for.

    Attributes: see `data.image.frames.set.GarmentLabels`.
    """

    def __init__(self, pictures: Sequence[_Picture], names: _Names, wrong: Sequence[str]) -> None:
        self._pictures, self.wrong = pictures, tuple(wrong)
        self.categories, self.attributes = names.categories, names.attributes
        if names.is_published:
            self.described = tuple(c in DESCRIBED for c in range(CATEGORIES))
        else:
            together_CA = self.together_CA(np.arange(len(pictures)))
            self.described = tuple(bool(row_A.any()) for row_A in together_CA)

    def __getitem__(self, index: int, /) -> FrameGarments:
        picture = self._pictures[index]
        found = self.boxes(index)
        masks = [mask_of(row.segmentation, picture.size, row.where) for row in picture.rows]
        derived: list[Any] = [None] * (len(found.box_M4) - len(masks))
        return FrameGarments(
            found.box_M4, found.label_M, found.attribute_MA, found.ignore_M,
            [*derived, *masks], found.wearer_M,
        )  # fmt: skip

    def boxes(self, index: int) -> FrameGarments:
        """Those of one picture without their masks."""
        picture = self._pictures[index]
        rows = picture.rows
        box_M4: Float32 = np.array([row.box_4 for row in rows], np.float32).reshape(-1, 4)
        label_M: Index = np.array([row.label for row in rows], np.int64)
        attribute_MA: Bool = np.zeros((len(rows), len(self.attributes)), np.bool_)
        for m, row in enumerate(rows):
            attribute_MA[m, list(row.attributes)] = True
        crowd_M: Bool = np.array([row.is_crowd for row in rows], np.bool_)
        if rows and not (label_M == 0).any():
            person_4 = _around(box_M4, picture.size)
            box_M4 = np.concatenate((person_4[None], box_M4))
            label_M, crowd_M = np.append(0, label_M), np.append(False, crowd_M)
            attribute_MA = np.pad(attribute_MA, ((1, 0), (0, 0)))
        wearer_M: Index = np.full(len(label_M), -1, np.int64)
        people = np.flatnonzero(label_M == 0)
        if len(people):
            place_M = wearers(box_M4, box_M4[people])
            wearer_M = np.where((label_M > 0) & (place_M >= 0), people[place_M], -1)
        return FrameGarments(box_M4, label_M, attribute_MA, crowd_M, [], wearer_M)

    def together_CA(self, index_K: Index) -> Bool:
        """Which attributes a category has anywhere in these pictures."""
        together_CA = np.zeros((len(self.categories), len(self.attributes)), np.bool_)
        for index in index_K.tolist():
            for row in self._pictures[index].rows:
                if row.label:
                    together_CA[row.label - 1, list(row.attributes)] = True
        return together_CA


def _around(box_M4: Float32, size: tuple[int, int]) -> Float32:
    height, width = size
    low_2, high_2 = box_M4[:, :2].min(axis=0), box_M4[:, 2:].max(axis=0)
    around_4 = np.concatenate((low_2 - _AROUND_PX, high_2 + _AROUND_PX))
    return np.asarray(np.clip(around_4, 0, (width, height, width, height)), np.float32)


def _read(root: Path) -> FrameSet:
    pictures: list[_Picture] = []
    names: _Names | None = None
    wrong: list[str] = []
    for file, folder, role in _files(root):
        if not (root / folder).is_dir():
            raise DataError(
                f"{file} exists, but its pictures are missing; unpack them into {root / folder}"
            )
        own, read = _file(file, folder, role, wrong)
        if names is not None and own != names:
            raise DataError(f"{file} has other categories or attributes than the file beside it")
        names = own
        pictures += read
    if names is None or not pictures:
        raise DataError(f"{root}: its annotations list no picture; copy them again")
    if wrong:
        tell(f"edgehuman: {root}: left out {len(wrong)} wrong annotations; the first: {wrong[0]}; "
             "`edgehuman data check` names them")  # fmt: skip
    garments = GarmentFiles(pictures, names, wrong)
    images = FilePictures(
        root,
        Names(each.name for each in pictures),
        size_N2=np.array([each.size for each in pictures], np.int64).reshape(-1, 2),
    )
    has_people = PERSON in _stated(names)
    found = [garments.boxes(index) for index in range(len(pictures))]
    people = [
        People(one.box_M4[one.label_M == 0], one.ignore_M[one.label_M == 0] | (not has_people))
        for one in found
    ]
    titles = [each.name for each in pictures]
    return FrameSet(
        images, people, titles, texts(each.role for each in pictures), texts(titles),
        dataset="fashionpedia", garments=garments,
    )  # fmt: skip


def _stated(names: _Names) -> tuple[str, ...]:
    """The categories that a file states, people among them."""
    return (PERSON, *names.categories) if 0 in names.label_of.values() else names.categories


def _files(root: Path) -> list[tuple[Path, str, str]]:
    """Annotation files, the folders of their pictures, and their roles."""
    found = []
    for split, folders, role in _SPLITS:
        for stem in (f"instances_attributes_{split}2020", f"instances_attributes_{split}"):
            file = next((each for part in (".", "annotations")
                         if (each := root / part / f"{stem}.json").is_file()), None)  # fmt: skip
            if file is not None:
                there = next((each for each in folders if (root / each).is_dir()), folders[0])
                found.append((file, there, role))
                break
    return found


def _file(file: Path, folder: str, role: str, wrong: list[str]) -> tuple[_Names, list[_Picture]]:
    try:
        table = json_of(read_bounded(file, MOST_ANNOTATIONS, DataError), MOST_ANNOTATIONS)
        names = _names_of(table, file)
        pictures: dict[Any, _Picture] = {}
        for row in table["images"]:
            path = path_below(row["file_name"])
            if not path:
                raise DataError(f"{file}: {shown(row['file_name'])} is no name of a file")
            pictures[row["id"]] = _Picture(f"{folder}/{path}", _size_of(row, file), role)
        rows_of = defaultdict(list)
        for row in table["annotations"]:
            rows_of[row["image_id"]].append(row)
        strange = next((image for image in rows_of if image not in pictures), None)
        if strange is not None:
            raise DataError(f"{file}: garments in image {shown(strange)}, which it does not list")
        faults: list[str] = []
        for image, rows in rows_of.items():
            for row in rows:
                found = _row(row, names, file, pictures[image], faults, wrong)
                if found is not None:
                    pictures[image].rows.append(found)
    except DataError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OSError, OverflowError) as error:
        raise DataError(
            f"{file} is not an annotation file of Fashionpedia ({type(error).__name__}: {error}); "
            "copy it again"
        ) from None
    if faults:
        more = f"\nand {len(faults) - _FEW} more" if len(faults) > _FEW else ""
        raise DataError("\n".join(faults[:_FEW]) + more)
    return names, [*pictures.values()]


def _size_of(row: dict[str, Any], file: Path) -> tuple[int, int]:
    """Height and width that a picture is stated to have."""
    height, width = row["height"], row["width"]
    if not all(type(side) is int and side > 0 for side in (height, width)):
        said = f"{shown(height)} and {shown(width)}"
        raise DataError(
            f"{file}: height and width of {shown(row['file_name'])} are {said}; they must be "
            "whole numbers of pixels. Copy the file again"
        )
    if height * width > MOST_PIXELS:
        raise DataError(
            f"{file}: {shown(row['file_name'])} has {width}x{height} pixels; at most "
            f"{MOST_PIXELS:,} are read"
        )
    return height, width


def _names_of(table: dict[str, Any], file: Path) -> _Names:
    """Categories and attributes, each in the order of its ids."""
    each: list[dict[Any, str]] = []
    for kind in ("categories", "attributes"):
        of_id = {row["id"]: row["name"] for row in table[kind]}
        if len(of_id) != len(table[kind]) or len({*of_id.values()}) != len(of_id):
            raise DataError(f"{file}: an id or a name stands twice among its {kind}")
        if not of_id or not all(isinstance(name, str) and name for name in of_id.values()):
            raise DataError(f"{file}: its {kind} must each have an id and a name")
        each.append({key: of_id[key] for key in sorted(of_id)})
    categories, attributes = each
    worn = [key for key, name in categories.items() if name != PERSON]
    return _Names(
        tuple(categories[key] for key in worn),
        tuple(attributes.values()),
        {key: 1 + worn.index(key) if key in worn else 0 for key in categories},
        {key: index for index, key in enumerate(attributes)},
    )


def _is_id(value: object) -> bool:
    """Whether it can be an id: JSON's true and 1.0 equal 1, and are none."""
    return isinstance(value, int | str) and not isinstance(value, bool)


def _row(
    row: dict[str, Any], names: _Names, file: Path, picture: _Picture, faults: list[str],
    wrong: list[str],
) -> _Row | None:  # fmt: skip
    """One annotation; None, and a line, if it is wrong.

    Args:
        faults: of ids that the file does not have: it is not what it says. wrong: of others.
    """
    where = f"{file}, annotation {shown(row.get('id'))} of {picture.name}"
    category, stated = row["category_id"], row.get("attribute_ids") or ()
    if not _is_id(category) or category not in names.label_of:
        faults.append(f"{where}: found category {shown(category)}; the file has "
                      f"{min(names.label_of)} to {max(names.label_of)}")  # fmt: skip
        return None
    strange = [each for each in stated if not _is_id(each) or each not in names.index_of]
    if strange:
        faults.append(f"{where}: found attribute {shown(strange[0])}, which is none of the "
                      f"{len(names.index_of)} in the file: ids have gaps")  # fmt: skip
        return None
    segmentation = row.get("segmentation") or []
    fault = fault_in(segmentation, picture.size)
    box_4 = extent_of(segmentation) if not fault and row.get("bbox") is None else None
    if not fault and box_4 is None:
        try:
            box_4 = corners([row.get("bbox")], where)[0]
        except DataError:
            fault = f"{shown(row.get('bbox'))} is no box; it must be x, y, width, height in pixels"
    if box_4 is not None:
        fault = _fault_of(box_4, picture.size)
    if fault or box_4 is None:
        wrong.append(f"{where}: {fault}")
        return None
    places = tuple(sorted({names.index_of[each] for each in stated}))
    label, is_crowd = names.label_of[category], bool(row.get("iscrowd"))
    return _Row(where, box_4, label, places, is_crowd, packed(segmentation))


def _fault_of(box_4: Float32, size: tuple[int, int]) -> str:
    said = ", ".join(f"{value:g}" for value in box_4.tolist())
    if not areas(box_4[None])[0] > 0 or not touches_pixels(box_4[None])[0]:
        return f"the box ({said}) has no area"
    x1, y1, x2, y2 = box_4.tolist()
    if x2 <= 0 or y2 <= 0 or x1 >= size[1] or y1 >= size[0]:
        return f"the box ({said}) lies outside the picture of {size[1]}x{size[0]} pixels"
    return ""


FASHIONPEDIA = Layout(
    dataset="fashionpedia",
    looks_like="instances_attributes_{train,val}2020.json beside train/ and test/; you can use "
    "this layout for your own",
    recognise=lambda root: root.is_dir() and bool(_files(root)),
    read=FrameReader(_read, of_garments=True),
)
