"""List the photos of a folder tree, without the label maps that datasets store with them.

    walk = ImageWalk("p")
    names = list(walk.names())      paths below the folder, sorted
    walk.left_out()                 "8 label maps (masks) left out", for display

Label maps are image files too, and can only be told from photos by the folder layout:

    labels.jsonl                              only the pictures that it names are listed
    train_segmentations, val_segmentations    label maps of LIP
    masks, next to photos                     label maps of CCP

Training and device both list folders with this file.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgehuman.errors import DataError
from edgehuman.preprocess.image.foreign import foreign_of
from edgehuman.preprocess.image.labels import LABELS, Row, read_label_lines
from edgehuman.preprocess.image.pixels import IMAGE_SUFFIXES

_LIP_MAPS = frozenset({"train_segmentations", "val_segmentations"})
_CCP = frozenset({"photos", "masks"})
# p/images and p/images/PERSON still belong to p/labels.jsonl.
_LEVELS_ABOVE = 2


@dataclass(frozen=True)
class _Labels:
    """Contents of a labels.jsonl, by absolute path.

    Attributes:
        simulated: for each picture that it names, whether it is simulated.
        maps: label maps.
        alone: whether other pictures are skipped; not if labels.jsonl is above the requested
            folder, as the other pictures were then requested too.
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
    """Every image below a folder, except label maps.

    Links are followed, but no folder is entered twice. Hidden files and folders are skipped: copies
    made on a Mac have a "._x.jpg" next to every "x.jpg".

    Attributes, complete once `names` is exhausted:
        root: the folder.
        suffixes: number of files by suffix, including label maps.
        num_maps: number of skipped label maps.
        num_unnamed: number of images skipped because labels.jsonl does not name them.
        simulated: one byte per yielded name: 1 if labels.jsonl marks it as simulated.
        others: paths below the folder of what has no image's suffix or is no file, if kept.

    Args:
        keep_others: whether to; a folder to train on may hold a million of them.
    """

    def __init__(self, root: Path | str, keep_others: bool = False) -> None:
        self.root = str(root)
        self.others: list[str] | None = [] if keep_others else None
        self.suffixes: Counter[str] = Counter()
        self.num_maps = self.num_unnamed = 0
        self.simulated = bytearray()
        self._labels: dict[str, _Labels] = {}

    def names(self) -> Iterator[str]:
        """Yield paths below the folder, sorted.

        Raises:
            DataError: an unreadable folder or labels.jsonl.
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
            if self.others is not None and (labels is None or not labels.alone):
                self.others += [os.path.join(below, name) for name in _without_suffix(files)]
            for name in self._images(files):
                path = os.path.join(place, name)
                if _is_no_file(path):
                    if self.others is not None:
                        self.others.append(os.path.join(below, name))
                    continue
                if labels is None or self._is_photo(path, labels):
                    self.simulated.append(labels is not None and labels.simulated.get(path, False))
                    yield os.path.join(below, name)

    def left_out(self) -> str:
        """Describe what was left out, for display; empty if nothing was."""
        said = []
        if self.num_maps:
            said.append(f"{self.num_maps} label maps (masks) left out")
        if self.num_unnamed:
            said.append(
                f"{self.num_unnamed} images left out that {LABELS} does not name (to include them, "
                "give the folder that they are in)"
            )
        if self.others is None:
            said += self._not_read()
        return "; ".join(said)

    def _not_read(self) -> Iterator[str]:
        """What to say of files whose names end as pictures do that are not read."""
        for suffix, count in sorted(self.suffixes.items()):
            foreign = foreign_of(b"", f"name{suffix}")
            if foreign is not None:
                yield f"{count} {suffix} left out ({foreign.what} is not read; {foreign.fix})"

    def _images(self, files: list[str]) -> Iterator[str]:
        """Images among a folder's files, sorted; counts all files that are not hidden."""
        for name in sorted(files):
            if name.startswith("."):
                continue
            suffix = _suffix(name)
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
        """Remove folders of label maps from the folders to enter, and count their contents."""
        maps = _LIP_MAPS.intersection(folders)
        if _CCP.issubset(folders):
            maps |= {"masks"}
        for name in maps:
            folders.remove(name)
            for _, _, files in os.walk(os.path.join(folder, name), onerror=_refuse):
                self.num_maps += sum(1 for _ in self._images(files))


def _is_no_file(path: str) -> bool:
    """Whether it is a pipe, a socket or a device: to open one may wait for ever. A link to nothing
    is a file that cannot be read.
    """
    return os.path.exists(path) and not os.path.isfile(path)


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _without_suffix(files: list[str]) -> list[str]:
    """The files that are neither hidden nor images by their names."""
    return [
        name
        for name in sorted(files)
        if not name.startswith(".") and _suffix(name) not in IMAGE_SUFFIXES
    ]


def _own_lines(path: Path) -> list[Row]:
    try:
        return read_label_lines(path)
    except DataError as error:
        raise DataError(f"{error}; or give the folder that holds only the pictures") from None


def is_simulated(path: Path | str) -> bool:
    """Whether the labels.jsonl in or above a picture's folder marks it as simulated."""
    place = os.path.abspath(path)
    labels = _labels_above(place, _LEVELS_ABOVE + 1)
    return labels is not None and labels.simulated.get(place, False)


def _labels_above(place: str, levels: int = _LEVELS_ABOVE) -> _Labels | None:
    """Labels of the nearest labelled folder above a folder or file."""
    for parent in list(Path(place).parents)[:levels]:
        if not (parent / LABELS).is_file():
            continue
        try:
            rows = read_label_lines(parent / LABELS)
        except DataError:
            return None  # that folder was not requested, and its file may have another format
        return _Labels.of(str(parent), rows, alone=False)
    return None


def _refuse(error: OSError) -> None:
    raise DataError(f"{error.filename}: {error.strerror}; make the folder readable") from None
