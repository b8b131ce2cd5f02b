"""The live view of gait and its plain twin: names and scores, no vectors."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

from edgehuman.runtime.gallery import Identity
from edgehuman.runtime.skeleton.results import GaitResult, GaitTally
from edgehuman.runtime.view.screen import cells
from edgehuman.runtime.view.tracks import GaitView, gait_line, gait_lines


def result(track: str = "1", t_s: float = 3.0, label: str = "ANNA", **more: object) -> GaitResult:
    others = Identity(label, 0.93, "ANNA", (("BERTA", 0.61), ("CARLA", 0.2)))
    fields = {"raw_label": "ANNA", "vector_D": np.ones(64, np.float32), "identity": others, **more}
    return GaitResult(t_s, label, 0.93, 12.0, stamp_ns=0, track=track, **fields)  # type: ignore[arg-type]


def view_of(results: list[GaitResult]) -> GaitView:
    tally = GaitTally(0.5)
    for one in results:
        tally.add(one)
    view = GaitView(io.StringIO(), "zoo:gait-skeleton on door.jsonl", tally, lambda: 3)
    view.write(results)
    return view


def test_a_plain_line_is_a_name_and_a_score() -> None:
    assert gait_line(result()).split() == ["3.00", "s", "1", "ANNA", "0.930", "12.00", "ms"]
    assert gait_line(result(label="unknown")).endswith("(nearest: ANNA)")
    assert "no answer (frozen)" in gait_line(result(reason="frozen"))


def test_without_a_gallery_the_line_says_how_to_get_names() -> None:
    line = gait_line(result(label="", raw_label="", identity=None))
    assert "give --gallery to name people" in line
    assert "1.0" not in line


def test_column_heads_come_once() -> None:
    stream = io.StringIO()
    lines = gait_lines(stream)
    lines.write([result()])
    lines.write([result(t_s=4.0)])
    first, *others = stream.getvalue().splitlines()
    assert first.split() == ["time", "track", "name", "score", "latency"]
    assert [line.split()[0] for line in others] == ["3.00", "4.00"]


def test_the_screen_has_one_row_a_track_with_the_newest_first() -> None:
    view = view_of([result("1"), result("2", 4.0, "unknown"), result("1", 5.0)])
    view.note("the clock went back")
    lines = view.screen()
    rows = [line.split() for line in lines[3:5]]
    assert rows[0] == ["1", "ANNA", "0.93", "5.0", "s", "BERTA", "0.61,", "CARLA", "0.20"]
    assert rows[1] == ["2", "unknown", "0.93", "4.0", "s", "nearest", "ANNA"]
    said = "\n".join(lines)
    assert "poses dropped 3" in said
    assert "! the clock went back" in said


@pytest.mark.parametrize("columns", [39, 79, 200])
@pytest.mark.parametrize("rows", [10, 23])
def test_the_screen_fits(columns: int, rows: int) -> None:
    view = view_of([result(f"track {k}", float(k), "安娜" * 20) for k in range(30)])
    view.note("x" * 300)
    lines = view.screen(columns, rows)
    assert len(lines) <= rows
    assert max(map(cells, lines)) <= columns
    assert any("earlier tracks" in line for line in lines)
    assert any(re.search(r"p50 \S+ p95 \S+ ms", line) for line in lines)


def test_many_tracks_take_no_more_memory() -> None:
    view = view_of([result(str(k), float(k)) for k in range(1000)])
    assert "earlier tracks" in "\n".join(view.screen())
    assert len([line for line in view.screen(79, 2000) if "ANNA" in line]) == 64
