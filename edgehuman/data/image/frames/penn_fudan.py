"""Penn-Fudan pedestrians (Wang et al., ACCV 2007): street photos, each pedestrian in a box.

Annotation/*.txt beside PNGImages/*.png. A text names its picture, and states boxes as whole pixels
counted from 1, both corners included.
"""

from __future__ import annotations

import re
from pathlib import Path

from edgehuman.data.image.frames.layout import FrameReader, Labels, people_of, set_of
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_NOTE, read_bounded

_TEXTS, _PICTURES = "Annotation", "PNGImages"
_NAME = re.compile(r'^Image filename\s*:\s*"([^"]+)"', re.MULTILINE)
_PAIR = r"\(\s*(-?\d{1,6})\s*,\s*(-?\d{1,6})\s*\)"
_BOX = re.compile(rf"^Bounding box for object.*:\s*{_PAIR}\s*-\s*{_PAIR}", re.MULTILINE)
_STATED = re.compile(r"^Bounding box for object", re.MULTILINE)


def _read(root: Path) -> FrameSet:
    labels = [_labels(path) for path in sorted((root / _TEXTS).glob("*.txt"))]
    if not labels:
        raise DataError(f"{root / _TEXTS}: holds no text; copy the dataset again")
    return set_of(root, "penn_fudan", labels)


def _labels(path: Path) -> Labels:
    try:
        text = read_bounded(path, MOST_NOTE, DataError).decode("utf-8", errors="replace")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; copy it again") from None
    name, boxes = _NAME.search(text), _BOX.findall(text)
    if name is None or len(boxes) != len(_STATED.findall(text)):
        raise DataError(f"{path}: no Penn-Fudan annotation, or a damaged one; copy it again")
    sized = []
    for corner in boxes:
        left, top, right, bottom = map(int, corner)
        sized.append((left - 1, top - 1, right - left + 1, bottom - top + 1))
    file = name.group(1).replace("\\", "/").rpartition("/")[2]
    return Labels(f"{_PICTURES}/{file}", people_of(sized, [False] * len(sized), str(path)))


PENN_FUDAN = Layout(
    dataset="penn_fudan",
    looks_like="Annotation/*.txt, and PNGImages/*.png",
    recognise=lambda root: (root / _TEXTS).is_dir() and (root / _PICTURES).is_dir(),
    read=FrameReader(_read),
)
