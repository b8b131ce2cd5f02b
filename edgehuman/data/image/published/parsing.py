"""Human parsing datasets: LIP and Clothing Co-Parsing (CCP).

LIP (Gong et al., CVPR 2017): greyscale masks of 20 parts, with an official training and validation
split; the latter is the test split here, since its test labels are not public. CCP (Yang, Luo and
Lin, CVPR 2014): 2098 street photos, 1004 of them with 59 classes of clothes; it has no official
split, so a fixed one is used: every fifth photo with a mask is for testing, except two that are
copies of training photos.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.set import (
    FileMasks,
    FilePictures,
    LoadMask,
    PersonReader,
    PersonSet,
    find_below,
    load_png_mask,
)
from edgehuman.data.image.unlabelled.file_names import Names, maps_in
from edgehuman.data.layout import Layout
from edgehuman.data.mat_file import read_variables
from edgehuman.errors import DataError, ImageError
from edgehuman.limits.sizes import MOST_NOTE, read_bounded

LIP_PARTS = (
    "background",
    "hat",
    "hair",
    "glove",
    "sunglasses",
    "upper_clothes",
    "dress",
    "coat",
    "socks",
    "pants",
    "jumpsuits",
    "scarf",
    "skirt",
    "face",
    "left_arm",
    "right_arm",
    "left_leg",
    "right_leg",
    "left_shoe",
    "right_shoe",
)
CCP_CLASSES = 59
CCP_TEST_EVERY = 5
# The same scenes as photos 183 and 907, from a step to the side.
CCP_NEAR_COPIES = (730, 990)


def parsing_set(
    images: FilePictures,
    masks: FileMasks,
    roles: list[str],
    parts: tuple[str, ...],
    dataset: str,
) -> PersonSet:
    """Build a set from pictures and masks."""
    nobody_N = np.full(len(images), -1, np.int64)
    return PersonSet(
        images,
        nobody_N,
        nobody_N.copy(),
        np.array(roles, np.str_),
        masks=masks,
        parts=parts,
        dataset=dataset,
    )


def _lip_folders(root: Path) -> dict[str, tuple[Path, Path]]:
    """Folders of pictures and masks of the splits that exist."""
    found: dict[str, tuple[Path, Path]] = {}
    for word, role in (("train", "train"), ("val", "test")):
        pictures = find_below(root, f"{word}_images")
        masks = find_below(root, f"{word}_segmentations")
        if pictures is not None and masks is not None:
            found[role] = pictures, masks
    return found


def _read_lip(root: Path, task: str) -> PersonSet:
    names, masks, roles = [], [], []
    for role, (pictures, folder) in _lip_folders(root).items():
        stems = [Path(name).stem for name in maps_in(folder)]
        gone = [stem for stem in stems if not (pictures / f"{stem}.jpg").is_file()]
        if gone:
            raise DataError(
                f"{pictures}: {len(gone)} of {len(stems)} pictures with a mask are missing, e.g. "
                f"{gone[0]}.jpg; unpack the whole archive"
            )
        names += [str((pictures / f"{stem}.jpg").relative_to(root)) for stem in stems]
        masks += [str((folder / f"{stem}.png").relative_to(root)) for stem in stems]
        roles += [role] * len(stems)
    if not names:
        raise DataError(f"{root}: no mask in train_segmentations or val_segmentations")
    images = FilePictures(root, Names(names))
    labels = FileMasks(root, Names(masks), images, len(LIP_PARTS), load_png_mask)
    return parsing_set(images, labels, roles, LIP_PARTS, "lip")


def _almost_lip(root: Path) -> str:
    if find_below(root, "train_images") is None and find_below(root, "val_images") is None:
        return ""
    return "train_segmentations or val_segmentations (TrainVal_parsing_annotations.zip) is missing"


def _ccp_masks(root: Path) -> tuple[str, str, LoadMask] | None:
    """Folder, suffix and reader of the masks: greyscale images, or the published MATLAB files."""
    if (root / "masks").is_dir():
        return "masks", ".png", load_png_mask
    if (root / "annotations" / "pixel-level").is_dir():
        return "annotations/pixel-level", ".mat", _matlab_mask
    return None


def _matlab_mask(path: str, size: tuple[int, int]) -> NDArray[Any]:
    try:
        return np.asarray(read_variables(Path(path))["groundtruth"])
    except (DataError, KeyError) as error:
        raise ImageError(f"{path} has no mask ({error}); copy it again") from None


def _ccp_classes(root: Path) -> tuple[str, ...]:
    """Names of the classes; the first is called background."""
    lines, matlab = root / "labels.txt", root / "label_list.mat"
    if lines.is_file():
        names = read_bounded(lines, MOST_NOTE, DataError).decode("utf-8-sig", "replace").split()
    elif matlab.is_file():
        cells = read_variables(matlab).get("label_list", np.empty(0, object))
        names = [str(np.ravel(cell)[0]) for cell in np.ravel(cells)]
    else:
        raise DataError(f"{lines} (or label_list.mat) is missing; it has one class name per line")
    if len(names) != CCP_CLASSES:
        raise DataError(f"{root}: found {len(names)} class names; CCP has {CCP_CLASSES}")
    return ("background", *names[1:])


def ccp_role(number: int) -> str:
    """ "test" for every fifth photo that is not a copy of another, "train" for the others."""
    is_test = number % CCP_TEST_EVERY == 0 and number not in CCP_NEAR_COPIES
    return "test" if is_test else "train"


def _read_ccp(root: Path, task: str) -> PersonSet:
    found = _ccp_masks(root)
    assert found is not None
    folder, suffix, load = found
    parts = _ccp_classes(root)
    stems = sorted(path.stem for path in (root / folder).glob(f"*{suffix}"))
    gone = [stem for stem in stems if not (root / "photos" / f"{stem}.jpg").is_file()]
    if gone or not stems:
        raise DataError(
            f"{root / 'photos'}: {len(gone)} of {len(stems)} photos with a mask are missing"
            f"{', e.g. ' + gone[0] + '.jpg' if gone else ''}; copy all of it again"
        )
    wrong = [stem for stem in stems if not stem.isdigit()]
    if wrong:
        raise DataError(
            f"{root / folder}/{wrong[0]}{suffix}: name each mask after its photo's number"
        )
    images = FilePictures(root, Names(f"photos/{stem}.jpg" for stem in stems))
    names = Names(f"{folder}/{stem}{suffix}" for stem in stems)
    masks = FileMasks(root, names, images, len(parts), load)
    roles = [ccp_role(int(stem)) for stem in stems]
    return parsing_set(images, masks, roles, parts, "ccp")


def _almost_ccp(root: Path) -> str:
    if (root / "photos").is_dir() and _ccp_masks(root) is None:
        return "masks/ (or annotations/pixel-level/) is missing"
    if _ccp_masks(root) is not None and (root / "labels.txt").is_file():
        return "photos/ is missing"
    return ""


LIP = Layout(
    dataset="lip",
    looks_like="train_images/, val_images/, train_segmentations/ and val_segmentations/, as the "
    "archives TrainVal_images and TrainVal_parsing_annotations unpack",
    recognise=lambda root: bool(_lip_folders(root)),
    read=PersonReader(("parsing",), _read_lip),
    almost=_almost_lip,
)

CCP = Layout(
    dataset="ccp",
    looks_like="photos/0001.jpg …, masks/0001.png … and labels.txt (or annotations/pixel-level/ "
    "and label_list.mat, as published)",
    recognise=lambda root: (root / "photos").is_dir() and _ccp_masks(root) is not None,
    read=PersonReader(("parsing",), _read_ccp),
    almost=_almost_ccp,
)
