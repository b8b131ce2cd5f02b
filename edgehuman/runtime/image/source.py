"""The photos of a path: those of a folder and its subfolders, or the one photo."""

from __future__ import annotations

import sys
from pathlib import Path

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.image.folder import ImageWalk
from edgehuman.preprocess.image.pixels import IMAGE_SUFFIXES


def find_photos(source: str | Path) -> list[Path]:
    """The photos of a folder and its subfolders, by name; or the one photo.

    Label maps are left out, as in training, and counted on stderr.

    Raises:
        UsageError: an empty path.
        DataError: no such path, or no image in it.
    """
    if not str(source).strip():
        raise UsageError("--source is empty; give a folder of photos, or one photo")
    source = Path(source)
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise DataError(f"--source {source}: no such folder or photo; give the path of one")
    walk = ImageWalk(source)
    photos = sorted(source / name for name in walk.names())
    if not photos:
        count = walk.suffixes.total()
        found = f"{count} files, none of them an image" if count else "nothing"
        found = f"no photo ({walk.left_out()})" if walk.left_out() else found
        raise DataError(
            f"--source {source} holds {found}; images end in {', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    if walk.left_out():
        print(f"--source {source}: {len(photos)} photos; {walk.left_out()}", file=sys.stderr)
    return photos


def name_in(source: Path, photo: Path) -> str:
    """The name of a photo of the source: its path inside the folder, or its file's name."""
    return str(photo.relative_to(source if source.is_dir() else source.parent))
