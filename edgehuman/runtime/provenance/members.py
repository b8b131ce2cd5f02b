"""The files that are one model, and the signature beside them.

activity.onnx, activity.engine, activity.engine.json         -> activity.sig
gaitset.onnx, gaitset.frame.onnx, gaitset.head.onnx          -> gaitset.sig
words.onnx, words.text.onnx                                  -> words.sig
runs/activity/ (a checkpoint folder)                         -> runs/activity/model.sig
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgehuman.errors import ArtefactError, UsageError
from edgehuman.runtime.engine.part_files import PARTS, whole_path

OF_A_FOLDER = "model.sig"
_GIT = (".git", ".gitattributes", ".github", ".gitignore")
_SUFFIXES = (".onnx", ".engine", ".engine.json")
_MOST_FILES = 10_000


@dataclass(frozen=True, slots=True)
class Members:
    """Attributes:
    name: of the model.
    folder: that its files stand in.
    files: by their path below the folder.
    signature: where its signature stands.
    ignored: paths below the folder that are no part of it.
    """

    name: str
    folder: Path
    files: dict[str, Path]
    signature: Path
    ignored: tuple[str, ...]


def members_of(path: Path) -> Members:
    """The files of the model that a path names: any file of it, or its folder.

    Raises:
        UsageError: no such file, or of no model.
        ArtefactError: a link in a folder, or far too many files.
    """
    if path.is_dir():
        signature = path / OF_A_FOLDER
        ignored = (OF_A_FOLDER, *_GIT)
        files = dict(sorted(_below(path, ignored)))
        return Members(path.resolve().name, path, files, signature, ignored)
    stem = stem_of(path)
    if stem is None or not path.is_file():
        raise UsageError(
            f"{path}: {'no such file' if not path.exists() else 'not a model'}; give an .onnx or "
            ".engine file, zoo:NAME, or a folder"
        )
    parts = ("", *(f".{part}" for part in PARTS))
    names = [f"{stem}{part}{suffix}" for part in parts for suffix in _SUFFIXES]
    found = {name: file for name in sorted(names) if (file := path.with_name(name)).is_file()}
    signature = path.with_name(f"{stem}.sig")
    return Members(stem, path.parent, found, signature, (signature.name, *_GIT))


def signatures_of(path: Path) -> list[Path]:
    """The signatures beside a file that may cover it, the model's own first."""
    stem = stem_of(path)
    names = [OF_A_FOLDER] if stem is None else [f"{stem}.sig", OF_A_FOLDER]
    return [file for name in names if (file := path.with_name(name)).is_file()]


def stem_of(path: Path) -> str | None:
    """The name of the model of a file: gaitset.frame.onnx -> gaitset; None: a file of no model."""
    if not any(path.name.endswith(suffix) for suffix in _SUFFIXES):
        return None
    plain = path.with_name(path.name.removesuffix(".json"))
    return (whole_path(plain) or plain).stem


def _below(folder: Path, ignored: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    count = 0
    for root, folders, names in os.walk(folder):
        here = Path(root)
        if here == folder:
            folders[:] = [name for name in folders if name not in ignored]
            names = [name for name in names if name not in ignored]
        for name in [*folders, *names]:
            if (here / name).is_symlink():
                raise ArtefactError(
                    f"{here / name} is a link, and a signature is of files; put the file there"
                )
        for name in names:
            count += 1
            if count > _MOST_FILES:
                raise ArtefactError(f"{folder} has over {_MOST_FILES} files, which no model has")
            yield (here / name).relative_to(folder).as_posix(), here / name
