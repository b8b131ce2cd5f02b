"""Who does not walk is told, of each kind; walkers of all views are left alone."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.pages.skeleton.screening import ALL_ROUND, constant, no_faces, zeroed
from edgehuman.geometry import OPENPOSE_18
from edgehuman.preprocess.skeleton.motion.walking import (
    CARRIED,
    ON_THE_SPOT,
    SITS,
    STANDS,
    WALKS,
    not_walking,
)
from edgehuman.simulate.skeleton.idle import simulate_idle
from edgehuman.simulate.skeleton.walks import simulate_skeletons

LEGS = [OPENPOSE_18.index(f"{side}_{name}") for side in "rl" for name in ("knee", "ankle")]


@pytest.mark.parametrize(
    ("kind", "said", "share"),
    [
        ("stands", STANDS, 0.95),
        ("sits", SITS, 0.9),
        ("is a statue", STANDS, 0.95),
        ("runs on the spot", ON_THE_SPOT, 0.95),
        ("walks on a treadmill", ON_THE_SPOT, 0.95),
        ("is carried", CARRIED, 0.8),
        ("walks backwards", WALKS, 1.0),
    ],
)
def test_each_kind_is_told(kind: str, said: str, share: float) -> None:
    made = simulate_idle(kind, 24, 11, cameras=ALL_ROUND)
    assert np.mean([not_walking(walk, 24.0) == said for walk in made]) >= share


@pytest.mark.parametrize("frames", [36, 60, 96])
def test_walkers_walk(frames: int) -> None:
    """From all round, also by detectors without faces, with one confidence, or that lose joints."""
    walks = simulate_skeletons(4, 12, seed=23, frames=frames, cameras=ALL_ROUND).skeleton_NTJ3
    for made in (walks, constant(walks), zeroed(walks), no_faces(walks)):
        assert not any(not_walking(walk, 24.0) for walk in made)


def test_the_rate_of_the_frames_does_not_matter() -> None:
    for rate_hz in (12.0, 60.0):
        frames = round(3 * rate_hz)
        walks = simulate_skeletons(4, 6, 5, frames, rate_hz, cameras=ALL_ROUND).skeleton_NTJ3
        assert not any(not_walking(walk, rate_hz) for walk in walks)
        still = simulate_idle("stands", 10, 5, frames, rate_hz)
        assert np.mean([not_walking(walk, rate_hz) == STANDS for walk in still]) >= 0.9


def test_what_takes_most_of_the_time_counts() -> None:
    """Four seconds of walking and one of standing are a walk; after twelve of standing not."""
    walk = simulate_skeletons(1, 1, seed=3).skeleton_NTJ3[0]
    end = np.repeat(walk[-1:], 24, axis=0)
    assert not_walking(np.concatenate([walk, end]), 24.0) == WALKS
    long = np.concatenate([walk, *[end] * 12])
    assert not_walking(long, 24.0) == STANDS


def test_who_comes_back_does_not_walk_on_the_spot() -> None:
    walk = simulate_skeletons(2, 1, seed=8, frames=48).skeleton_NTJ3
    for there in walk:
        back = there[::-1].copy()
        assert not_walking(np.concatenate([there, back]), 24.0) == WALKS


def test_what_cannot_be_told_is_not_said() -> None:
    still = simulate_idle("stands", 4, 2)
    hidden = still.copy()
    hidden[:, :, LEGS] = 0.0
    assert not any(not_walking(walk, 24.0) for walk in hidden)
    assert not any(not_walking(walk[:24], 24.0) for walk in still)  # one second
    assert not_walking(np.zeros((96, 18, 3), np.float32), 24.0) == WALKS


def test_a_walker_whose_legs_end_at_the_edge_of_the_picture_does_not_stand() -> None:
    """A detector puts what is below the edge on it."""
    walks = simulate_skeletons(6, 4, seed=7).skeleton_NTJ3.copy()
    for walk in walks:
        edge = np.quantile(walk[:, OPENPOSE_18.index("r_knee"), 1], 0.3)
        walk[..., 1] = np.minimum(walk[..., 1], edge)
    assert not any(not_walking(walk, 24.0) == STANDS for walk in walks)
