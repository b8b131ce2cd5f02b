"""A wearable's results as lines of the page."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.records import ImuWindow
from edgehuman.runtime.imu import run as run_of_imu
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.serve.board import About, Board, Cursor
from edgehuman.runtime.serve.meter import Meter
from edgehuman.runtime.view.samples import MeterSink, PageSink, label_colours
from edgehuman.runtime.view.screen import Notes
from tests.runtime.serve.viewing import viewed


def result(imu_TC: np.ndarray | None = None, reason: str = "") -> ImuResult:  # type: ignore[type-arg]
    window = None
    if imu_TC is not None:
        window = ImuWindow(imu_TC.astype(np.float32), 0, "x")
    return ImuResult(
        t_s=2.56, label="walking", score=0.9, latency_ms=12.0, raw_label="running", stamp_ns=0,
        source="x", reason=reason, true_label="walking", prob_C=(0.9, 0.1), window=window,
    )  # fmt: skip


def test_a_line_holds_the_label_and_the_fresh_part_of_the_signal() -> None:
    board = Board(About("samples", "x", "y"))
    sink = PageSink(board, hop_s=0.64, rate_hz=50.0)
    imu_TC = np.arange(128 * 6, dtype=np.float64).reshape(128, 6)
    imu_TC[-1] = np.nan
    sink.write([result(imu_TC), result()])
    sink.close()
    line, without = board.since(Cursor()).lines
    assert (line["label"], line["raw"], line["true"], line["prob"]) == (
        *("walking", "running", "walking"),
        [0.9, 0.1],
    )
    assert (len(line["imu"]), line["step_s"]) == (16, 0.04)  # 0.64 s at 25 a second
    assert line["imu"][0] == imu_TC[96].tolist()
    json.dumps(line, allow_nan=False)
    assert "imu" not in without


def test_windows_without_an_answer_are_counted_by_reason() -> None:
    meter = Meter("samples", "x", "y")
    MeterSink(meter).write([result(), result(reason="frozen")])
    assert 'reason="frozen"} 1' in meter.text()
    assert meter.figures()["p50_ms"] == 12.0


def test_every_label_and_unknown_has_a_colour() -> None:
    assert label_colours(("a", "b")).keys() == {"a", "b", "unknown"}


@pytest.mark.slow
def test_a_run_shows_its_labels_on_the_page(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(Notes, "__call__", lambda self, message: said.append(message))
    noise = np.random.default_rng(0).normal(0.0, 0.01, (160, 6)) + np.eye(6)[0]
    rows = [f"{k / 50:.2f}," + ",".join(map(str, row)) for k, row in enumerate(noise)]
    walk = tmp_path / "walk.csv"
    walk.write_text("\n".join(["t,ax,ay,az,gx,gy,gz", *rows]))
    words = run_of_imu.RunConfig(
        model=str(tiny), source=str(walk), serve="0", realtime=True, gyro_unit="rads", json=True
    )
    thread = threading.Thread(target=run_of_imu.run, args=(words,))
    thread.start()
    labels: list[str] = []
    ended: dict[str, Any] = {}
    with viewed(said).socket() as viewer:
        while row := viewer.update()[0]:
            labels += [line["label"] for line in row.get("lines", ())]
            ended = row
            viewer.acknowledge(row)
    thread.join(20)
    assert labels == ["walking"] * 2
    assert ended["ended"]["windows"] == 2
    assert ended["figures"]["answers"] == 2
