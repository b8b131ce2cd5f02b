"""Tracks that are kept: the same again, of this state of the recording alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgehuman.runtime.image.search.kept_tracks import read_tracks, write_tracks
from edgehuman.runtime.image.search.recording import Seen, Track

ONE = Track("door", "7", 1.5, 3.0, 1e9, 4, np.array([0.6, 0.8], np.float32), 12, (0.1, 0, 0.5, 1))
SEEN = Seen([ONE, dataclasses.replace(ONE, number="9", wall_s=None)], 20, 1, "broken", "cut")


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "kept.npz"
    write_tracks(path, SEEN, "5:7", 2)
    assert path.stat().st_mode & 0o77 == 0
    found = read_tracks(path, "5:7", 2)
    assert found is not None
    for one, other in zip(found.tracks, SEEN.tracks, strict=True):
        assert np.array_equal(one.vector_D, other.vector_D)
        rows = [dataclasses.asdict(each) for each in (one, other)]
        assert {**rows[0], "vector_D": None} == {**rows[1], "vector_D": None}
    assert (found.frames, found.unreadable, found.reason, found.remark) == (20, 1, "broken", "cut")
    assert read_tracks(path, "5:8", 2) is None
    assert read_tracks(tmp_path / "absent.npz", "5:7", 2) is None


def test_nobody_is_kept_too(tmp_path: Path) -> None:
    write_tracks(tmp_path / "kept.npz", Seen([], 3), "s", 2)
    assert read_tracks(tmp_path / "kept.npz", "s", 2) == Seen([], 3)


@pytest.mark.parametrize("dim", [2, 3])
def test_a_damaged_file_is_told_and_not_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], dim: int
) -> None:
    path = tmp_path / "kept.npz"
    write_tracks(path, SEEN, "s", 2)
    if dim == 2:
        path.write_bytes(path.read_bytes()[:100])
    assert read_tracks(path, "s", dim) is None
    assert "the recording is looked through again" in capsys.readouterr().err
