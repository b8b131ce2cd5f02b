"""COCO (Lin et al., ECCV 2014): every person of every picture, by its box.

The official layout, annotations/{person_keypoints,instances}_{train,val}2017.json beside train2017/
and val2017/; or one such file beside its pictures, all of which are then test frames. Crowds
(`iscrowd`) count neither for nor against a detector. Pictures without people belong to the set.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgehuman.data.image.frames.layout import FrameReader, Labels, people_of, set_of
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_ANNOTATIONS, read_bounded
from edgehuman.reading.parsers import json_of
from edgehuman.reading.values import path_below, shown

_PARTS = {"train2017": "train", "val2017": "test"}
_KINDS = ("person_keypoints", "instances")
_BESIDE = "."
# In the names of Fashionpedia's files.
_OTHER = "instances_attributes"


def _read(root: Path) -> FrameSet:
    labels: list[Labels] = []
    files = _files(root)
    beside = [file.name for file, folder, _ in files if folder == _BESIDE]
    if len(beside) > 1:
        raise DataError(
            f"{root}: holds {' and '.join(beside)}; leave the one that labels the pictures there"
        )
    for file, folder, role in files:
        if not (root / folder).is_dir():
            raise DataError(
                f"{file} exists, but its pictures are missing; unpack them into {root / folder}"
            )
        labels += _pictures(file, folder, role)
    if not labels:
        raise DataError(f"{root}: its annotations list no picture; copy them again")
    return set_of(root, "coco_keypoints", labels)


def _files(root: Path) -> list[tuple[Path, str, str]]:
    """Annotation files, the folders of their pictures, and their roles."""
    found = []
    for part, role in _PARTS.items():
        files = [root / "annotations" / f"{kind}_{part}.json" for kind in _KINDS]
        file = next((each for each in files if each.is_file()), None)
        if file is not None:
            folder = (
                part
                if (root / part).is_dir() or not (root / "images").is_dir()
                else f"images/{part}"
            )
            found.append((file, folder, role))
    if found:
        return found
    for kind in _KINDS:
        files = sorted(root.glob(f"{kind}*.json"))
        found = [(file, _BESIDE, "test") for file in files if _OTHER not in file.name]
        if found:
            break
    return found


def _pictures(file: Path, folder: str, role: str) -> Iterator[Labels]:
    try:
        table = json_of(read_bounded(file, MOST_ANNOTATIONS, DataError), MOST_ANNOTATIONS)
        images = {row["id"]: row["file_name"] for row in table["images"]}
        people_id = _person_id(table)
        rows_of = defaultdict(list)
        for row in table["annotations"]:
            if row["category_id"] == people_id:
                rows_of[row["image_id"]].append(row)
        strange = next((image for image in rows_of if image not in images), None)
        boxes_of = {
            image: ([row["bbox"] for row in rows], [bool(row.get("iscrowd")) for row in rows])
            for image, rows in rows_of.items()
        }
    except DataError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise DataError(
            f"{file} is not a COCO annotation file ({type(error).__name__}: {error}); copy it again"
        ) from None
    if strange is not None:
        raise DataError(f"{file}: people in image {shown(strange)}, which it does not list")
    for image, name in images.items():
        path = path_below(name)
        if not path:
            raise DataError(f"{file}: {shown(name)} is no name of a file; copy it again")
        people = people_of(*boxes_of.get(image, ([], [])), f"{file}, image {shown(image)}")
        yield Labels(path if folder == _BESIDE else f"{folder}/{path}", people, role)


def _person_id(table: dict[str, Any]) -> Any:
    """The number of the category of people; 1 where no names are stated."""
    for row in table.get("categories") or ():
        if row.get("name") == "person":
            return row["id"]
    return 1


COCO = Layout(
    dataset="coco_keypoints",
    looks_like="annotations/{person_keypoints,instances}_{train,val}2017.json, and train2017/ and "
    "val2017/; or person_keypoints*.json beside its pictures",
    recognise=lambda root: root.is_dir() and bool(_files(root)),
    read=FrameReader(_read),
)
