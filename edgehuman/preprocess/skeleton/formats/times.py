"""From what a file says of frames and times to seconds.

Stated seconds count before stamps in an unknown unit, these before frame numbers; a file without
any of them is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.declared import Declared
from edgehuman.preprocess.skeleton.formats.people import Person
from edgehuman.preprocess.skeleton.walk import RATE_HZ

_OF_SECONDS = ("t", "timestamp")


def timed(
    found: Sequence[Person], declared: Declared
) -> tuple[list[Person], float, tuple[str, ...]]:
    """The people with times in seconds, the rate that made them of frames (else 0), and remarks.

    Raises:
        DataError: some have a time or a frame number and some do not.
    """
    if not found:
        return [], 0.0, ()
    kind, values = _times(found)
    if kind in _OF_SECONDS:
        unit_s = 1.0 if kind == "t" else _unit_of(values)
        return _at(found, [value * unit_s for value in values]), 0.0, ()
    stated_hz = declared.rate_hz or next((each.rate_hz for each in found if each.rate_hz), 0.0)
    rate_hz = stated_hz or RATE_HZ
    said = f"{rate_hz:g} frames per second are assumed: the files do not state it; give --rate-hz"
    return _at(found, [frame / rate_hz for frame in values]), rate_hz, () if stated_hz else (said,)


def _times(found: Sequence[Person]) -> tuple[str, list[float]]:
    """What orders the people, "t", "timestamp" or "frame number", and its value of each.

    Raises:
        DataError: some have it and some do not.
    """
    known: dict[str, list[float]] = {
        "t": [each.pose.t_s for each in found],
        "timestamp": [each.clock for each in found],
        "frame number": [float(each.pose.frame) for each in found],
    }
    lacking = {
        "t": ~np.isfinite(known["t"]),
        "timestamp": ~np.isfinite(known["timestamp"]),
        "frame number": np.array(known["frame number"]) < 0.0,
    }
    whole = next((kind for kind in known if not lacking[kind].any()), None)
    if whole is not None:
        return whole, known[whole]
    part = next((kind for kind in known if not lacking[kind].all()), None)
    if part is None:
        return "frame number", [float(frame) for frame in _counted(found)]
    first = found[int(np.argmax(lacking[part]))].pose.where
    raise DataError(
        f"{first}: it has no {part}, which {int((~lacking[part]).sum())} of {len(found)} poses "
        "have, so its time is not known; give every frame one, or leave it out"
    )


def _at(found: Sequence[Person], stamp_s: Sequence[float]) -> list[Person]:
    return [
        replace(person, pose=replace(person.pose, t_s=t_s))
        for person, t_s in zip(found, stamp_s, strict=True)
    ]


def _unit_of(clocks: Sequence[float]) -> float:
    """Seconds in a unit of stamps that do not state it, by their usual step."""
    steps = np.diff(np.unique(clocks))
    step = float(np.median(steps)) if len(steps) else 0.0
    return next((unit for unit in (1.0, 1e-3, 1e-6) if step * unit < 2.0), 1e-9)


def _counted(found: Sequence[Person]) -> list[int]:
    """Frames of people without frame numbers: the elements of the file's list, or, where each of
    these is one person of several, a new frame whenever a track comes again.
    """
    positions = [person.position for person in found]
    tracks = {person.pose.track for person in found}
    if len(set(positions)) < len(positions) or len(tracks) < 2:
        return positions
    frames, frame, there = [], 0, set[str | None]()
    for person in found:
        if person.pose.track in there:
            frame, there = frame + 1, set()
        there.add(person.pose.track)
        frames.append(frame)
    return frames
