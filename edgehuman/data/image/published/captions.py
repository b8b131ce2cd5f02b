"""People with sentences about them: CUHK-PEDES, ICFG-PEDES and RSTPReid as published.

A folder with imgs/ and one JSON file: a list of records with `split` (train, val, test), `captions`
(sentences), `id` (who) and `file_path` (RSTPReid: `img_path`), relative to imgs/. ICFG-PEDES has no
validation part, and its file is also called ICFG_PEDES.json. Numbers of people begin at 1 or at 0
and may have gaps: training numbers them anew.

Sources: Li et al., "Person Search with Natural Language Description", CVPR 2017; Ding et al.,
"Semantically Self-Aligned Network", arXiv 2107.12666; Zhu et al., "DSSL", ACM MM 2021.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgehuman.data.image.captions.sentences import field_of, require_own_splits, sentences_of
from edgehuman.data.image.set import FilePictures, PersonLayout, PersonReader, PersonSet
from edgehuman.data.image.unlabelled.file_names import Names
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_TEXT, read_bounded
from edgehuman.reading.parsers import json_of
from edgehuman.reading.values import path_below, shown
from edgehuman.tables.trainings import TEXT_REID

IMAGES = "imgs"
_ROLES = {"train": "train", "val": "select", "test": "test"}


class _Record(NamedTuple):
    image: str
    person: int
    role: str
    captions: tuple[str, ...]


def _read(files: tuple[str, ...], key: str, dataset: str, root: Path, task: str) -> PersonSet:
    path = _file(root, files)
    assert path is not None
    records = [
        _record(row, key, f"{path}, record {number}") for number, row in enumerate(_rows(path))
    ]
    people = [record.person for record in records]
    require_own_splits(path, people, [record.role for record in records])
    return PersonSet(
        FilePictures(root / IMAGES, Names(record.image for record in records)),
        np.array(people, np.int64),
        np.full(len(records), -1, np.int64),
        np.array([record.role for record in records], np.str_),
        captions=tuple(record.captions for record in records),
        dataset=dataset,
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows = json_of(read_bounded(path, MOST_TEXT, DataError))
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: cannot be read ({error}); copy it again") from None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{path}: not a list of records; copy the whole file again")
    return rows


def _record(row: dict[str, Any], key: str, where: str) -> _Record:
    image, person, split, said = (
        field_of(row, name, where) for name in (key, "id", "split", "captions")
    )
    path = path_below(image)
    if not path:
        raise DataError(f"{where}: {key} is {shown(image)}; it must be a path below {IMAGES}/")
    if isinstance(person, bool) or not isinstance(person, int) or not 0 <= person < 1 << 63:
        raise DataError(f"{where} ({path}): id is {shown(person)}; it must be a number from 0")
    if not isinstance(split, str) or split not in _ROLES:
        raise DataError(
            f"{where} ({path}): split is {shown(split)}; it must be one of {', '.join(_ROLES)}"
        )
    try:
        captions = sentences_of(said)
    except ValueError as error:
        raise DataError(
            f"{where} ({path}): captions is {shown(said)}; it must be {error}"
        ) from None
    return _Record(path, person, _ROLES[split], captions)


def _file(root: Path, files: tuple[str, ...]) -> Path | None:
    return next((root / name for name in files if (root / name).is_file()), None)


def _is_there(files: tuple[str, ...], root: Path) -> bool:
    return _file(root, files) is not None and (root / IMAGES).is_dir()


def _almost(files: tuple[str, ...], root: Path) -> str:
    path = _file(root, files)
    if path is None or (root / IMAGES).is_dir():
        return ""
    return f"its folder {IMAGES}/, of the pictures that {path.name} names, is missing"


def _layout(dataset: str, *files: str, key: str = "file_path") -> PersonLayout:
    return Layout(
        dataset=dataset,
        looks_like=f"{IMAGES}/ and {' or '.join(files)}",
        recognise=partial(_is_there, files),
        read=PersonReader((TEXT_REID,), partial(_read, files, key, dataset)),
        almost=partial(_almost, files),
    )


CUHK_PEDES = _layout("cuhk_pedes", "reid_raw.json")
ICFG_PEDES = _layout("icfg_pedes", "ICFG-PEDES.json", "ICFG_PEDES.json")
RSTP_REID = _layout("rstp_reid", "data_captions.json", key="img_path")
