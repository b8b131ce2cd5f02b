"""Nothing is dropped in silence: `run` on spoilt input, and what it says on standard error."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import edgehuman
from edgehuman.cli import main
from edgehuman.preprocess.imu.format import ImuReport
from edgehuman.runtime.loop.dropped import FirstLosses, cause_of_loss, loss_lines

HEADER = "t,ax,ay,az,gx,gy,gz"
Run = Callable[[list[str]], str]


def rows(count: int = 500) -> list[str]:
    """CSV lines at 50 Hz of a sensor that trembles with x up."""
    noise = np.random.default_rng(0).normal(0.0, 0.01, (count, 6))
    noise[:, 0] += 1.0
    return [
        f"{k / 50:.2f}," + ",".join(f"{value:.6f}" for value in row) for k, row in enumerate(noise)
    ]


@pytest.fixture
def run(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`edgehuman run --json` on these lines; what it says on standard error."""

    def said(lines: list[str]) -> str:
        path = tmp_path / "walk.csv"
        path.write_text("\n".join([HEADER, *lines]))
        assert main(["run", str(tiny), "--source", str(path), "--json"]) == 0
        return capsys.readouterr().err

    return said


def test_a_clean_file_has_nothing_to_report(run: Run) -> None:
    said = run(rows())
    assert "dropped" not in said
    assert "found" not in said


def test_rows_of_nan(run: Run) -> None:
    lines = rows()
    for k in range(100, 121):
        lines[k] = f"{k / 50:.2f},nan,0,1,0,0,0"
    said = run(lines)
    assert "\ndropped: 21 rows not finite; found: 1 gap\n" in said
    assert said.count("a row is not finite (NaN, an infinity, or beyond any sensor)") == 1


def test_rows_in_reverse(run: Run) -> None:
    lines = rows()
    lines[200:210] = reversed(lines[200:210])
    said = run(lines)
    assert "dropped: 9 rows out of order" in said
    assert said.count("a row came out of order") == 1


def test_a_repeated_stamp(run: Run) -> None:
    lines = rows()
    lines.insert(100, lines[100])
    said = run(lines)
    assert "\ndropped: 1 row with a repeated stamp\n" in said
    assert said.count("a row repeats the stamp of") == 1


def test_a_gap_of_two_seconds(run: Run) -> None:
    lines = rows()
    said = run(lines[:200] + lines[300:])
    assert "\nfound: 1 gap\n" in said
    assert said.count("walk.csv: a gap: windows restart after it") == 1


def test_rows_of_text(run: Run) -> None:
    lines = rows()
    lines[100] = lines[101] = "2.0,oops,0,1,0,0,0"
    said = run(lines)
    assert "\ndropped: 2 lines unreadable\n" in said
    assert "first unreadable: line 102: 'oops' in column ax is not a number; line 103:" in said
    assert said.count("a line cannot be read (line 102: 'oops' in column ax is not a num") == 1


def test_a_last_line_that_is_cut(run: Run) -> None:
    lines = rows()
    said = run([*lines[:-1], lines[-1][:20]])
    assert "\ndropped: 1 truncated line\n" in said
    assert said.count("the last line is cut short") == 1


def test_a_channel_at_its_limit(run: Run) -> None:
    lines = rows()
    for k in range(100, 110):
        t, _, rest = lines[k].split(",", 2)
        lines[k] = f"{t},-2.0,{rest}"
    said = run(lines)
    assert "\nfound: 8 rows at a sensor's limit\n" in said
    assert said.count("is saturated at") == 1


def test_garbage_over_udp(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        address = holder.getsockname()
    done = threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for k, line in enumerate(rows(10_000)):
                if k % 100 == 0:
                    sender.sendto(b"\xff\x00garbage", address)
                sender.sendto(line.encode(), address)
                if done.wait(0.001):
                    return

    thread = threading.Thread(target=send)
    thread.start()
    try:
        spec = f"udp://{address[0]}:{address[1]}"
        assert main(["run", str(tiny), "--source", spec, "--json", "--seconds", "6"]) == 0
    finally:
        done.set()
        thread.join()
    said = capsys.readouterr().err
    assert re.search(r"\ndropped: .*\b\d+ datagrams? unreadable", said)
    assert "first unreadable: " in said
    assert said.count("a datagram cannot be read (") == 1


def test_repeated_stamps_are_named_as_the_cause(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "still.csv"
    path.write_text("\n".join([HEADER, *(f"0.0,{k % 7},0,1,0,0,0" for k in range(400))]))
    assert main(["run", str(tiny), "--source", str(path)]) == 1
    assert (
        "400 rows, 1 of them used, hold no window of 2.56 s without a gap: "
        "399 rows with a repeated stamp; give every row a time of its own, or count "
        "the rows: --rate-hz"
    ) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lines", "words", "message"),
    [
        (rows(), ["--accel-unit", "ms2"], r"walk\.csv: .* in m/s², .* use --accel-unit g or auto"),
        ([f"{k},0,0,1,0,0,0" for k in range(40)], [], r"walk\.csv: the stream has 1 rows per sec"),
        ([f"{k},0,0,1,0,0,0" for k in range(9)], [], r"walk\.csv: the stream has 1 rows per sec"),
    ],
)
def test_what_is_refused_is_named_with_its_source(
    tiny: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    lines: list[str],
    words: list[str],
    message: str,
) -> None:
    path = tmp_path / "walk.csv"
    path.write_text("\n".join([HEADER, *lines, ""]))
    assert main(["run", str(tiny), "--source", str(path), *words]) == 1
    assert re.search(message, capsys.readouterr().err)


def test_gaps_are_named_as_the_cause(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line for k, line in enumerate(rows(1000)) if k % 100 < 60]
    path = tmp_path / "torn.csv"
    path.write_text("\n".join([HEADER, *lines]))
    assert main(["run", str(tiny), "--source", str(path)]) == 1
    assert "without a gap: 9 gaps break them up" in capsys.readouterr().err


def test_the_python_twin_reports_too(tiny: Path, tmp_path: Path) -> None:
    lines = rows()
    lines[100], lines[101] = "2.0,oops,0,1,0,0,0", "2.02,nan,0,1,0,0,0"
    path = tmp_path / "walk.csv"
    path.write_text("\n".join([HEADER, *lines, ""]))
    results = edgehuman.stream(tiny, path)
    assert results.report()["windows"] == 0
    assert len(list(results)) == 12
    report = results.report()
    assert (report["windows"], report["stream"]["not_finite"]) == (12, 1)
    assert report["source"]["bad_rows"] == 1
    assert report["source"]["first_bad"] == ["line 102: 'oops' in column ax is not a number"]


def test_the_python_twin_can_be_left(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text("\n".join([HEADER, *rows(5000), ""]))
    results = edgehuman.stream(tiny, path)
    next(results)
    results.close()
    assert list(results) == []
    assert not [t for t in threading.enumerate() if t.name == f"source {path}"]


def test_each_kind_is_remarked_once() -> None:
    said: list[str] = []
    losses, report = FirstLosses("left", said.append), ImuReport()
    losses.look(report, {"dropped": 0})
    report.not_finite = 1
    losses.look(report, {"dropped": 0})
    report.not_finite, report.gaps = 2, 1
    losses.look(report, {"dropped": 5, "bad_rows": 3, "garbage_datagrams": 2})
    losses.look(report, {"dropped": 9, "bad_rows": 9, "garbage_datagrams": 9})
    assert [line.split(":")[0] for line in said] == ["left"] * 4
    assert ["NaN" in said[0], "gap" in said[1], "datagram" in said[2], "oldest" in said[3]] == [
        True
    ] * 4


def test_the_largest_loss_is_the_cause() -> None:
    report = ImuReport(not_finite=3, out_of_order=5)
    assert cause_of_loss(report, {}) == (5, "5 rows out of order; sort the rows by time")
    assert cause_of_loss(report, {"bad_rows": 9})[0] == 9
    assert cause_of_loss(ImuReport(), {"rows": 9}) == (0, "")


def test_results_that_a_sink_did_not_get_are_told() -> None:
    assert loss_lines({"sinks": {"screen": {"dropped": 4}, "file": {"dropped": 0}}}) == [
        "dropped: 4 results that screen was too slow for"
    ]
    assert loss_lines({"source": {"refused_datagrams": 2}}) == [
        "dropped: 2 datagrams of other senders"
    ]
    assert loss_lines({}) == []
