"""The demo on the tiny model: its day, its table, its picture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgehuman.cli import main
from edgehuman.errors import UsageError
from edgehuman.runtime.demo import compare, simulated_day
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.simulate.body.activities import SIX


def test_the_day_has_every_activity_and_the_asked_length() -> None:
    day = simulated_day(60.0, seed=3)
    assert day.duration_s == pytest.approx(60.0, abs=1.0)
    assert set(SIX) <= {day.labels[k] for k in set(day.label_T.tolist())}
    with pytest.raises(UsageError, match="at least 45"):
        simulated_day(10.0, seed=3)


def test_the_comparison_is_against_the_true_labels() -> None:
    said = [("up", "up"), ("up", "walk"), ("walk", "up"), ("walk", "walk")]
    hops = [
        ImuResult(float(k), smooth, 0.9, 1.0, raw, 0, true_label=true, delay_s=0.5)
        for k, ((smooth, raw), true) in enumerate(
            zip(said, ["up", "up", "turn", "walk"], strict=True)
        )
    ]
    rows = compare(hops, ["up", "walk"], hop_s=1.0)
    assert rows["network"]["online_accuracy"] == pytest.approx(2 / 3, abs=1e-4)
    assert rows["smoothed"]["online_accuracy"] == 1.0
    assert rows["network"]["flicker_per_minute"] == pytest.approx(3 * 15)
    assert rows["smoothed"]["onset_delay_s_median"] == 0.5
    assert rows["true"]["flicker_per_minute"] == pytest.approx(2 * 15)


def test_json_is_one_object_that_says_simulated(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["demo", "--model", str(tiny), "--speed", "0", "--seconds", "50", "--json"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    summary = json.loads(printed.out)
    assert summary["simulated"] is True
    assert summary["windows"] > 60
    assert Path(summary["timeline"]).read_bytes()[:4] == b"\x89PNG"
    assert "simulated stream" in printed.err


def test_the_lines_hold_label_truth_and_latency(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["demo", "--model", str(tiny), "--speed", "0", "--seconds", "50"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "[true: laying]" in printed
    assert "online accuracy" in printed
    assert "no real recording" in printed


def test_a_negative_speed_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--speed", "-1"]) == 2
    assert "speed is -1" in capsys.readouterr().err
