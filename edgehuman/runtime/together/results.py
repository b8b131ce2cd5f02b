"""What a run of a camera and sensors says: frames as alone, windows with their wearer, and what
happened.

Every result has the time of one clock, that of the run: `t_s`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from edgehuman.runtime.image.frames.results import FrameResult
from edgehuman.runtime.image.frames.results import to_row as frame_row
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.loop.results import to_row as window_row
from edgehuman.runtime.together.wearers import NOT_SURE, Worn

LOST, BACK, ENDED, RESTARTED = "lost", "back", "ended", "restarted"
LATE, FAILED, WEARER = "late", "failed", "wearer"
"""What can happen to a side: nothing comes from it; something comes again; its file is over; its
clock began anew; its results come after later ones of another; it cannot be read any more; and
another wearer of a sensor is known, or none."""


@dataclass(frozen=True, slots=True)
class WornResult(ImuResult):
    """The result for one window of a sensor, by the clock of the run.

    Attributes:
        worn: who wears the sensor, as far as that was known at this time.
    """

    worn: Worn = field(default_factory=Worn)

    def more(self) -> dict[str, Any]:
        """The wearer, and what else is known of a window."""
        # dataclass(slots=True) makes the class anew, which `super()` without arguments cannot see.
        return {**ImuResult.more(self), **wearer_row(self.worn)}


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened to a side, at a time of the run's clock.

    Attributes:
        source: the name of the sensor, or of the camera.
        event: "lost", "back", "ended", "restarted", "late", "failed" or "wearer".
        t_s: when.
        reason: in words.
        worn: of "wearer", who; else None.
    """

    source: str
    event: str
    t_s: float
    reason: str
    worn: Worn | None = None


Item: TypeAlias = FrameResult | WornResult | Happened


def worn_result(result: ImuResult, source: str, t_s: float) -> WornResult:
    """A window's result, by the clock of the run."""
    held = {each.name: getattr(result, each.name) for each in dataclasses.fields(ImuResult)}
    return WornResult(**{**held, "source": source, "t_s": t_s})


def wearer_row(worn: Worn) -> dict[str, Any]:
    """Who wears a sensor, as JSON takes it: the track, or why none is known."""
    wearer = f"track {worn.track}" if worn.track else worn.reason or NOT_SURE
    return {"wearer": wearer, "confidence": round(worn.confidence, 3)}


def to_row(item: Item, camera: str = "") -> dict[str, Any]:
    """A result as one JSON object.

    Args:
        camera: the name of the only video, whose frames do not say it themselves.
    """
    if isinstance(item, FrameResult):
        row = frame_row(item)
        return row if "source" in row else {"source": camera, **row}
    if isinstance(item, WornResult):
        return window_row(item)
    row = {"source": item.source, "event": item.event, "t_s": round(item.t_s, 4)}
    if item.worn is not None:
        row |= wearer_row(item.worn)
        row |= {"lag_s": item.worn.lag_s} if item.worn.lag_s is not None else {}
    return {**row, "said": item.reason}


def sensor_line(item: WornResult | Happened) -> dict[str, Any]:
    """What the page shows of a sensor: what its wearer does and who that is, or what happened."""
    line: dict[str, Any] = {"t": round(item.t_s, 3), "sensor": item.source}
    if isinstance(item, Happened):
        return {**line, "event": item.event, "said": item.reason}
    line |= {"label": item.label, "score": round(item.score, 3), "said": in_words(item.worn)}
    if item.reason:
        line["reason"] = item.reason
    return {**line, "track": item.worn.track} if item.worn.track else line


def in_words(worn: Worn) -> str:
    """Who wears a sensor, in words."""
    if worn.track:
        return f"worn by track {worn.track} ({worn.confidence:.2f})"
    return f"wearer: {worn.reason}"
