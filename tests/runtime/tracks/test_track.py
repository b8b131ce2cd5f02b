"""What is kept of one person."""

from __future__ import annotations

import numpy as np

from edgehuman.runtime.tracks.motion import begun
from edgehuman.runtime.tracks.track import Track

BOX = np.array([0, 0, 40, 100], np.float64)


def test_boxes_of_the_last_moments_are_kept_and_the_oldest_gives_the_direction() -> None:
    track = Track(begun(BOX[None])[0], BOX, 0.0, 0.0)
    for t in range(20):
        track.see(BOX + t, t * 0.1, 0.3)
    assert [round(t_s, 1) for t_s, _ in track.past] == [1.6, 1.7, 1.8, 1.9]
    assert track.old_4.tolist() == (BOX + 16).tolist()
    assert (track.seen_s, track.missed) == (1.9000000000000001, 0)


def test_of_frames_far_apart_the_last_two_are_kept() -> None:
    track = Track(begun(BOX[None])[0], BOX, 0.0, 0.0)
    for t in range(4):
        track.see(BOX + t, t * 5.0, 0.3)
    assert [t_s for t_s, _ in track.past] == [10.0, 15.0]


def test_a_look_stays_while_nobody_sees_it() -> None:
    track = Track(begun(BOX[None])[0], BOX, 0.0, 0.0)
    track.look(None, 0.9)
    track.look(np.array((1.0, 0.0)), 0.9)
    track.look(None, 0.9)
    assert track.look_D is not None
    assert track.look_D.tolist() == [1, 0]
