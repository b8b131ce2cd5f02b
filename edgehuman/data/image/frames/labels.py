"""Frames with boxes in edgehuman's own layout, usable for your own pictures and labels.

A folder with labels.jsonl, one JSON object per line, for each picture:

    image        path of a picture, relative to the folder
    boxes        its people, [x1, y1, x2, y2] each, in pixels: (0, 0) is the corner of the picture;
                 empty where nobody is. The box of a person who is cut off may leave the picture
    ignore       regions that count neither for nor against a detector, in the same form; optional
    role         train (default) or test
    sequence     the camera or video that it is of; optional. Held-out pictures are of others
    simulated    true if the picture is simulated
    dataset, labelled_by    where the pictures are from, and what made the labels: see
                 `data.image.labels`
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from edgehuman.data.image.frames.layout import FrameReader, Labels, corners, set_of
from edgehuman.data.image.frames.set import FrameSet, People
from edgehuman.data.image.labels import NAME, source_at, source_of
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.preprocess.image.labels import LABELS, Row, has_boxes, read_label_lines
from edgehuman.reading.values import is_name, shown

DATASET = "labelled_frames"
_ROLES = ("train", "test")


def _read(root: Path) -> FrameSet:
    path = root / LABELS
    rows = read_label_lines(path)
    frames = set_of(root, DATASET, [_labels(row, path) for row in rows])
    dataset, licence, url = source_of(path, rows)
    return dataclasses.replace(
        frames,
        dataset=dataset,
        licence=licence,
        url=url,
        simulated=all(row.get("simulated") is True for row in rows),
    )


def _labels(row: Row, path: Path) -> Labels:
    where = f"{path}, {row['image']}"
    role, sequence = row.get("role", "train"), row.get("sequence", "")
    if "boxes" not in row:
        raise DataError(f'{where}: no "boxes"; write [] for a picture without people')
    if role not in _ROLES:
        raise DataError(f"{where}: role {role!r}; of frames valid: {', '.join(_ROLES)}")
    if not is_name(sequence):
        raise DataError(f'{where}: "sequence" is {shown(sequence)}; it must be {NAME}')
    box_M4, region_R4 = (corners(row.get(key, []), where, False) for key in ("boxes", "ignore"))
    ignore_M = np.arange(len(box_M4) + len(region_R4)) >= len(box_M4)
    people = People(np.concatenate([box_M4, region_R4]), ignore_M)
    return Labels(row["image"], people, role, sequence)


LABELLED_FRAMES = Layout(
    dataset=DATASET,
    looks_like='labels.jsonl with "boxes" on each line; you can use this layout for your own '
    "pictures",
    recognise=lambda root: has_boxes(root / LABELS),
    read=FrameReader(_read),
    source=source_at,
)
