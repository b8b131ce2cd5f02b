"""Who in this frame is who in the last ones: people that a network found, with their tracks.

    follower = Follower(score=0.5)
    for each in follower.follow(found, t_s):
        each.person, each.track

Somebody in plain view has a track from the second frame on, and of the first frame at once; who is
half hidden, so that the network is hardly sure, keeps it. See `runtime.tracks.tracker`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.records import Float32
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.image.frames.taken import TakenFrame
from edgehuman.runtime.tracks.numbers import Numbers
from edgehuman.runtime.tracks.tracker import Settings, Tracker

FAINT = 0.5
"""Of the threshold: people of lower scores go on no track. On simulated frames 1 of 20 boxes of the
zoo's detector below it is a person."""
_SURE = 0.1


@dataclass(frozen=True, slots=True)
class Followed:
    """Attributes:
    person: who was found.
    track: "" as long as it may be nobody.
    """

    person: FoundPerson
    track: str = ""


def settings_of(score: float) -> Settings:
    """The settings of a tracker for a network whose boxes count from this score on."""
    return Settings(high=score, low=FAINT * score, new=min(score + _SURE, 1.0))


class Follower:
    """The tracks of one video or camera.

    Args:
        score: from which people count.
        numbers: gives tracks their numbers; None: from 1.

    Attributes:
        least: score from which people are of use to `follow`.
    """

    def __init__(self, score: float, numbers: Numbers | None = None) -> None:
        self._score = score
        self._tracker = Tracker(settings_of(score), numbers)
        self.least = self._tracker.settings.low

    @property
    def ended(self) -> list[str]:
        """Tracks that ended with the last frame."""
        return [str(number) for number in self._tracker.ended]

    def follow(
        self, found: Sequence[FoundPerson], t_s: float, looks: Sequence[Float32 | None] = ()
    ) -> list[Followed]:
        """The people of the next frame who count or are on a track, in the same order.

        Args:
            t_s: time of the frame, seconds.
            looks: what each looks like, vectors of one length; none at all: not known.
        """
        box_M4 = np.array([each.box_4 for each in found], np.float64).reshape(-1, 4)
        score_M = np.array([each.score for each in found], np.float64)
        track_M = self._tracker.update(box_M4, score_M, t_s, _stacked(looks)).tolist()
        return [
            Followed(each, str(track) if track else "")
            for each, track in zip(found, track_M, strict=True)
            if track or each.score >= self._score
        ]


class Followers:
    """A follower for each source, with numbers of their own, none of which is given twice.

    Args:
        score, numbers: of `Follower`.
    """

    def __init__(self, score: float, numbers: Numbers | None = None) -> None:
        self._score, self._numbers = score, numbers or Numbers()
        self._of: dict[str, Follower] = {}

    def of(self, taken: TakenFrame) -> Follower | None:
        """That of a frame's source; None: nobody is to be followed in it."""
        if taken.event:
            return None
        if taken.source not in self._of:
            self._of[taken.source] = Follower(self._score, self._numbers)
        return self._of[taken.source]


def _stacked(looks: Sequence[Float32 | None]) -> Float32 | None:
    known = [each for each in looks if each is not None]
    if not known:
        return None
    nobody = np.zeros_like(known[0])
    return np.stack([nobody if each is None else each for each in looks])
