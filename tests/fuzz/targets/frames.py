"""Readers of frames with boxes: CrowdHuman, COCO, Penn-Fudan, MOT, and our own labels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgehuman.data.image.frames import coco, crowdhuman, labels, mot, penn_fudan
from edgehuman.data.image.frames.layout import cleaned, set_of
from tests.data.frame_trees import ANNE, BOB, PENN_FUDAN, coco_table, mot_line, odgt_line
from tests.fuzz.target import Target, written


def _odgt(content: bytes, folder: Path) -> None:
    path = written(content, folder, "annotation_val.odgt")
    rows = crowdhuman.odgt_rows(path)
    found = [crowdhuman._labels(row, "test", set(), where) for where, row in rows]
    cleaned(set_of(folder, "crowdhuman", found))


def _coco(content: bytes, folder: Path) -> None:
    path = written(content, folder, "person_keypoints.json")
    cleaned(set_of(folder, "coco_keypoints", list(coco._pictures(path, ".", "test"))))


def _penn_fudan(content: bytes, folder: Path) -> None:
    penn_fudan._labels(written(content, folder, "a.txt"))


def _mot(content: bytes, folder: Path) -> None:
    for frame, rows in mot._lines(written(content, folder, "gt.txt")).items():
        mot._truth(rows, f"frame {frame}")


def _own(content: bytes, folder: Path) -> None:
    written(content, folder, "labels.jsonl")
    labels.LABELLED_FRAMES.recognise(folder)
    cleaned(labels._read(folder))


def _odgt_seeds() -> Sequence[bytes]:
    mask = {"tag": "mask", "fbox": [0, 0, 5, 60], "extra": {"ignore": 1}}
    return [f"{odgt_line('a', ANNE, BOB, others=[mask])}\n{odgt_line('b')}\n".encode()]


def _coco_seeds() -> Sequence[bytes]:
    return [json.dumps(coco_table({1: "1.jpg"}, {1: [ANNE, BOB]})).encode()]


def _mot_seeds() -> Sequence[bytes]:
    return [
        f"{mot_line(1, 1, ANNE, 1)}\n{mot_line(2, 1, BOB, 0)}\n".encode(),
        mot_line(1, 1, ANNE, 1, 2, 0.5).encode(),
    ]


def _own_seeds() -> Sequence[bytes]:
    row = {"image": "a.png", "boxes": [ANNE], "ignore": [BOB], "role": "test", "sequence": "door"}
    return [json.dumps(row).encode()]


TARGETS: Mapping[str, Target] = {
    "frames-odgt": Target(_odgt, _odgt_seeds, "json"),
    "frames-coco": Target(_coco, _coco_seeds, "json"),
    "frames-penn-fudan": Target(_penn_fudan, lambda: [PENN_FUDAN.format(*range(1, 9)).encode()]),
    "frames-mot": Target(_mot, _mot_seeds, "lines"),
    "frames-own": Target(_own, _own_seeds, "json"),
}
