"""People with joints: COCO keypoints (17) and COCO-WholeBody (133), read from their JSON files.

COCO (Lin et al., ECCV 2014): boxes x, y, width, height; joints x, y, visibility. COCO-WholeBody
(Jin et al., ECCV 2020) adds feet, face and hands in separate lists, which are joined here in its
order: body 17, feet 6, face 68, left hand 21, right hand 21. Crowds and people without a labelled
body joint are left out, as is usual in training. Each person's box is enlarged by a quarter and
widened to the shape of a person crop; see `preprocess.image.person_box`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.data.image.set import FilePictures, PersonReader, PersonSet, whole_box
from edgehuman.data.image.unlabelled.file_names import Names
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_ANNOTATIONS, read_bounded
from edgehuman.preprocess.image.pixels import person_box
from edgehuman.reading.parsers import json_of
from edgehuman.reading.values import is_name, shown
from edgehuman.records import Float32

# A box is enlarged by a quarter in total, as is usual for pose: an eighth on each side.
MARGIN = 0.125
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
    joint_J3: Float32
    area: float
    role: str


def _pictures_of(root: Path, part: str) -> str | None:
    return next((f for f in (part, f"images/{part}") if (root / f).is_dir()), None)


def _read(root: Path, kind: _Kind) -> PersonSet:
    people: list[_Person] = []
    for part, role in _PARTS.items():
        folder, file = _pictures_of(root, part), kind.path(root, part)
        if folder is not None and file.is_file():
            people += _people(file, folder, role, kind)
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


def _people(file: Path, folder: str, role: str, kind: _Kind) -> Iterator[_Person]:
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
            yield _person(row, image, folder, role, kind, where)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(
                f"{where}: {error!r} is missing or wrong; copy the file again"
            ) from None


def _person(
    row: dict[str, Any], image: dict[str, Any], folder: str, role: str, kind: _Kind, where: str
) -> _Person:
    height, width = int(image["height"]), int(image["width"])
    x, y, wide, high = row["bbox"]
    near = whole_box((x, y, x + wide, y + high), height, width, where)
    box = whole_box(person_box(near, height, width, margin=MARGIN), height, width, where)
    joints = [_joints(row, name, count, where) for name, count in kind.lists]
    joint_J3 = np.concatenate(joints)
    labelled_J = joint_J3[:, 2] > 0
    joint_J3[:, :2] -= np.array(box[:2], np.float32)
    joint_J3[~labelled_J] = 0
    if not is_name(image["file_name"]):
        raise DataError(f"{where}: {shown(image['file_name'])} is no name of a file; copy it again")
    name = f"{folder}/{image['file_name']}"
    return _Person(name, (height, width), box, joint_J3, float(row["area"]), role)


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
    looks_like="annotations/person_keypoints_{train,val}2017.json, and train2017/ and val2017/",
    recognise=lambda root: _has_file(root, _BODY),
    read=PersonReader(("pose",), lambda root, task: _read(root, _BODY)),
    almost=lambda root: _almost(root, _BODY),
)

COCO_WHOLEBODY = Layout(
    dataset="coco_wholebody",
    looks_like="annotations/coco_wholebody_{train,val}_v1.0.json, and train2017/ and val2017/",
    recognise=lambda root: _has_file(root, _WHOLE),
    read=PersonReader(("landmarks",), lambda root, task: _read(root, _WHOLE)),
    almost=lambda root: _almost(root, _WHOLE),
)
