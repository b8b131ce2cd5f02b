"""What a source of a gait model holds: frames, in which people are to be found, or poses."""

from __future__ import annotations

from pathlib import Path

from edgehuman.preprocess.skeleton.formats.kind import find_format

_POSES = (".json", ".jsonl", ".ndjson", ".csv", ".txt")
# Of a folder, so many names are looked at.
_MOST = 50


def is_frames(source: str) -> bool:
    """Whether a source is a video, or a folder of pictures and not of poses. Nothing of pictures is
    loaded for a source of poses.
    """
    path = Path(source)
    if not source.strip() or path.suffix.lower() in _POSES:
        return False
    if path.is_file():
        from edgehuman.runtime.image.frames.source import is_video

        return is_video(path)
    if not path.is_dir() or find_format(path) is not None:
        return False
    from edgehuman.preprocess.image.pixels import IMAGE_SUFFIXES

    for k, each in enumerate(path.iterdir()):
        if each.suffix.lower() in IMAGE_SUFFIXES:
            return True
        if k >= _MOST:
            break
    return False
