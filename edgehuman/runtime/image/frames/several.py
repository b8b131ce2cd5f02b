"""The frames of one or several sources, of files and of cameras, each as it comes.

    with open_sources(["0", "rtsp://door/1"]) as sources:
        for taken in sources:
            taken.source, taken.image_HWC

Sources take turns: of those that have a frame, the one that waited longest is next.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from edgehuman.errors import UsageError
from edgehuman.reading.secrets import without_secrets
from edgehuman.runtime.image.camera.address import live_address
from edgehuman.runtime.image.camera.camera import Camera
from edgehuman.runtime.image.camera.policy import policy_of
from edgehuman.runtime.image.frames.source import FrameSource
from edgehuman.runtime.image.frames.taken import Kept, TakenFrame
from edgehuman.runtime.loop.play import require_seconds
from edgehuman.runtime.replay.folder import is_recording
from edgehuman.runtime.replay.frames import RecordedFrames

_WAIT_S = 0.2
_FILM_FPS = 15.0


def open_source(
    source: str | Path, policy: str | None = None, every: int = 1, pipelines: bool = False
) -> FrameSource | Camera:
    """One source by its name.

    Raises:
        UsageError, DataError: as of `FrameSource` and `Camera`.
    """
    found = policy_of(policy, every)
    if is_recording(source):
        return RecordedFrames(source, found.every)
    if live_address(str(source), pipelines) is not None:
        return Camera(str(source), policy, every, pipelines=pipelines)
    return FrameSource(source, found.every, bool(found.latest))


def open_sources(
    names: Sequence[str | Path],
    policy: str | None = None,
    every: int = 1,
    seconds: float | None = None,
    pipelines: bool = False,
) -> Sources:
    """Several sources by their names.

    Raises:
        UsageError, DataError: as of `FrameSource` and `Camera`; or a source is named twice.
    """
    opened = [open_source(name, policy, every, pipelines) for name in names]
    for source in opened:
        if isinstance(source, RecordedFrames) and len(opened) > 1:
            raise UsageError(
                f"{source.path} is a recording, which has all its sources: leave --also out"
            )
    return Sources(opened, seconds)


class Sources:
    """Several sources, opened but not yet read; they can be read once.

    Args:
        seconds: end so many seconds after the start, and of a video at that time of it.

    Attributes:
        names: without passwords.
        has_camera: whether one of them is live.
        idle: called while no camera has anything, a few times a second.
        zero_ns: this machine's monotonic clock where times of cameras are 0; None: when reading
            begins.

    Raises:
        UsageError: a source is named twice, or seconds is no number above 0.
    """

    def __init__(
        self, sources: Sequence[FrameSource | Camera], seconds: float | None = None
    ) -> None:
        require_seconds(seconds)
        self.names = [without_secrets(source.name) for source in sources]
        for name in self.names:
            if self.names.count(name) > 1:
                raise UsageError(f"source {name} is given twice; read it once")
        self._sources = dict(zip(self.names, sources, strict=True))
        self._seconds = math.inf if seconds is None else seconds
        self._wake = threading.Condition()
        self.idle: Callable[[], object] = lambda: None
        self.zero_ns: int | None = None
        self.has_camera = any(isinstance(source, Camera) for source in sources)

    def __enter__(self) -> Sources:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the cameras go."""
        cameras = self._cameras()
        for camera in cameras:
            camera.stop()
        for camera in cameras:
            camera.close()

    def kept(self) -> dict[str, Kept]:
        """What is saved, by the name of the source as its frames have it."""
        found: dict[str, Kept] = {}
        for name, source in self._sources.items():
            if isinstance(source, RecordedFrames):
                found |= source.kept()
                continue
            key, stem = name, stem_of(name) if isinstance(source, Camera) else source.stem
            stems = {each.stem for each in found.values()}
            stem = next(each for each in _numbered(stem) if each not in stems)
            if isinstance(source, Camera):
                found[key] = Kept(stem, True, _FILM_FPS, True, {}, [])
            else:
                key = name if len(self._sources) > 1 else ""
                found[key] = Kept(
                    stem, source.video, source.fps, False, source.photos, source.inputs
                )
        return found

    def report(self) -> dict[str, Any]:
        """Counts of the source; of several, or of a camera, one for each in `sources`."""
        if len(self._sources) == 1 and not self.has_camera:
            (only,) = self._sources.values()
            return only.report()
        rows = [{"source": name, **each.report()} for name, each in self._sources.items()]
        return {"sources": rows}

    def __iter__(self) -> Iterator[TakenFrame]:
        """Their frames, and what happens to cameras, until all have ended or the time is over."""
        if len(self._sources) == 1 and not self.has_camera:
            (only,) = self._sources.values()
            yield from self._in_time(only)
            return
        zero_ns = time.monotonic_ns() if self.zero_ns is None else self.zero_ns
        try:
            for camera in self._cameras():
                camera.start(self._wake, zero_ns)
            yield from self._in_turns(zero_ns / 1e9 + self._seconds)
        finally:
            self.close()

    def _in_turns(self, until_s: float) -> Iterator[TakenFrame]:
        files = {
            name: self._in_time(source)
            for name, source in self._sources.items()
            if isinstance(source, FrameSource)
        }
        cameras = {name: each for name, each in self._sources.items() if isinstance(each, Camera)}
        turns, last = itertools.count(), dict.fromkeys(self._sources, -1)
        while time.monotonic() < until_s and (files or cameras):
            for camera in cameras.values():
                camera.look()
            ready = [*files, *(name for name, each in cameras.items() if each.has_something())]
            if not ready:
                cameras = {name: each for name, each in cameras.items() if not each.ended}
                self._wait(list(cameras.values()), until_s)
                self.idle()
                continue
            name = min(ready, key=last.__getitem__)
            last[name] = next(turns)
            if name in cameras:
                taken = cameras[name].take()
            elif (taken := next(files[name], None)) is None:
                del files[name]
            if taken is not None:
                yield dataclasses.replace(taken, source=name)

    def _in_time(self, source: FrameSource | Camera) -> Iterator[TakenFrame]:
        for taken in source:
            if taken.t_s is not None and taken.t_s >= self._seconds:
                return
            yield taken

    def _wait(self, cameras: Sequence[Camera], until_s: float) -> None:
        with self._wake:
            if cameras and not any(each.has_something() or each.ended for each in cameras):
                self._wake.wait(min(_WAIT_S, max(0.0, until_s - time.monotonic())))

    def _cameras(self) -> list[Camera]:
        return [source for source in self._sources.values() if isinstance(source, Camera)]


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}-{number}" for number in itertools.count(2))


def stem_of(name: str) -> str:
    """A camera's name as that of a file: "rtsp://door:554/1" -> "rtsp-door-554-1"."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:80] or "camera"
