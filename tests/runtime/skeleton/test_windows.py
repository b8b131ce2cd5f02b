"""Tracks to windows on numbers that a person can follow: 12 Hz, windows of 6, a new one every 3."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.geometry import COCO_17, OPENPOSE_18
from edgehuman.preprocess.skeleton.walk import resample
from edgehuman.records import Float32
from edgehuman.runtime.skeleton.lines import PoseBlock, pose_block
from edgehuman.runtime.skeleton.windows import MOST_TRACKS, PoseWindow, PoseWindows
from edgehuman.simulate.skeleton.walks import simulate_skeletons

RATE_HZ = 12.0


def joints(value: float, confidence: float = 0.9) -> Float32:
    joint_J3 = np.full((18, 3), confidence, np.float32)
    joint_J3[:, 0] = value
    joint_J3[:, 1] = np.arange(18)
    return joint_J3


def block(*rows: tuple[float, str, Float32], size: tuple[int, int] = (0, 0)) -> PoseBlock:
    return pose_block([(t, track, joint_J3, *size) for t, track, joint_J3 in rows])


def line(count: int, rate_hz: float = RATE_HZ, track: str = "a", begin_s: float = 0.0) -> PoseBlock:
    """x is the time in seconds x 100."""
    stamps = [begin_s + k / rate_hz for k in range(count)]
    return block(*((t, track, joints(100 * t)) for t in stamps))


def cutter(frames: int = 6, hop_s: float = 0.25) -> PoseWindows:
    return PoseWindows(frames, hop_s, RATE_HZ, "cam")


def test_a_window_comes_when_full_and_then_every_hop() -> None:
    windows = cutter().push(line(13))
    assert [round(w.t_s * RATE_HZ) for w in windows] == [5, 8, 11]
    assert windows[0].skeleton.skeleton_TJ3[:, 0, 0] == pytest.approx(100 * np.arange(6) / 12)
    assert windows[0].skeleton.source == "cam#a"
    assert windows[1].skeleton.stamp_ns == round(8 / 12 * 1e9)
    assert {w.reason for w in windows} == {""}


@pytest.mark.parametrize("size", [1, 2, 5])
def test_how_the_lines_are_blocked_does_not_matter(size: int) -> None:
    whole, parts, lines = cutter().push(line(20)), cutter(), line(20)
    found = [w for at in range(0, 20, size) for w in parts.push(lines.part(at, at + size))]
    assert [w.t_s for w in found] == [w.t_s for w in whole]
    for one, other in zip(found, whole, strict=True):
        assert np.array_equal(one.skeleton.skeleton_TJ3, other.skeleton.skeleton_TJ3)


@pytest.mark.parametrize("rate_hz", [8.0, 12.0, 23.976, 30.0])
def test_any_rate_is_brought_to_the_networks_as_training_does(rate_hz: float) -> None:
    lines = line(round(2 * rate_hz), rate_hz)
    first = cutter().push(lines)[0]
    expected = resample(lines.joint_TJ3, lines.stamp_s_T, RATE_HZ)[:6]
    assert first.skeleton.skeleton_TJ3 == pytest.approx(expected, abs=1e-3)


def test_the_wait_for_the_line_behind_the_last_frame_is_counted() -> None:
    windows = cutter(frames=2).push(block((0.0, "a", joints(0)), (0.1, "a", joints(10))))
    # The second frame of the grid, at 1/12 s, is known when the line of 0.1 s comes.
    assert windows[0].waited_s == pytest.approx(0.1 - 1 / 12)
    assert windows[0].skeleton.skeleton_TJ3[1, 0, 0] == pytest.approx(100 / 12, rel=1e-5)


def test_tracks_do_not_mix_and_their_ids_travel() -> None:
    rows = [
        (k / RATE_HZ, track, joints(base + k))
        for k in range(6)
        for track, base in (("a", 0.0), ("b", 1000.0))
    ]
    windows = cutter().push(block(*rows))
    found = {w.track: float(w.skeleton.skeleton_TJ3[:, 0, 0].min()) for w in windows}
    assert found == {"a": 0.0, "b": 1000.0}


def test_a_pause_restarts_the_window() -> None:
    made = cutter()
    assert not made.push(line(5))
    assert not made.push(line(5, begin_s=1.5))  # ten frames, but never six in a row
    assert made.report.gaps == 1
    assert len(made.push(line(1, begin_s=1.5 + 5 / 12))) == 1


def test_a_jump_restarts_the_window_and_is_said() -> None:
    made = cutter()
    assert not made.push(line(5))
    later = [((5 + k) / RATE_HZ, "a", joints(400 + k)) for k in range(8)]
    (window, *_) = made.push(block(*later))
    assert window.begins
    assert window.skeleton.skeleton_TJ3[0, 0, 0] == 400
    assert (made.report.jumps, made.report.gaps) == (1, 0)
    assert "two people shared an id" in made.report.notes[0]


def test_two_people_in_turn_under_one_id_give_no_window() -> None:
    made = cutter()
    rows = [(k / RATE_HZ, "a", joints(400 * (k % 2) + k)) for k in range(40)]
    assert not made.push(block(*rows))
    assert made.report.jumps == 39


def test_only_the_first_window_since_a_break_begins() -> None:
    made = cutter()
    windows = [*made.push(line(13)), *made.push(line(13, begin_s=2.0))]
    assert [w.begins for w in windows] == [True, False, False] * 2


@pytest.mark.parametrize("digits", [2, 3, 4, 6])
@pytest.mark.parametrize("begin_s", [0.0, 0.003, 1_764_460_800.017])
@pytest.mark.parametrize("frames", [6, 24])
def test_a_walk_of_exactly_one_window_is_one(digits: int, begin_s: float, frames: int) -> None:
    """However its stamps are rounded; and the window ends with the frame that completes it."""
    stamps = [round(begin_s + k / RATE_HZ, digits) for k in range(frames)]
    made = cutter(frames)
    (window,) = made.push(block(*((t, "a", joints(k)) for k, t in enumerate(stamps))))
    assert window.waited_s <= 0.5 * 10**-digits + 1e-6
    expected = pytest.approx(np.arange(frames), abs=0.1 if digits == 2 else 0.02)
    assert window.skeleton.skeleton_TJ3[:, 0, 0] == expected


@pytest.mark.parametrize("rate_hz", [12.5, 15.0])
def test_frames_off_the_grid_are_not_taken_for_rounded_ones(rate_hz: float) -> None:
    lines = line(40, rate_hz)
    windows = cutter().push(lines)
    expected = resample(lines.joint_TJ3, lines.stamp_s_T, RATE_HZ)
    for window in windows[2:]:
        last = round(window.t_s * RATE_HZ)
        found = window.skeleton.skeleton_TJ3
        assert found == pytest.approx(expected[last - 5 : last + 1], abs=1e-2)


def test_an_ended_track_is_dropped_and_told() -> None:
    made = cutter()
    made.push(line(2, track="old"))
    made.push(line(1, track="new", begin_s=3.0))
    assert made.ended == ["old"]
    assert (made.report.ended, made.report.short, made.report.tracks) == (1, 1, 2)
    made.close()
    assert made.ended == ["new"]


def test_more_tracks_than_there_is_room_for_lose_the_oldest() -> None:
    made = cutter()
    rows = [(k * 1e-3, f"t{k}", joints(k)) for k in range(MOST_TRACKS + 3)]
    made.push(block(*rows))
    assert made.report.crowded == 3
    assert made.ended == ["t0", "t1", "t2"]
    assert "tracks at a time" in made.report.notes[0]


def test_stamps_that_do_not_rise_are_dropped_and_counted() -> None:
    made = cutter()
    made.push(block(*((t, "a", joints(t)) for t in (1.0, 1.0, 0.5, 1.1))))
    report = made.report
    assert (report.used, report.duplicate, report.out_of_order, report.restarts) == (2, 1, 1, 0)
    made.push(block((-5.0, "a", joints(0)), (-4.9, "a", joints(1))))
    assert (made.report.restarts, made.report.used, made.report.ended) == (1, 4, 1)


def test_frames_without_a_joint_are_dropped_and_windows_with_few_are_not_answered() -> None:
    made = cutter()
    made.push(block((0.0, "a", joints(0, 0.0))))
    assert (made.report.empty, made.report.used) == (1, 0)
    few = joints(1)
    few[5:] = 0
    windows: list[PoseWindow] = made.push(block(*((k / RATE_HZ, "a", few + 0) for k in range(6))))
    assert [w.reason for w in windows] == ["joints not seen"]


def test_joints_that_never_move_are_frozen() -> None:
    made = cutter()
    windows = made.push(block(*((k / RATE_HZ, "a", joints(7)) for k in range(6))))
    assert [w.reason for w in windows] == ["frozen"]
    assert made.report.frozen == 1


def test_a_wrong_image_size_and_a_slow_camera_are_remarked_once() -> None:
    made = cutter()
    made.push(block(*((k / 5, "a", joints(900 + k)) for k in range(40)), size=(500, 300)))
    assert made.report.outside == 40
    assert len(made.report.notes) == 2
    assert "over 2% of joints are outside the image of 500x300" in made.report.notes[0]
    assert "5.0 Hz" in made.report.notes[1]


def test_a_stray_joint_is_no_wrong_image_size() -> None:
    """One joint of 18 x 60 is outside, and one of every frame overshoots the edge a little."""
    made, frame = cutter(), joints(100)
    frame[1, 0] = 540
    frames = [np.roll(frame, k % 2, axis=0) for k in range(60)]
    frames[30][2, 0] = 900
    made.push(block(*((k / 12, "a", one) for k, one in enumerate(frames)), size=(500, 300)))
    assert made.report.outside == 1
    assert made.report.notes == []


def test_a_window_or_a_hop_of_nothing_is_an_error() -> None:
    with pytest.raises(UsageError, match="a hop of 0 frames"):
        PoseWindows(6, 0.01, RATE_HZ)


def walkers(change: Callable[[Float32], Float32]) -> PoseWindows:
    """Two simulated people's two seconds, changed, through windows of two seconds."""
    made = simulate_skeletons(num_people=2, each=1, seed=5, frames=48, rate_hz=24.0)
    windows = PoseWindows(48, 1.0, 24.0)
    for frame in range(48):
        rows = [(frame / 24, f"{k}", change(made.skeleton_NTJ3[k, frame])) for k in range(2)]
        windows.push(block(*rows))
    return windows


def reordered(joint_J3: Float32) -> Float32:
    return joint_J3[[*(OPENPOSE_18.index(name) for name in COCO_17), OPENPOSE_18.index("neck")]]


def shares(joint_J3: Float32) -> Float32:
    return np.asarray(joint_J3 / [1920, 1080, 1], np.float32)


def upwards(joint_J3: Float32) -> Float32:
    return np.asarray(joint_J3 * [1, -1, 1] + [0, 1080, 0], np.float32)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (reordered, "in the order of COCO-17 with the neck after it; convert them"),
        (shares, "joints must be in pixels: multiply x by"),
        (upwards, "y must point down"),
    ],
)
def test_joints_that_mean_something_else_are_remarked_once_a_stream(
    change: Callable[[Float32], Float32], said: str
) -> None:
    notes = walkers(change).report.notes
    assert len(notes) == 1
    assert notes[0].startswith("track 0: ")
    assert said in notes[0]


def test_joints_in_order_are_not_remarked() -> None:
    assert walkers(np.copy).report.notes == []


@pytest.mark.parametrize(("real_hz", "said_hz"), [(60, 30), (12, 24), (15, 30), (50, 25)])
def test_stamps_of_another_rate_are_remarked_once(real_hz: int, said_hz: int) -> None:
    walk = simulate_skeletons(1, 1, seed=6, frames=5 * said_hz, rate_hz=real_hz).skeleton_NTJ3[0]
    made = PoseWindows(48, 0.64, 24.0)
    rows = [(k / said_hz, "a", joint_J3) for k, joint_J3 in enumerate(walk)]
    made.push(block(*rows))
    (note,) = made.report.notes
    assert f"at {said_hz} Hz there are" in note
    right = PoseWindows(48, 0.64, 24.0)
    right.push(block(*((k / real_hz, track, joint) for k, (_, track, joint) in enumerate(rows))))
    assert not right.report.notes
