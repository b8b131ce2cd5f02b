"""People with joints: COCO keypoints (17) and COCO-WholeBody (133), read from their JSON files.

COCO's people have outlines too: polygons of the person, for silhouettes. Where the published layout
is not there, one person_keypoints.json beside its pictures is read: its people are for testing.

COCO (Lin et al., ECCV 2014): boxes x, y, width, height; joints x, y, visibility. COCO-WholeBody
(Jin et al., ECCV 2020) adds feet, face and hands in separate lists, which are joined here in its
order: body 17, feet 6, face 68, left hand 21, right hand 21. Crowds and people without a labelled
body joint are left out, as is usual in training. Each person's box is enlarged by a quarter and
widened to the shape of a person crop, also beyond the picture; see `preprocess.image.cropping`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.part_groups import LABELS
from edgehuman.data.image.set import (
    IGNORE,
    FilePictures,
    NoLabelsError,
    PersonReader,
    PersonSet,
    whole_box,
)
from edgehuman.data.image.unlabelled.file_names import Names
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_ANNOTATIONS, read_bounded
from edgehuman.preprocess.image.cropping import MARGIN, person_box
from edgehuman.preprocess.image.pixels import whole_pixels
from edgehuman.reading.parsers import json_of
from edgehuman.reading.values import path_below, shown
from edgehuman.records import Float32, Index, Uint8

ALONE = "person_keypoints.json"
SHAPE = 0.5
"""Width over height of a crop whose network is not known."""
_FARTHEST = 1e5  # pixels: beyond, a point is in no picture
_EDGES = 1024  # of a polygon, looked at together
_PARTS = {"train2017": "train", "val2017": "test"}
_FURTHER = (("foot_kpts", 6), ("face_kpts", 68), ("lefthand_kpts", 21), ("righthand_kpts", 21))


@dataclass(frozen=True, slots=True)
class _Kind:
    """One of the two annotation formats: its files and the lists that hold joints."""

    dataset: str
    file: str
    words: tuple[str, str]
    lists: tuple[tuple[str, int], ...]

    def path(self, root: Path, part: str) -> Path:
        """The annotation file of train2017 or val2017."""
        word = self.words[part != "train2017"]
        return root / "annotations" / self.file.format(word)


_BODY = _Kind(
    "coco_keypoints",
    "person_keypoints_{}.json",
    ("train2017", "val2017"),
    (("keypoints", 17),),
)
_WHOLE = _Kind(
    "coco_wholebody",
    "coco_wholebody_{}_v1.0.json",
    ("train", "val"),
    (("keypoints", 17), *_FURTHER),
)


@dataclass(frozen=True, slots=True)
class _Person:
    """One annotated person: its picture, the crop box, and its joints in the crop."""

    name: str
    size: tuple[int, int]
    box: tuple[int, int, int, int]
    outline: tuple[NDArray[np.float32], ...]
    joint_J3: Float32
    area: float
    role: str


def _pictures_of(root: Path, part: str) -> str | None:
    return next((f for f in (part, f"images/{part}") if (root / f).is_dir()), None)


@dataclass(frozen=True, slots=True)
class Outlines:
    """Masks of people, filled from the polygons of their outlines: 1 inside; beyond the picture,
    where its edge goes on, nothing is labelled.

    Attributes:
        box_N4: of the crops. size_N2: height and width of the whole pictures.
        polygon_N: of each person, x and y in pixels of the whole picture.
    """

    box_N4: Index
    size_N2: Index
    polygon_N: Sequence[Sequence[NDArray[np.float32]]]

    def __len__(self) -> int:
        return len(self.polygon_N)

    def __getitem__(self, index: int, /) -> Uint8:
        x0, y0, x1, y1 = self.box_N4[index].tolist()
        mask_HW = np.zeros((y1 - y0, x1 - x0), np.uint8)
        for polygon_P2 in self.polygon_N[index]:
            mask_HW |= filled(polygon_P2 - (x0, y0), y1 - y0, x1 - x0)
        height, width = self.size_N2[index].tolist()
        inside = slice(max(0, -y0), height - y0), slice(max(0, -x0), width - x0)
        label_HW = np.full_like(mask_HW, IGNORE)
        label_HW[inside] = mask_HW[inside]
        return label_HW


def filled(polygon_P2: NDArray[np.floating], height: int, width: int) -> Uint8:
    """1 in each pixel whose middle is inside a polygon of continuous pixels, by the even-odd rule.

    OpenCV's fillPoly also draws the line around it: half a pixel too much on every side.
    """
    begin_P2, end_P2 = polygon_P2.astype(np.float64), np.roll(polygon_P2, -1, axis=0)
    y_H1 = np.arange(height)[:, None] + 0.5
    turn_HW = np.zeros((height, width + 1), np.uint8)
    for start in range(0, len(begin_P2), _EDGES):
        here = slice(start, start + _EDGES)
        (x_E, y_E), (far_x_E, far_y_E) = begin_P2[here].T, end_P2[here].T
        row_K, edge_K = np.nonzero((y_E <= y_H1) != (far_y_E <= y_H1))
        share_K = (y_H1[row_K, 0] - y_E[edge_K]) / (far_y_E - y_E)[edge_K]
        x_K = x_E[edge_K] + share_K * (far_x_E - x_E)[edge_K]
        column_K = np.clip(np.ceil(x_K - 0.5), 0, width).astype(np.int64)
        np.bitwise_xor.at(turn_HW, (row_K, column_K), np.uint8(1))
    return np.bitwise_xor.accumulate(turn_HW, axis=1)[:, :width]


def _read_body(root: Path, task: str, shape: float = SHAPE) -> PersonSet:
    alone = not _has_file(root, _BODY)
    people = _read_alone(root, shape) if alone else _read(root, _BODY, shape)
    if task == "pose":
        return _set(root, people, _BODY)
    outlined = [person for person in people if person.outline]
    if not outlined:
        raise NoLabelsError(
            f"{root} has no labels for parsing: coco_keypoints is for pose where nobody has an "
            "outline. Give a dataset with masks, such as ccp or lip"
        )
    found = _set(root, outlined, _BODY)
    assert isinstance(found.images, FilePictures)
    assert found.images.box_N4 is not None
    assert found.images.size_N2 is not None
    outlines = [person.outline for person in outlined]
    masks = Outlines(found.images.box_N4, found.images.size_N2, outlines)
    return dataclasses.replace(found, masks=masks, parts=LABELS["person"])


def _read_whole(root: Path, task: str, shape: float = SHAPE) -> PersonSet:
    return _set(root, _read(root, _WHOLE, shape), _WHOLE)


def _read_alone(root: Path, shape: float) -> list[_Person]:
    """The people of one annotation file that lies beside its pictures."""
    people = list(_people(root / ALONE, ".", "test", _BODY, shape))
    if not people:
        raise DataError(f"{root / ALONE}: no person with a labelled joint")
    return people


def _read(root: Path, kind: _Kind, shape: float) -> list[_Person]:
    people: list[_Person] = []
    for part, role in _PARTS.items():
        folder, file = _pictures_of(root, part), kind.path(root, part)
        if folder is not None and file.is_file():
            people += _people(file, folder, role, kind, shape)
        elif file.is_file():
            raise DataError(
                f"{file} exists, but its pictures are missing; unpack {part} into {root / part}"
            )
        elif folder is not None and any(kind.path(root, other).is_file() for other in _PARTS):
            raise DataError(
                f"{root / folder} exists, but {file} is missing; unpack the annotations into "
                f"{root / 'annotations'}, or remove the pictures"
            )
    if not people:
        raise DataError(f"{root / 'annotations'}: no person with a labelled joint in its files")
    return people


def _set(root: Path, people: Sequence[_Person], kind: _Kind) -> PersonSet:
    nobody_N = np.full(len(people), -1, np.int64)
    return PersonSet(
        FilePictures(
            root,
            Names(person.name for person in people),
            np.array([person.box for person in people], np.int64),
            np.array([person.size for person in people], np.int64),
        ),
        nobody_N,
        nobody_N.copy(),
        np.array([person.role for person in people]),
        keypoint_NJ3=np.stack([person.joint_J3 for person in people]),
        area_N=np.array([person.area for person in people], np.float32),
        dataset=kind.dataset,
    )


def _people(file: Path, folder: str, role: str, kind: _Kind, shape: float) -> Iterator[_Person]:
    try:
        content = read_bounded(file, MOST_ANNOTATIONS, DataError)
        table = json_of(content, MOST_ANNOTATIONS)
        image_of = {row["id"]: row for row in table["images"]}
        rows: list[dict[str, Any]] = [dict(row) for row in table["annotations"]]
    except DataError:
        raise
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise DataError(
            f"{file} is not a COCO annotation file ({type(error).__name__}: {error}); copy it again"
        ) from None
    for row in rows:
        if row.get("iscrowd") or not row.get("num_keypoints"):
            continue
        where = f"{file}, annotation {row.get('id')}"
        try:
            image = image_of[row["image_id"]]
            yield _person(row, image, folder, role, kind, shape, where)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(
                f"{where}: {error!r} is missing or wrong; copy the file again"
            ) from None


def _person(
    row: dict[str, Any],
    image: dict[str, Any],
    folder: str,
    role: str,
    kind: _Kind,
    shape: float,
    where: str,
) -> _Person:
    height, width = int(image["height"]), int(image["width"])
    if not isinstance(row["bbox"], list) or len(row["bbox"]) != 4:
        raise DataError(
            f"{where}: bbox is {shown(row['bbox'])}; it must be [x, y, width, height] in pixels. "
            "Fix the labels, or copy the file again"
        )
    x, y, wide, high = row["bbox"]
    near = whole_box((x, y, x + wide, y + high), height, width, where)
    box = whole_pixels(person_box(near, height, width, shape, MARGIN))
    joints = [_joints(row, name, count, where) for name, count in kind.lists]
    joint_J3 = np.concatenate(joints)
    labelled_J = joint_J3[:, 2] > 0
    joint_J3[:, :2] -= np.array(box[:2], np.float32)
    joint_J3[~labelled_J] = 0
    path = path_below(image["file_name"])
    if not path:
        raise DataError(f"{where}: {shown(image['file_name'])} is no name of a file; copy it again")
    name = f"{folder}/{path}"
    outline = _outline(row.get("segmentation"), where)
    return _Person(name, (height, width), box, outline, joint_J3, float(row["area"]), role)


def _outline(polygons: Any, where: str) -> tuple[NDArray[np.float32], ...]:
    """Polygons (P, 2) of a person; none, or a run-length code, which only crowds have: empty."""
    if not isinstance(polygons, list):
        return ()
    with np.errstate(over="ignore"):  # too large for float32: refused below
        found = tuple(np.array(polygon, np.float32) for polygon in polygons)
    if any(each.ndim != 1 or each.size < 6 or each.size % 2 for each in found):
        raise DataError(f"{where}: a polygon of segmentation is not x, y of three points or more")
    if not all(np.isfinite(each).all() and (np.abs(each) < _FARTHEST).all() for each in found):
        raise DataError(f"{where}: a point of segmentation is not in any picture")
    return tuple(each.reshape(-1, 2) for each in found)


def _joints(row: dict[str, Any], name: str, count: int, where: str) -> Float32:
    with np.errstate(over="ignore"):  # too large for float32: refused below
        joint_J3 = np.array(row[name], np.float32)
    if joint_J3.size != 3 * count:
        raise DataError(f"{where}: {name} has {joint_J3.size} numbers, not {count} x (x, y, label)")
    if not np.isfinite(joint_J3).all():
        raise DataError(f"{where}: {name} has a number that is not finite; copy the file again")
    return joint_J3.reshape(count, 3)


def _has_file(root: Path, kind: _Kind) -> bool:
    return any(kind.path(root, part).is_file() for part in _PARTS)


def _almost(root: Path, kind: _Kind) -> str:
    parts = [part for part in _PARTS if _pictures_of(root, part) is not None]
    if not parts:
        return ""
    files = " or ".join(str(kind.path(root, part)) for part in parts)
    return f"its annotations are missing: {files}"


COCO_KEYPOINTS = Layout(
    dataset="coco_keypoints",
    looks_like="annotations/person_keypoints_{train,val}2017.json, and train2017/ and val2017/; or "
    "person_keypoints.json beside its pictures",
    recognise=lambda root: _has_file(root, _BODY) or (root / ALONE).is_file(),
    read=PersonReader(("pose", "parsing"), _read_body, _read_body),
    almost=lambda root: _almost(root, _BODY),
)

COCO_WHOLEBODY = Layout(
    dataset="coco_wholebody",
    looks_like="annotations/coco_wholebody_{train,val}_v1.0.json, and train2017/ and val2017/",
    recognise=lambda root: _has_file(root, _WHOLE),
    read=PersonReader(("landmarks",), _read_whole, _read_whole),
    almost=lambda root: _almost(root, _WHOLE),
)
