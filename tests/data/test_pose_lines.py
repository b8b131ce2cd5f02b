"""Poses as lines of JSON: written, read, and refused where they are wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.pose_lines import read_tracks, write_lines
from edgehuman.data.skeleton_set import simulated_set
from edgehuman.data.skeletons import load_skeletons
from edgehuman.errors import DataError
from edgehuman.preprocess.pose_line import PoseLine, format_line


def test_a_set_comes_back(tmp_path: Path) -> None:
    walks = simulated_set(2, 3, seed=0, frames=20)
    outcome = write_lines(walks, tmp_path)
    assert isinstance(outcome.data, dict)
    assert outcome.data["walks"] == 6
    assert "SIMULATED" in outcome.text
    back = load_skeletons(tmp_path)
    for column in ("person_N", "sequence_N", "view_N", "condition_N", "role_N", "rate_hz_N"):
        assert getattr(back, column).tolist() == getattr(walks, column).tolist()
    assert back.image_size_N2.tolist() == [[1080, 1920]] * 6
    np.testing.assert_allclose(back.skeleton_SJ3, walks.skeleton_SJ3, atol=0.0051)


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
    assert [line.t_s for line in read_tracks(path)["a"]] == sorted(
        round(t / 30, 6) for t in range(5)
    )


def test_uneven_stamps_become_an_even_rate(tmp_path: Path) -> None:
    path = tmp_path / "poses.jsonl"
    times = [0.0, 0.1, 0.2, 0.4, 0.5]
    path.write_text("\n".join(_line(t, "a", 100 * t) for t in times))
    walks = load_skeletons(path)
    assert walks.rate_hz_N.tolist() == [10.0]
    np.testing.assert_allclose(walks.sequence(0)[:, 0, 0], [0, 10, 20, 30, 40, 50], atol=0.01)


def test_a_track_twice_at_one_moment_is_named(tmp_path: Path) -> None:
    path = tmp_path / "poses.jsonl"
    path.write_text("\n".join([_line(0.0, "a"), _line(0.0, "a")]))
    with pytest.raises(DataError, match="track 'a' is twice at 0 s; two people at once have two"):
        load_skeletons(path)


def test_a_broken_line_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "poses.jsonl"
    path.write_text("\n".join([_line(0.0, "a"), "{"]))
    with pytest.raises(DataError, match=r"poses\.jsonl: line 2: not JSON"):
        load_skeletons(path)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("[]", "line 2: found no object with `file`"),
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
    with pytest.raises(DataError, match=r"1 names of sequences come twice, such as 'simulated:0:0"):
        load_skeletons(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write_lines(simulated_set(1, 2, seed=0, frames=4), tmp_path / "file")


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
        ({"rate_hz": "fast"}, "line 1: found rate_hz 'fast'; give frames a second as a number"),
        ({"rate_hz": [24]}, r"found rate_hz \[24\]"),
        ({"role": "friend"}, "found role 'friend'; give one of 'train', 'gallery', 'probe', ''"),
        ({"file": "poses/lost.jsonl"}, r"lost.jsonl: cannot be read \(.*No such file"),
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
    said = "000000.jsonl: rate_hz is 120 and the stamps `t` are those of 24 frames a second; leave"
    with pytest.raises(DataError, match=said):
        load_skeletons(_labelled(tmp_path, rate_hz=120))


def test_one_walk_that_is_stamped_otherwise_is_refused(tmp_path: Path) -> None:
    write_lines(simulated_set(1, 4, seed=0, frames=20), tmp_path)
    _stamped(tmp_path, 2, 6.0)
    with pytest.raises(DataError, match=r"000002.jsonl: rate_hz is 24 .* those of 6 frames"):
        load_skeletons(tmp_path)
    _stamped(tmp_path, 2, 23.976)
    assert load_skeletons(tmp_path).rate_hz_N.tolist() == [24.0] * 4


def test_a_rate_that_changes_inside_a_track_is_refused(tmp_path: Path) -> None:
    times = [*(k / 24 for k in range(60)), *(2.5 + k / 8 for k in range(60))]
    path = tmp_path / "poses.jsonl"
    path.write_text("\n".join(_line(t, "a", 100 * t) for t in times))
    said = r"track 'a': found 24 frames a second about t = 0.00 s and 8 about t = 2.29 s; a walk"
    with pytest.raises(DataError, match=said):
        load_skeletons(path)


@pytest.mark.parametrize("seed", range(5))
def test_frames_lost_here_and_there_are_no_other_rate(tmp_path: Path, seed: int) -> None:
    """A third of 240 frames is missing: steps of one, two, three frames and more."""
    kept = np.flatnonzero(np.random.default_rng(seed).random(240) > 1 / 3)
    path = tmp_path / "poses.jsonl"
    path.write_text("\n".join(_line(k / 24, "a", float(k)) for k in kept))
    assert load_skeletons(path, check=False).rate_hz_N.tolist() == [24.0]
