"""The tracks of a recording for a search: who passed by, when, and what each looked like.

    seen = look_through("door.mp4", eye, every=1)
    seen.tracks[3].vector_D                  the mean of the vectors of its crops, of length 1
    pictures_of("door.mp4", seen.tracks)     its best moment, by place

A recording is a video or a folder of `edgehuman run --record`. Nothing of it but vectors, times and
boxes is kept; pictures are read again. Axes: D dimensions, H height, W width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgehuman.errors import DataError, UsageError
from edgehuman.progress import progress_bar
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.image.camera.address import live_address
from edgehuman.runtime.image.camera.camera import Camera
from edgehuman.runtime.image.frames.answer import Watching, answer_frame, look_of
from edgehuman.runtime.image.frames.follow import Followers
from edgehuman.runtime.image.frames.results import Person
from edgehuman.runtime.image.frames.several import open_source
from edgehuman.runtime.image.frames.source import FrameSource
from edgehuman.runtime.image.frames.taken import TakenFrame
from edgehuman.runtime.loop.stopping import StopSignals

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Track:
    """Somebody who passed by.

    Attributes:
        source: of the recording, if it has several, or a camera's name; else empty.
        number: of the track, as `edgehuman run` would give it.
        from_s, to_s: its first and last moment, by the recording's times; wall_s: of the first, by
            the wall clock, seconds since 1970, where the recording knows it.
        looks: from how many crops its vector is.
        vector_D: their mean, of length 1.
        best: number of the frame in which the person is largest and surest; box: x0, y0, x1, y1 in
            it, as shares of its width and height.
    """

    source: str
    number: str
    from_s: float
    to_s: float
    wall_s: float | None
    looks: int
    vector_D: Float32
    best: int
    box: Box


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found in a recording.

    Attributes:
        frames, unreadable: how many were looked at, and of them had no picture.
        reason: of the first of these; remark: what is missing of the recording; each may be empty.
        stopped: a signal ended it.
    """

    tracks: Sequence[Track]
    frames: int
    unreadable: int = 0
    reason: str = ""
    remark: str = ""
    stopped: bool = False


@dataclass(slots=True)
class _Growing:
    """A track that goes on."""

    from_s: float
    wall_s: float | None
    sum_D: Float32
    to_s: float = 0.0
    looks: int = 0
    worth: float = -1.0
    best: int = 0
    box: Box = (0.0, 0.0, 1.0, 1.0)

    def add(self, taken: TakenFrame, person: Person, vector_D: Float32) -> None:
        """Another crop of the same person."""
        self.to_s, self.looks = taken.t_s or 0.0, self.looks + 1
        self.sum_D += vector_D
        x0, y0, x1, y1 = person.box_4.tolist()
        worth = float(person.score) * (y1 - y0)
        if worth > self.worth:
            wide, high = max(1, taken.width), max(1, taken.height)
            self.worth, self.best = worth, taken.index
            self.box = (x0 / wide, y0 / high, x1 / wide, y1 / high)

    def ended(self, source: str, number: str) -> Track:
        """The whole track."""
        vector_D = self.sum_D / max(float(np.linalg.norm(self.sum_D)), 1e-12)
        whole = source, number, self.from_s, self.to_s, self.wall_s, self.looks
        return Track(*whole, np.asarray(vector_D, np.float32), self.best, self.box)


@dataclass(slots=True)
class _Gathering:
    """All tracks so far, by source and number, in the order in which they began."""

    tracks: dict[tuple[str, str], _Growing] = field(default_factory=dict)

    def add(self, taken: TakenFrame, people: Iterable[Person]) -> None:
        """The people of a frame; who is on no track is seen but for a moment, and left out."""
        for person in people:
            vector_D = look_of(person)
            if not person.track or vector_D is None:
                continue
            key = taken.source, person.track
            if key not in self.tracks:
                begun = _Growing(taken.t_s or 0.0, taken.wall_s, np.zeros_like(vector_D))
                self.tracks[key] = begun
            self.tracks[key].add(taken, person, vector_D)

    def ended(self) -> list[Track]:
        """All tracks."""
        return [track.ended(*key) for key, track in self.tracks.items()]


def open_recording(recording: str, every: int = 1) -> FrameSource:
    """A recording as frames with times.

    Raises:
        UsageError: a camera, or photos.
        DataError: no such file, damaged, of another kind, or a video without a frame.
    """
    live = live_address(recording)
    source = None if live is not None else open_source(recording, None, every)
    if source is None or isinstance(source, Camera):
        raise UsageError(
            f"--recording {recording} is a camera, which has no end; keep it with `edgehuman run "
            "MODEL --source CAMERA --record FOLDER`, and search that folder"
        )
    if not source.video:
        raise UsageError(
            f"--recording {recording} holds photos, which have no times, so nobody is followed in "
            "them; give them as --photos"
        )
    return source


def look_through(recording: str, watching: Watching, every: int = 1) -> Seen:
    """Follow everybody in a recording; Ctrl-C ends it with what was seen so far.

    Args:
        watching: finds people, and gives each a vector.
        every: take every so many frames.

    Raises:
        UsageError, DataError: as `open_recording`.
    """
    source = open_recording(recording, every)
    gathering, stop, followers = _Gathering(), StopSignals(), Followers(watching.score)
    frames = unreadable = 0
    reason = ""
    bar = progress_bar(source, "looking through it", unit="frame", delay=2, leave=False)
    with stop:
        for taken in stop.until_stopped(bar):
            if taken.event:
                continue
            found = answer_frame(watching, taken, followers.of(taken))
            frames += 1
            if found.reason:
                unreadable, reason = unreadable + 1, reason or found.reason
            gathering.add(taken, found.people)
    remark = _missing(source.report())
    return Seen(gathering.ended(), frames, unreadable, reason, remark, stop.requested)


def _missing(report: dict[str, object]) -> str:
    """What a recording lacks, in words."""
    if count := report.get("missing_frames"):
        return f"the video states {count} more frames than it has; it was cut short, or damaged"
    if count := report.get("removed_frames"):
        return f"the first {count} frames of the recording had been removed for want of room"
    return ""


def pictures_of(recording: str, tracks: Sequence[Track], every: int = 1) -> dict[int, Uint8]:
    """The frames (H, W, 3), RGB, of the best moments of some tracks, by place among them. What
    cannot be read any more is left out.

    Raises:
        UsageError, DataError: as `open_recording`.
    """
    wanted: dict[tuple[str, int], list[int]] = {}
    for place, track in enumerate(tracks):
        wanted.setdefault((track.source, track.best), []).append(place)
    found: dict[int, Uint8] = {}
    try:
        for taken in open_recording(recording, every):
            for place in wanted.pop((taken.source, taken.index), []):
                if taken.image_HWC is not None:
                    found[place] = taken.image_HWC
            if not wanted:
                break
    except DataError:
        if not found:
            raise
    return found


def stamp_of(recording: str) -> str:
    """Size and time of change of a recording's files: whether it is as it was."""
    path = Path(recording)
    files = sorted(path.glob("*/lines.jsonl")) if path.is_dir() else [path]
    return " ".join(
        f"{about.st_size}:{about.st_mtime_ns}" for about in (each.stat() for each in files)
    )
