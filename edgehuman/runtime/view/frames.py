"""A frame as the live page shows it: its picture as JPEG, and who is in it.

Nothing is computed until somebody asks; what was computed is kept for the next who does.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from edgehuman.records import Uint8
from edgehuman.runtime.image.frames.draw import drawn
from edgehuman.runtime.image.frames.results import FrameResult, Person
from edgehuman.runtime.image.frames.several import Sources
from edgehuman.runtime.image.frames.taken import BACK, TakenFrame
from edgehuman.runtime.replay.frames import FramesKeeper
from edgehuman.runtime.serve.beside import Beside
from edgehuman.runtime.serve.board import About
from edgehuman.runtime.serve.flags import LiveFlags
from edgehuman.runtime.serve.meter import public_name
from edgehuman.runtime.states import NOT_YET
from edgehuman.runtime.view.identity import in_words, named

MOST_SIDE = 1280
"""Of the picture that is sent, pixels."""
_QUALITY = 80
_OUTLINE_PIXELS = 2.0
_MOST_POINTS = 400
DROPPED = ("passed_over", "broken", "black", "frozen", "missing_frames")
"""Of what a source reports, the frames that were not looked at."""
NAME, STATE = "name", "state"
"""The keys of a person's answer that say who it is, and how much is known of that; `identity`, the
score of a name, goes with them (`view.identity`)."""
PRIVATE = (NAME, "identity", "embedding")


def nameless(row: Mapping[str, Any]) -> dict[str, Any]:
    """A frame as JSON lines have it, without what says who somebody is: it leaves this machine."""
    people = row.get("people", ())
    kept = [{key: value for key, value in each.items() if key not in PRIVATE} for each in people]
    return {**row, **({"people": kept} if "people" in row else {})}


def about_frames(model: str, source: str, identifies: bool = False) -> About:
    """What the page says of a run on frames."""
    return About("frames", model, public_name(source), identifies=identifies)


def show(beside: Beside, taken: TakenFrame, result: FrameResult, stamp_ns: int) -> None:
    """Count a frame, and show it on the page if there is one.

    Args:
        stamp_ns: when it left its source, by the wall clock of this machine.
    """
    meter = beside.meter
    at = taken.index if result.t_s is None else round(result.t_s, 3)
    if result.event:
        meter.up = result.event == BACK
        _tell(beside, {"t": at, "event": result.event, "said": result.reason}, result.source)
        return
    meter.up = True
    tracks = [person.track for person in result.people if person.track]
    meter.seen(result.source, len(result.people), len(tracks))
    if result.reason:
        meter.unanswered("unreadable")
    else:
        stages_s = {"people": result.person_ms / 1e3} if result.person_ms else {}
        age_ms = (time.time_ns() - stamp_ns) / 1e6 if result.age_ms is None else result.age_ms
        meter.answered(result.latency_ms / 1e3, age_ms / 1e3, stages_s)
    if beside.board is None:
        return
    number = beside.board.shown + 1
    shot = FrameShot(number, stamp_ns, taken, result, beside.board.about.identifies)
    line = {"t": at, "people": len(result.people), "tracks": tracks}
    names = shot.names()
    _tell(beside, {**line, **({"names": names} if names else {})}, result.source)
    beside.board.show(shot)


def stand_beside(beside: Beside, sources: Sources, flags: LiveFlags) -> None:
    """Open what stands beside a loop on frames: its record, and the counts of its source."""
    beside.meter.ask(lambda: dropped_by(sources), beside.dropped_by_sinks)
    sources.idle = beside.turned
    if flags.record is not None:
        name = ", ".join(sources.names)
        keeper = FramesKeeper(flags.record, name, sources.kept(), flags.record_mb)
        beside.keep_by(keeper, lossless=not sources.has_camera)


def dropped_by(sources: Sources) -> dict[str, int]:
    """Frames that were never looked at, by reason."""
    report = sources.report()
    counts: Counter[str] = Counter()
    for row in report.get("sources", [report]):
        counts.update({why: row[why] for why in DROPPED if row.get(why)})
    return dict(counts)


def _tell(beside: Beside, line: dict[str, Any], source: str) -> None:
    if beside.board is not None:
        beside.board.add({**line, "source": source} if source else line)


class FrameShot:
    """A `serve.board.Shot` of one frame.

    Args:
        number: rises from frame to frame, of all sources.
        stamp_ns: when it left its source, by the wall clock of this machine.
        identifies: whether names of persons may be shown.
    """

    def __init__(
        self,
        number: int,
        stamp_ns: int,
        taken: TakenFrame,
        result: FrameResult,
        identifies: bool = False,
    ) -> None:
        self.number, self.stamp_ns, self.source = number, stamp_ns, result.source
        self._taken, self._result, self._identifies = taken, result, identifies
        self._made: dict[bool, bytes] = {}
        self._lock = threading.Lock()

    def jpeg(self, drawn: bool) -> bytes:
        """The picture, with its people drawn in or without; empty: it cannot be read."""
        with self._lock:
            if drawn not in self._made:
                self._made[drawn] = self._encoded(drawn)
            return self._made[drawn]

    def row(self) -> Mapping[str, Any]:
        """The people, in pixels of the frame; outlines of masks as polygons."""
        result = self._result
        return {
            "number": self.number,
            "frame": result.frame,
            "t_s": None if result.t_s is None else round(result.t_s, 3),
            "width": result.width,
            "height": result.height,
            "latency_ms": round(result.latency_ms, 2),
            "reason": result.reason,
            "people": [self._person(person) for person in result.people],
        }

    def names(self) -> dict[str, Mapping[str, Any]]:
        """Who is on each track, as far as anything is known."""
        said = {each.track: self._named(each) for each in self._result.people}
        return {track: row for track, row in said.items() if row and row["state"] != NOT_YET}

    def _person(self, person: Person) -> dict[str, Any]:
        row: dict[str, Any] = {
            "box": [round(float(value), 1) for value in person.box_4],
            "score": round(person.score, 3),
            "track": person.track,
        }
        if person.joint_J3 is not None:
            row["joints"] = {
                name: [round(float(x), 1), round(float(y), 1), round(float(score), 2)]
                for name, (x, y, score) in zip(person.joints, person.joint_J3, strict=True)
            }
        if person.mask_HW is not None:
            row["outline"] = self._outline(person)
        return {**row, **self._named(person)}

    def _named(self, person: Person) -> Mapping[str, Any]:
        """Who somebody is, where persons are identified; nothing where nobody asked."""
        is_asked = self._identifies and person.track and {NAME, STATE} & person.answer.keys()
        return named(person.answer) if is_asked else {}

    def _outline(self, person: Person) -> list[list[list[int]]]:
        """Polygons around a mask, in pixels of the frame."""
        import cv2

        image_HWC = self._taken.image_HWC
        if person.mask_HW is None or person.cut is None or image_HWC is None:
            return []
        mask_HW = person.mask_HW.astype("uint8")
        found = cv2.findContours(mask_HW, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
        x_scale = self._result.width / image_HWC.shape[1]
        y_scale = self._result.height / image_HWC.shape[0]
        x0, y0 = person.cut[:2]
        return [
            [[round((x + x0) * x_scale), round((y + y0) * y_scale)] for x, y in line[:, 0].tolist()]
            for each in found
            if len(line := cv2.approxPolyDP(each, _OUTLINE_PIXELS, True)[:_MOST_POINTS]) > 2
        ]

    def _encoded(self, with_people: bool) -> bytes:
        import cv2

        image_HWC = self._taken.image_HWC
        if image_HWC is None:
            return b""
        image_HWC = fitted(image_HWC)
        if with_people and self._result.width:
            rows, columns = image_HWC.shape[:2]
            scale = columns / self._result.width, rows / self._result.height
            people = self._result.people
            names = {each.track: in_words(self._named(each)) for each in people}
            # A mask lies in pixels of the picture that was looked at.
            if image_HWC.shape == self._taken.image_HWC.shape:  # type: ignore[union-attr]
                image_HWC = drawn(image_HWC, people, scale, names)
            else:
                unmasked = [_unmasked(person) for person in people]
                image_HWC = drawn(image_HWC, unmasked, scale, names)
        flags = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
        done, content = cv2.imencode(".jpg", image_HWC[..., ::-1], flags)
        return bytes(content.tobytes()) if done else b""


def fitted(image_HWC: Uint8) -> Uint8:
    """The picture with no side over 1280 pixels."""
    import cv2

    height, width = image_HWC.shape[:2]
    scale = MOST_SIDE / max(height, width)
    if scale >= 1:
        return image_HWC
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small_HWC: Uint8 = cv2.resize(image_HWC, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return small_HWC


def _unmasked(person: Person) -> Person:
    return dataclasses.replace(person, mask_HW=None)
