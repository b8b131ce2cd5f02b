"""Labelled people in pictures: what every reader of a published layout returns.

    files --layout--> PersonSet

Each picture is a crop of one person at its original size; joints and masks use its pixel grid, so
tasks can choose the input size. Pictures are read on demand; labels are read at once.

Axes: N pictures, J joints, A attributes, H height, W width.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.unlabelled.file_names import Names
from edgehuman.data.layout import Layout, folders
from edgehuman.errors import DataError, ImageError
from edgehuman.limits.sizes import MOST_PICTURE, read_bounded
from edgehuman.preprocess.image.cropping import padded
from edgehuman.preprocess.image.header import read_header
from edgehuman.preprocess.image.palette import as_grey, has_palette, step_of
from edgehuman.preprocess.image.pixels import clip_box, read_image, require_room
from edgehuman.reading.parsers import foreign
from edgehuman.records import Float32, Index, Text, Uint8
from edgehuman.tables.trainings import TEXT_REID

TASKS = ("reid", "attributes", "pose", "landmarks", "parsing")
ALL_TASKS = (*TASKS, TEXT_REID)
# Value of unlabelled pixels.
IGNORE = 255
LoadMask = Callable[[str, tuple[int, int]], NDArray[Any]]


class NoLabelsError(DataError):
    """A dataset is read, but has no labels for that task."""


class Pictures(Protocol):
    """Pictures or masks by index."""

    def __len__(self) -> int:
        """How many."""

    def __getitem__(self, index: int, /) -> Uint8:
        """Return one of them; raise ImageError if it cannot be read."""


@dataclass(frozen=True)
class PersonSet:
    """Attributes:
    images: uint8 RGB (H, W, 3), one person each, of any size.
    person_N: who; -1 where unknown.
    camera_N: which camera; -1 where unknown.
    role_N: "train", "test", for retrieval "query" and "gallery"; "select": a validation part that
        the dataset itself holds out of its training part.
    source_N: the video or photo that a picture was cut from, "" where unknown; empty: none is.
    keypoint_NJ3: float32 (N, J, 3): x, y in pixels of the picture (the centre of the first pixel is
        0, 0) and 0 not labelled, 1 hidden, 2 visible; J is 0 where there are none.
    area_N: float32 (N,): area of the person in square pixels, for COCO's object keypoint
        similarity; empty if there are no joints.
    attribute_NA: int8 (N, A): 0 or 1; A is 0 if there are none.
    attributes: their names.
    masks: uint8 (H, W): index into `parts`, 255 not labelled; empty if there are none.
    parts: their names; the first is the background.
    captions: sentences about each picture, at least one; empty if there are none.
    dataset: name in the catalogue, or "simulated".
    licence, url: licence and source.
    simulated: whether the people are simulated.
    """

    images: Pictures
    person_N: Index
    camera_N: Index
    role_N: Text
    keypoint_NJ3: Float32 = field(default_factory=lambda: np.zeros((0, 0, 3), np.float32))
    area_N: Float32 = field(default_factory=lambda: np.zeros(0, np.float32))
    attribute_NA: NDArray[np.int8] = field(default_factory=lambda: np.zeros((0, 0), np.int8))
    attributes: tuple[str, ...] = ()
    masks: Pictures = field(default_factory=list)
    parts: tuple[str, ...] = ()
    source_N: Text = field(default_factory=lambda: np.array([], np.str_))
    captions: tuple[tuple[str, ...], ...] = ()
    dataset: str = ""
    licence: str = ""
    url: str = ""
    simulated: bool = False

    def __post_init__(self) -> None:
        count = len(self.images)
        for name in ("person_N", "camera_N", "role_N"):
            if len(getattr(self, name)) != count:
                raise DataError(f"{name} has {len(getattr(self, name))} entries for {count} images")
        for name in ("keypoint_NJ3", "area_N", "attribute_NA", "masks", "source_N", "captions"):
            if len(getattr(self, name)) not in (0, count):
                raise DataError(f"{name} has {len(getattr(self, name))} entries for {count} images")

    def __len__(self) -> int:
        return len(self.images)

    def image(self, index: int) -> Uint8:
        """One person, uint8 RGB (H, W, 3).

        Raises:
            ImageError: the picture cannot be read, or does not match its labels.
        """
        return self.images[index]

    def part(self, index: int) -> Uint8:
        """The parts of that person, uint8 (H, W), on the pixel grid of `image(index)`.

        Raises:
            ImageError: the mask cannot be read, differs in size from its picture, or holds an
                invalid part number. DataError: this set has no masks.
        """
        if not len(self.masks):
            raise DataError(f"{self.dataset} has no masks")
        return self.masks[index]


@dataclass(frozen=True, slots=True)
class PersonReader:
    """Reader of a layout of labelled people.

    Attributes:
        tasks: the tasks that its labels are for.
        persons: (folder, task) -> the set.
        shaped: (folder, task, width over height of the crops) -> the set, where people are cut out
            of larger pictures.
    """

    tasks: tuple[str, ...]
    persons: Callable[[Path, str], PersonSet]
    shaped: Callable[[Path, str, float], PersonSet] | None = None


PersonLayout = Layout[PersonReader]


@dataclass(frozen=True)
class FilePictures:
    """Pictures in files, whole or cropped to a box.

    Attributes:
        root: folder that the names are relative to.
        box_N4: crop boxes in whole pixels, x0, y0, x1, y1, which may leave the picture; None: whole
            pictures.
        size_N2: height and width that the labels refer to; None: not stated.
    """

    root: Path
    names: Names
    box_N4: Index | None = None
    size_N2: Index | None = None

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int, /) -> Uint8:
        path = os.path.join(self.root, self.names[index])
        image_HWC = read_image(path)
        if self.size_N2 is not None:
            require_size(
                path, image_HWC.shape, self.size_N2[index].tolist(), "its labels were made on"
            )
        if self.box_N4 is None:
            return image_HWC
        return np.ascontiguousarray(padded(image_HWC, self.box_N4[index].tolist()))

    def size(self, index: int) -> tuple[int, int]:
        """Height and width of a file's picture, from its header if possible.

        Raises:
            ImageError: it cannot be read.
        """
        path = Path(self.root, self.names[index])
        try:
            header = read_header(read_bounded(path, MOST_PICTURE, ImageError, "picture"))
        except OSError as error:
            raise ImageError(f"{path}: {error.strerror}; copy the pictures again") from None
        if header.height:
            return header.height, header.width
        height, width, _ = read_image(path).shape
        return height, width


def turned_by_exif(pictures: object, chosen: Iterable[int]) -> str:
    """Which of the pictures chosen are turned by their EXIF, in words; empty: none, or they are not
    of files. Pictures are turned before labels are laid on them, and a turn by 180 degrees or a
    mirror leaves no trace in the size.
    """
    if not isinstance(pictures, FilePictures):
        return ""
    names = []
    for index in chosen:
        with contextlib.suppress(OSError, ImageError):
            path = Path(pictures.root, pictures.names[index])
            header = read_header(read_bounded(path, MOST_PICTURE, ImageError, "picture"))
            if header.orientation != 1:
                names.append(f"{pictures.names[index]} ({header.orientation})")
    if not names:
        return ""
    return (
        f"{len(names)} of the pictures read are turned by their EXIF, such as {names[0]}; their "
        "labels must be of the picture as it is shown"
    )


@dataclass(frozen=True)
class FileMasks:
    """Class indices in files, one mask for each picture.

    Attributes:
        images: the pictures that they belong to.
        num_parts: number of parts; smaller values, and 255, are valid.
        load: path, and height and width of the picture -> class indices (H, W).
    """

    root: Path
    names: Names
    images: FilePictures
    num_parts: int
    load: LoadMask

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int, /) -> Uint8:
        path = os.path.join(self.root, self.names[index])
        size = self.images.size(index)
        mask_HW = self.load(path, size)
        wrong = mask_HW[(mask_HW >= self.num_parts) & (mask_HW != IGNORE)]
        if wrong.size:
            raise ImageError(
                f"{path} holds the value {int(wrong[0])}; with {self.num_parts} parts it must be 0 "
                f"to {self.num_parts - 1}, or {IGNORE} for no label. Copy it again"
            )
        name = os.path.join(self.images.root, self.images.names[index])
        require_size(path, mask_HW.shape, size, f"{name} has")
        return mask_HW.astype(np.uint8)


def require_size(path: str, shape: Sequence[int], size: Sequence[int], whose: str) -> None:
    """Raise ImageError if a picture or mask of a shape does not have this size (height, width)."""
    if tuple(shape[:2]) != tuple(size):
        is_turned = tuple(shape[:2]) == tuple(size)[::-1]
        fix = "Turn the picture's pixels, not its EXIF" if is_turned else "Copy both again"
        raise ImageError(
            f"{path} is {shape[1]}x{shape[0]} pixels, and {whose} {size[1]}x{size[0]}; "
            f"picture and labels must have the same size. {fix}"
        )


def load_png_mask(path: str, size: tuple[int, int] | None = None) -> NDArray[Any]:
    """Class indices (H, W) of a greyscale image file, or of a PNG with a palette.

    Args:
        size: height and width of its picture; None: not known.

    Raises:
        ImageError: missing, damaged, coloured, too large, or of more pixels than its picture.
    """
    import cv2

    try:
        data = read_bounded(Path(path), MOST_PICTURE, ImageError, "mask")
    except OSError as error:
        raise ImageError(f"{path}: {error.strerror}; every picture needs a mask") from None
    header = read_header(data)
    require_room(header, path)
    # Of other formats, the header's sides may be those of a tile or of another picture inside.
    if size is not None and header.height and header.pixels > size[0] * size[1]:
        require_size(path, (header.height, header.width), size, "its picture has")
    found, step = None, 1
    if header.format and header.complete:
        if has_palette(data):
            data, step = as_grey(data), step_of(data)
        with contextlib.suppress(ValueError), foreign():
            found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None:
        raise ImageError(f"{path}: the mask cannot be decoded; copy it again")
    if found.ndim == 3 and (found[..., :1] == found[..., 1:3]).all():
        found = found[..., 0]
    if found.ndim != 2 or found.dtype.kind != "u":
        raise ImageError(
            f"{path} is a colour image; a mask is a greyscale image of part numbers, or a PNG with "
            "a palette. Save the numbers, not their colours"
        )
    return found // step if step > 1 else found


def find_below(root: Path, name: str, depth: int = 2) -> Path | None:
    """Find the nearest folder of that name, in `root` or up to `depth` levels below it."""
    level = [root]
    for _ in range(depth + 1):
        for folder in level:
            if (folder / name).is_dir():
                return folder / name
        level = [child for folder in level for child in folders(folder)]
    return None


def whole_box(box: Any, height: int, width: int, where: str) -> tuple[int, int, int, int]:
    """The whole pixels of a labelled box (x0, y0, x1, y1), clipped to its image.

    Raises:
        DataError: no area, or entirely outside: the labels belong to other images.
    """
    return clip_box(box, height, width, name=where)
