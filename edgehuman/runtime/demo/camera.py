"""A camera of the demo: the wearer and others walk past it twice. The first time they are enrolled;
the second time somebody whom nobody enrolled comes too.

The wearer's walk is the one that the sensor feels, at the same time. Everybody is found, followed
and named by their outlines by the models that ship, from rendered pictures alone; what is true is
only compared.

Axes: H height, W width, C channels, K frames.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.metrics.gait.vectors import mean_vector
from edgehuman.records import Float32, Float64, Uint8
from edgehuman.runtime.demo.door import NAMES, STRANGER
from edgehuman.runtime.gallery import Gallery, empty_gallery
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.states import NOT_YET
from edgehuman.simulate.body.schedule import Bout, Schedule

DETECTOR, SEGMENTER = "zoo:person-detector-int8", "zoo:person-silhouette-int8"
MODEL = "zoo:gait-silhouette"
WEARER, OTHERS = NAMES[0], NAMES[1:3]
RATE_HZ = 12.0
_LONGEST_S = 7.5
_WORLD = 5000  # people here differ from those of the other sections
_MOTION_HZ = 48.0
_SAME = 0.3  # overlap of a box with where somebody is
_QUALITY, _SHOWN_PX = 52, 420
# Where they walk (along, towards the camera; metres), and to which side of the picture.
_LANES = (((0.0, 0.8), 0.0), ((2.2, -0.5), 0.0), ((-1.6, -1.7), np.pi))


@dataclass(frozen=True, slots=True)
class Shown:
    """Somebody in a frame.

    Attributes:
        box: x1, y1, x2, y2, pixels of the frame.
        track: their number.
        said: a name, "unknown" or "not yet"; "" while people are enrolled.
        nearest, score: the nearest person of the gallery, and how near; "" and 0 before an answer.
        true: who it is; "" where nobody is.
    """

    box: tuple[float, ...]
    track: str
    said: str
    nearest: str
    score: float
    true: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Attributes:
    t_s: on the clock of the sensor.
    jpeg: the picture.
    people: who was followed in it.
    """

    t_s: float
    jpeg: bytes
    people: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Camera:
    """Attributes:
    frames: in order.
    height, width: of the frames that were looked at, pixels.
    empty_jpeg: what it sees when nobody is there.
    spans: begin and end of both passes, seconds.
    threshold: of the gait model.
    found: share of the people in view who were found and followed.
    tracks: tracks that each person had, over both passes.
    answers: by who it truly was, how often what was said in the second pass, of windows.
    nearest: of windows of people who were enrolled, how often the nearest person was the right one,
        and how many windows there were.
    frame_ms: to find, follow and cut out everybody of a frame, median.
    gait_ms: to take in a frame's outlines, with the windows that they complete, median.
    """

    frames: tuple[Frame, ...]
    height: int
    width: int
    empty_jpeg: bytes
    spans: tuple[tuple[float, float], ...]
    threshold: float
    found: float
    tracks: dict[str, int]
    answers: dict[str, dict[str, int]]
    nearest: tuple[int, int]
    frame_ms: float
    gait_ms: float

    @property
    def misnamed(self) -> int:
        """Windows in which somebody was called by the name of somebody else."""
        silent = (UNKNOWN, NOT_YET)
        rows = self.answers.items()
        return sum(
            n for who, said in rows for name, n in said.items() if name not in (who, *silent)
        )

    @property
    def named(self) -> int:
        """Windows in which somebody was called by their own name."""
        return sum(said.get(who, 0) for who, said in self.answers.items())


@dataclass(slots=True)
class _Seen:
    """What one pass showed."""

    frames: list[tuple[float, Uint8, list[Shown]]] = field(default_factory=list)
    vectors: dict[str, list[Float32]] = field(default_factory=dict)
    true: dict[str, Counter[str]] = field(default_factory=dict)
    said: list[tuple[str, str, str]] = field(default_factory=list)
    there: int = 0
    found: int = 0
    frame_ms: list[float] = field(default_factory=list)
    gait_ms: list[float] = field(default_factory=list)

    def who(self, track: str) -> str:
        """Who it mostly was."""
        return self.true[track].most_common(1)[0][0]


def spans_of(schedule: Schedule) -> tuple[tuple[float, float], ...]:
    """When the wearer walks past: the middle of the first two bouts of level walking."""
    found, at_s = [], 0.0
    for bout in schedule:
        if bout.activity == "walking":
            half_s = 0.5 * min(_LONGEST_S, bout.duration_s)
            middle_s = at_s + 0.5 * bout.duration_s
            found.append((middle_s - half_s, middle_s + half_s))
        at_s += bout.duration_s
    return tuple(found[:2])


def camera(seed: int, schedule: Schedule) -> Camera:
    """Both passes, seen by the models.

    Raises:
        UsageError, ArtefactError, EngineError: a model cannot be used.
        ImportError: OpenCV is not installed.
        DataError: nobody was seen long enough to be enrolled.
    """
    from edgehuman.simulate.image.scene.stage import stage

    where = stage(seed)
    spans = spans_of(schedule)
    watcher = _Watcher(where)
    first, second = passes_of(seed, schedule, spans)
    enrolled = watcher.watch(first, spans[0], None)
    gallery = _gallery(watcher, enrolled)
    named = watcher.watch(second, spans[1], gallery)
    seen = (enrolled, named)
    answers: dict[str, Counter[str]] = {}
    for who, said, _ in named.said:
        answers.setdefault(who, Counter())[said] += 1
    known = [who == nearest for who, _, nearest in named.said if who in gallery.people()]
    tracks = Counter(each.who(track) for each in seen for track in each.true)
    return Camera(
        frames=tuple(
            Frame(t_s, _jpeg(image_HWC), tuple(people))
            for each in seen
            for t_s, image_HWC, people in each.frames
        ),
        height=where.height,
        width=where.width,
        empty_jpeg=_jpeg(where.frame((), 0.0)),
        spans=spans,
        threshold=watcher.threshold,
        found=sum(each.found for each in seen) / max(sum(each.there for each in seen), 1),
        tracks={who: count for who, count in tracks.items() if who},
        answers={who: dict(count) for who, count in answers.items() if who},
        nearest=(sum(known), len(known)),
        frame_ms=float(np.median([ms for each in seen for ms in each.frame_ms])),
        gait_ms=float(np.median([ms for each in seen for ms in each.gait_ms])),
    )


class _Watcher:
    """The models before one stage."""

    def __init__(self, where: Any) -> None:
        from edgehuman.runtime.image.frames.watch import opened, watching_with
        from edgehuman.runtime.model import load
        from edgehuman.runtime.tracks.numbers import Numbers

        self._where = where
        self._watching = watching_with(opened(SEGMENTER), opened(DETECTOR))
        self.model = load(MODEL)
        self._numbers = Numbers()
        self.threshold = self.model.card.decision.threshold

    def watch(
        self, passers: dict[str, Any], span: tuple[float, float], gallery: Gallery | None
    ) -> _Seen:
        """One pass, frame by frame."""
        from edgehuman.runtime.gait.outlines import Outlines
        from edgehuman.runtime.image.frames.answer import answer_frame
        from edgehuman.runtime.image.frames.follow import Follower
        from edgehuman.runtime.image.frames.taken import TakenFrame

        follower = Follower(self._watching.score, self._numbers)
        outlines = Outlines(self.model, "camera", gallery, notify=lambda said: None)
        seen, said = _Seen(), dict[str, tuple[str, str, float]]()
        for k in range(round((span[1] - span[0]) * RATE_HZ)):
            t_s = span[0] + k / RATE_HZ
            image_HWC = self._where.frame(list(passers.values()), t_s)
            taken = TakenFrame(str(k), k, t_s, image_HWC, *image_HWC.shape[:2])
            result = answer_frame(self._watching, taken, follower)
            seen.frame_ms.append(result.latency_ms)
            people = [person for person in result.people if person.track]
            true = self._true(passers, t_s, [person.box_4 for person in people], seen)
            for person, who in zip(people, true, strict=True):
                seen.true.setdefault(person.track, Counter())[who] += 1
            begin_ns = time.perf_counter_ns()
            found = outlines.push(result, time.monotonic_ns())
            if people:
                seen.gait_ms.append((time.perf_counter_ns() - begin_ns) / 1e6)
            for each in found:
                if each.reason or each.vector_D is None:
                    continue
                seen.vectors.setdefault(each.track, []).append(each.vector_D)
                said[each.track] = (each.label or NOT_YET, each.raw_label, each.score)
                if gallery is not None:
                    who = true[[person.track for person in people].index(each.track)]
                    seen.said.append((who, each.label or NOT_YET, each.raw_label))
            empty = ("" if gallery is None else NOT_YET, "", 0.0)
            shown = [
                Shown(
                    tuple(round(float(value), 1) for value in person.box_4),
                    person.track,
                    *(empty if gallery is None else said.get(person.track, empty)),
                    who,
                )
                for person, who in zip(people, true, strict=True)
            ]
            seen.frames.append((t_s, image_HWC, shown))
        return seen

    def _true(
        self, passers: dict[str, Any], t_s: float, boxes: Sequence[Float32], seen: _Seen
    ) -> list[str]:
        """Who is in each box, and how many of those who are in view were found."""
        places: dict[str, Float64] = {}
        for who, passer in passers.items():
            body = passer.body(t_s)
            if body is not None:
                box_4 = self._where.box(body)
                if 0 < (box_4[0] + box_4[2]) / 2 < self._where.width:
                    places[who] = box_4
        seen.there += len(places)
        true = []
        for box_4 in boxes:
            shares = {who: _overlap(box_4, place_4) for who, place_4 in places.items()}
            best = max(shares, key=shares.__getitem__, default="")
            true.append(best if best and shares[best] >= _SAME else "")
        seen.found += len({who for who in true if who})
        return true


def passes_of(
    seed: int, schedule: Schedule, spans: Sequence[tuple[float, float]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Who passes the first time, and the second."""
    from edgehuman.simulate.body.person import sample_person
    from edgehuman.simulate.body.walker import walk
    from edgehuman.simulate.image.scene.stage import passer

    motion = walk(sample_person(seed), schedule, 100.0, seed)
    passes: list[dict[str, Any]] = []
    for number, (begin_s, end_s) in enumerate(spans):
        names = (*OTHERS,) if number == 0 else (OTHERS[0], STRANGER)
        place_m, heading = _LANES[0]
        made = {WEARER: passer(seed, motion, begin_s, end_s, heading, place_m)}
        for lane, name in zip(_LANES[1:], names, strict=True):
            own = _WORLD + 16 * seed + (*OTHERS, STRANGER).index(name)
            long_s = end_s - begin_s
            other = walk(
                sample_person(own), [Bout("walking", long_s + 1.0)], _MOTION_HZ, own + 7 * number
            )
            made[name] = passer(own, other, 0.5, 0.5 + long_s, lane[1], lane[0], begin_s)
        passes.append(made)
    return passes[0], passes[1]


def _gallery(watcher: _Watcher, seen: _Seen) -> Gallery:
    """Everybody who was followed the first time, by all windows of their longest track."""
    gallery = empty_gallery(watcher.model.card)
    distance = str(watcher.model.card.output.distance)
    for name in (WEARER, *OTHERS):
        tracks = [track for track in seen.vectors if seen.who(track) == name]
        if tracks:
            longest = max(tracks, key=lambda track: len(seen.vectors[track]))
            vector_D = mean_vector(np.stack(seen.vectors[longest]), distance)
            gallery = gallery.enrol(name, f"{name} 1", vector_D)
    if not len(gallery):
        raise DataError("nobody was followed long enough to be enrolled")
    return gallery


def _overlap(first_4: Float32, second_4: Float64) -> float:
    """Intersection over union."""
    low_2, high_2 = np.maximum(first_4[:2], second_4[:2]), np.minimum(first_4[2:], second_4[2:])
    both = float(np.prod(np.maximum(high_2 - low_2, 0.0)))
    areas = [float(np.prod(box_4[2:] - box_4[:2])) for box_4 in (first_4, second_4)]
    return both / max(sum(areas) - both, 1e-9)


def _jpeg(image_HWC: Uint8) -> bytes:
    import cv2

    height = round(image_HWC.shape[0] * _SHOWN_PX / image_HWC.shape[1])
    small_HWC = cv2.resize(image_HWC, (_SHOWN_PX, height), interpolation=cv2.INTER_AREA)
    flags = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    return bytes(cv2.imencode(".jpg", small_HWC[..., ::-1], flags)[1].tobytes())
