"""Re-identification: Market-1501 and MSMT17 as published, with their own queries and gallery.

Market-1501 (Zheng et al., ICCV 2015): PPPP_cCsS_FFFFFF_BB.jpg, person, camera, sequence; person -1
is junk and left out, person 0 are distractors and stay in the gallery. MSMT17 (Wei et al., CVPR
2018): lists of "path person"; the third field of the file name is the camera; V2 blurs faces and
renames the two folders.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from edgehuman.data.image.set import FilePictures, PersonReader, PersonSet
from edgehuman.data.image.unlabelled.file_names import Names
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_TEXT, read_bounded

Row = tuple[str, int, int, str]
"""Path relative to the folder, person, camera, role."""

_MARKET_FOLDERS = {"bounding_box_train": "train", "query": "query", "bounding_box_test": "gallery"}
_MARKET_NAME = re.compile(r"(-?\d+)_c(\d+)(?:s\d+)?_.*\.(?:jpg|png)", re.IGNORECASE)
_MSMT_LISTS = ("list_train.txt", "list_query.txt", "list_gallery.txt")
_MSMT_FOLDERS = (("train", "test"), ("mask_train_v2", "mask_test_v2"))


def reid_set(root: Path, rows: Iterable[Row], dataset: str) -> PersonSet:
    """Build a set from rows.

    Raises:
        DataError: no rows, or a training person with one picture.
    """
    listed = list(rows)
    if not listed:
        raise DataError(f"{root}: has no pictures; unpack the whole archive")
    names, people, cameras, roles = zip(*listed, strict=True)
    seen = Counter(person for _, person, _, role in listed if role == "train")
    alone = sorted(person for person, count in seen.items() if count == 1)
    if alone:
        shown = ", ".join(map(str, alone[:5])) + (" …" if len(alone) > 5 else "")
        raise DataError(
            f"{root}: {len(alone)} of {len(seen)} training people have one picture ({shown}); "
            "re-identification needs at least two of each. Remove them, or add pictures"
        )
    return PersonSet(
        FilePictures(root, Names(names)),
        np.array(people, np.int64),
        np.array(cameras, np.int64),
        np.array(roles, np.str_),
        dataset=dataset,
    )


def _market_rows(root: Path) -> Iterator[Row]:
    for folder, role in _MARKET_FOLDERS.items():
        for path in sorted((root / folder).iterdir()):
            match = _MARKET_NAME.fullmatch(path.name)
            if match:
                person = int(match[1])
                if person >= 0:
                    yield f"{folder}/{path.name}", person, int(match[2]), role
            elif path.suffix.lower() in (".jpg", ".png"):
                raise DataError(
                    f"{path} is not named like Market-1501 (0002_c1s1_000451_03.jpg: person, "
                    "camera); remove it from the folder"
                )


def _is_market(root: Path) -> bool:
    return all((root / folder).is_dir() for folder in _MARKET_FOLDERS)


def _almost_market(root: Path) -> str:
    there = [folder for folder in _MARKET_FOLDERS if (root / folder).is_dir()]
    if len(there) < 2:
        return ""
    gone = [folder for folder in _MARKET_FOLDERS if folder not in there]
    return f"{', '.join(gone)} is missing; unpack the whole archive"


def _read_market(root: Path, task: str) -> PersonSet:
    return reid_set(root, _market_rows(root), "market1501")


def _msmt_folders(root: Path) -> tuple[str, str] | None:
    for pair in _MSMT_FOLDERS:
        if all((root / folder).is_dir() for folder in pair):
            return pair
    return None


def _is_msmt(root: Path) -> bool:
    return _msmt_folders(root) is not None and all((root / n).is_file() for n in _MSMT_LISTS)


def _almost_msmt(root: Path) -> str:
    lists = [name for name in _MSMT_LISTS if (root / name).is_file()]
    if _msmt_folders(root) is not None and (lists or "msmt" in root.name.lower()):
        gone = [name for name in _MSMT_LISTS if name not in lists]
        return f"{', '.join(gone)} is missing; unpack the whole archive"
    if len(lists) == len(_MSMT_LISTS):
        return "its folders train and test (V2: mask_train_v2, mask_test_v2) are missing"
    return ""


def _read_msmt(root: Path, task: str) -> PersonSet:
    folders = _msmt_folders(root)
    assert folders is not None
    train, test = folders
    learn = list(_list_rows(root, "list_train.txt", train, "train"))
    if (root / "list_val.txt").is_file():
        # The validation people are part of the 1041 usual training people.
        learn += _list_rows(root, "list_val.txt", train, "train")
    # The test people are numbered from 0 again.
    first = 1 + max((person for _, person, _, _ in learn), default=-1)
    judge = [
        (name, person + first, camera, role)
        for role in ("query", "gallery")
        for name, person, camera, _ in _list_rows(root, f"list_{role}.txt", test, role)
    ]
    return reid_set(root, [*learn, *judge], "msmt17")


def _list_rows(root: Path, name: str, folder: str, role: str) -> Iterator[Row]:
    text = read_bounded(root / name, MOST_TEXT, DataError).decode("utf-8", "replace")
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        path, _, person = line.strip().rpartition(" ")
        try:
            camera = int(path.rpartition("/")[2].split("_")[2])
            yield f"{folder}/{path}", int(person), camera, role
        except (IndexError, ValueError):
            raise DataError(
                f"{root / name}, line {number}: {line!r} is not a path and a person, like "
                "'0000/0000_000_01_0303morning_0008_0.jpg 0'; copy the list again"
            ) from None


MARKET_1501 = Layout(
    dataset="market1501",
    looks_like="bounding_box_train/, query/ and bounding_box_test/ with 0002_c1s1_000451_03.jpg",
    recognise=_is_market,
    read=PersonReader(("reid",), _read_market),
    almost=_almost_market,
)

MSMT17 = Layout(
    dataset="msmt17",
    looks_like="list_train.txt, list_query.txt, list_gallery.txt, and train/ and test/ "
    "(V2: mask_train_v2/ and mask_test_v2/)",
    recognise=_is_msmt,
    read=PersonReader(("reid",), _read_msmt),
    almost=_almost_msmt,
)
