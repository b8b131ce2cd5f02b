"""The tracker: its stages, its states, its clock; small scenes that a person can follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.tracking.score import TrackScores, of_several, score_tracks
from edgehuman.metrics.tracking.sequence import paired
from edgehuman.runtime.tracks.motion import BYTETRACK
from edgehuman.runtime.tracks.numbers import Numbers
from edgehuman.runtime.tracks.tracker import Settings, Tracker
from edgehuman.simulate.image.passers import POOR, SHARP, Eye, simulate_passers

STEP_S = 0.1


def step(
    tracker: Tracker, t_s: float, *people: tuple[float, float], looks: Any = None, tall: float = 100
) -> list[int]:
    """The tracks of people of 40 x 100 pixels at x, with a score each."""
    box_M4 = np.array([(x, 0, x + 40, tall) for x, _ in people], np.float64).reshape(-1, 4)
    score_M = np.array([score for _, score in people])
    return [int(track) for track in tracker.update(box_M4, score_M, t_s, looks)]


def walked(tracker: Tracker, frames: int, speed: float = 10, start: int = 0) -> list[list[int]]:
    """Somebody who walks to the right, `speed` pixels a frame."""
    return [step(tracker, t * STEP_S, (speed * t, 0.9)) for t in range(start, start + frames)]


def test_the_numbers_of_bytetrack() -> None:
    of = Settings()
    assert (of.high, of.low, of.first_cost, of.second_cost) == (0.6, 0.1, 0.8, 0.5)
    assert (of.tentative_cost, of.same_cost, of.lost_s, of.confirm_s) == (0.7, 0.15, 1.2, 0.5)
    assert (of.inertia, of.again_cost) == (0.2, 0.7)  # OC-SORT: IoU of 0.3
    assert (of.apart_cost, of.unlike_cost, of.memory) == (0.5, 0.25, 0.9)  # BoT-SORT
    assert of.begins == pytest.approx(0.7)


@pytest.mark.parametrize(("low", "high"), [(0.7, 0.6), (-0.1, 0.6), (0.1, 1.1)])
def test_thresholds_out_of_order_are_refused(low: float, high: float) -> None:
    with pytest.raises(UsageError, match="0 <= low <= high <= 1"):
        Settings(low=low, high=high)


def test_on_the_first_frame_a_good_box_is_enough() -> None:
    tracker = Tracker()
    assert step(tracker, 0.0, (0, 0.7), (200, 0.69), (400, 0.3)) == [1, 0, 0]


def test_later_the_second_box_confirms_and_the_number_is_taken_only_then() -> None:
    tracker = Tracker()
    step(tracker, 0.0)
    assert step(tracker, 0.1, (0, 0.9)) == [0]
    assert step(tracker, 0.2, (300, 0.9)) == [0]
    assert step(tracker, 0.3, (2, 0.9), (302, 0.9)) == [1, 2]


def test_the_second_box_must_come_within_half_a_second_and_in_half_of_the_frames() -> None:
    for late_s, expected in ((0.5, [1]), (0.6, [0])):
        tracker = Tracker()
        step(tracker, 0.0)
        step(tracker, 0.1, (0, 0.9))
        step(tracker, 0.1 + late_s / 2)
        assert step(tracker, 0.1 + late_s, (0, 0.9)) == expected
    tracker = Tracker()
    for t_s in (0.0, 0.1, 0.12, 0.14, 0.16):
        step(tracker, t_s, *([(0, 0.9)] if t_s == 0.1 else []))
    assert step(tracker, 0.18, (0, 0.9)) == [0]  # 2 of 5 frames


def test_frames_that_are_seconds_apart_confirm_in_the_next() -> None:
    tracker = Tracker()
    assert [step(tracker, t_s, (0, 0.65 + 0.1 * t_s)) for t_s in (0.0, 1.0, 2.0)] == [[0], [0], [1]]


def test_a_score_at_the_threshold_is_a_good_one() -> None:
    tracker = Tracker()
    step(tracker, 0.0, (0, 0.9))
    step(tracker, 0.1, (0, 0.9))
    # Lost: a poor box does not come into the third stage, by the last box, but a good one does.
    assert step(tracker, 0.2, (20, 0.6)) == [1]
    tracker = Tracker()
    step(tracker, 0.0, (0, 0.9))
    assert step(tracker, 0.1, (20, 0.59)) == [0]  # IoU 1/3: under 0.5
    assert step(tracker, 0.2, (10, 0.59)) == [1]  # IoU 0.6
    assert step(tracker, 0.3, (10, 0.1)) == [1]
    assert step(tracker, 0.4, (10, 0.0999)) == [0]


def test_poor_boxes_alone_hold_a_track_for_1_2_seconds() -> None:
    """A wall looks a little like a person: an empty room has no track."""
    tracker = Tracker()
    walked(tracker, 3, speed=0)
    found = [step(tracker, 0.3 + t * STEP_S, (0, 0.3)) for t in range(30)]
    assert found == [[1]] * 12 + [[0]] * 18
    assert tracker.tracks == []


def test_a_second_box_on_one_person_is_nobody_until_they_part() -> None:
    tracker = Tracker()
    step(tracker, 0.0, (0, 0.9))
    boxes = np.array([[0, 0, 40, 100], [-10, -60, 60, 110]], np.float64)
    for t in range(1, 20):
        assert tracker.update(boxes, np.array([0.9, 0.8]), t * STEP_S).tolist() == [1, 0]
    for t in range(20, 24):
        boxes[1] += (15, 0, 15, 0)
        found = tracker.update(boxes, np.array([0.9, 0.8]), t * STEP_S).tolist()
    assert found == [1, 2]


def test_a_poor_box_goes_on_a_track_and_begins_none() -> None:
    tracker = Tracker()
    walked(tracker, 5)
    assert step(tracker, 0.5, (50, 0.3), (300, 0.5)) == [1, 0]
    assert step(tracker, 0.6, (60, 0.3), (300, 0.5)) == [1, 0]


def test_the_score_counts_in_the_first_stage_in_proportion_to_the_threshold() -> None:
    """IoU 0.3 at 0.9 is 0.27, over 0.2; at 0.6 it is 0.18. A threshold of 0.2 counts as 0.6."""
    aside = 40 * 0.7 / 1.3  # IoU 0.3
    for score, high, expected in (
        (0.9, 0.6, [1]),
        (0.6, 0.6, [0]),
        (0.2, 0.2, [0]),
        (0.7, 0.2, [1]),
    ):
        tracker = Tracker(Settings(high=high, low=0.0, new=0.2, recovers=False, inertia=0))
        step(tracker, 0.0, (0, 0.9))
        assert step(tracker, 0.1, (aside, score)) == expected, (score, high)


def test_who_is_lost_is_looked_for_where_the_last_box_was() -> None:
    """Somebody who walked stops behind a pillar: the prediction has gone on."""
    for recovers, expected in ((True, [1]), (False, [0])):
        tracker = Tracker(Settings(recovers=recovers))
        walked(tracker, 8)
        step(tracker, 0.8)
        for t_s in (0.9, 1.0, 1.1, 1.2):
            step(tracker, t_s)
        assert step(tracker, 1.3, (70, 0.9)) == expected


def test_who_walks_straight_on_has_the_box_ahead() -> None:
    """Ahead the IoU is 33.5 / 46.5, aside 85 / 115; aside is 27 degrees off the way of 0.3 s."""
    ahead, aside = (66.5, 0, 106.5, 100), (60, 15, 100, 115)
    for inertia, expected in ((0.2, [1, 0]), (0.0, [0, 1])):
        tracker = Tracker(Settings(inertia=inertia))
        walked(tracker, 6)
        tracker.tracks[0].state_S4[1] = (100, 0, 0, 0)  # the filter has learnt the speed
        tracker.tracks[0].state_S4[0] = (70, 50, 40, 100)
        found = tracker.update(np.array([ahead, aside]), np.array([0.9, 0.9]), 0.6)
        assert found.tolist() == expected


def test_a_track_is_lost_for_1_2_seconds_and_then_removed_and_freed() -> None:
    tracker = Tracker()
    walked(tracker, 3, speed=0)
    step(tracker, 1.4)
    assert (len(tracker.tracks), tracker.ended) == (1, [])
    assert step(tracker, 1.4, (0, 0.9)) == [1]
    step(tracker, 2.7)
    assert (tracker.tracks, tracker.ended) == ([], [1])
    assert step(tracker, 2.8, (0, 0.9)) == [0]
    assert tracker.ended == []
    assert step(tracker, 2.9, (0, 0.9)) == [2]


def test_a_camera_that_stalls_loses_its_tracks() -> None:
    tracker = Tracker()
    walked(tracker, 3, speed=0)
    assert step(tracker, 60.0, (0, 0.9)) == [0]
    assert tracker.ended == [1]


def test_a_clock_that_steps_back_begins_anew_and_a_stamp_out_of_order_does_not() -> None:
    tracker = Tracker()
    for t in range(3):
        step(tracker, 100 + t * STEP_S, (0, 0.9))
    assert step(tracker, 100.15, (0, 0.9)) == [1]  # counts as 100.2
    assert step(tracker, 100.3, (0, 0.9)) == [1]
    assert step(tracker, 5.0, (0, 0.9)) == [2]  # a first frame again
    assert tracker.ended == [1]


@pytest.mark.parametrize("wrong", ["box", "score", "time"])
def test_what_is_not_finite_is_refused_and_changes_nothing(wrong: str) -> None:
    tracker = Tracker()
    step(tracker, 0.0, (0, 0.9))
    with pytest.raises(DataError, match="not finite"):
        step(
            tracker,
            np.nan if wrong == "time" else 0.1,
            (np.inf if wrong == "box" else 0, np.nan if wrong == "score" else 0.9),
        )
    assert step(tracker, 0.2, (0, 0.9)) == [1]


def test_a_second_box_beside_somebody_needs_four() -> None:
    tracker = Tracker()
    step(tracker, 0.0, (0, 0.9))
    found = [step(tracker, (t + 1) * STEP_S, (0, 0.9), (20, 0.8)) for t in range(5)]
    assert found == [[1, 0], [1, 0], [1, 0], [1, 2], [1, 2]]


def test_who_began_while_another_was_lost_at_the_same_place_is_that_one() -> None:
    tracker = Tracker(Settings(recovers=False, first_cost=0.05, tentative_cost=0.05))
    step(tracker, 0.0, (0, 0.9))
    step(tracker, 0.1)
    assert step(tracker, 0.2, (3, 0.9)) == [0]  # too far for the strict first stage
    assert step(tracker, 0.3, (3, 1.0)) == [1]  # 1 - IoU is 6/43 < 0.15: given to the older
    assert len(tracker.tracks) == 1


def test_who_walks_in_front_of_somebody_lost_keeps_the_number() -> None:
    tracker = Tracker(Settings(recovers=False))
    for t in range(4):
        step(tracker, t * STEP_S, (0, 0.9), (100, 0.9))
    # 1 is hidden; 2 comes to the same place, and was there before 1 was lost.
    found = [step(tracker, 1.3 - x / 100, (x, 0.9)) for x in range(90, -1, -10)]
    assert found == [[2]] * 10
    assert [track.number for track in tracker.tracks] == [1, 2]


def test_looks_decide_where_boxes_cannot() -> None:
    """BoT-SORT's gate: the cost is the less of the box's and half the cosine distance."""
    red, blue = (1.0, 0.0), (0.0, 1.0)
    tracker = Tracker(Settings(inertia=0))
    step(tracker, 0.0, (0, 0.9), (20, 0.9), looks=np.array([red, blue]))
    # Both stand nearer to where the other was.
    assert step(tracker, 0.1, (11, 0.9), (9, 0.9), looks=np.array([red, blue])) == [1, 2]
    tracker = Tracker(Settings(inertia=0))
    step(tracker, 0.0, (0, 0.9), (20, 0.9))
    assert step(tracker, 0.1, (11, 0.9), (9, 0.9)) == [2, 1]


def test_looks_over_a_quarter_or_boxes_over_a_half_apart_do_not_count() -> None:
    third = (1.0, 0.0)  # (1 - cosine) / 2 of the pair is 0.5: no help
    for look, expected in (((0.0, 1.0), [0]), ((0.9, 0.1), [0])):
        tracker = Tracker(Settings(inertia=0, recovers=False))
        step(tracker, 0.0, (0, 0.9), looks=np.array([third]))
        # IoU 1/7: 1 - 0.9/7 is over 0.8, and over 0.5 apart.
        assert step(tracker, 0.1, (30, 0.9), looks=np.array([look])) == expected


def test_a_look_changes_by_a_tenth() -> None:
    tracker = Tracker()
    step(tracker, 0.0, (0, 0.9), looks=np.array([(2.0, 0.0)]))
    step(tracker, 0.1, (0, 0.9), looks=np.array([(0.0, 5.0)]))
    look_D = tracker.tracks[0].look_D
    assert look_D is not None
    assert look_D == pytest.approx(np.array((0.9, 0.1)) / np.hypot(0.9, 0.1))
    step(tracker, 0.2, (0, 0.9), looks=np.zeros((1, 2)))
    assert tracker.tracks[0].look_D == pytest.approx(look_D)


def test_numbers_are_shared_by_cameras_and_never_given_twice() -> None:
    numbers = Numbers()
    door, hall = Tracker(numbers=numbers), Tracker(numbers=numbers)
    assert [step(each, 0.0, (0, 0.9)) for each in (door, hall)] == [[1], [2]]
    seen = set()
    for round_ in range(1, 40):
        found = step(door, round_ * 5.0, (0, 0.9)), step(door, round_ * 5.0 + 0.1, (0, 0.9))
        seen.add(found[1][0])
    assert len(seen) == 39
    assert len(door.tracks) == 1


def test_a_day_of_passers_leaves_nothing_behind() -> None:
    tracker = Tracker()
    for visit in range(500):
        for t in range(3):
            step(tracker, visit * 10 + t * STEP_S, (0, 0.9), (200, 0.9))
    assert len(tracker.tracks) == 2
    assert all(len(track.past) < 10 for track in tracker.tracks)
    assert step(tracker, 6000.0) == []
    assert tracker.tracks == []


def scored(
    settings: Settings, eye: Eye, rate_hz: float, seeds: Sequence[int], people: int = 8
) -> TrackScores:
    each = []
    for seed in seeds:
        tracker, true, found = Tracker(settings), [], []
        for frame in simulate_passers(people, 10, rate_hz, seed, eye):
            track_M = tracker.update(frame.found_M4, frame.score_M, frame.t_s)
            seen_G, on_M = frame.seen_G > 0.15, track_M > 0
            true.append((frame.track_G[seen_G], frame.box_G4[seen_G]))
            found.append((track_M[on_M], frame.found_M4[on_M]))
        each.append(score_tracks(paired(true, found)))
    return of_several(each)


def test_simulated_passers_keep_their_numbers() -> None:
    found = scored(Settings(), SHARP, 12.5, (1, 2))
    assert found.identities.f1 > 0.9
    assert found.hota.metrics()["hota"] > 0.75
    assert found.clear.mota > 0.9


@pytest.mark.long
@pytest.mark.parametrize("rate_hz", [10.0, 25.0])
def test_it_is_ahead_of_plain_bytetrack_on_poor_boxes(rate_hz: float) -> None:
    """On passers on which nothing was chosen."""
    plain = Settings(
        inertia=0,
        recovers=False,
        replays=False,
        noise=BYTETRACK,
        crowded_hits=2,
        within=2,
        poor_s=99,
    )
    seeds = range(5000, 5005)
    ours, theirs = (scored(each, POOR, rate_hz, seeds) for each in (Settings(low=0.3), plain))
    assert ours.hota.metrics()["hota"] > theirs.hota.metrics()["hota"]
    assert ours.identities.f1 > theirs.identities.f1
