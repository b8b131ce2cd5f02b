"""The demo as a command: on the tiny model, and as it ships."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from edgehuman.cli import main
from edgehuman.errors import MissingDependencyError
from edgehuman.runtime.demo import demo as command
from tests.runtime.demo.conftest import Made


@pytest.mark.slow
def test_json_is_one_object_that_says_simulated(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["demo", "--model", str(tiny), "--speed", "0", "--seconds", "50", "--json"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    summary = json.loads(printed.out)
    assert summary["simulated"] is True
    assert summary["windows"] > 60
    assert summary["opened"] is False
    assert Path(summary["timeline"]).read_bytes()[:4] == b"\x89PNG"
    assert "simulated stream" in printed.err


def test_the_lines_hold_label_truth_and_the_page(
    tiny: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without matplotlib, and without the other models: the page is made all the same."""

    def no_matplotlib(*_: object) -> None:
        raise MissingDependencyError("no matplotlib")

    def no_model(*_: object) -> None:
        raise MissingDependencyError("no OpenCV here")

    monkeypatch.setattr(command, "draw_timeline", no_matplotlib)
    monkeypatch.setattr(command, "album", no_model)
    monkeypatch.setattr(command, "door", no_model)
    monkeypatch.setattr(command, "camera", no_model)
    monkeypatch.setattr(command, "zoo_names", list)
    words = ["demo", "--model", str(tiny), "--speed", "0", "--seconds", "50"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "[true: laying]" in printed
    assert "longest wrong, s" in printed
    assert "no real recording" in printed
    assert f"page: {tmp_path / 'demo.html'}" in printed
    assert "Not shown: no OpenCV here" in (tmp_path / "demo.html").read_text(encoding="utf-8")


def test_a_dumb_terminal_gets_lines(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    printed = Terminal()
    monkeypatch.setattr("sys.stdout", printed)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(command, "camera", lambda *_: None)
    monkeypatch.setattr(command, "findings_of", lambda *_: 1 / 0)  # the stream is over by then
    with pytest.raises(ZeroDivisionError):
        main(["demo", "--model", str(tiny), "--speed", "0", "--seconds", "50", "--no-open"])
    assert "\x1b" not in printed.getvalue()
    assert "[true: laying]" in printed.getvalue()


@pytest.mark.slow
def test_the_summary_has_every_number_of_the_page(made: Made) -> None:
    data = made.data
    assert data["door"]["named"] >= 1
    assert data["door"]["misnamed"] == 0
    assert len(data["photos"]["photos"]) == 3
    seen = data["camera"]
    assert seen["found"] > 0.5
    assert set(seen["tracks"]) >= {"Ada", "Ben", "Cleo"}
    windows = sum(sum(said.values()) for said in seen["answers"].values())
    assert windows >= seen["named"] + seen["misnamed"]
    assert seen["misnamed"] <= windows / 4
    assert seen["nearest_right"] * 3 > seen["nearest_of"], "no better than chance among three"
    assert seen["passes"][0][1] < seen["passes"][1][0]
    models = [row["model"] for pair in data["precision"] for row in pair]
    assert {"zoo:activity", "zoo:activity-int8", "zoo:gait-skeleton"} <= set(models)
    assert all(data["parity"][model]["samples"] for model in models)
    assert data["comparison"]["smoothed"]["longest_wrong_s"] <= 3.0
    assert data["missing"] == {}
    assert data["delay_s_mean"] * 1e3 > 50 * data["precision"][0][0]["p50_ms"]


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("--speed", "-1", "speed is -1"),
        ("--speed", "nan", "speed is nan"),
        ("--seed", "-1", "seed is -1"),
        ("--seconds", "3", "at least 45"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(
    flag: str, value: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", flag, value]) == 2
    assert message in capsys.readouterr().err


def test_a_folder_that_is_a_file_is_refused_before_the_stream(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("")
    assert main(["demo", "--out", str(tmp_path / "taken")]) == 2
    printed = capsys.readouterr()
    assert "--out" in printed.err
    assert "true:" not in printed.out
