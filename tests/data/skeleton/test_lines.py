"""Poses as lines of JSON: written, read, and refused where they are wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.skeleton import lines as pose_lines
from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.data.skeleton.walks import simulated_set
from edgehuman.data.skeleton.write import write_lines
from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.line import PoseLine, format_line
from edgehuman.records import Float64


def _line(t_s: float, track: str, x: float = 1.0) -> str:
    return format_line(PoseLine(t_s, track, np.full((18, 3), (x, 20.0, 0.5), np.float32)))


def test_two_people_in_one_file_are_two_walks(tmp_path: Path) -> None:
    path = tmp_path / "poses.jsonl"
    lines = [_line(t / 30, who) for t in range(5) for who in ("a", "b")]
    path.write_text("\n".join(reversed(lines)) + "\n\n")
    walks = load_skeletons(path)
    assert walks.person_N.tolist() == ["poses:b", "poses:a"]
    assert walks.length_N.tolist() == [5, 5]
    assert walks.rate_hz_N.tolist() == [30.0, 30.0]


def test_uneven_stamps_become_an_even_rate(tmp_path: Path) -> None:
    path = tmp_path / "poses.jsonl"
    times = [0.0, 0.1, 0.2, 0.4, 0.5]
    path.write_text("\n".join(_line(t, "a", 100 * t) for t in times))
    walks = load_skeletons(path)
    assert walks.rate_hz_N.tolist() == [10.0]
    np.testing.assert_allclose(walks.sequence(0)[:, 0, 0], [0, 10, 20, 30, 40, 50], atol=0.01)


def test_a_track_twice_at_one_moment_is_named(tmp_path: Path) -> None:
    path = tmp_path / "poses.jsonl"
    path.write_text("\n".join([_line(0.0, "a"), _line(0.0, "a", 900.0)]))
    with pytest.raises(DataError, match="track 'a' occurs twice at 0 s; two people need two"):
        load_skeletons(path)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (1, "are 1 s apart; t is in seconds, and these look like frame numbers: divide them"),
        (3, "look like frame numbers: divide them by the frame rate"),
        (33, "look like milliseconds: divide them by 1000"),
        (33_333, "look like microseconds: divide them by 1e6"),
        (33_333_333, "look like nanoseconds: divide them by 1e9"),
    ],
)
def test_stamps_in_another_unit_are_named(step: int, said: str, tmp_path: Path) -> None:
    path = tmp_path / "poses.jsonl"
    path.write_text("\n".join(_line(1_000 + step * k, "a", k) for k in range(60)))
    with pytest.raises(DataError, match=said):
        load_skeletons(path)


def test_a_broken_line_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "poses.jsonl"
    path.write_text("\n".join([_line(0.0, "a"), "{"]))
    with pytest.raises(DataError, match=r"poses\.jsonl: line 2: not JSON"):
        load_skeletons(path)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("[]", "line 2: not an object with `file`"),
        (json.dumps({"file": "../a.jsonl"}), "outside the folder"),
        (json.dumps({"file": "poses/none.jsonl"}), "cannot be read"),
    ],
)
def test_broken_labels_are_named(tmp_path: Path, row: str, said: str) -> None:
    write_lines(simulated_set(1, 2, seed=0, frames=4), tmp_path)
    labels = tmp_path / "walks.jsonl"
    labels.write_text(labels.read_text().splitlines()[0] + "\n" + row + "\n")
    with pytest.raises(DataError, match=said):
        load_skeletons(tmp_path)


def test_a_file_of_labels_holds_one_walk(tmp_path: Path) -> None:
    write_lines(simulated_set(1, 2, seed=0, frames=4), tmp_path)
    (tmp_path / "poses" / "000001.jsonl").write_text(_line(0, "a") + "\n" + _line(0, "b"))
    with pytest.raises(DataError, match="found 2 tracks"):
        load_skeletons(tmp_path)


def test_two_walks_of_one_name_are_refused(tmp_path: Path) -> None:
    write_lines(simulated_set(1, 2, seed=0, frames=4), tmp_path)
    labels = tmp_path / "walks.jsonl"
    labels.write_text(labels.read_text().splitlines()[0] * 1 + "\n")
    first = labels.read_text()
    labels.write_text(first + first)
    with pytest.raises(DataError, match=r"1 duplicate sequence names, such as 'simulated:0:0"):
        load_skeletons(tmp_path)


def _labelled(folder: Path, **changes: object) -> Path:
    """Two walks of one person, with something else in the first one's labels."""
    write_lines(simulated_set(1, 2, seed=0, frames=20), folder)
    first, second = (folder / "walks.jsonl").read_text().splitlines()
    row = json.dumps({**json.loads(first), **changes})
    (folder / "walks.jsonl").write_text(f"{row}\n{second}\n")
    return folder


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"rate_hz": "fast"},
            r"line 1: poses/000000\.jsonl: rate_hz is 'fast'; it must be a number of frames",
        ),
        ({"rate_hz": [24]}, r"rate_hz is \[24\]"),
        ({"rate_hz": True}, "rate_hz is True"),
        ({"rate_hz": float("nan")}, "rate_hz is nan; .*, 1 to 1000, or left out"),
        ({"rate_hz": float("inf")}, "rate_hz is inf"),
        ({"rate_hz": -24}, "rate_hz is -24"),
        ({"rate_hz": 1e-320}, "rate_hz is 1e-320"),
        ({"role": "friend"}, "unknown role 'friend'; valid: 'train', 'gallery', 'probe', ''"),
        ({"file": "poses/lost.jsonl"}, r"lost.jsonl: cannot be read \(No such file"),
    ],
)
def test_labels_that_are_wrong_are_named(
    changes: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=said):
        load_skeletons(_labelled(tmp_path, **changes))


def _stamped(folder: Path, number: int, rate_hz: float) -> None:
    """Write a walk's stamps anew, as of another rate; its labels say 24 a second still."""
    path = folder / "poses" / f"{number:06d}.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    lines = [json.dumps({**row, "t": k / rate_hz}) for k, row in enumerate(rows)]
    path.write_text("\n".join(lines) + "\n")


def test_a_said_rate_that_the_stamps_contradict_is_refused(tmp_path: Path) -> None:
    said = "000000.jsonl: rate_hz is 120, but the stamps `t` have 24 frames per second; remove"
    with pytest.raises(DataError, match=said):
        load_skeletons(_labelled(tmp_path, rate_hz=120))


def test_one_walk_that_is_stamped_otherwise_is_refused(tmp_path: Path) -> None:
    write_lines(simulated_set(1, 4, seed=0, frames=20), tmp_path)
    _stamped(tmp_path, 2, 6.0)
    with pytest.raises(DataError, match=r"000002.jsonl: rate_hz is 24,.* have 6 frames"):
        load_skeletons(tmp_path)
    _stamped(tmp_path, 2, 23.976)
    assert load_skeletons(tmp_path).rate_hz_N.tolist() == [24.0] * 4


def _tracks(path: Path, *times: Float64) -> Path:
    """A file with a track for each of the stamps, named by their numbers."""
    lines = [_line(float(t), str(k), float(t)) for k, each in enumerate(times) for t in each]
    path.write_text("\n".join(lines))
    return path


def _changing(before_hz: float, after_hz: float, frames: int = 60) -> Float64:
    step_s = np.repeat([1 / before_hz, 1 / after_hz], frames)
    return np.concatenate([[0.0], np.cumsum(step_s)])


def _rate(stamp_s_T: Float64, **labels: object) -> float:
    joints_J3 = np.zeros((18, 3), np.float32)
    lines = [PoseLine(t_s, "a", joints_J3) for t_s in stamp_s_T.tolist()]
    return pose_lines.to_walk(lines, "a", "here", labels).rate_hz


@pytest.mark.parametrize(
    ("before_hz", "after_hz", "said"),
    [
        (
            24,
            8,
            "found 24 frames per second near t = 0.00 s and 8 for at least 36 frames from t = 2.50",
        ),
        (
            24,
            12,
            r"found 24 .* and 12 for at least 36 frames from t = 2.50 s on; a walk must have one",
        ),
        (12, 24, "found 24 .* near t = 5.00 s and 12 for at least 36 frames from t = 0.00 s on"),
    ],
)
def test_a_rate_that_changes_inside_a_track_is_refused(
    before_hz: float, after_hz: float, said: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=f"track '0': {said}"):
        load_skeletons(_tracks(tmp_path / "poses.jsonl", _changing(before_hz, after_hz)))


def test_a_rate_that_changes_twofold_is_found_though_stamps_vary() -> None:
    for seed in range(50):
        vary = np.random.default_rng(seed).normal(1.0, 0.1, 160)
        times = np.cumsum(vary * np.repeat([1 / 30, 1 / 15], 80))
        with pytest.raises(DataError, match="a walk must have one rate"):
            _rate(times)


def test_a_short_fast_stretch_at_the_end_is_another_rate() -> None:
    """Of 340 steps 40 are fast: the usual rate is the slow one."""
    times = np.cumsum(np.repeat([1 / 8, 1 / 24], [300, 40]))
    with pytest.raises(DataError, match=r"found 8 frames per second near t = 0\.12 s and 24 for"):
        _rate(times)


def test_a_track_whose_rate_changes_does_not_spoil_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    even = np.arange(60) / 24
    path = _tracks(tmp_path / "poses.jsonl", even, _changing(24, 8), even, even * 1e-3)
    assert load_skeletons(path, check=False).sequence_N.tolist() == ["poses:0", "poses:2"]
    line = caplog.messages[0]
    assert line.startswith(f"{path}: 2 of 4 walks are skipped, such as {path}: track '1': found")


def test_a_labelled_walk_whose_rate_changes_is_left_out(tmp_path: Path) -> None:
    write_lines(simulated_set(1, 4, seed=0, frames=100), tmp_path)
    path = tmp_path / "poses" / "000002.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    times = _changing(24, 8, 50)
    lines = [json.dumps(row | {"t": t}) for row, t in zip(rows, times.tolist(), strict=False)]
    path.write_text("\n".join(lines))
    walks = load_skeletons(tmp_path, check=False)
    assert walks.sequence_N.tolist() == [f"simulated:0:0:{k}" for k in (0, 1, 3)]


def test_stamps_of_no_camera_are_named() -> None:
    with pytest.raises(
        DataError, match=r"here: its stamps `t` are 4.94e-324 s apart; the frame rate"
    ):
        _rate(np.array([0.0, 5e-324, 1e-323]))
    with pytest.raises(DataError, match=r"1e\+300 s apart; the frame rate must be 1 to 1000"):
        _rate(np.array([0.0, 1e300]))
    with pytest.raises(DataError, match="inf s apart"):
        _rate(np.array([-1.5e308, 1.5e308]))


@pytest.mark.parametrize("share", [1 / 3, 0.4, 0.5, 0.6])
def test_frames_lost_here_and_there_are_no_other_rate(share: float) -> None:
    """Steps of one, two, three frames and more: the small ones are the rate's."""
    for seed in range(50):
        kept = np.flatnonzero(np.random.default_rng(seed).random(300) > share)
        assert _rate(kept / 30) == 30.0, seed
        assert _rate(kept / 30, rate_hz=30) == 30.0, seed
        assert _rate(np.round(kept / 30, 2), rate_hz=30) == 30.0, seed
        assert _rate(np.round(kept / 60, 2), rate_hz=60) == 60.0, seed
        with pytest.raises(DataError, match="rate_hz is 60, but the stamps `t` have 30 "):
            _rate(kept / 30, rate_hz=60)


def test_a_set_with_frames_lost_is_read(tmp_path: Path) -> None:
    """Of 30 frames a second 40 % are missing: they are made up from those beside them."""
    rng = np.random.default_rng(0)
    times = [np.flatnonzero(rng.random(300) > 0.4) / 30 for _ in range(5)]
    walks = load_skeletons(_tracks(tmp_path / "poses.jsonl", *times), check=False)
    assert walks.rate_hz_N.tolist() == [30.0] * 5
    full = [round(30 * (each[-1] - each[0])) + 1 for each in times]
    # The last stamp, rounded to microseconds, may lie before its frame.
    np.testing.assert_allclose(walks.length_N, full, atol=1)


def test_a_person_found_in_every_third_frame_for_two_seconds_has_one_rate() -> None:
    frames = np.concatenate([np.arange(100), np.arange(100, 160, 3), np.arange(160, 260)])
    assert _rate(frames / 30) == 30.0


def test_steps_that_vary_one_and_a_half_fold_are_one_rate() -> None:
    for seed in range(50):
        rng = np.random.default_rng(seed)
        times = np.cumsum(rng.uniform(0.8, 1.2, 300) / 30)
        assert _rate(times, rate_hz=30) == 30.0, seed
        assert _rate(times) == pytest.approx(30.0, rel=0.03), seed
    assert 16 <= _rate(_changing(24, 16)) <= 24


@pytest.mark.parametrize("rate_hz", [15, 24, 25, 29.97, 30, 48, 50, 60, 75, 80, 100])
@pytest.mark.parametrize("digits", [2, 3, 6])
def test_rounded_stamps_have_the_rate_of_all_in_all(rate_hz: float, digits: int) -> None:
    """At 29.97 a second steps are 0.03 and 0.04 s, and 0.0334 on average."""
    times = np.round(np.arange(200) / rate_hz, digits)
    assert _rate(times) == pytest.approx(rate_hz, rel=0.004)
    assert _rate(times, rate_hz=rate_hz) == rate_hz
    with pytest.raises(DataError, match="but the stamps `t` have"):
        _rate(times, rate_hz=2 * rate_hz)


def test_stamps_that_come_in_bursts_have_the_rate_that_is_said() -> None:
    """Three frames at once, ten times a second: 30 a second all in all."""
    times = np.repeat(np.arange(0, 20, 0.1), 3) + np.tile([0, 0.002, 0.004], 200)
    assert _rate(times, rate_hz=30) == 30.0
