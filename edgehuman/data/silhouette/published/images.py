"""Silhouettes as one PNG per frame, of any size.

CASIA-B   001/nm-01/090/001-nm-01-090-001.png
OUMVLP    Silhouette_000-00/00001/0001.png (view-walk), or 00_000/00001/0001.png (walk_view)
Gait3D    0000/camid0_videoid2/seq0/0001.png
GREW      train/00001/4XPn5Z28/00001.png, test/gallery/00001/..., test/probe/VIDEO/00001.png
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import numpy as np

from edgehuman.data.gait.trees import TREES, Named, files_of, grew, oumvlp
from edgehuman.data.gait.walks import LeftOut
from edgehuman.data.layout import folders
from edgehuman.data.silhouette.layout import Walk, walk_of
from edgehuman.errors import DataError
from edgehuman.preprocess.silhouette.read import read_mask

# Of a mask, this share of the pixels is near black or white; of a photo far fewer are.
_CLEAR = 0.9
_NEAR = 25
_FILES_TRIED, _FILES_NEEDED = 4, 2
_LEVELS, _NOT_PNG = 4, (".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".gif", ".webp")
_FOLDERS_SEARCHED, _WALKS_TRIED = 500, 3
_VIEW_WALK = re.compile(r"(?:Silhouette_)?(\d{3})-(\d\d)")
_WALK_VIEW = re.compile(r"(\d\d)_(\d{3})")
_PERSON = re.compile(r"\d{5}")

Walks = Iterator[tuple[Named, Path]]


def frame_files(folder: Path) -> list[Path]:
    """The PNG files of a folder, in the order of the last number in their names."""
    return sorted(files_of(folder, ".png"), key=lambda file: (_number(file), file.name))


def _number(file: Path) -> int:
    numbers = re.findall(r"\d+", file.stem)
    return int(numbers[-1][-18:]) if numbers else -1


def holds_masks(folder: Path) -> bool:
    """Whether the first PNG files of a folder are masks, but for a damaged one or two: nearly all
    black or white, no colour.
    """
    files = frame_files(folder)[:_FILES_TRIED]
    return bool(files) and sum(map(_is_mask, files)) >= min(_FILES_NEEDED, len(files))


def any_masks(walks: Iterable[Path]) -> bool:
    """Whether one of the first walks holds masks; folders without PNG files are passed over."""
    filled = (walk for walk in islice(walks, _FOLDERS_SEARCHED) if frame_files(walk))
    return any(holds_masks(walk) for walk in islice(filled, _WALKS_TRIED))


def why_no_masks(place: Path) -> str:
    """Why the pictures of a tree are no masks; empty without pictures."""
    walks = [place]
    for _ in range(_LEVELS):
        for walk in walks:
            if files := frame_files(walk):
                return _why_no_mask(files[0])
            if other := [suffix for suffix in _NOT_PNG if files_of(walk, suffix)]:
                return f"{walk} holds {other[0]} files; a mask is a PNG file: convert them"
        walks = list(
            islice((inner for walk in walks for inner in folders(walk)), _FOLDERS_SEARCHED)
        )
    return ""


def _why_no_mask(file: Path) -> str:
    try:
        grey = read_mask(file)
    except DataError as error:
        return str(error)
    clear = float(np.mean((grey > 255 - _NEAR) | (grey < _NEAR)))
    return (
        f"{file} has values up to {grey.max()}, {clear:.0%} of them near 0 or 255; a mask is 255 "
        "(the person) on 0: convert it"
    )


def _is_mask(file: Path) -> bool:
    """Whether a picture is nearly all black or white, with more white than grey: a map of parts or
    of classes holds small numbers and no white.
    """
    try:
        grey = read_mask(file)
    except DataError:
        return False
    white = float(np.mean(grey > 255 - _NEAR))
    clear = white + float(np.mean(grey < _NEAR))
    return clear > _CLEAR and (not grey.any() or white > float(np.mean(grey > 0)) / 2)


def _tree(dataset: str) -> Callable[[Path], Walks]:
    def walks(place: Path) -> Walks:
        tree = TREES[dataset]
        for person in folders(place):
            for walk in folders(person):
                for view in folders(walk):
                    yield tree.named(place, person.name, walk.name, view.name), view

    return walks


def _oumvlp(place: Path) -> Walks:
    for group in folders(place):
        if match := _VIEW_WALK.fullmatch(group.name):
            view, walk = match.groups()
        elif match := _WALK_VIEW.fullmatch(group.name):
            walk, view = match.groups()
        else:
            continue
        for person in folders(group):
            yield oumvlp(place, person.name, walk, view), person


def _grew(place: Path) -> Walks:
    """As OpenGait names them; a test person's walks are numbered in the order of their names."""
    for person in folders(place / "train"):
        for video in folders(person):
            yield grew(place, f"{person.name}train", "00", video.name), video
    for person in folders(place / "test" / "gallery"):
        for number, video in enumerate(folders(person), start=1):
            yield grew(place, person.name, f"{number:02d}", video.name), video
    for video in folders(place / "test" / "probe"):
        yield grew(place, "probe", "03", video.name), video


_WALKS: Mapping[str, Callable[[Path], Walks]] = {
    "casia_b": _tree("casia_b"),
    "oumvlp": _oumvlp,
    "grew": _grew,
    "gait3d": _tree("gait3d"),
}


def holds(place: Path, dataset: str) -> bool:
    """Whether a folder holds a dataset's silhouettes as images."""
    if dataset in ("casia_b", "gait3d"):
        walks = (view for person in folders(place) for walk in folders(person)
                 for view in folders(walk))  # fmt: skip
        return TREES[dataset].fits(place, ".png") and any_masks(walks)
    if dataset == "oumvlp":
        people = (person for _, person in _oumvlp(place))
        return any_masks(person for person in people if _PERSON.fullmatch(person.name))
    parts = [place / "train", place / "test" / "gallery"]
    videos = (video for part in parts for person in folders(part) for video in folders(person))
    return any_masks(videos) or any_masks(folders(place / "test" / "probe"))


def read(place: Path, dataset: str) -> Iterator[Walk | LeftOut]:
    """The walks of a dataset."""
    for named, folder in _WALKS[dataset](place):
        yield read_walk(folder, named)


def read_walk(folder: Path, named: Named, rate_hz: float = 0.0) -> Walk | LeftOut:
    """One walk: the PNG files of a folder, made records."""
    files = frame_files(folder)
    try:
        return walk_of(map(read_mask, files), named, rate_hz, _gaps(files))
    except DataError as error:
        return LeftOut(named.sequence, str(error))


def _gaps(files: list[Path]) -> int:
    """How many frame numbers are missing between the first and the last."""
    numbers = {_number(file) for file in files} - {-1}
    return max(numbers) - min(numbers) + 1 - len(numbers) if numbers else 0
