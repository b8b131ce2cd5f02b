"""Yes/no attributes of people: PA-100K and PETA as published, read from their MATLAB files.

PA-100K (Liu et al., ICCV 2017): annotation.mat with names, labels and 26 attributes for three
splits; its validation pictures get the role train, and training holds out its own. PETA (Deng et
al., ACM MM 2014), in the form that later work uses: PETA.mat with 19000 rows of 4 + 105 numbers, of
which the first 35 attributes are evaluated, and five random splits, of which the first is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.set import FilePictures, PersonReader, PersonSet
from edgehuman.data.image.unlabelled.file_names import Names
from edgehuman.data.layout import Layout
from edgehuman.data.mat_file import read_variables
from edgehuman.errors import DataError
from edgehuman.records import Text

_PA_FOLDERS = ("release_data/release_data", "release_data", "data", "images")
_PA_PARTS = {"train": "train", "val": "train", "test": "test"}
_PETA_EVALUATED = 35


def attribute_set(
    root: Path,
    names: list[str],
    role_N: Text,
    label_NA: NDArray[Any],
    attributes: tuple[str, ...],
    dataset: str,
) -> PersonSet:
    """Build a set from names and labels.

    Raises:
        DataError: the numbers of names and labels differ, or a label is neither 0 nor 1.
    """
    if label_NA.shape != (len(names), len(attributes)):
        raise DataError(
            f"{root}: labels are {label_NA.shape[0]} x {label_NA.shape[1]}, for {len(names)} "
            f"pictures and {len(attributes)} attributes; copy the annotation file again"
        )
    if not np.isin(label_NA, (0, 1)).all():
        wrong = label_NA[~np.isin(label_NA, (0, 1))].flat[0]
        raise DataError(f"{root}: a label is {wrong}, not 0 or 1; copy the annotation file again")
    nobody_N = np.full(len(names), -1, np.int64)
    return PersonSet(
        FilePictures(root, Names(names)),
        nobody_N,
        nobody_N.copy(),
        role_N,
        attribute_NA=label_NA.astype(np.int8),
        attributes=attributes,
        dataset=dataset,
    )


def _words(cells: NDArray[Any]) -> list[str]:
    """The texts in a MATLAB column of cells."""
    return [str(np.ravel(cell)[0]) for cell in np.ravel(cells)]


def _pa_folder(root: Path) -> str | None:
    return next((name for name in _PA_FOLDERS if (root / name).is_dir()), None)


def _read_pa(root: Path, task: str) -> PersonSet:
    file = root / "annotation.mat"
    table = read_variables(file)
    folder = _pa_folder(root)
    assert folder is not None
    try:
        attributes = tuple(_words(table["attributes"]))
        parts = {part: _words(table[f"{part}_images_name"]) for part in _PA_PARTS}
        labels = [np.asarray(table[f"{part}_label"]) for part in _PA_PARTS]
        label_NA = np.concatenate(labels)
    except (KeyError, IndexError, ValueError) as error:
        raise DataError(
            f"{file}: {error} is missing or wrong; the file must hold attributes, and names and "
            "labels of train, val and test. Copy it again"
        ) from None
    roles = [role for part, role in _PA_PARTS.items() for _ in parts[part]]
    names = [f"{folder}/{name}" for found in parts.values() for name in found]
    return attribute_set(root, names, np.array(roles), label_NA, attributes, "pa100k")


def _almost_pa(root: Path) -> str:
    if _pa_folder(root) is not None and (root / _PA_FOLDERS[1]).is_dir():
        return "annotation.mat is missing; in the download it is next to release_data"
    if (root / "annotation.mat").is_file():
        return f"its pictures are missing; put them in {root}/release_data/release_data"
    return ""


def _peta_pictures(root: Path) -> Path:
    return root / "images"


def _read_peta(root: Path, task: str) -> PersonSet:
    file = root / "PETA.mat"
    table = read_variables(file)
    try:
        whole = table["peta"][0][0]
        attributes = tuple(_words(whole[1])[:_PETA_EVALUATED])
        label_NA = np.asarray(whole[0])[:, 4 : 4 + len(attributes)]
        split = np.ravel(whole[3])[0][0][0]
        train_K, valid_K, test_K = (np.asarray(split[part])[:, 0] - 1 for part in range(3))
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise DataError(
            f"{file} has an unknown structure ({error}); it must hold peta: labels, names, …, "
            "splits. Copy it again"
        ) from None
    role_N = np.full(len(label_NA), "", "<U5")
    role_N[np.concatenate([train_K, valid_K])] = "train"
    role_N[test_K] = "test"
    kept_K = np.flatnonzero(role_N != "")
    names = [f"images/{number + 1:05d}.png" for number in kept_K.tolist()]
    return attribute_set(root, names, role_N[kept_K], label_NA[kept_K], attributes, "peta")


def _almost_peta(root: Path) -> str:
    if (root / "PETA.mat").is_file():
        return f"its pictures 00001.png … are missing; put them in {_peta_pictures(root)}"
    if any(root.glob("*/archive/Label.txt")):
        return (
            "this is the original release, without splits; give the folder with PETA.mat and "
            "images/00001.png …, which is the standard benchmark"
        )
    return ""


PA_100K = Layout(
    dataset="pa100k",
    looks_like="annotation.mat, and pictures in release_data/release_data/ or data/",
    recognise=lambda root: (root / "annotation.mat").is_file() and _pa_folder(root) is not None,
    read=PersonReader(("attributes",), _read_pa),
    almost=_almost_pa,
)

PETA = Layout(
    dataset="peta",
    looks_like="PETA.mat, and images/00001.png …",
    recognise=lambda root: (root / "PETA.mat").is_file() and _peta_pictures(root).is_dir(),
    read=PersonReader(("attributes",), _read_peta),
    almost=_almost_peta,
)
