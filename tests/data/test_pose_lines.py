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
