"""Silhouettes as OpenGait prepares them: PERSON/WALK/VIEW/NAME.pkl, each uint8 (T, 64, 64).

The folder names identify the dataset (`data.gait.trees`); other names are a tree of one's own,
whose people have no roles. A pickle is read by `data.safe_pickle`, which runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.data.gait.trees import TREES, Named, leaves
from edgehuman.data.gait.walks import LeftOut
from edgehuman.data.safe_pickle import load_arrays
from edgehuman.data.silhouette.layout import Walk, walk_of
from edgehuman.errors import DataError
from edgehuman.records import Uint8

_PATTERN = "*.pkl"


def holds(place: Path, dataset: str) -> bool:
    """Whether a folder holds a dataset's silhouettes in this layout."""
    first = TREES[dataset].fits(place, _PATTERN)
    return first is not None and _any_masks(first.parent)


def holds_any(place: Path) -> bool:
    """Whether a folder holds silhouettes in this layout, whatever the folders' names."""
    first = next(islice(leaves(place, _PATTERN), 1), None)
    return first is not None and _any_masks(first[3].parent)


def _any_masks(folder: Path) -> bool:
    """Whether a pickle of a folder holds masks, or cannot be read: the reader then says why."""
    for file in sorted(folder.glob(_PATTERN)):
        try:
            if _is_masks(load_arrays(file)):
                return True
        except DataError:
            return "sil" in file.name
    return False


def _is_masks(held: Any) -> bool:
    return isinstance(held, np.ndarray) and held.dtype == np.uint8 and held.ndim == 3


def read(place: Path, dataset: str = "") -> Iterator[Walk | LeftOut]:
    """The walks of a dataset, or of a tree of one's own."""
    named_by = TREES[dataset].named if dataset else _own
    for key, files in groupby(leaves(place, _PATTERN), key=lambda leaf: leaf[:3]):
        named = named_by(place, *key)
        try:
            masks = _masks([file for *_, file in files])
            yield walk_of(masks, named)
        except DataError as error:
            yield LeftOut(named.sequence, str(error))


def _own(place: Path, person: str, walk: str, view: str) -> Named:
    return Named(person, f"{person}/{walk}/{view}", view, walk)


def _masks(files: list[Path]) -> Uint8:
    """The masks of one walk. Of several pickles, those of other kinds of data are passed over.

    Raises:
        DataError: none holds masks, or several do; or see `load_arrays`.
    """
    files = [file for file in files if "sil" in file.name] or files
    held = [(file, load_arrays(file)) for file in files]
    masks = [(file, array) for file, array in held if _is_masks(array)]
    if len(masks) > 1:
        raise DataError(
            f"{masks[1][0]}: second pickle of masks next to {masks[0][0].name}; a folder must "
            "hold one walk"
        )
    if not masks:
        raise DataError(
            f"{files[0]}: holds {_said(held[0][1])}; the pickle of a walk is one array uint8 "
            "(frames, 64, 64)"
        )
    return np.asarray(masks[0][1], np.uint8)


def _said(held: Any) -> str:
    if isinstance(held, np.ndarray):
        return f"{held.dtype} {held.shape}"
    return f"a {type(held).__name__}"
