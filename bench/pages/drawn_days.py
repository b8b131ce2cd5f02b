"""Simulated people who walk past the demo's drawn camera twice, as a set of frames with tracks.

    frames = drawn_days(12)

Each day has two people who pass twice and two who pass once, in streets, light and clothes of its
own. All days are one sequence, so a gallery may hold people of all.

Axes: H height, W width, G people in view.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from edgehuman.data.image.frames.set import FrameSet, People
from edgehuman.errors import UsageError
from edgehuman.metrics.tracking.mot import Truth
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.demo.camera import RATE_HZ, passes_of, spans_of
from edgehuman.runtime.demo.day import day_schedule

_SECONDS = 90.0
# Days do not overlap on the clock; nor do people's numbers.
_DAY_S, _DAY_PEOPLE = 1000.0, 10


@dataclass(frozen=True, slots=True)
class _Moment:
    """A frame before it is drawn."""

    day: int
    number: int
    t_s: float


class _Days:
    """Frames of days, drawn when they are asked for."""

    def __init__(self, moments: list[_Moment]) -> None:
        self._moments = moments

    def __len__(self) -> int:
        return len(self._moments)

    def __getitem__(self, index: int, /) -> Uint8:
        moment = self._moments[index]
        where, passes = _staged(moment.day)
        image_HWC: Uint8 = where.frame(list(passes[moment.number].values()), moment.t_s)
        return image_HWC


@lru_cache(maxsize=1)
def _staged(day: int) -> tuple[Any, tuple[dict[str, Any], dict[str, Any]]]:
    """Where a day's people walk, and who passes the first and the second time."""
    from edgehuman.simulate.image.scene.stage import stage

    schedule = day_schedule(_SECONDS, day)
    return stage(day), passes_of(day, schedule, spans_of(schedule))


def drawn_days(days: int) -> FrameSet:
    """The frames of days 0 to `days` - 1.

    Raises:
        UsageError: no day.
    """
    if days < 1:
        raise UsageError(f"found {days} days; give at least 1")
    moments, truths = [], []
    for day in range(days):
        where, passes = _staged(day)
        names = list(dict.fromkeys(name for each in passes for name in each))
        for number, (begin_s, end_s) in enumerate(spans_of(day_schedule(_SECONDS, day))):
            for k in range(round((end_s - begin_s) * RATE_HZ)):
                moment = _Moment(day, number, begin_s + k / RATE_HZ)
                boxes = {
                    _DAY_PEOPLE * day + names.index(name): where.box(body)
                    for name, passer in passes[number].items()
                    if (body := passer.body(moment.t_s)) is not None
                }
                moments.append(moment)
                truths.append(_truth(boxes))
    return FrameSet(
        frames=_Days(moments),
        people=[People(each.box_G4.astype(np.float32), ~each.is_marked_G) for each in truths],
        names=[f"day {each.day} at {each.t_s:.2f} s" for each in moments],
        role_N=np.full(len(moments), "test"),
        sequence_N=np.full(len(moments), "drawn"),
        dataset="simulated, before a drawn camera",
        simulated=True,
        tracks=truths,
        t_s_N=np.array([_DAY_S * each.day + each.t_s for each in moments]),
    )


def _truth(boxes: dict[int, Float32]) -> Truth:
    count = len(boxes)
    box_G4 = np.array(list(boxes.values()), np.float64).reshape(count, 4)
    ones_G = np.ones(count, np.int64)
    return Truth(np.array(list(boxes), np.int64), box_G4, ones_G, ones_G.astype(np.bool_))
