"""The photos of a folder tree, without the label maps that datasets keep beside them.

    walk = ImageWalk("p")
    names = list(walk.names())      paths below the folder, in order
    walk.left_out()                 "8 label maps (masks) left out", for people to read

Label maps are picture files too, and nothing in a file tells them from photos; the layout does:

    labels.jsonl                              the pictures that its lines name, and no others
    train_segmentations, val_segmentations    of LIP: label maps
    masks, beside photos                      of CCP: label maps

Training and device list folders through this one file.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgehuman.errors import DataError
from edgehuman.preprocess.image.labels import LABELS, Row, read_label_lines
from edgehuman.preprocess.image.pixels import IMAGE_SUFFIXES

_LIP_MAPS = frozenset({"train_segmentations", "val_segmentations"})
_CCP = frozenset({"photos", "masks"})
# p/images and p/images/PERSON are still pictures of p/labels.jsonl.
_LEVELS_ABOVE = 2


@dataclass(frozen=True)
class _Labels:
    """What a labels.jsonl says of files, by their absolute paths.

    Attributes:
        simulated: of each picture that it names, whether no camera saw it.
        maps: label maps.
        alone: whether other pictures are left out; not where it lies above the folder that was
            asked for, whose other pictures were then asked for too.
    """

    simulated: dict[str, bool]
    maps: set[str]
    alone: bool

    @classmethod
    def of(cls, folder: str, rows: list[Row], alone: bool) -> _Labels:
        def inside(name: str) -> str:
            return os.path.normpath(os.path.join(folder, name))

        return cls(
            {inside(row["image"]): row.get("simulated") is True for row in rows},
            {inside(row["mask"]) for row in rows if isinstance(row.get("mask"), str)},
            alone,
        )


class ImageWalk:
    """Every image below a folder that is no label map.

    Links are followed, but no folder is entered twice. Hidden files and folders are left out:
    copies made on a Mac hold a "._x.jpg" beside every "x.jpg".

    Attributes, complete once `names` is exhausted:
        root: the folder.
        suffixes: how many files of each suffix there are, label maps among them.
        num_maps: label maps that were left out.
        num_unnamed: images left out that labels.jsonl does not name.
        simulated: a byte for each given name: 1 where its line of labels.jsonl says that no camera
            saw it.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = str(root)
        self.suffixes: Counter[str] = Counter()
        self.num_maps = self.num_unnamed = 0
        self.simulated = bytearray()
        self._labels: dict[str, _Labels] = {}

    def names(self) -> Iterator[str]:
        """Paths below the folder, in order.

        Raises:
            DataError: a folder or labels.jsonl that cannot be read.
        """
        entered: set[tuple[int, int]] = set()
        above = _labels_above(os.path.abspath(self.root))
        for folder, folders, files in os.walk(self.root, followlinks=True, onerror=_refuse):
            state = os.stat(folder)
            if (state.st_dev, state.st_ino) in entered:
                folders.clear()
                continue
            entered.add((state.st_dev, state.st_ino))
            place = os.path.abspath(folder)
            labels = self._labels.get(os.path.dirname(place), above)
            if LABELS in files:
                labels = _Labels.of(place, _own_lines(Path(folder, LABELS)), alone=True)
            if labels is not None:
                self._labels[place] = labels
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            if labels is None or not labels.alone:
                self._leave_maps(folder, folders)
            below = "" if folder == self.root else os.path.relpath(folder, self.root)
            for name in self._images(files):
                path = os.path.join(place, name)
                if labels is None or self._is_photo(path, labels):
                    self.simulated.append(labels is not None and labels.simulated.get(path, False))
                    yield os.path.join(below, name)

    def left_out(self) -> str:
        """What was left out, for people to read; empty where nothing was."""
        said = []
        if self.num_maps:
            said.append(f"{self.num_maps} label maps (masks) left out")
        if self.num_unnamed:
            said.append(
                f"{self.num_unnamed} images left out that {LABELS} does not name (give the folder "
                "that they are in, to take them)"
            )
        return "; ".join(said)

    def _images(self, files: list[str]) -> Iterator[str]:
        """Images among a folder's files, in order; counts all that are not hidden."""
        for name in sorted(files):
            if name.startswith("."):
                continue
            suffix = os.path.splitext(name)[1].lower()
            self.suffixes[suffix or "without a suffix"] += 1
            if suffix in IMAGE_SUFFIXES:
                yield name

    def _is_photo(self, path: str, labels: _Labels) -> bool:
        if path in labels.simulated:
            return True
        if path in labels.maps:
            self.num_maps += 1
            return False
        self.num_unnamed += labels.alone
        return not labels.alone

    def _leave_maps(self, folder: str, folders: list[str]) -> None:
        """Take folders of label maps out of those to be entered, and count what they hold."""
        maps = _LIP_MAPS.intersection(folders)
        if _CCP.issubset(folders):
            maps |= {"masks"}
        for name in maps:
            folders.remove(name)
            for _, _, files in os.walk(os.path.join(folder, name), onerror=_refuse):
                self.num_maps += sum(1 for _ in self._images(files))


def _own_lines(path: Path) -> list[Row]:
    try:
        return read_label_lines(path)
    except DataError as error:
        raise DataError(f"{error}; or give the folder of the pictures alone") from None


def is_simulated(path: Path | str) -> bool:
    """Whether labels.jsonl of one picture's folder, or of one that it is a part of, says that no
    camera saw it.
    """
    place = os.path.abspath(path)
    labels = _labels_above(place, _LEVELS_ABOVE + 1)
    return labels is not None and labels.simulated.get(place, False)


def _labels_above(place: str, levels: int = _LEVELS_ABOVE) -> _Labels | None:
    """Those of the nearest labelled folder that a folder or file is a part of."""
    for parent in list(Path(place).parents)[:levels]:
        if not (parent / LABELS).is_file():
            continue
        try:
            rows = read_label_lines(parent / LABELS)
        except DataError:
            return None  # nobody asked for that folder, and its file may be of another kind
        return _Labels.of(str(parent), rows, alone=False)
    return None


def _refuse(error: OSError) -> None:
    raise DataError(f"{error.filename}: {error.strerror}; make the folder readable") from None
