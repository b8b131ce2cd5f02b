"""How often the wearer of a sensor is found by steps, on simulated scenes.

    python -m edgehuman.bench.pages.together.wearers --fit      the formula's numbers, of own scenes
    python -m edgehuman.bench.pages.together.wearers            measured on others

A scene has 2, 4 or 8 people before one camera, each of whom wears a sensor (waist, pocket, wrist,
ankle and hand in turn), and one sensor of somebody who is never in view. Once a second each sensor
is judged: **right** if the wearer's track is named, **wrong** if another is, **not sure** if none.
Seconds count from the wearer's first second in view. Everything is simulated: bodies, the camera's
joints with a detector's errors, and the sensors of the same bodies with clocks of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.errors import UsageError
from edgehuman.geometry import COCO_17
from edgehuman.metrics.bootstrap import interval
from edgehuman.outcome import Outcome
from edgehuman.records import Float32, Float64
from edgehuman.runtime.together.steps import Likeness, compare, steps_felt, steps_seen
from edgehuman.runtime.together.wearers import (
    WINDOW_S,
    Wearers,
    features,
    says_something,
)
from edgehuman.simulate.gait.worn import Conditions, WornScene, simulate_worn
from edgehuman.simulate.skeleton.detector import Detector

PLACEMENTS = ("waist", "pocket", "wrist", "ankle", "hand")
FIT_SEED = 100_000
_USUAL = Conditions(placements=PLACEMENTS, absent=1)
CASES = {
    "2 people": (2, _USUAL),
    "4 people": (4, _USUAL),
    "8 people": (8, _USUAL),
    "4 people, 12 frames a second": (4, replace(_USUAL, fps=12.0)),
    "4 people, detector twice as bad": (4, replace(_USUAL, detector=Detector(2, 2, 0.35, 2, 2))),
    "4 people, a fifth of poses and samples missing": (4, replace(_USUAL, missed=0.2, lost=0.2)),
    "2 people in step": (2, replace(_USUAL, in_step=True)),
}
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class WearersConfig:
    """Measure who wears which sensor on simulated scenes."""

    scenes: int = 20
    """Scenes of each case."""
    seconds: float = 60.0
    """Length of a scene."""
    seed: int = 0
    """Of the first scene."""
    bound_s: float = 1.0
    """Bound of the clocks, seconds; they differ by up to half of it."""
    fit: bool = False
    """Fit the formula to scenes of its own instead."""
    out: Path | None = None
    """File for the table, as Markdown."""

    def __post_init__(self) -> None:
        if self.scenes < 2:
            raise UsageError(f"--scenes is {self.scenes}; it must be at least 2")


def measure(config: WearersConfig) -> Outcome:
    """Judge every case, or fit."""
    if config.fit:
        fitted = fit(pairs_of(config))
        said = ", ".join(f"{value:.2f}" for value in fitted)
        return Outcome({"fitted": list(fitted)}, f"FITTED = ({said})")
    rows = {name: _case(config, people, which) for name, (people, which) in CASES.items()}
    text = render(rows, config)
    if config.out is not None:
        config.out.write_text(text, encoding="utf-8")
    return Outcome({"rows": rows}, text)


def _case(config: WearersConfig, people: int, conditions: Conditions) -> Row:
    """One case, pooled over scenes; intervals by resampling whole scenes."""
    conditions = replace(conditions, offset_s=0.5 * config.bound_s)
    judged = [
        judge(simulate_worn(people, people, config.seconds, config.seed + n, conditions), config)
        for n in range(config.scenes)
    ]
    return totals(judged)


@dataclass(frozen=True, slots=True)
class Judged:
    """One scene.

    Attributes:
        right, wrong, unsure: seconds of sensors whose wearer is in view.
        named, silent: seconds of sensors whose wearer is not.
        until_s: of each time that a wearer was in view and was found, how long that took.
        times: how often a wearer was in view for at least ten seconds.
    """

    right: int
    wrong: int
    unsure: int
    named: int
    silent: int
    until_s: tuple[float, ...]
    times: int


def judge(scene: WornScene, config: WearersConfig) -> Judged:
    """Play a scene, and judge every second of every sensor."""
    wearers = Wearers([str(n) for n in range(len(scene.sensors))], config.bound_s)
    whole = WholeScene(scene)
    counts = dict.fromkeys(("right", "wrong", "unsure", "named", "silent"), 0)
    since: dict[tuple[int, str], float] = {}
    until: dict[tuple[int, str], float] = {}
    for t_s in np.arange(1.0, config.seconds + 0.5):
        in_view = whole.feed(wearers, float(t_s))
        said = wearers.decide(float(t_s))
        for n, sensor in enumerate(scene.sensors):
            track = in_view.get(sensor.person, "")
            found = said[str(n)].track
            if not track:
                counts["named" if found else "silent"] += 1
                continue
            key = (n, track)
            since.setdefault(key, float(t_s) - 1)
            right = found == track
            counts["right" if right else "wrong" if found else "unsure"] += 1
            if right:
                until.setdefault(key, float(t_s) - since[key])
    long = sum(whole.seconds_of(track) >= 10 for _, track in since)
    return Judged(**counts, until_s=tuple(until.values()), times=long)


class WholeScene:
    """A scene that is given second by second."""

    def __init__(self, scene: WornScene) -> None:
        self._scene = scene
        self._frame = 0
        self._sample = [0] * len(scene.sensors)
        self._seconds: dict[str, int] = {}

    def feed(self, wearers: Wearers, t_s: float) -> dict[int, str]:
        """Give what comes up to a time; the tracks of those who were in view in its last second."""
        in_view: dict[int, str] = {}
        frames = self._scene.frames
        while self._frame < len(frames) and frames[self._frame].t_s <= t_s:
            frame = frames[self._frame]
            wearers.see(frame.t_s, [(one.track, one.joint_J3) for one in frame.seen], COCO_17)
            in_view |= {one.person: one.track for one in frame.seen}
            self._frame += 1
        for track in in_view.values():
            self._seconds[track] = self._seconds.get(track, 0) + 1
        for n, sensor in enumerate(self._scene.sensors):
            end = int(np.searchsorted(sensor.stamp_s_T, t_s, "right"))
            part = slice(self._sample[n], end)
            if end > self._sample[n]:
                wearers.feel(str(n), sensor.stamp_s_T[part], sensor.imu_TC[part])
            self._sample[n] = end
        return in_view

    def seconds_of(self, track: str) -> int:
        """For how many seconds a track was in view."""
        return self._seconds.get(track, 0)


def totals(judged: Sequence[Judged]) -> Row:
    """Shares with 95 % intervals."""
    seen = [(each.right, each.wrong, each.unsure) for each in judged]
    away = [(each.named, each.silent) for each in judged]
    until_s = [value for each in judged for value in each.until_s]
    times = sum(each.times for each in judged)
    return {
        "right": _share(seen, 0),
        "wrong": _share(seen, 1),
        "unsure": _share(seen, 2),
        "named_away": _share(away, 0),
        "until_s": None if not until_s else [float(q) for q in np.quantile(until_s, (0.5, 0.9))],
        "found": len(until_s),
        "times": times,
    }


def _share(rows: Sequence[tuple[int, ...]], column: int) -> list[float]:
    """A share of all seconds with its interval, scenes resampled."""
    counts_NK = np.array(rows, np.float64)

    def share(place_RN: Float64) -> Float64:
        total_RK = counts_NK[place_RN.astype(np.int64)].sum(axis=1)
        return np.asarray(total_RK[:, column] / np.maximum(total_RK.sum(axis=1), 1))

    found = interval(np.arange(len(rows)), share)
    return [found.value, found.low, found.high]


def render(rows: dict[str, Row], config: WearersConfig) -> str:
    """The table."""
    head = (
        f"Simulated: {config.scenes} scenes of {config.seconds:g} s a case, seeds from "
        f"{config.seed}; clocks differ by up to {config.bound_s / 2:g} s.\n\n"
        "| | right | wrong | not sure | somebody named, wearer not in view | seconds until sure, "
        "median and 90 % |\n|---|---:|---:|---:|---:|---:|\n"
    )
    return head + "".join(_line(name, row) for name, row in rows.items())


def _line(name: str, row: Row) -> str:
    shares = " | ".join(_said(row[key]) for key in ("right", "wrong", "unsure", "named_away"))
    until = "-" if row["until_s"] is None else " and ".join(f"{s:.0f}" for s in row["until_s"])
    return f"| {name} | {shares} | {until} |\n"


def _said(share: Sequence[float]) -> str:
    value, low, high = (100 * each for each in share)
    return f"{value:.1f} % ({low:.1f} to {high:.1f})"


# The fit --------------------------------------------------------------------------------------


def pairs_of(config: WearersConfig) -> Iterator[tuple[bool, Likeness]]:
    """Pairs of own scenes, whether of one person, over pieces of tracks of 5 to 30 s."""
    for n in range(config.scenes):
        conditions = replace(_USUAL, offset_s=0.5 * config.bound_s)
        scene = simulate_worn(4, 4, config.seconds, FIT_SEED + n, conditions)
        felt = [steps_felt(sensor.stamp_s_T, sensor.imu_TC) for sensor in scene.sensors]
        for person, t_s_T, joint_TJ3 in pieces(scene, n):
            seen = steps_seen(t_s_T, joint_TJ3, COCO_17)
            if seen is None:
                continue
            for sensor, steps in zip(scene.sensors, felt, strict=True):
                assert steps is not None
                pair = compare(seen, steps, config.bound_s)
                if says_something(pair):
                    yield sensor.person == person, pair


def pieces(scene: WornScene, seed: int) -> Iterator[tuple[int, Float64, Float32]]:
    """Pieces of tracks: who it is, times, joints."""
    rng = np.random.default_rng((FIT_SEED, seed))
    found: dict[str, list[tuple[float, Float32, int]]] = {}
    for frame in scene.frames:
        for one in frame.seen:
            found.setdefault(one.track, []).append((frame.t_s, one.joint_J3, one.person))
    for rows in found.values():
        t_s_T = np.array([row[0] for row in rows])
        for long_s in (5.0, 8.0, 12.0, 20.0, WINDOW_S):
            begin = 0.0
            while (rest_s := t_s_T[-1] - t_s_T[0] - begin) >= min(long_s, 5.0):
                first, last = np.searchsorted(t_s_T - t_s_T[0], (begin, begin + long_s))
                if last - first > long_s:  # frames enough
                    joint_TJ3 = np.stack([row[1] for row in rows[first:last]])
                    yield rows[0][2], t_s_T[first:last], joint_TJ3
                begin += long_s * float(rng.uniform(0.8, 1.2))
                if rest_s < long_s:
                    break


def fit(pairs: Iterator[tuple[bool, Likeness]]) -> tuple[float, ...]:
    """The formula's numbers by logistic regression, both kinds of pairs weighing the same."""
    rows = list(pairs)
    same_N = np.array([same for same, _ in rows])
    x_NF = np.array([features(pair) for _, pair in rows])
    weight_N = np.where(same_N, 0.5 / same_N.sum(), 0.5 / (~same_N).sum()) * len(rows)
    theta_F: Float64 = np.zeros(x_NF.shape[1])
    for _ in range(50):  # Newton's method; a little ridge keeps it from running away
        p_N = 1 / (1 + np.exp(-np.clip(x_NF @ theta_F, -30, 30)))
        slope_F = x_NF.T @ (weight_N * (same_N - p_N)) - 1e-3 * theta_F
        curve_FF = (x_NF * (weight_N * p_N * (1 - p_N))[:, None]).T @ x_NF + 1e-3 * np.eye(
            len(theta_F)
        )
        theta_F = theta_F + np.linalg.solve(curve_FF, slope_F)
    return tuple(theta_F.tolist())


if __name__ == "__main__":
    sys.exit(main(WearersConfig, measure))
