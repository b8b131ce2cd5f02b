"""People who walk before cameras: frames in, each with the people on it and their tracks out.

    walkers = Walkers(open_sources(["door.mp4"]), watching_for("joints"))
    with walkers:
        for seen in walkers:
            seen.result.people              `naming.Naming` names who walks

A detector finds people, a tracker follows them, and a pose network or a segmenter answers for each.
A frame of a video or a camera has its own time; a picture that of a rate. It is a
`loop.play.Playable`.

Axes: H height, W width.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from edgehuman.errors import ArtefactError, UsageError
from edgehuman.geometry import COCO_17
from edgehuman.metrics.person_answers import SILHOUETTE
from edgehuman.preprocess.skeleton.walk import RATE_HZ
from edgehuman.records import Float64
from edgehuman.runtime.image.frames.answer import Watching, answer_frame
from edgehuman.runtime.image.frames.crops import AsFound, JointsAndOutlines
from edgehuman.runtime.image.frames.follow import Followers
from edgehuman.runtime.image.frames.moving import MOG2
from edgehuman.runtime.image.frames.results import FrameResult, FrameTally
from edgehuman.runtime.image.frames.several import Sources
from edgehuman.runtime.image.frames.taken import TakenFrame
from edgehuman.runtime.image.frames.watch import (
    opened,
    require_range,
    watching_alone,
    watching_with,
)
from edgehuman.runtime.loop.play import say
from edgehuman.runtime.tracks.numbers import Numbers

DETECTOR, POSE, SEGMENTER = (
    "zoo:person-detector-int8",
    "zoo:person-pose-int8",
    "zoo:person-silhouette-int8",
)
"""They are in the wheel."""
Wanted = Literal["joints", "outlines"]


def watching_for(
    wanted: Wanted,
    detector: str | None = None,
    each: str | None = None,
    score: float | None = None,
    threads: int = 1,
) -> Watching:
    """What finds people, and their joints or outlines. What moves (`mog2`) has an outline already.

    Args:
        each: the pose network, or the segmenter; None: the usual one.

    Raises:
        UsageError, ArtefactError: no such model, or one that gives no boxes, or not what is wanted.
    """
    require_range(score, 1)
    finder = opened(detector or DETECTOR, threads)
    if wanted == "outlines" and detector == MOG2 and each is None:
        return watching_alone(finder, score)
    usual = POSE if wanted == "joints" else SEGMENTER
    if each == MOG2:
        flag = "--pose" if wanted == "joints" else "--segmenter"
        raise UsageError(
            f"{flag} {MOG2}: it finds people, and gives no {wanted} of them by itself; give it as "
            f"--detector {MOG2}, and leave {flag} out"
        )
    model = opened(each or usual, threads)
    watching = watching_with(model, finder, score)
    output = getattr(getattr(model, "card", None), "output", None)
    needed = COCO_17 if wanted == "joints" else SILHOUETTE
    if output is not None and tuple(output.labels) != tuple(needed):
        what = "COCO's 17 joints" if wanted == "joints" else "outlines of people"
        raise ArtefactError(f"{model.name} gives {output.kind}, not {what}; give e.g. {usual}")
    return watching


def watching_both(
    detector: str | None = None,
    pose: str | None = None,
    segmenter: str | None = None,
    score: float | None = None,
    threads: int = 1,
) -> Watching:
    """What finds people, and their joints and outlines.

    Raises:
        UsageError, ArtefactError: as `watching_for`.
    """
    outlines = watching_for("outlines", detector, segmenter, score, threads)
    joints = watching_for("joints", detector, pose, score, threads).per_person
    assert joints is not None
    each = JointsAndOutlines(joints, outlines.per_person or AsFound())
    return dataclasses.replace(outlines, per_person=each)


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame with the people on it, or what happened to a camera; a `loop.play.Block`.

    Attributes:
        taken, result: the frame, and what was found in it.
        ended: tracks that ended with it.
    """

    taken: TakenFrame
    result: FrameResult
    ended: tuple[str, ...] = ()

    @property
    def stamp_s_T(self) -> Float64:
        """Its time, (1,), seconds."""
        return np.array([self.taken.t_s or 0.0])

    def __len__(self) -> int:
        return 1

    def head(self, keep: int) -> Seen:
        """The frame itself: there is but one."""
        return self


class Walkers:
    """The people of one or several sources.

    Args:
        sources: not read yet.
        watching: finds people, and their joints or outlines.
        rate_hz: frames per second of pictures; None: 24, and it is said.
        every: of the pictures, which are taken: these are so much further apart.
        numbers: gives tracks their numbers; None: from 1.
        seconds: of pictures, end at that time.

    Attributes:
        name: the id that results carry where a frame has none.
        live: whether a source drops frames that are late.
        through: passes the frames on; for what stands beside the loop.

    Raises:
        UsageError: a rate for sources that have times.
    """

    def __init__(
        self,
        sources: Sources,
        watching: Watching,
        rate_hz: float | None = None,
        every: int = 1,
        numbers: Numbers | None = None,
        seconds: float | None = None,
    ) -> None:
        self.sources = sources
        # A replay has the name of what was recorded, so that its results are the same.
        self.name = str(sources.report().get("replayed") or ", ".join(sources.names))
        self.live = sources.has_camera
        self.through: Callable[[Iterable[TakenFrame]], Iterable[TakenFrame]] = iter
        kept = sources.kept()
        pictures = [name for name, each in kept.items() if not each.video]
        if rate_hz is not None and not pictures:
            raise UsageError(
                f"--rate-hz is for pictures and poses without times; {self.name} is a video or a "
                "camera and has its own. Leave it out"
            )
        self._rate_hz = RATE_HZ if rate_hz is None else rate_hz
        if rate_hz is None and pictures:
            say(f"{self.name}: pictures have no times; taken as {RATE_HZ:g} a second (--rate-hz)")
        self.fps = max(each.fps for each in kept.values()) or self._rate_hz / every
        self._seconds = math.inf if seconds is None else seconds
        self._watching = watching
        self._followers = Followers(watching.score, numbers)
        self._tally = FrameTally()
        self._followed = 0

    def __enter__(self) -> Walkers:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the cameras go."""
        self.sources.close()

    def __iter__(self) -> Iterator[Seen]:
        """Every frame, and what happened to cameras.

        Raises:
            DataError: none of the frames can be read.
        """
        for taken in self.through(self.sources):
            if taken.t_s is None:
                t_s = taken.index / self._rate_hz
                if t_s >= self._seconds:
                    continue
                taken = dataclasses.replace(taken, t_s=t_s)
            follower = self._followers.of(taken)
            result = answer_frame(self._watching, taken, follower)
            self._tally.add(result)
            self._followed += any(person.track for person in result.people)
            # A frame that cannot be read leaves the tracks as they are.
            ended = () if follower is None or result.reason else tuple(follower.ended)
            yield Seen(taken, result, ended)

    def report(self) -> dict[str, Any]:
        """Frames and people so far; of cameras, what became of their frames."""
        tally = self._tally
        return {
            "source": self.name,
            "frames": tally.frames,
            "unreadable": tally.unreadable,
            "frames_without_people": tally.empty,
            "people": tally.people,
            "rows": tally.people,
            **self.sources.report(),
            "dropped": 0,
        }

    def nobody(self) -> str:
        """That nobody was seen, in words; "" if somebody was."""
        tally = self._tally
        if self.live and not tally.frames:
            return "stopped before any frame came; check its address, or give more --seconds"
        if tally.frames and tally.frames == tally.unreadable:
            return f"none of its {tally.frames} frames can be read"
        if not self._followed:
            broken = f", {tally.unreadable} of them unreadable" if tally.unreadable else ""
            return f"nobody was followed in its {tally.frames} frames{broken}; {self._advice()}"
        return ""

    def _advice(self) -> str:
        """What to do where nobody was followed."""
        if self._tally.people:
            return (
                "people were found now and then; give a longer video, and one that stands upright"
            )
        return "turn the camera so that it sees people from head to foot, or give a lower --score"
