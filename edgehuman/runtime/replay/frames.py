"""The frames of a run as its loop took them, kept without loss and given back.

    FramesKeeper(Path("door"), source, 1000)     a sink of the frames that the loop took
    RecordedFrames(Path("door"))                 a source of the same frames, at any speed

A frame is a PNG, with a line that says all else that the loop knew of it: name, number, times, or
why there is no picture.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.limits.png import holds_its_chunks
from edgehuman.limits.sizes import read_regular
from edgehuman.preprocess.video import MOST_PIXELS
from edgehuman.reading.parsers import foreign
from edgehuman.records import Uint8
from edgehuman.runtime.image.camera.policy import policy_of
from edgehuman.runtime.image.frames.source import FrameSource
from edgehuman.runtime.image.frames.taken import Kept, TakenFrame
from edgehuman.runtime.replay.folder import (
    About,
    Recorder,
    file_of,
    read_about,
    read_lines,
)

KIND = "frames"
_MOST_BYTES = 1 << 29
# Written by themselves, or of this machine alone.
_APART = ("image_HWC", "path", "grabbed_ns")
_STEM = re.compile(r"[^/\\\x00]{1,200}")
_FIELDS = {
    each.name: str(each.type) for each in dataclasses.fields(TakenFrame) if each.name not in _APART
}


class FramesKeeper:
    """A sink of frames.

    Args:
        folder: is made.
        name: of the sources.
        kept: what is saved of each source.
        most_mb: room, in millions of bytes.

    Raises:
        UsageError: as of `Recorder`.
    """

    name = "record"
    may_skip = False

    def __init__(self, folder: Path, name: str, kept: Mapping[str, Kept], most_mb: float) -> None:
        rows = [
            {"source": source, "stem": each.stem, "video": each.video, "fps": each.fps,
             "live": each.live}
            for source, each in kept.items()
        ]  # fmt: skip
        self.recorder = Recorder(folder, About(KIND, name, {"kept": rows}), most_mb)

    def write(self, taken: Sequence[tuple[TakenFrame, int]]) -> None:
        for frame, at_ns in taken:
            line = {"at_ns": at_ns, **{name: getattr(frame, name) for name in _FIELDS}}
            if frame.image_HWC is None:
                self.recorder.add(line)
            else:
                self.recorder.add(line, _png(frame.image_HWC), "png")

    def close(self) -> None:
        self.recorder.close()


class RecordedFrames(FrameSource):
    """A recording as a source of frames; attributes as of `FrameSource`.

    Raises:
        UsageError: `every` under 1.
        DataError: damaged, or of samples.
    """

    def __init__(self, folder: str | Path, every: int = 1) -> None:
        policy_of(None, every)
        self.name, self.path, self._every = str(folder), Path(folder), every
        self._about = read_about(self.path, KIND)
        self._kept = _kept_of(self._about.more.get("kept"), self.path)
        self.video = any(each.video for each in self._kept.values())
        self.fps = max(each.fps for each in self._kept.values())
        self.others = 0
        self.photos: dict[str, Path] = {}
        if not self.video:
            for line, part in read_lines(self.path):
                path = file_of(line, part)
                if path is not None:
                    self.photos[str(line.get("name"))] = path

    def kept(self) -> dict[str, Kept]:
        """What is saved of each source that was recorded, by its name as frames have it."""
        return {
            source: dataclasses.replace(each, photos={} if each.video else self.photos)
            for source, each in self._kept.items()
        }

    def __iter__(self) -> Iterator[TakenFrame]:
        for line, part in read_lines(self.path):
            taken = _frame_of(line, part)
            if taken.index % self._every == 0:
                yield taken

    def report(self) -> dict[str, Any]:
        """Where they come from, and what had been removed of the recording."""
        removed = {"removed_frames": self._about.removed} if self._about.removed else {}
        return {"replayed": self._about.source, **removed}


def _kept_of(rows: object, folder: Path) -> dict[str, Kept]:
    """What is saved of each source, as a recording says.

    Raises:
        DataError: it says no such thing.
    """
    found: dict[str, Kept] = {}
    for row in rows if isinstance(rows, list) else []:
        values = row if isinstance(row, dict) else {}
        stem, source, fps = values.get("stem"), values.get("source"), values.get("fps")
        if not (isinstance(stem, str) and _STEM.fullmatch(stem) and isinstance(source, str)):
            found = {}
            break
        rate = float(fps) if isinstance(fps, (int, float)) and 0 <= fps <= 1000 else 25.0
        video, live = values.get("video") is True, values.get("live") is True
        found[source] = Kept(stem, video, rate, live, {}, [])
    if not found:
        raise DataError(f"{folder}: does not say what was recorded; record the run again")
    return found


def _png(image_HWC: Uint8) -> bytes:
    import cv2

    # It must keep pace with a camera: a quarter less time than the default, for 7 % more bytes.
    flags = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    flags += [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY]
    done, content = cv2.imencode(".png", np.ascontiguousarray(image_HWC[..., ::-1]), flags)
    assert done
    return bytes(content.tobytes())


def _frame_of(line: Mapping[str, Any], part: Path) -> TakenFrame:
    """The frame of a line.

    Raises:
        DataError: it is none.
    """
    values: dict[str, Any] = {}
    for name, kind in _FIELDS.items():
        if name not in line:
            continue
        value = line[name]
        if kind == "float" and type(value) is int:
            value = float(value)
        if not _is_a(value, kind):
            raise DataError(f"{part}: a frame's {name} is {str(value)[:40]!r}, and no {kind}")
        values[name] = value
    if "name" not in values or "index" not in values:
        raise DataError(f"{part}: a line is no frame: it lacks a name or a number")
    path = file_of(line, part)
    image_HWC = None if path is None else _picture(path)
    now_ns = time.monotonic_ns()  # so that ages are of this machine, and today's
    return TakenFrame(**values, image_HWC=image_HWC, path=path, grabbed_ns=now_ns)


def _is_a(value: object, kind: str) -> bool:
    kinds = {"str": (str,), "int": (int,), "float": (float, int), "bool": (bool,)}
    known, _, empty = kind.partition(" | ")
    if value is None:
        return empty == "None"
    return isinstance(value, kinds.get(known, ())) and (known == "bool" or type(value) is not bool)


def _picture(path: Path) -> Uint8:
    """A frame, uint8 RGB (H, W, 3).

    Raises:
        DataError: damaged, or larger than a frame.
    """
    import cv2

    try:
        content = read_regular(path, _MOST_BYTES, DataError)
        width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
        if not holds_its_chunks(content) or not 0 < width * height <= MOST_PIXELS:
            raise ValueError("no PNG of a frame")
        with foreign():
            bgr_HWC = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}); the recording is damaged") from None
    if bgr_HWC is None:
        raise DataError(f"{path}: cannot be decoded; the recording is damaged")
    image_HWC: Uint8 = np.ascontiguousarray(bgr_HWC[..., ::-1])
    return image_HWC
