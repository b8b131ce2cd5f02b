"""The photos of a path: those of a folder and its subfolders, of a pattern such as `frames/*.jpg`,
or the one photo.
"""

from __future__ import annotations

import glob
import itertools
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.image.folder import ImageWalk
from edgehuman.preprocess.image.foreign import HEAD, VIDEO, foreign_of
from edgehuman.preprocess.image.header import format_of
from edgehuman.preprocess.image.pixels import IMAGE_SUFFIXES
from edgehuman.progress import tell
from edgehuman.reading.secrets import without_secrets
from edgehuman.runtime.image.camera.address import live_address

_LIVE = ("udp:", "tcp:")
_MAGIC = re.compile(r"[*?[]")
# Two letters say too little: a table that begins with "BMI" is no picture.
_UNSURE = frozenset({"BMP", "PGM", "PPM"})
_LISTED = 4


@dataclass(frozen=True, slots=True)
class Found:
    """What a path holds.

    Attributes:
        photos: by name; also pictures and videos that cannot be read, whose answer is the reason.
        others: number of other files.
    """

    photos: list[Path]
    others: int = 0


def find_photos(source: str | Path, videos: bool = False) -> Found:
    """The photos of a folder and its subfolders, by name; the one photo; or those of a pattern.

    Files count by their first bytes, then by their names. Label maps are left out, as in training;
    they and other files are counted on stderr.

    Args:
        videos: whether the caller reads a video, given by itself, as well; for the words alone.

    Raises:
        UsageError: an empty path, or a live source.
        DataError: no such path, a video, or no image in it.
    """
    if not str(source).strip():
        raise UsageError("source is empty; give a folder of photos, or one photo")
    _require_no_stream(str(source), videos)
    if _is_pattern(source):
        return _photos_like(str(source))
    source = Path(source)
    if source.is_file():
        _require_no_video(source)
        return Found([source])
    if not source.is_dir():
        kinds = "folder, photo or video" if videos else "folder or photo"
        raise DataError(f"source {source}: no such {kinds}; give the path of one")
    walk = ImageWalk(source, keep_others=True)
    photos = [source / name for name in walk.names()]
    others: list[Path] = []
    for path in (source / name for name in walk.others or ()):
        (photos if _is_picture(path) else others).append(path)
    photos.sort()
    left_out = "; ".join(filter(None, (walk.left_out(), _other_files(others))))
    if not photos:
        count = walk.suffixes.total()
        files = "1 file, not" if count == 1 else f"{count} files, none of them"
        held = f"{files} an image" if count else "nothing"
        held = f"no photo ({walk.left_out()})" if walk.left_out() else held
        raise DataError(
            f"source {source} holds {held}; images end in {', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    if left_out:
        tell(f"source {source}: {len(photos)} photos; {left_out}")
    return Found(photos, len(others))


def name_in(source: Path, photo: Path) -> str:
    """The name of a photo of the source: its path inside the folder, or its file's name."""
    if _is_pattern(source):
        return str(photo.relative_to(_before(source)))
    return str(photo.relative_to(source if source.is_dir() else source.parent))


def _require_no_stream(source: str, videos: bool) -> None:
    """Raises UsageError for a camera, an address or standard input."""
    is_camera = live_address(source, pipelines=True) is not None
    if not (is_camera or source == "-" or "://" in source or source.startswith(_LIVE)):
        return
    shown = without_secrets(source)
    if videos:
        raise UsageError(
            f"source {shown}: models of frames take a folder of photos, one photo, a pattern such "
            "as 'frames/*.jpg', a video, or a camera: 0, /dev/video0, rtsp://..., http://..., "
            "csi://0, gst:PIPELINE. In Python, `edgehuman.stream` takes frames as arrays too"
        )
    raise UsageError(
        f"source {shown}: this model takes photos of one person, and no live source; with "
        "`--detector zoo:person-detector-int8` it answers for each person of a camera. Live "
        "streams of poses are for models such as zoo:gait-skeleton (`--source udp://:5555`), and "
        "in Python `edgehuman.stream` takes frames as arrays"
    )


def _is_pattern(source: str | Path) -> bool:
    """Whether a source is a pattern of files, and no path that is there."""
    return bool(_MAGIC.search(str(source))) and not os.path.exists(source)


def _before(pattern: Path) -> Path:
    """The folder before the first part of a pattern that is no name."""
    plain = itertools.takewhile(lambda part: not _MAGIC.search(part), pattern.parts)
    return Path(*plain)


def _photos_like(pattern: str) -> Found:
    """The files that a pattern matches, by name; `**` stands for any folders.

    Raises:
        DataError: it matches no file.
    """
    paths = [Path(found) for found in glob.glob(pattern, recursive=True)]
    photos = sorted(path for path in paths if path.is_file())
    if not photos:
        raise DataError(f"source {pattern}: no file is named so; give another pattern, or a folder")
    return Found(photos)


def _require_no_video(path: Path) -> None:
    """Raises DataError for a video."""
    if foreign_of(_head(path), path.name) is VIDEO:
        raise DataError(
            f"source {path} is a video, and this model takes photos of one person; with "
            "`edgehuman run --detector zoo:person-detector-int8` it answers for each person of a "
            f"video. Or {VIDEO.fix}, crop each person, and give that folder"
        )


def _is_picture(path: Path) -> bool:
    """Whether a file without an image's suffix is a picture, or one of a format not read."""
    head = _head(path)
    own = format_of(head)
    return bool(own and own not in _UNSURE) or foreign_of(head, path.name) is not None


def _head(path: Path) -> bytes:
    """The first bytes of a file; none of what is no file, such as a pipe, or cannot be read."""
    if not path.is_file():
        return b""
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD)
    except OSError:
        return b""


def _other_files(others: Sequence[Path]) -> str:
    """The remark about files that are no pictures; empty if there are none."""
    if not others:
        return ""
    suffixes = Counter(path.suffix.lower() or "without a suffix" for path in others)
    listed = ", ".join(f"{count} {end}" for end, count in suffixes.most_common(_LISTED))
    more = ", …" if len(suffixes) > _LISTED else ""
    files = "1 other file" if len(others) == 1 else f"{len(others)} other files"
    return f"{files} left out ({listed}{more})"
