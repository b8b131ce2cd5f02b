"""Silhouettes as OpenGait prepares them: PERSON/WALK/VIEW/NAME.pkl, each uint8 (T, 64, 64).

The folder names identify the dataset (`data.gait.trees`); other names are a tree of one's own,
whose people have no roles. A pickle is read by `data.safe_pickle`, which runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.gait.peek import DAMAGED, PICTURES, are_pictures, kinds_in
from edgehuman.data.gait.trees import TREES, Named, leaves
from edgehuman.data.gait.walks import LeftOut
from edgehuman.data.safe_pickle import load_arrays
from edgehuman.data.silhouette.layout import Walk, walk_of
from edgehuman.errors import DataError

_SUFFIX = ".pkl"


def holds(place: Path, dataset: str) -> bool:
    """Whether a folder holds a dataset's silhouettes in this layout."""
    return TREES[dataset].fits(place, _SUFFIX) and holds_any(place)


def holds_any(place: Path) -> bool:
    """Whether a folder holds silhouettes in this layout, whatever the folders' names. Of pickles
    that cannot be read, the reader says why.
    """
    kinds = kinds_in(place)
    return PICTURES in kinds or kinds == {DAMAGED}


def read(place: Path, dataset: str = "") -> Iterator[Walk | LeftOut]:
    """The walks of a dataset, or of a tree of one's own."""
    named_by = TREES[dataset].named if dataset else _own
    for key, files in groupby(leaves(place, _SUFFIX), key=lambda leaf: leaf[:3]):
        named = named_by(place, *key)
        try:
            masks = _masks([file for *_, file in files])
            yield walk_of(masks, named)
        except DataError as error:
            yield LeftOut(named.sequence, str(error))


def _own(place: Path, person: str, walk: str, view: str) -> Named:
    return Named(person, f"{person}/{walk}/{view}", view, walk)


def _masks(files: list[Path]) -> NDArray[Any]:
    """The masks of one walk. Of several pickles, those of other kinds of data are passed over.

    Raises:
        DataError: none holds masks, several do, or masks of other numbers; or see `load_arrays`.
    """
    files = [file for file in files if "sil" in file.name] or files
    held = [(file, load_arrays(file)) for file in files]
    masks: list[tuple[Path, NDArray[Any]]] = [
        (file, array) for file, array in held if are_pictures(array)
    ]
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
    file, array = masks[0]
    if array.dtype not in (np.uint8, np.bool_):
        raise DataError(
            f"{file}: holds {_said(array)}; the pickle of a walk is one array uint8 (frames, 64, "
            "64), from 0 to 255: scale it and save it as uint8"
        )
    return array


def _said(held: Any) -> str:
    if isinstance(held, np.ndarray):
        return f"{held.dtype} {held.shape}"
    return f"a {type(held).__name__}"
