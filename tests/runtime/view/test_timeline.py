"""The picture: its parts say what the stream said, and it is written or refused."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import ArtefactError, DataError, MissingDependencyError
from edgehuman.records import ImuWindow
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.view.timeline import Timeline, draw_timeline, label_runs

LABELS = ("walking", "sitting")


def timeline(times_s: list[float], labels: list[str]) -> Timeline:
    kept = Timeline(LABELS, 1.0, 50.0)
    window = ImuWindow(np.ones((128, 6), np.float32), 0)
    kept.write(
        [
            ImuResult(t_s, label, 0.9, 1.0, label, 0, prob_C=(0.9, 0.1), window=window)
            for t_s, label in zip(times_s, labels, strict=True)
        ]
    )
    return kept


def test_a_hop_covers_the_time_before_it_and_a_pause_stays_open() -> None:
    kept = timeline([3.0, 4.0, 5.0, 9.0], ["walking", "walking", "sitting", "sitting"])
    runs = label_runs(kept, [result.label for result in kept.hops])
    assert runs == [(2.0, 2.0, "walking"), (4.0, 1.0, "sitting"), (8.0, 1.0, "sitting")]


def test_only_the_fresh_samples_of_a_window_are_kept() -> None:
    assert [part.shape for part in timeline([3.0, 4.0], ["walking"] * 2).accel] == [(50, 3)] * 2


def test_the_picture_is_a_png(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "timeline.png"
    draw_timeline(timeline([3.0, 4.0, 9.0], ["walking", "unknown", "sitting"]), path, "title")
    assert path.read_bytes()[:4] == b"\x89PNG"


def test_nothing_to_draw_and_nowhere_to_draw_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no window was recognised"):
        draw_timeline(timeline([], []), tmp_path / "a.png", "title")
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(ArtefactError, match=r"not a folder|annot write"):
        draw_timeline(timeline([3.0], ["walking"]), blocked / "a.png", "title")


def test_without_matplotlib_the_message_holds_the_line_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingDependencyError, match=r"the extra `plot` brings it"):
        draw_timeline(timeline([3.0], ["walking"]), tmp_path / "a.png", "title")
