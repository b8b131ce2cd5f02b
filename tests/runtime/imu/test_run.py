"""`edgehuman run` and `edgehuman.stream`, as a user calls them, with right and with wrong input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.errors import DataError
from edgehuman.runtime.stream import stream
from tests.leaving import start
from tests.runtime.conftest import MakeModel, tiny_card

HEADER = "t,ax,ay,az,gx,gy,gz"


def rows(seconds: float, axis: int, start_s: float = 0.0, rate_hz: float = 50.0) -> list[str]:
    """CSV lines of a sensor held with one axis up and turned a little, so that its unit shows."""
    count = round(seconds * rate_hz)
    noise = np.random.default_rng(axis).normal(0.0, 0.01, (count, 6))
    noise[:, axis] += 1.0
    return [
        f"{start_s + k / rate_hz:.4f}," + ",".join(f"{value:.6f}" for value in row)
        for k, row in enumerate(noise)
    ]


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "walk.csv"
    path.write_text("\n".join([HEADER, *rows(6.0, 0), *rows(6.0, 2, start_s=6.0)]) + "\n")
    return path


def test_json_is_one_object_a_line_and_nothing_else(
    tiny: Path, csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "new" / "saved.jsonl"
    words = ["run", str(tiny), "--source", str(csv), "--json", "--save", str(saved)]
    assert main([*words, "--gyro-unit", "rads"]) == 0
    printed = capsys.readouterr()
    results = [json.loads(line) for line in printed.out.splitlines()]
    assert {"t_s", "label", "score", "latency_ms"} <= results[0].keys()
    assert len(results) == 15  # 600 samples: one after 128, then one every 32
    assert [one["label"] for one in results][::14] == ["walking", "laying"]
    assert [one["t_s"] for one in results] == sorted(one["t_s"] for one in results)
    assert saved.read_text() == printed.out
    assert "15 windows" in printed.err
    assert "capture to label" in printed.err


def test_without_json_there_are_plain_lines_and_a_summary(
    tiny: Path, csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(tiny), "--source", str(csv), "--seconds", "5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["time", "label", "score", "latency"]
    assert lines[1].split()[:3] == ["2.54", "s", "walking"]
    assert any(line.startswith("flicker") for line in lines)
    assert len([line for line in lines if " ms" in line and " s  " in line]) == 4


def test_the_timeline_is_drawn(
    tiny: Path, csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "timeline.png"
    words = ["run", str(tiny), "--source", str(csv), "--json", "--timeline", str(picture)]
    assert main(words) == 0
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert str(picture) in capsys.readouterr().err


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-1"])
@pytest.mark.parametrize("name", ["hop-s", "delay-s", "seconds", "threshold"])
def test_a_number_that_means_nothing_is_refused(
    tiny: Path, csv: Path, name: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", str(tiny), "--source", str(csv), "--smoothing", "fixed_lag"]
    assert main([*words, f"--{name}", value]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{name.replace('-', '_')} is {float(value)}" in said.err


@pytest.mark.parametrize(
    "words",
    [
        ["--save", "walk.csv"],
        ["--timeline", "walk.csv"],
        ["--save", "link.csv"],
        ["--save", "tiny.onnx"],
        ["--timeline", "tiny.onnx"],
        ["--save", "new.png", "--timeline", "new.png"],
        ["--timeline", "picture.jpg"],
    ],
)
def test_no_output_takes_the_place_of_an_input_or_of_another_output(
    words: list[str],
    tiny: Path,
    csv: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(csv.parent)
    (csv.parent / "link.csv").symlink_to(csv)
    before = {path: path.read_bytes() for path in (csv, tiny)}
    assert main(["run", tiny.name, "--source", csv.name, *words]) == 2
    said = capsys.readouterr().err
    assert "choose another path" in said or "ends in .png" in said
    assert {path: path.read_bytes() for path in before} == before


def test_a_timeline_that_cannot_be_written_is_refused_before_the_stream(
    tiny: Path, csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("mine")
    words = ["run", str(tiny), "--source", str(csv), "--json", "--timeline", str(blocked / "t.png")]
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "file is a file, not a folder; choose another folder" in said.err


def test_a_timeline_that_fails_costs_no_summary(
    tiny: Path,
    csv: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*given: object) -> None:
        raise DataError("no space left")

    monkeypatch.setattr("edgehuman.runtime.imu.run.draw_timeline", full)
    words = [
        "run",
        str(tiny),
        "--source",
        str(csv),
        "--json",
        "--timeline",
        str(tmp_path / "t.png"),
    ]
    assert main(words) == 1
    said = capsys.readouterr()
    assert len(said.out.splitlines()) > 0
    assert "edgehuman: no space left" in said.err
    assert "windows over" in said.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        ("", "is empty"),
        (HEADER + "\n", "no readable row"),
        (
            "\n".join([HEADER, *rows(1.0, 0)]),
            "50 rows, 50 of them used, hold no window of 2.56 s without a gap: it lasts 0.98 s; "
            "give a longer recording",
        ),
        (
            "\n".join([HEADER, *(f"{k / 2500:.6f},0,0,1,0,0,0" for k in range(1500))]),
            "with 2,500 rows a second; at 50 a second it would last 30 s. If the "
            "unit of the stamps is wrong, give --stamp-unit, or --rate-hz",
        ),
        (
            "\n".join([HEADER, *(f"{k / 5e6:.9f},0,0,1,0,0,0" for k in range(1500))]),
            "with --stamp-unit, write them in seconds, or count the rows: --rate-hz",
        ),
        (
            "\n".join([HEADER, *(f"{k},0,0,1,0,0,0" for k in range(1500))]),
            '(in Python: ImuFormat(stamp_unit="ms")), or count the rows: --rate-hz',
        ),
    ],
)
def test_a_recording_without_a_window_is_exit_code_one(
    tiny: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str | None,
    message: str,
) -> None:
    path = tmp_path / "short.csv"
    if content is not None:
        path.write_text(content)
    assert main(["run", str(tiny), "--source", str(path), "--json"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert "Traceback" not in printed.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--threshold", "2"], 2, "threshold is 2"),
        (["--hop-s", "0"], 2, "hop|apart"),
        (["--delay-s", "-1"], 2, "delay_s is -1"),
        (["--seconds", "0"], 2, "seconds is 0"),
        (["--threads", "0"], 2, "threads must be at least 1"),
        (["--axes", "+x+x+z"], 2, "axes"),
        (["--save", "/proc/absent/x.jsonl"], 2, "--save: cannot write to /proc"),
    ],
)
def test_wrong_words_are_named(
    tiny: Path,
    csv: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    message: str,
) -> None:
    assert main(["run", str(tiny), "--source", str(csv), *words]) == code
    error = capsys.readouterr().err
    assert any(part in error for part in message.split("|"))


@pytest.mark.parametrize("words", [["--gallery", "k.npz"], ["--track", "3"]])
def test_words_for_other_records_are_unknown_here(
    tiny: Path, csv: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main(["run", str(tiny), "--source", str(csv), *words]) == 2
    assert f"unknown flag {words[0]}" in capsys.readouterr().err


def test_a_model_for_another_task_is_refused(
    make_model: MakeModel, csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_model(card=tiny_card(task="gait"))
    assert main(["run", str(path), "--source", str(csv), "--json"]) == 1
    assert "for the task 'gait'" in capsys.readouterr().err


@pytest.mark.parametrize("rate_hz", [25.0, 100.0])
def test_other_rates_give_windows_of_the_same_length(
    tiny: Path, tmp_path: Path, rate_hz: float
) -> None:
    path = tmp_path / "other.csv"
    path.write_text("\n".join([HEADER, *rows(12.0, 1, rate_hz=rate_hz)]) + "\n")
    results = list(stream(tiny, path))
    assert {result.label for result in results} == {"sitting"}
    assert results[1].t_s - results[0].t_s == pytest.approx(0.64)
    assert 12 <= len(results) <= 15


def test_a_gap_gives_no_window_across_it(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "gap.csv"
    path.write_text("\n".join([HEADER, *rows(5.0, 0), *rows(5.0, 1, start_s=7.0)]) + "\n")
    times_s = [result.t_s for result in stream(tiny, path)]
    assert not [t_s for t_s in times_s if 5.0 < t_s < 9.5]


def started(tiny: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "edgehuman.cli", "run", str(tiny), *words]
    return start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_waiting_stream_with_its_summary(tiny: Path, number: int) -> None:
    process = started(tiny, "--source", "-", "--json", "--gyro-unit", "rads")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n".join([HEADER, *rows(4.0, 0)]) + "\n")
    process.stdin.flush()
    first = process.stdout.readline()  # the stream is live: it does not wait for the end of input
    assert json.loads(first)["label"] == "walking"
    os.kill(process.pid, number)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "windows over" in error
    assert "Traceback" not in error


def test_a_reader_that_leaves_ends_the_stream_quietly(tiny: Path) -> None:
    with started(tiny, "--source", "simulated", "--json") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        error = process.stderr.read()
        assert process.wait(timeout=20) == 0
        assert "Traceback" not in error


def events(seconds: float, *sensors: str) -> str:
    """JSON lines of SensorServer: a phone held with x up, in m/s² and rad/s, that does not turn."""
    noise = np.random.default_rng(3).normal(0.0, 0.001, (round(seconds * 50), 3))
    lines = []
    for k, (x, y, z) in enumerate(noise.tolist()):
        for sensor in sensors:
            values = [9.81 + x, y, z] if sensor == "accelerometer" else [x, y, z]
            event = {"type": f"android.sensor.{sensor}", "timestamp": 10**15 + 20_000_000 * k}
            lines.append(json.dumps({**event, "values": values}))
    return "\n".join(lines) + "\n"


def test_a_file_of_what_a_phone_sent(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "phone.jsonl"
    path.write_text(events(6.0, "accelerometer", "gyroscope"))
    assert main(["run", str(tiny), "--source", str(path), "--json"]) == 0
    said = capsys.readouterr()
    assert {json.loads(line)["label"] for line in said.out.splitlines()} == {"walking"}
    assert said.err.count("both sensors are joined by their stamps") == 1
    assert "too still to detect its unit" not in said.err  # Android states it


@pytest.mark.parametrize(
    ("sensor", "missing"), [("accelerometer", "gyroscope"), ("gyroscope", "accelerometer")]
)
def test_a_phone_that_sends_one_sensor_alone(
    sensor: str, missing: str, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "phone.jsonl"
    path.write_text(events(6.0, sensor))
    assert main(["run", str(tiny), "--source", str(path)]) == 1
    assert f"the {missing} is missing (found {sensor}): switch it on" in capsys.readouterr().err


@pytest.mark.parametrize("piped", [True, False])
def test_a_header_with_units_settles_those_of_a_still_gyroscope(
    piped: bool,
    tiny: Path,
    csv: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = csv.read_text().splitlines()
    lines[0] = "t,ax (g),ay (g),az (g),gx (deg/s),gy (deg/s),gz (deg/s)"
    csv.write_text("\n".join(lines) + "\n")
    with csv.open() as text:
        monkeypatch.setattr(sys, "stdin", text)
        assert main(["run", str(tiny), "--source", "-" if piped else str(csv)]) == 0
    assert "too still to detect" not in capsys.readouterr().err
