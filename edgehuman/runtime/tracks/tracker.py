"""Who in this frame is who in the last ones, from boxes and the times of the frames alone.

    tracker = Tracker()
    track_M = tracker.update(box_M4, score_M, t_s)      numbers of tracks; 0: of no track

ByteTrack's two stages (Zhang et al., ECCV 2022): good boxes first, then poor ones for those who are
still missing, as somebody half hidden gives them. From OC-SORT (Cao et al., CVPR 2023): the
direction in which somebody walks is part of the cost (OCM); who is missing is looked for where the
last box was, too (OCR); and who comes back is filtered as if seen in between (ORU). With vectors of
what people look like, BoT-SORT's gate (arXiv 2206.14651).

A track is tentative at its first box, and has no number yet. It is confirmed by its second within
half a second, if it was in at least half of the frames; on the first frame a good box is enough; a
box that begins beside somebody needs four, and one in somebody's place waits until they part. A
track is lost while it is not seen; and after 1.2 seconds, or as long with poor boxes alone, removed
and freed. All times are seconds of the frames' own stamps: a camera that stalls
loses its tracks, and one that gives every fifth frame keeps them.

Otherwise than ByteTrack: a score equal to the threshold is a good one; lost tracks have poor boxes
too, and tentative ones are predicted; a score counts in proportion to the threshold, as detectors
are sure to different degrees; of two tracks at one place the younger is given up only if it began
while the other was lost: else it is somebody who walks in front of another. Chosen on simulated
passers (`simulate.image.passers`). Left out: the motion of a camera.

Axes: K tracks, M boxes of one frame, D dimensions; S, 4: as in `motion`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.boxes.overlap import ious, shares_within
from edgehuman.records import Bool, Float64, Index
from edgehuman.runtime.tracks import motion
from edgehuman.runtime.tracks.assign import assign
from edgehuman.runtime.tracks.costs import directions, unit, unlike
from edgehuman.runtime.tracks.numbers import Numbers
from edgehuman.runtime.tracks.track import ROUNDING_S, Track

RESTART_S = 2.0
"""A clock that steps back by more has begun anew, and so have the tracks."""
# Frames that were missed and are replayed; of more, so many steps.
_MOST_REPLAYED = 3
# Of ByteTrack's scores, the threshold; a detector's own counts as this much.
_GOOD = 0.6


@dataclass(frozen=True, slots=True)
class Settings:
    """Attributes:
    high: score from which a box is a good one.
    low: score from which it may go on a track.
    new: score from which a good one may begin a track; None: `high` + 0.1.
    first_cost: most cost, 1 - IoU * score, of good boxes and confirmed tracks.
    second_cost: most cost, 1 - IoU, of poor boxes and tracks that were seen in the last frame.
    again_cost: most cost, 1 - IoU, of good boxes and the last boxes of tracks.
    tentative_cost: most cost, 1 - IoU * score, of good boxes and tentative tracks.
    same_cost: 1 - IoU under which two tracks are one person.
    inertia: weight of the direction; 0: it does not count.
    direction_s: seconds over which a track's direction is taken.
    confirm_s: a tentative track is seen again within so many seconds, or in the next frame.
    poor_s: seconds after which a track that had only poor boxes is removed, or it would live on
        what looks a little like a person.
    within: share of a box in that of somebody who is followed, or the other way round, from which
        it is not confirmed: it is the same person, until they part.
    hits: boxes that confirm a track.
    crowded: IoU with somebody who is followed, from which a new track needs `crowded_hits`: most
        such boxes are a part of that person, or two people in one.
    lost_s: seconds after which a track that is not seen is removed.
    recovers: whether missing people are looked for where they were last seen.
    replays: whether who comes back is filtered as if seen in between.
    apart_cost: 1 - IoU over which looks do not count.
    unlike_cost: (1 - cosine) / 2 over which two looks are of different people.
    memory: share of a track's look that stays when it is seen again.
    noise: of the filter.
    """

    high: float = 0.6
    low: float = 0.1
    new: float | None = None
    first_cost: float = 0.8
    second_cost: float = 0.5
    again_cost: float = 0.7
    tentative_cost: float = 0.7
    same_cost: float = 0.15
    inertia: float = 0.2
    direction_s: float = 0.3
    confirm_s: float = 0.5
    crowded: float = 0.3
    hits: int = 2
    crowded_hits: int = 4
    lost_s: float = 1.2
    poor_s: float = 1.2
    within: float = 0.7
    recovers: bool = True
    replays: bool = True
    apart_cost: float = 0.5
    unlike_cost: float = 0.25
    memory: float = 0.9
    noise: motion.Noise = motion.WALKERS

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high <= 1:
            raise UsageError(
                f"the thresholds of a tracker are {self.low:g} and {self.high:g}; give "
                "0 <= low <= high <= 1"
            )

    @property
    def begins(self) -> float:
        """Score from which a box may begin a track."""
        return self.high + 0.1 if self.new is None else self.new


class Tracker:
    """The tracks of one camera.

    Args:
        settings: thresholds and times.
        numbers: gives the numbers; None: from 1. Cameras of one process share them.

    Attributes:
        ended: numbers of the tracks that were removed with the last frame, so that whoever keeps
            something for a track can free it.
        tracks: all that are not removed.
    """

    def __init__(self, settings: Settings | None = None, numbers: Numbers | None = None) -> None:
        self.settings = settings or Settings()
        self.ended: list[int] = []
        self.tracks: list[Track] = []
        self._numbers = numbers or Numbers()
        self._t_s = -math.inf

    def update(
        self,
        box_M4: NDArray[np.floating],
        score_M: NDArray[np.floating],
        t_s: float,
        look_MD: NDArray[np.floating] | None = None,
    ) -> Index:
        """The track of each box (M,) of the next frame; 0: of none that is confirmed.

        Args:
            box_M4: x1, y1, x2, y2, finite.
            score_M: 0 to 1.
            t_s: time of the frame, seconds. One that is not after the last frame's counts as the
                same moment; over two seconds before it, everything begins anew.
            look_MD: what each looks like, of any length; a row of zeros or NaN: not known.

        Raises:
            DataError: a time, boxes or scores that are not finite.
        """
        if not (math.isfinite(t_s) and np.isfinite(box_M4).all() and np.isfinite(score_M).all()):
            raise DataError(
                f"a frame at {t_s} s has a time, boxes or scores that are not finite; leave such "
                "boxes out, and give the time in seconds"
            )
        self.ended = []
        if t_s < self._t_s - RESTART_S:
            self._remove(self.tracks)
            self._t_s = -math.inf
        is_first, step_s = self._t_s == -math.inf, max(t_s - self._t_s, 0.0)
        t_s = self._t_s = max(t_s, self._t_s)
        self._expire(t_s, step_s)
        own_M = np.asarray(score_M, np.float64)
        frame = _Frame(
            t_s,
            np.asarray(box_M4, np.float64).reshape(-1, 4),
            own_M,
            np.asarray(np.interp(own_M, (0, self.settings.high, 1), (0, _GOOD, 1)), np.float64),
            None if look_MD is None else unit(look_MD),
        )
        self._match(frame)
        self._see(frame)
        self._begin(frame, is_first)
        track_M = np.zeros(len(frame.score_M), np.int64)
        for m, track in frame.track_of.items():
            track_M[m] = track.number
        return track_M

    def _expire(self, t_s: float, step_s: float) -> None:
        """Remove the tracks that were not seen for too long."""
        of, gone = self.settings, []
        for track in self.tracks:
            # The second box may come in the next frame, however long that takes.
            most_s = of.lost_s if track.number else max(of.confirm_s, step_s)
            is_gone = t_s - track.seen_s > min(most_s, of.lost_s) + ROUNDING_S
            if is_gone or t_s - track.good_s > of.poor_s + ROUNDING_S:
                gone.append(track)
        self._remove(gone)

    def _remove(self, gone: Sequence[Track]) -> None:
        self.ended += [track.number for track in gone if track.number]
        self.tracks = [track for track in self.tracks if track not in gone]

    def _match(self, frame: _Frame) -> None:
        """Pair tracks and boxes, stage by stage."""
        of, tracks = self.settings, self.tracks
        if not tracks or not len(frame.score_M):
            return
        state_KS4 = np.stack([track.state_S4 for track in tracks])
        after_s_K = np.array([frame.t_s - track.seen_s for track in tracks])
        tracked_K = np.array([not track.missed for track in tracks])
        box_K4 = motion.boxes(motion.predicted(state_KS4, after_s_K, of.noise, tracked_K))
        overlap_KM = ious(box_K4, frame.box_M4)
        fused_KM = 1 - overlap_KM * frame.worth_M
        is_high_M = frame.score_M >= of.high
        is_low_M = (frame.score_M >= of.low) & ~is_high_M
        known_K = np.array([track.number > 0 for track in tracks])
        frame.pair(tracks, known_K, is_high_M, *self._first_cost(frame, overlap_KM, fused_KM))
        frame.pair(tracks, known_K, is_low_M, 1 - overlap_KM, of.second_cost)
        if of.recovers and not frame.is_done(tracks, known_K, is_high_M):
            last_K4 = np.stack([track.box_4 for track in tracks])
            again_KM = 1 - ious(last_K4, frame.box_M4)
            frame.pair(tracks, known_K, is_high_M, again_KM, of.again_cost)
        frame.pair(tracks, ~known_K, is_high_M, fused_KM, of.tentative_cost)
        self._merge(frame, overlap_KM)

    def _first_cost(
        self, frame: _Frame, overlap_KM: Float64, fused_KM: Float64
    ) -> tuple[Float64, float]:
        """The cost of good boxes and confirmed tracks (K, M), and its limit."""
        of = self.settings
        cost_KM, limit = fused_KM, of.first_cost
        if frame.look_MD is not None:
            unlike_KM = unlike([track.look_D for track in self.tracks], frame.look_MD)
            is_like_KM = (unlike_KM <= of.unlike_cost) & (1 - overlap_KM <= of.apart_cost)
            cost_KM = np.where(is_like_KM, np.minimum(cost_KM, unlike_KM), cost_KM)
        if of.inertia:
            # What is too far away does not come nearer by its direction.
            cost_KM = np.where(cost_KM <= limit, cost_KM, np.inf)
            old_K4 = np.stack([track.old_4 for track in self.tracks])
            last_K4 = np.stack([track.box_4 for track in self.tracks])
            turn_KM = directions(old_K4, last_K4, frame.box_M4)
            cost_KM -= of.inertia * frame.worth_M * turn_KM
            limit += of.inertia / 2
        return cost_KM, limit

    def _merge(self, frame: _Frame, overlap_KM: Float64) -> None:
        """Give the box of a track that began while another at its place was lost to that one."""
        for k, lost in enumerate(self.tracks):
            if not lost.number or frame.has(lost):
                continue
            for m in np.flatnonzero(overlap_KM[k] > 1 - self.settings.same_cost).tolist():
                younger = frame.track_of.get(m)
                if younger is not None and younger.begun_s > lost.seen_s:
                    frame.give(m, lost)
                    self._remove([younger])
                    break

    def _see(self, frame: _Frame) -> None:
        """Filter the tracks that were seen; count the frame for the others."""
        of = self.settings
        groups: dict[int, list[tuple[int, Track]]] = {}
        for m, track in frame.track_of.items():
            steps = min(track.missed, _MOST_REPLAYED) + 1 if of.replays else 1
            groups.setdefault(steps, []).append((m, track))
        for steps, group in groups.items():
            state_KS4 = np.stack([track.state_S4 for _, track in group])
            last_K4 = np.stack([track.box_4 for _, track in group])
            gap_s_K = np.array([frame.t_s - track.seen_s for _, track in group])
            box_K4 = frame.box_M4[[m for m, _ in group]]
            state_KS4 = motion.replayed(state_KS4, last_K4, box_K4, gap_s_K, steps, of.noise)
            for (m, track), state_S4 in zip(group, state_KS4, strict=True):
                track.state_S4 = state_S4
                track.see(frame.box_M4[m], frame.t_s, of.direction_s)
                track.look(frame.look_of(m), of.memory)
                track.hits, track.frames = track.hits + 1, track.frames + 1
                if frame.score_M[m] >= of.high:
                    track.good_s = frame.t_s
                is_sure = track.hits >= track.needed and 2 * track.hits >= track.frames
                if is_sure and not track.number and not frame.is_part(m, of.within):
                    track.number = self._numbers.next()
        for track in self.tracks:
            if not frame.has(track):
                track.missed, track.frames = track.missed + 1, track.frames + 1

    def _begin(self, frame: _Frame, is_first: bool) -> None:
        """Begin tracks with the good boxes that are left; of the first frame they are sure."""
        score_M = frame.score_M
        taken = list(frame.track_of)
        near_M = ious(frame.box_M4, frame.box_M4[taken]).max(axis=1, initial=0)
        for m in np.flatnonzero(score_M >= max(self.settings.begins, self.settings.high)).tolist():
            if m not in frame.track_of:
                box_4 = frame.box_M4[m]
                state_S4 = motion.begun(box_4[None], self.settings.noise)[0]
                track = Track(state_S4, box_4, frame.t_s, frame.t_s, good_s=frame.t_s)
                track.see(box_4, frame.t_s, self.settings.direction_s)
                track.look(frame.look_of(m), 0.0)
                is_alone = near_M[m] < self.settings.crowded
                track.needed = self.settings.hits if is_alone else self.settings.crowded_hits
                track.number = self._numbers.next() if is_first else 0
                self.tracks.append(track)
                frame.give(m, track)


class _Frame:
    """The boxes of one frame, and the tracks that they have got so far."""

    def __init__(
        self,
        t_s: float,
        box_M4: Float64,
        score_M: Float64,
        worth_M: Float64,
        look_MD: Float64 | None,
    ) -> None:
        self.t_s, self.box_M4, self.score_M, self.worth_M = t_s, box_M4, score_M, worth_M
        self.look_MD = look_MD
        self.track_of: dict[int, Track] = {}
        self._tracks: set[int] = set()

    def pair(
        self,
        tracks: Sequence[Track],
        asked_K: Bool,
        asked_M: Bool,
        cost_KM: Float64,
        limit: float,
    ) -> None:
        """Pair those of the tracks and boxes that have no partner yet."""
        columns = [m for m in np.flatnonzero(asked_M).tolist() if m not in self.track_of]
        rows = [k for k in np.flatnonzero(asked_K).tolist() if not self.has(tracks[k])]
        if rows and columns:
            for row, column in assign(cost_KM[np.ix_(rows, columns)], limit):
                self.give(columns[column], tracks[rows[row]])

    def is_done(self, tracks: Sequence[Track], asked_K: Bool, asked_M: Bool) -> bool:
        """Whether all of these tracks have a box, or all of these boxes a track."""
        return all(self.has(tracks[k]) for k in np.flatnonzero(asked_K).tolist()) or all(
            m in self.track_of for m in np.flatnonzero(asked_M).tolist()
        )

    def is_part(self, m: int, share: float) -> bool:
        """Whether a box and that of somebody with a number are so far the same place."""
        others = [k for k, track in self.track_of.items() if track.number and k != m]
        if not others:
            return False
        one_14, other_K4 = self.box_M4[m : m + 1], self.box_M4[others]
        shares = [shares_within(one_14, other_K4).max(), shares_within(other_K4, one_14).max()]
        return bool(max(shares) >= share)

    def give(self, m: int, track: Track) -> None:
        """Give a box to a track."""
        self.track_of[m] = track
        self._tracks.add(id(track))

    def has(self, track: Track) -> bool:
        """Whether a track has a box."""
        return id(track) in self._tracks

    def look_of(self, m: int) -> Float64 | None:
        """What somebody looks like; None: not known."""
        return None if self.look_MD is None or not self.look_MD[m].any() else self.look_MD[m]
