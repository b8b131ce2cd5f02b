"""Labelled people in edgehuman's own layout: written by `data simulate --kind people`, and usable
for your own pictures and labels.

Whole frames with boxes of people are another layout: see `frames.labels`.

A folder with labels.jsonl, one JSON object per line; everything but "image" is optional, and a task
needs its labels on every line:

    image        path of a picture of one person, relative to the folder
    role         train (default), test, for retrieval query and gallery, or select: a part that
                 selects checkpoints
    person       an integer; camera likewise
    mask         path of a greyscale picture of the same size: each pixel is the number of a line of
                 parts.txt, 255 where unlabelled; parts.txt begins with the background. With
                 keypoints, some pictures may lack it
    keypoints    COCO's 17: [x, y, 0 not labelled | 1 hidden | 2 visible] in pixels; landmarks: 133
    area         of the person in square pixels; default: the bounding box of the joints
    attributes   name -> 0 or 1, the same names on every line
    captions     list of sentences about the person; text-reid needs them and who it is
    sequence     the video or photo that the picture was cut from; default: by the name, where
                 `distill` made it. Held-out pictures are of others
    simulated    true if the picture is simulated
    dataset      name in `edgehuman data list` of the pictures' source, the same on every line: the
                 card of a network that learns from them then states its terms
    licence      terms of the picture, and url, where it is from: the same on every line, where it
                 is of no known dataset
    labelled_by  list of what made the labels, with its terms: "MoveNet Thunder (Apache-2.0)"

Axes: N pictures, J joints, A attributes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from edgehuman.catalogue import datasets_of
from edgehuman.data.image.captions.sentences import require_own_splits, sentences_of
from edgehuman.data.image.set import (
    ALL_TASKS,
    IGNORE,
    FileMasks,
    FilePictures,
    PersonReader,
    PersonSet,
    load_png_mask,
)
from edgehuman.data.image.unlabelled.file_names import Names
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_NOTE, read_bounded
from edgehuman.outcome import to_json
from edgehuman.preprocess.image.labels import LABELS, Row, has_boxes, read_label_lines
from edgehuman.reading.values import is_name
from edgehuman.records import Float32, Index, Text, Uint8
from edgehuman.tables.licences import with_makers
from edgehuman.tables.trainings import TEXT_REID

PARTS = "parts.txt"
_NEEDS = {
    "reid": ("person",),
    "attributes": ("attributes",),
    "pose": ("keypoints",),
    "landmarks": ("landmarks",),
    "parsing": ("mask",),
    TEXT_REID: ("captions", "person"),
}
NAME = "text of at most 255 bytes"
"""What a sequence is, in words; as an array, all take the room of the longest."""
_CUT = re.compile(r"(.+)-\d{6,}-\d{2,}")
_JOINTS = {"pose": 17, "landmarks": 133}
_SPLIT = {"train": "train", "select": "select"}


def served(root: Path) -> tuple[str, ...]:
    """The tasks for which every picture has labels.

    Raises:
        DataError: see `read_label_lines`.
    """
    rows = read_label_lines(root / LABELS)
    return tuple(
        task for task in ALL_TASKS if all(key in row for row in rows for key in _NEEDS[task])
    )


def _read(root: Path, task: str) -> PersonSet:
    path = root / LABELS
    rows = read_label_lines(path)
    for key in _NEEDS[task]:
        without = next((row["image"] for row in rows if key not in row), None)
        if without is not None:
            raise DataError(f'{path}: {without} has no "{key}", which {task} needs')
    (key, *_) = _NEEDS[task]
    images = FilePictures(root, Names(row["image"] for row in rows))
    labels: dict[str, Any] = {}
    if task == "parsing":
        labels = _parts(root, rows, images)
    elif task == "attributes":
        labels = _attributes(path, rows)
    elif task == TEXT_REID:
        labels = {"captions": _captions(path, rows)}
    elif task in _JOINTS:
        joints = [_joints(path, row, key, _JOINTS[task]) for row in rows]
        areas = [_area(path, row, joint_J3) for row, joint_J3 in zip(rows, joints, strict=True)]
        labels = {"keypoint_NJ3": np.stack(joints), "area_N": np.array(areas, np.float32)}
        if any("mask" in row for row in rows):  # to cut people out; not every picture needs one
            labels |= _parts(root, rows, images)
    dataset, licence, url = source_of(path, rows)
    return PersonSet(
        images,
        _numbers(path, rows, "person"),
        _numbers(path, rows, "camera"),
        np.array([row.get("role", "train") for row in rows], np.str_),
        dataset=dataset,
        licence=licence,
        url=url,
        source_N=_sources(path, rows),
        simulated=all(row.get("simulated") is True for row in rows),
        **labels,
    )


def source_of(path: Path, rows: Sequence[Row]) -> tuple[str, str, str]:
    """Name, terms and address of where the pictures are from, and what made their labels.

    Args:
        path: of labels.jsonl, in the folder that names pictures of unknown source.

    Raises:
        DataError: a dataset that is not known or not the same on every line, terms that are not, or
            makers that are no names.
    """
    dataset, licence, url = path.parent.resolve().name, "that of its pictures; ask their owner", ""
    known = datasets_of("image")
    licence, url = _stated(path, rows, "licence", licence), _stated(path, rows, "url", url)
    for row in rows:
        if "dataset" in row and (
            not is_name(row["dataset"])
            or row["dataset"] not in known
            or row["dataset"] != rows[0].get("dataset")
        ):
            raise _wrong(path, row, "dataset", f"one of {', '.join(known)}, the same on every line")
    if "dataset" in rows[0] and all("dataset" in row for row in rows):
        dataset = rows[0]["dataset"]
        licence, url = known[dataset].licence, known[dataset].url
    makers: dict[str, None] = {}
    for row in rows:
        own = row.get("labelled_by", [])
        if not isinstance(own, list) or not all(is_name(maker) for maker in own):
            raise _wrong(path, row, "labelled_by", "a list of names")
        makers |= dict.fromkeys(own)
    return dataset, with_makers(licence, list(makers)), url


def _stated(path: Path, rows: Sequence[Row], key: str, otherwise: str) -> str:
    """What every line says of where the pictures are from; `otherwise` if none does."""
    first = rows[0].get(key)
    for row in rows:
        if row.get(key) != first or (key in row and not is_name(first)):
            raise _wrong(path, {key: None, **row}, key, f"{NAME}, the same on every line")
        if key in row and "dataset" in row:
            raise _wrong(path, row, key, "left out, as the dataset has its own")
    return otherwise if first is None else str(first)


def source_at(root: Path) -> tuple[str, str, str]:
    """The same of a folder with labels.jsonl; raise DataError also as `read_label_lines`."""
    return source_of(root / LABELS, read_label_lines(root / LABELS))


def _wrong(path: Path, row: Row, key: str, rule: str) -> DataError:
    shown = to_json(row[key])
    shown = shown if len(shown) < 60 else f"{shown[:57]}..."
    return DataError(f'{path}, {row["image"]}: "{key}" is {shown}; it must be {rule}')


def _numbers(path: Path, rows: Sequence[Row], key: str) -> Index:
    for row in rows:
        value = row.get(key, -1)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 1 << 63:
            raise _wrong(path, row, key, "an integer of at most 64 bits, or absent")
    return np.array([row.get(key, -1) for row in rows], np.int64)


def _sources(path: Path, rows: Sequence[Row]) -> Text:
    """What each picture was cut from; "" where nothing says it."""
    for row in rows:
        if not is_name(row.get("sequence", "")):
            raise _wrong(path, row, "sequence", NAME)
    return np.array([row.get("sequence", "") or _source_of_name(row) for row in rows], np.str_)


def _source_of_name(row: Row) -> str:
    """The video or photo in a name that `distill` gave: NAME-FRAME-PERSON."""
    found = _CUT.fullmatch(PurePosixPath(row["image"]).stem) if "labelled_by" in row else None
    return found[1] if found else ""


def _joints(path: Path, row: Row, key: str, count: int) -> Float32:
    try:
        with np.errstate(over="ignore"):  # too large for float32: refused below
            joint_J3 = np.array(row[key], np.float32)
    except (TypeError, ValueError, OverflowError):
        joint_J3 = np.zeros((0, 3), np.float32)
    known = joint_J3.shape == (count, 3) and bool(np.isfinite(joint_J3).all())
    if not known or not np.isin(joint_J3[:, 2], (0, 1, 2)).all():
        raise _wrong(path, row, key, f"{count} x [x, y, 0 | 1 | 2]")
    joint_J3[joint_J3[:, 2] == 0] = 0
    return joint_J3


def _area(path: Path, row: Row, joint_J3: Float32) -> float:
    if "area" in row:
        value = row["area"]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e12:
            raise _wrong(path, row, "area", "above 0 and under 1e12")
        return float(value)
    known_J2 = joint_J3[joint_J3[:, 2] > 0, :2]
    return float(max(np.prod(np.ptp(known_J2, axis=0)), 1.0)) if len(known_J2) else 1.0


def _attributes(path: Path, rows: Sequence[Row]) -> dict[str, Any]:
    first = rows[0]["attributes"]
    names = tuple(first) if isinstance(first, dict) else ()
    if not names:
        raise _wrong(path, rows[0], "attributes", "names with 0 or 1")
    for row in rows:
        own = row["attributes"]
        if not isinstance(own, dict) or set(own) != set(names):
            raise _wrong(path, row, "attributes", f"0 or 1 for each of {', '.join(names)}")
        if any(value not in (0, 1) for value in own.values()):
            raise _wrong(path, row, "attributes", "names with 0 or 1")
    label_NA = np.array([[row["attributes"][name] for name in names] for row in rows], np.int8)
    return {"attribute_NA": label_NA, "attributes": names}


def _captions(path: Path, rows: Sequence[Row]) -> tuple[tuple[str, ...], ...]:
    """The sentences of each picture; one person is in one part of the data."""
    captions = []
    for row in rows:
        try:
            captions.append(sentences_of(row["captions"]))
        except ValueError as error:
            raise _wrong(path, row, "captions", str(error)) from None
    split_N = [_SPLIT.get(row.get("role", "train"), "test") for row in rows]
    require_own_splits(path, _numbers(path, rows, "person").tolist(), split_N)
    return tuple(captions)


def _parts(root: Path, rows: Sequence[Row], images: FilePictures) -> dict[str, Any]:
    try:
        parts = tuple(read_bounded(root / PARTS, MOST_NOTE, DataError).decode("utf-8-sig").split())
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{root / PARTS}: cannot be read ({error}); write the name of one part per line, the "
            "background first"
        ) from None
    if not 2 <= len(parts) <= 255 or len(set(parts)) < len(parts):
        raise DataError(f"{root / PARTS}: {len(parts)} names; give 2 to 255 different ones")
    for row in rows:
        if not is_name(row.get("mask", "none")):
            raise _wrong(root / LABELS, row, "mask", "a path")
    names = Names(row.get("mask", "") for row in rows)
    masks = FileMasks(root, names, images, len(parts), load_png_mask)
    if all("mask" in row for row in rows):
        return {"masks": masks, "parts": parts}
    return {"masks": _SomeMasks(masks), "parts": parts}


@dataclass(frozen=True)
class _SomeMasks:
    """Masks of some of the pictures; the others are wholly unlabelled."""

    masks: FileMasks

    def __len__(self) -> int:
        return len(self.masks)

    def __getitem__(self, index: int, /) -> Uint8:
        if self.masks.names[index]:
            return self.masks[index]
        return np.full(self.masks.images.size(index), IGNORE, np.uint8)


LABELLED = Layout(
    dataset="labelled",
    looks_like="labels.jsonl, as `edgehuman data simulate --kind people` writes it; you can use "
    "this layout for your own pictures",
    recognise=lambda root: (root / LABELS).is_file() and not has_boxes(root / LABELS),
    read=PersonReader(ALL_TASKS, _read),
    source=source_at,
)
