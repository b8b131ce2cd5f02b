"""People who pass before a camera, as boxes: who is where, and what a detector would say.

    for frame in simulate_passers(people=8, seconds=20, rate_hz=25, seed=0):
        frame.t_s, frame.track_G, frame.box_G4, frame.found_M4, frame.score_M

Everybody walks between places on level ground at a speed of their own, turns, and at times stands.
The nearer hide the farther; who is half hidden gets a lower score and a shorter box, and who is
hidden none. Boxes tremble, as a detector's do, slowly more than from frame to frame; now and then
one is missing; others are beside people, and where nobody is. For testing trackers: no picture is
made.

Scores are as ByteTrack has them: from 0.6 on a box is a good one. `POOR` is like a small detector:
its errors are of the size that zoo:person-detector-int8 has on simulated frames (IoU of its boxes
0.7, and for each person 0.1 false boxes over the threshold, and one below).

Axes: G people in view, M found boxes, P people, T frames, 4: x1, y1, x2, y2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgehuman.records import Float64, Index

HEIGHT_PX, WIDTH_PX = 720, 1280
_FOCAL_PX, _CAMERA_M, _TILT = 1100.0, 3.0, 0.16
_NEAR_M, _FAR_M = 5.0, 22.0
_SPEED_M_S, _STANDS_S = (0.7, 1.7), (1.0, 5.0)
_WIDE, _CORE = 0.38, 0.8
_LEAST_SEEN = 0.2
_FALSE_S = 0.6  # how long a false box stays
_GRID = 8


@dataclass(frozen=True, slots=True)
class Eye:
    """How good a detector is.

    Attributes:
        trembles: error of a box's edges, of its height.
        misses: share of boxes that are missing.
        score: of somebody wholly in view.
        spread: standard deviation of scores.
        beside: false boxes beside a person, in each frame.
        false_hz: false boxes anywhere, begun in a second; each stays a while.
        false_score: highest score of a false box; most have far less.
    """

    trembles: float
    misses: float
    score: float
    spread: float
    beside: float
    false_hz: float
    false_score: float


SHARP = Eye(0.025, 0.03, 0.92, 0.07, 0.0, 0.3, 0.8)
POOR = Eye(0.05, 0.06, 0.78, 0.09, 1.0, 20.0, 0.8)


@dataclass(frozen=True, slots=True)
class PassingFrame:
    """Attributes:
    t_s: seconds.
    track_G, box_G4, seen_G: people in view, their whole boxes, and the share of each that is seen.
    found_M4, score_M: boxes of a detector.
    """

    t_s: float
    track_G: Index
    box_G4: Float64
    seen_G: Float64
    found_M4: Float64
    score_M: Float64


def simulate_passers(
    people: int = 8,
    seconds: float = 20.0,
    rate_hz: float = 25.0,
    seed: int = 0,
    eye: Eye = SHARP,
) -> Iterator[PassingFrame]:
    """Frames in order; the same people whatever the rate."""
    rng = np.random.default_rng(seed)
    heights_P = rng.normal(1.7, 0.09, people)
    phase_P = rng.uniform(0, 2 * np.pi, people)
    walks = [_Walk(np.random.default_rng((seed, person))) for person in range(people)]
    noise = _Trembling(np.random.default_rng((seed, people, 1)), eye, people, rate_hz)
    false = _False(np.random.default_rng((seed, people, 2)), eye, rate_hz)
    for frame in range(round(seconds * rate_hz)):
        t_s = frame / rate_hz
        place_P2 = np.array([walk.at(t_s) for walk in walks])
        swing_P = 1 + 0.15 * np.sin(2 * np.pi * t_s * 1.8 + phase_P)
        box_P4 = _project(place_P2, heights_P, swing_P)
        seen_P, lowest_P = _seen(box_P4, place_P2[:, 1])
        inside_P4 = np.clip(box_P4, 0, (WIDTH_PX, HEIGHT_PX, WIDTH_PX, HEIGHT_PX))
        shown_P = _areas(inside_P4) / np.maximum(_areas(box_P4), 1e-9)
        in_view = np.flatnonzero(shown_P > 0.4)
        found_M4, score_M = noise.found(inside_P4, seen_P, lowest_P, in_view)
        false_M4, low_M = false.found(t_s, inside_P4[in_view])
        yield PassingFrame(
            t_s,
            in_view,
            inside_P4[in_view],
            seen_P[in_view],
            np.concatenate([found_M4, false_M4]),
            np.concatenate([score_M, low_M]),
        )


class _Walk:
    """One person's way: from place to place, with pauses."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._speed_m_s = rng.uniform(*_SPEED_M_S)
        self._from = self._to = _place(rng)
        self._begin_s = self._end_s = 0.0

    def at(self, t_s: float) -> Float64:
        """x to the right and z ahead, metres."""
        while t_s >= self._end_s:
            self._from, self._begin_s = self._to, self._end_s
            if self._rng.random() < 0.3:
                self._end_s += self._rng.uniform(*_STANDS_S)
            else:
                self._to = _place(self._rng)
                length_m = float(np.hypot(*(self._to - self._from)))
                self._end_s += max(length_m / self._speed_m_s, 0.1)
        share = (t_s - self._begin_s) / (self._end_s - self._begin_s)
        return np.asarray(self._from + share * (self._to - self._from))


def _place(rng: np.random.Generator) -> Float64:
    far_m = rng.uniform(_NEAR_M, _FAR_M)
    wide_m = 0.75 * far_m * WIDTH_PX / _FOCAL_PX  # some places are out of view
    return np.array((rng.uniform(-wide_m, wide_m), far_m))


def _project(place_P2: Float64, heights_P: Float64, swing_P: Float64) -> Float64:
    """Boxes (P, 4) of people on the ground, for a camera that looks down a little."""
    across_P, ahead_P = place_P2.T
    cosine, sine = np.cos(_TILT), np.sin(_TILT)

    def row_of(up_P: Float64) -> tuple[Float64, Float64]:
        below_P = _CAMERA_M - up_P
        depth_P = ahead_P * cosine + below_P * sine
        return HEIGHT_PX / 2 + _FOCAL_PX * (below_P * cosine - ahead_P * sine) / depth_P, depth_P

    foot_P, depth_P = row_of(np.zeros_like(heights_P))
    head_P, _ = row_of(heights_P)
    middle_P = WIDTH_PX / 2 + _FOCAL_PX * across_P / depth_P
    half_P = _WIDE * swing_P * (foot_P - head_P) / 2
    return np.stack([middle_P - half_P, head_P, middle_P + half_P, foot_P], axis=1)


def _seen(box_P4: Float64, ahead_P: Float64) -> tuple[Float64, Float64]:
    """Share of each box that nobody nearer hides, and the lowest row that is seen."""
    seen_P, lowest_P = np.ones(len(box_P4)), box_P4[:, 3].copy()
    place = (np.arange(_GRID) + 0.5) / _GRID
    middle_P = (box_P4[:, 0] + box_P4[:, 2]) / 2
    half_P = _CORE * (box_P4[:, 2] - box_P4[:, 0]) / 2
    for k, (x0, y0, x1, y1) in enumerate(box_P4.tolist()):
        nearer = np.flatnonzero(ahead_P < ahead_P[k])
        x_YX, y_YX = np.meshgrid(x0 + place * (x1 - x0), y0 + place * (y1 - y0))
        is_hidden_YX = np.zeros((_GRID, _GRID), np.bool_)
        for n in nearer.tolist():
            is_hidden_YX |= (np.abs(x_YX - middle_P[n]) < half_P[n]) & (
                (y_YX > box_P4[n, 1]) & (y_YX < box_P4[n, 3])
            )
        seen_P[k] = 1 - is_hidden_YX.mean()
        rows = np.flatnonzero(~is_hidden_YX.all(axis=1))
        if len(rows):
            lowest_P[k] = y0 + (rows[-1] + 1) / _GRID * (y1 - y0)
    return seen_P, lowest_P


class _Trembling:
    """A detector's boxes and scores of people."""

    def __init__(self, rng: np.random.Generator, eye: Eye, people: int, rate_hz: float) -> None:
        self._rng, self._eye = rng, eye
        self._keep = np.exp(-1 / (0.2 * rate_hz))  # a fifth of a second
        self._slow_P5 = rng.normal(size=(people, 5))

    def found(
        self, box_P4: Float64, seen_P: Float64, lowest_P: Float64, in_view: Index
    ) -> tuple[Float64, Float64]:
        """Boxes (M, 4) and scores (M,)."""
        fresh_P5 = self._rng.normal(size=self._slow_P5.shape)
        self._slow_P5 = self._keep * self._slow_P5 + np.sqrt(1 - self._keep**2) * fresh_P5
        noise_P5 = 0.8 * self._slow_P5 + 0.6 * self._rng.normal(size=fresh_P5.shape)
        score_P = self._eye.score * seen_P**0.8 + self._eye.spread * noise_P5[:, 4]
        score_P = np.clip(score_P, 0.02, 0.99)
        is_missed_P = (self._rng.random(len(seen_P)) < self._eye.misses) | (seen_P < _LEAST_SEEN)
        chosen = in_view[~is_missed_P[in_view]]
        box_M4 = box_P4[chosen].copy()
        height_M1 = (box_M4[:, 3] - box_M4[:, 1])[:, None]
        # Of who is half hidden, a detector finds now the whole, now what is seen.
        box_M4[:, 3] += (np.minimum(lowest_P[chosen], box_M4[:, 3]) - box_M4[:, 3]) * 0.7
        box_M4 += self._eye.trembles * height_M1 * noise_P5[chosen, :4]
        box_M4[:, 2:] = np.maximum(box_M4[:, 2:], box_M4[:, :2] + 2)
        return box_M4, score_P[chosen]


class _False:
    """Boxes where nobody is: beside people for one frame, and anywhere for a while."""

    def __init__(self, rng: np.random.Generator, eye: Eye, rate_hz: float) -> None:
        self._rng, self._eye, self._rate_hz = rng, eye, rate_hz
        self._boxes: list[tuple[float, Float64, float]] = []

    def found(self, t_s: float, box_G4: Float64) -> tuple[Float64, Float64]:
        """Boxes (M, 4) and scores (M,)."""
        rng, eye = self._rng, self._eye
        self._boxes = [each for each in self._boxes if each[0] > t_s]
        for _ in range(rng.poisson(eye.false_hz / self._rate_hz)):
            tall = rng.uniform(60, 300)
            corner_2 = rng.uniform((0, 100), (WIDTH_PX - _WIDE * tall, HEIGHT_PX - tall))
            box_4 = np.concatenate([corner_2, corner_2 + np.array((_WIDE * tall, tall))])
            self._boxes.append((t_s + rng.exponential(_FALSE_S), box_4, float(self._score(1)[0])))
        still_M4 = np.array([each[1] for each in self._boxes]).reshape(-1, 4)
        stay_M4 = still_M4 + rng.normal(0, 2, still_M4.shape)
        beside_M4 = np.repeat(box_G4, rng.poisson(eye.beside, len(box_G4)), axis=0)
        side_M2 = beside_M4[:, 2:] - beside_M4[:, :2]
        shift_M2 = rng.normal(0, (0.35, 0.15), side_M2.shape) * side_M2
        grow_M2 = side_M2 * rng.uniform(-0.2, 0.2, side_M2.shape)
        beside_M4 = beside_M4 + np.concatenate([shift_M2 - grow_M2, shift_M2 + grow_M2], axis=1)
        scores = np.array([each[2] for each in self._boxes])
        low_M = self._score(len(beside_M4))
        return np.concatenate([stay_M4, beside_M4]), np.concatenate([scores, low_M])

    def _score(self, count: int) -> Float64:
        """Mostly low ones."""
        return self._eye.false_score * self._rng.random(count) ** 2


def _areas(box_P4: Float64) -> Float64:
    return np.asarray((box_P4[:, 2] - box_P4[:, 0]) * (box_P4[:, 3] - box_P4[:, 1]))
