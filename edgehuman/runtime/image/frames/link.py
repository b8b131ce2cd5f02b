"""Who in this frame is who in the last one: by how much their boxes overlap, and by nothing else.

    links = Links()
    people = links.follow(people, t_s)       the same, with `track`

Enough for people who walk by apart from each other. Two who cross may swap, and somebody hidden for
over a second comes back as another. Pairs are taken by falling overlap.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from edgehuman.metrics.boxes.overlap import ious
from edgehuman.records import Float32
from edgehuman.runtime.image.frames.results import Person

_LEAST, _LOST_S = 0.3, 1.0


class Links:
    """The tracks of one video; numbers from 1, none given twice."""

    def __init__(self) -> None:
        self._next = 1
        self._last: dict[str, tuple[Float32, float]] = {}

    def follow(self, people: Sequence[Person], t_s: float) -> tuple[Person, ...]:
        """People of the next frame with their tracks."""
        tracks = [track for track, (_, seen_s) in self._last.items() if t_s - seen_s <= _LOST_S]
        given: dict[int, str] = {}
        if tracks and people:
            now_M4 = np.stack([person.box_4 for person in people])
            before_K4 = np.stack([self._last[track][0] for track in tracks])
            overlap_MK = ious(now_M4, before_K4)
            for place in np.argsort(-overlap_MK, axis=None, kind="stable"):
                m, k = divmod(int(place), len(tracks))
                if overlap_MK[m, k] < _LEAST:
                    break
                if m not in given and tracks[k] not in given.values():
                    given[m] = tracks[k]
        self._last = {track: self._last[track] for track in tracks}
        followed = []
        for m, person in enumerate(people):
            track = given.get(m) or self._new()
            self._last[track] = person.box_4, t_s
            followed.append(dataclasses.replace(person, track=track))
        return tuple(followed)

    def _new(self) -> str:
        self._next += 1
        return str(self._next - 1)
