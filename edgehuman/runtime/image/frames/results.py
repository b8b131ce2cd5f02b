"""The people of one frame, and the totals of a source.

Coordinates are continuous pixels of the frame: pixel i covers i to i + 1. Axes: H height, W width,
J joints.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgehuman.geometry import COCO_17
from edgehuman.metrics.garments.answers import Item
from edgehuman.records import Bool, Float32, Uint8
from edgehuman.runtime.image.garments.words import row_of
from edgehuman.runtime.loop.results import LatencyHistogram

_NAMES = {len(COCO_17): COCO_17}


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a frame.

    Attributes:
        box_4: float32, x1, y1, x2, y2, inside the frame.
        score: 0 to 1.
        joint_J3: float32 (J, 3): x, y and a score of 0 to 1; None: the model gives none.
        joints: their names.
        mask_HW: bool; where the person is, inside `cut`; None: the model gives none.
        cut: x0, y0, x1, y1, whole pixels that the mask covers, of the picture that was looked at:
            that of a large JPEG is smaller than the frame.
        track: who in this frame is who in the last one; "": not known, as of photos.
        answer: what a model of one person says besides: attributes, embedding, parts.
        part_HW: uint8, of the same pixels as the mask: indices of `parts`, whose first is the
            background; None: the model gives none.
        parts: their names.
        worn: what the person wears, the best first.
    """

    box_4: Float32
    score: float
    joint_J3: Float32 | None = None
    joints: tuple[str, ...] = ()
    mask_HW: Bool | None = None
    cut: tuple[int, int, int, int] | None = None
    track: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    part_HW: Uint8 | None = None
    parts: tuple[str, ...] = ()
    worn: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameResult:
    """The people of one frame.

    Attributes:
        frame: name of a photo, or the number of a video's frame or of an array.
        path: of the photo; None of others.
        t_s: time in the video, seconds; None of photos and arrays.
        height, width: of the frame, pixels; 0 if it cannot be read.
        people: the best first.
        latency_ms: from the picture in memory to the answer.
        person_ms: of it, the time for single people; 0 of a model that finds all at once.
        reason: why there is no answer; empty if there is one.
        remark: about the file, such as an animation.
        source: what gave the frame, without passwords; "" where there is one source and it is no
            camera.
        age_ms: from the frame's leaving its source (a camera's grab, a file's read) to the answer;
            None of a frame whose beginning nobody saw.
        wall_s: when that was by the wall clock, seconds since 1970; None of what is recorded.
        stream_s: the time that a network camera states for the frame; None: it states none.
        event: of no frame: what happened to a camera, "lost", "frozen", "black" or "back", and
            `reason` says it in words; else "".
    """

    frame: str
    path: Path | None = None
    t_s: float | None = None
    height: int = 0
    width: int = 0
    people: tuple[Person, ...] = ()
    latency_ms: float = 0.0
    person_ms: float = 0.0
    reason: str = ""
    remark: str = ""
    source: str = ""
    age_ms: float | None = None
    wall_s: float | None = None
    stream_s: float | None = None
    event: str = ""


def to_row(result: FrameResult) -> dict[str, Any]:
    """A result as one JSON object; with "error" if there is no answer, and with "event" if it is
    none of a frame.
    """
    times: dict[str, Any] = {
        name: round(value, places)
        for name, value, places in (
            *(("t_s", result.t_s, 4), ("wall_s", result.wall_s, 3)),
            *(("stream_s", result.stream_s, 3), ("age_ms", result.age_ms, 3)),
        )
        if value is not None
    }
    source = {"source": result.source} if result.source else {}
    if result.event:
        return {**source, "event": result.event, **times, "said": result.reason}
    number = result.frame if result.t_s is None else int(result.frame)
    where: dict[str, Any] = {**source, "frame": number, **times}
    if result.reason:
        return {**where, "error": result.reason}
    return {
        **where,
        "height": result.height,
        "width": result.width,
        "latency_ms": round(result.latency_ms, 3),
        "people": [_person_row(person) for person in result.people],
        **({"remark": result.remark} if result.remark else {}),
    }


def _person_row(person: Person) -> dict[str, Any]:
    row: dict[str, Any] = {
        "box": [round(value, 2) for value in person.box_4.tolist()],
        "score": round(person.score, 4),
        **({"id": person.track} if person.track else {}),
    }
    if person.joint_J3 is not None:
        row["joints"] = {
            name: [round(x, 2), round(y, 2), round(score, 4)]
            for name, (x, y, score) in zip(person.joints, person.joint_J3.tolist(), strict=True)
        }
    if person.mask_HW is not None:
        row["mask_pixels"] = int(person.mask_HW.sum())
    if person.worn:
        row["worn"] = [row_of(item) for item in person.worn]
    return {**row, **person.answer}


def joint_names(count: int) -> tuple[str, ...]:
    """The names of so many joints: COCO's 17, or their numbers."""
    return _NAMES.get(count) or tuple(map(str, range(count)))


@dataclass(slots=True)
class FrameTally:
    """Totals over the frames so far.

    Attributes:
        frames, unreadable: number of frames, and of those without an answer.
        empty: of those with an answer, frames without people.
        people: over all frames; `most`: in one.
        latency: from the picture to the answer, for those that have one.
        age: the same from where the frame left its source.
        events: what happened to cameras; no frames.
    """

    frames: int = 0
    unreadable: int = 0
    empty: int = 0
    people: int = 0
    most: int = 0
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    age: LatencyHistogram = field(default_factory=LatencyHistogram)
    events: Counter[str] = field(default_factory=Counter)
    _person_ms: float = 0.0
    _frame_ms: float = 0.0

    def add(self, result: FrameResult) -> None:
        """Count one frame, or what happened to a camera."""
        if result.event:
            self.events[result.event] += 1
            return
        self.frames += 1
        if result.reason:
            self.unreadable += 1
            return
        count = len(result.people)
        self.latency.add(result.latency_ms)
        if result.age_ms is not None:
            self.age.add(result.age_ms)
        self.people += count
        self.most = max(self.most, count)
        self.empty += not count
        self._person_ms += result.person_ms
        self._frame_ms += result.latency_ms - result.person_ms

    def summary(self) -> dict[str, Any]:
        """The frames in numbers; None for what was not measured."""
        answered = self.frames - self.unreadable
        return {
            "frames": self.frames,
            "unreadable": self.unreadable,
            "frames_without_people": self.empty,
            "people": self.people,
            "most_people": self.most,
            "latency_ms": _in_numbers(self.latency),
            "age_ms": _in_numbers(self.age),
            "frame_ms": _rounded(self._frame_ms / answered) if answered else None,
            "person_ms": _rounded(self._person_ms / self.people)
            if self.people and self._person_ms
            else None,
            **({"events": dict(self.events)} if self.events else {}),
        }


def _in_numbers(times: LatencyHistogram) -> dict[str, Any]:
    return {
        "p50": _rounded(times.percentile_ms(50)),
        "p99": _rounded(times.percentile_ms(99)),
        "max": round(times.max_ms, 3),
    }


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)
