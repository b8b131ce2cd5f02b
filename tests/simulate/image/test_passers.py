"""Simulated passers: the same people at any rate, and a detector's errors."""

from __future__ import annotations

import numpy as np

from edgehuman.metrics.boxes.overlap import ious
from edgehuman.simulate.image.passers import HEIGHT_PX, POOR, SHARP, WIDTH_PX, simulate_passers


def test_the_same_people_whatever_the_rate() -> None:
    slow = list(simulate_passers(5, 4, 5, seed=3))
    fast = list(simulate_passers(5, 4, 10, seed=3))
    assert (len(slow), len(fast)) == (20, 40)
    for one, two in zip(slow, fast[::2], strict=True):
        assert one.t_s == two.t_s
        assert one.track_G.tolist() == two.track_G.tolist()
        assert np.allclose(one.box_G4, two.box_G4)


def test_boxes_are_in_the_frame_and_upright() -> None:
    for frame in simulate_passers(8, 5, 5, seed=1):
        assert len(frame.track_G) == len(frame.box_G4) == len(frame.seen_G)
        assert len(frame.found_M4) == len(frame.score_M)
        assert (frame.box_G4 >= 0).all()
        assert (frame.box_G4 <= (WIDTH_PX, HEIGHT_PX, WIDTH_PX, HEIGHT_PX)).all()
        side_G2 = frame.box_G4[:, 2:] - frame.box_G4[:, :2]
        assert (side_G2 > 0).all()
        assert ((frame.score_M >= 0) & (frame.score_M <= 1)).all()


def test_who_is_hidden_is_not_found_and_a_poor_detector_is_poor() -> None:
    overlap, extra = {}, {}
    for name, eye in (("sharp", SHARP), ("poor", POOR)):
        best, missed, false, people = [], 0, 0, 0
        for frame in simulate_passers(8, 20, 5, seed=2, eye=eye):
            good_M4 = frame.found_M4[frame.score_M >= 0.6]
            iou_GM = ious(frame.box_G4, good_M4)
            nearest_G = iou_GM.max(axis=1, initial=0)
            best += nearest_G[nearest_G > 0.5].tolist()
            missed += int(np.sum(frame.seen_G < 0.1))
            false += int(np.sum(iou_GM.max(axis=0, initial=0) < 0.5))
            people += len(frame.track_G)
        overlap[name], extra[name] = float(np.mean(best)), false / people
        assert missed > 0
    assert overlap["sharp"] > 0.82 > 0.78 > overlap["poor"] > 0.65
    assert extra["sharp"] < 0.05 < extra["poor"] < 0.5
