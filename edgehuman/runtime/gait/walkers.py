"""People who walk before a camera, as tracked skeletons: frames in, lines of poses out.

    walkers = Walkers("door.mp4", watching_for(None, None))
    with walkers:
        for block in walkers:
            ...                     `runtime.skeleton.answer.Identifier` names who walks

A detector finds people, a tracker follows them, and a pose network gives the joints of each; a
frame without anybody gives nothing. Who is not on a track yet gives no line. A video has its own
times; a folder of pictures those of a rate. It is a `loop.play.Playable`, as a file of poses is.

Axes: H height, W width.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from edgehuman.errors import ArtefactError, UsageError
from edgehuman.geometry import COCO_17
from edgehuman.preprocess.skeleton.walk import RATE_HZ
from edgehuman.records import Uint8
from edgehuman.runtime.image.frames.answer import Watching, answer_frame
from edgehuman.runtime.image.frames.draw import drawn
from edgehuman.runtime.image.frames.follow import Follower
from edgehuman.runtime.image.frames.results import FrameResult, FrameTally
from edgehuman.runtime.image.frames.source import FrameSource, TakenFrame
from edgehuman.runtime.image.frames.watch import opened, require_range, watching_with
from edgehuman.runtime.loop.play import say
from edgehuman.runtime.skeleton.lines import NOTHING, PoseBlock
from edgehuman.runtime.skeleton.rows import PoseRows
from edgehuman.runtime.tracks.numbers import Numbers

DETECTOR, POSE = "zoo:person-detector-int8", "zoo:person-pose-int8"
"""Both are in the wheel."""


def watching_for(
    detector: str | None = None,
    pose: str | None = None,
    score: float | None = None,
    threads: int = 1,
) -> Watching:
    """What finds people and their joints.

    Raises:
        UsageError, ArtefactError: no such model, or one that gives no boxes or no joints.
    """
    require_range(score, 1)
    finder = opened(detector or DETECTOR, threads)
    posing = opened(pose or POSE, threads)
    watching = watching_with(posing, finder, score)
    labels = getattr(getattr(posing, "card", None), "output", None)
    if labels is not None and tuple(labels.labels) != COCO_17:
        raise ArtefactError(
            f"{posing.name} gives {labels.kind}, not COCO's 17 joints; give a pose network, such "
            f"as {POSE}"
        )
    return watching


class Walkers:
    """The tracked skeletons of a video or a folder of pictures.

    Args:
        source: path.
        watching: finds people and their joints.
        every: take every so many frames.
        rate_hz: frames per second of a folder of pictures; None: 24, and it is said.
        numbers: gives tracks their numbers; None: from 1.

    Attributes:
        name: the id that results carry.
        live: False: no frame is dropped.
        fps: frames per second.
        names: what is drawn beside each track.
        show: called with each frame after its results, the people drawn on it; None: none is drawn.

    Raises:
        UsageError, DataError: as `FrameSource`.
    """

    live = False

    def __init__(
        self,
        source: str,
        watching: Watching,
        every: int = 1,
        rate_hz: float | None = None,
        numbers: Numbers | None = None,
    ) -> None:
        self.name = source
        self.frames = FrameSource(source, every)
        if rate_hz is not None and self.frames.video:
            raise UsageError(
                f"--rate-hz is for pictures and poses without times; {source} is a video and has "
                "its own. Leave it out"
            )
        self._rate_hz = RATE_HZ if rate_hz is None else rate_hz
        if rate_hz is None and not self.frames.video:
            say(f"{source}: pictures have no times; taken as {RATE_HZ:g} a second (--rate-hz)")
        self.fps = self.frames.fps if self.frames.video else self._rate_hz / every
        self.names: dict[str, str] = {}
        self.show: Callable[[Uint8], object] | None = None
        self._watching = watching
        self._follower = Follower(watching.score, numbers)
        self._rows = PoseRows()
        self._tally = FrameTally()

    def __enter__(self) -> Walkers:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def __iter__(self) -> Iterator[PoseBlock]:
        """The poses of each frame, none of a frame without anybody on a track.

        Raises:
            DataError: none of the frames can be read.
        """
        for taken in self.frames:
            arrival_ns = time.monotonic_ns()
            if taken.t_s is None:
                taken = dataclasses.replace(taken, t_s=taken.index / self._rate_hz)
            result = answer_frame(self._watching, taken, self._follower)
            self._tally.add(result)
            for track in self._follower.ended:
                self.names.pop(track, None)
            lines = list(_lines(result))
            yield self._rows.read([lines]).arrived(arrival_ns) if lines else NOTHING
            # Whoever takes the block has named its people by now.
            if self.show is not None and taken.image_HWC is not None:
                self.show(self._drawn(taken, result))

    def report(self) -> dict[str, Any]:
        """Frames and people so far, and poses read."""
        tally = self._tally
        return {
            "source": self.name,
            "frames": tally.frames,
            "unreadable": tally.unreadable,
            "frames_without_people": tally.empty,
            "people": tally.people,
            **self._rows.report(),
            **self.frames.report(),
            "dropped": 0,
        }

    def nobody(self) -> str:
        """That nobody was seen, in words; "" if somebody was."""
        tally = self._tally
        if tally.frames and tally.frames == tally.unreadable:
            return f"none of its {tally.frames} frames can be read"
        if not self._rows.report()["rows"]:
            return f"nobody was followed in its {tally.frames} frames"
        return ""

    def _drawn(self, taken: TakenFrame, result: FrameResult) -> Uint8:
        assert taken.image_HWC is not None
        rows, columns = taken.image_HWC.shape[:2]
        scale = columns / taken.width, rows / taken.height
        return drawn(taken.image_HWC, result.people, scale, self.names)


def _lines(result: FrameResult) -> Iterator[Mapping[str, Any]]:
    """The lines of the people who are on a track and have a joint that is seen."""
    for person in result.people:
        joint_J3 = person.joint_J3
        if joint_J3 is None or not person.track or not (joint_J3[:, 2] > 0).any():
            continue
        yield {
            "t": result.t_s,
            "id": person.track,
            "joints": joint_J3,
            "layout": "coco17",
            "width": result.width,
            "height": result.height,
        }
