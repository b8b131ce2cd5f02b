"""The walks of a path: folders of PNG masks, a video of masks, or a file that `data` reads.

FOLDER/*.png               one walk, in the order of the frames' numbers
FOLDER/PERSON/WALK/*.png   a walk for every folder that holds PNG files
FILE.mp4, .avi ...         one walk: white on black
FILE.silhouettes           packed by `edgehuman data pack`, and what else `edgehuman data` reads
simulated                  edgehuman's own walkers

A mask that cannot be used is told with its frame; it does not end the walk. Axes: T frames, H and W
pixels.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman import catalogue
from edgehuman.catalogue import SIMULATED
from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.silhouette.normalise import SIDE, normalise, one_channel
from edgehuman.preprocess.silhouette.read import read_mask, timed_frames
from edgehuman.preprocess.silhouette.screen import (
    EMPTY,
    GREY,
    INVERTED,
    is_cut,
    is_unsized,
    mask_mistake,
)
from edgehuman.preprocess.video import SUFFIXES
from edgehuman.records import Uint8

RECORD = "SilhouetteSequence"
COLOUR, UNREADABLE = "colour", "unreadable"
_IN_ONE_WORD = {EMPTY: "empty", GREY: "grey", INVERTED: "inverted"}
_SIMULATED_PEOPLE, _WALKS_EACH = 2, 2
# A video codec keeps grey in colours that differ by less; a mask is grey in nearly all pixels.
_GREY_NOISE, _LEAST_GREY = 24, 0.98
_MIDDLE = 127


@dataclass(frozen=True, slots=True)
class MaskFrame:
    """One frame of a walk.

    Attributes:
        name: of its file, or its number.
        record_HW: uint8 (64, 64); None if the mask cannot be used.
        reason: why not, in one word: empty, grey, inverted, colour or unreadable.
        why: the same in a sentence.
        is_cut: whether the person reaches the picture's edge.
        t_s: when, in seconds; None: files of masks have no times.
    """

    name: str
    record_HW: Uint8 | None = None
    reason: str = ""
    why: str = ""
    is_cut: bool = False
    t_s: float | None = None


@dataclass(frozen=True, slots=True)
class MaskWalk:
    """One walk of a source.

    Attributes:
        name: its folder inside the source, or its name there.
        frames: reads it from the beginning, frame by frame.
        simulated: whether the walker is edgehuman's own.
        idle: of frames, why somebody does not walk for most of it, in words; empty for who does.
            None: masks do not tell.
    """

    name: str
    frames: Callable[[], Iterator[MaskFrame]]
    simulated: bool = False
    idle: str | None = None


def walks_in(source: str | Path, seed: int = 0) -> list[MaskWalk]:
    """The walks of a path, by name; none of their frames is read yet.

    Raises:
        UsageError: an empty path.
        DataError: no such path, or no walk in it.
    """
    text = str(source)
    if not text.strip():
        raise UsageError("source is empty; give a folder of PNG masks, or a video of masks")
    if is_simulated(text):
        return _simulated(text, seed)
    path = Path(source)
    if not path.exists():
        raise DataError(f"source {path}: no such file or folder; give a folder of PNG masks")
    if path.is_dir():
        return _in_folder(path) or _loaded(path)
    if path.suffix.lower() in SUFFIXES:
        return [MaskWalk(path.stem, lambda: _timed(_video(path)))]
    if path.suffix.lower() == ".png":
        return [MaskWalk(path.stem, lambda: _of_files([path]))]
    return _loaded(path)


def is_simulated(source: str) -> bool:
    """Whether a source is simulated walkers, who are nobody."""
    return source.partition(":")[0] == SIMULATED


def mask_frame(image: NDArray[Any], name: str) -> MaskFrame:
    """The frame of a mask of any size. A record of 64x64 that fills its rows stays as it is."""
    try:
        mask_HW = one_channel(np.asarray(image), f"frame {name}")
    except DataError as error:
        return _unusable(name, error)
    mistake = mask_mistake(mask_HW)
    if mistake is not None:
        return MaskFrame(name, None, _IN_ONE_WORD[mistake], f"frame {name} {mistake}")
    if mask_HW.shape == (SIDE, SIDE) and not is_unsized(mask_HW[None])[0]:
        return MaskFrame(name, np.ascontiguousarray(mask_HW))
    return MaskFrame(name, normalise(mask_HW), is_cut=is_cut(mask_HW))


def _unusable(name: str, error: DataError) -> MaskFrame:
    reason = COLOUR if "colour picture" in str(error) else UNREADABLE
    return MaskFrame(name, None, reason, str(error))


def _in_folder(folder: Path) -> list[MaskWalk]:
    """A walk for every folder that holds PNG files. Links are followed, but no folder is entered
    twice; hidden ones are passed over.
    """
    entered: set[tuple[int, int]] = set()
    held: dict[Path, list[Path]] = {}
    for place, inner, names in os.walk(folder, followlinks=True):
        state = os.stat(place)
        if (state.st_dev, state.st_ino) in entered:
            inner.clear()
            continue
        entered.add((state.st_dev, state.st_ino))
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        files = [Path(place, name) for name in names if not name.startswith(".")]
        files = [file for file in files if file.suffix.lower() == ".png" and file.is_file()]
        if files:
            held[Path(place)] = files
    return [
        _folder_walk(folder.name if place == folder else str(place.relative_to(folder)), files)
        for place, files in sorted(held.items())
    ]


def _folder_walk(name: str, files: list[Path]) -> MaskWalk:
    ordered = sorted(files, key=lambda file: (_number(file), file.name))
    return MaskWalk(name, lambda: _of_files(ordered))


def _number(file: Path) -> int:
    """The last number in a file's name."""
    numbers = re.findall(r"\d+", file.stem)
    return int(numbers[-1][-18:]) if numbers else -1


def _of_files(files: Iterable[Path]) -> Iterator[MaskFrame]:
    for file in files:
        try:
            mask_HW = read_mask(file)
        except DataError as error:
            yield _unusable(file.name, error)
        else:
            yield mask_frame(mask_HW, file.name)


def _timed(images: Iterable[tuple[float, NDArray[Any]]]) -> Iterator[MaskFrame]:
    for number, (t_s, image) in enumerate(images):
        yield dataclasses.replace(mask_frame(image, str(number)), t_s=t_s)


def _video(path: Path) -> Iterator[tuple[float, NDArray[Any]]]:
    """Frames of a video of masks, black and white, with their times; a frame in colour stays as it
    is.

    Raises:
        DataError: OpenCV reads no frame of it, or they are too large.
    """
    count = 0
    for t_s, image in timed_frames(path):
        count += 1
        grey = np.ptp(image, axis=2) < _GREY_NOISE
        if grey.mean() >= _LEAST_GREY:
            image = np.where(image.max(axis=2) > _MIDDLE, np.uint8(255), np.uint8(0))
        yield t_s, image
    if not count:
        raise DataError(f"{path}: no frame can be read; convert it to a folder of PNG masks")


def _loaded(path: Path) -> list[MaskWalk]:
    """The walks of what `edgehuman data` reads.

    Raises:
        DataError: nothing that it knows.
    """
    try:
        walks = catalogue.step(RECORD, "load")(path, check=False)
    except DataError as error:
        if path.is_dir() and not any(path.iterdir()):
            raise DataError(f"source {path} is empty; give a folder of PNG masks") from None
        raise DataError(f"source {path} holds no PNG masks, and {error}") from None
    return [_row(walks, i) for i in range(len(walks))]


def _row(walks: Any, i: int) -> MaskWalk:
    simulated, rate_hz = bool(walks.simulated), float(walks.rate_hz_N[i])

    def frames() -> Iterator[MaskFrame]:
        return _timed((number / rate_hz, mask) for number, mask in enumerate(walks.sequence(i)))

    return MaskWalk(str(walks.sequence_N[i]), frames, simulated)


def _simulated(word: str, seed: int) -> list[MaskWalk]:
    load = catalogue.step(RECORD, "load")
    walks = load(word, seed=seed, people=_SIMULATED_PEOPLE, each=_WALKS_EACH)
    return [_row(walks, i) for i in range(len(walks))]
