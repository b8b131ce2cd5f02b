"""Files, standard input and the simulator, with right and with wrong input."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.imu.recording import ImuFormat
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.imu.source import open_source
from edgehuman.runtime.imu.windows import StreamWindow, WindowMaker
from edgehuman.runtime.loop.play import Playable
from tests import leaving
from tests.runtime.listening import ended

HEADER = "t,ax,ay,az,gx,gy,gz"
Write = Callable[..., Path]


def row(i: int, rate_hz: float = 50.0, gravity: float = 1.0) -> str:
    """A swinging sensor's row: 0.5 rad at 1 Hz."""
    t = i / rate_hz
    angle, speed = 0.5 * np.sin(2 * np.pi * t), np.pi * np.cos(2 * np.pi * t)
    accel = gravity * np.array([0.02 * np.sin(9 * t), np.sin(angle), np.cos(angle)])
    cells = [t, *accel, speed, 0.1 * np.sin(5 * t), 0.1 * np.cos(5 * t)]
    return ",".join(f"{cell:.6f}" for cell in cells)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Lines to a file."""

    def to_file(lines: list[str], name: str = "walk.csv", end: str = "\n") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines) + end, encoding="utf-8")
        return path

    return to_file


def joined(blocks: list[SampleBlock]) -> tuple[list[float], list[list[float]]]:
    stamps = [float(t) for block in blocks for t in block.stamp_s_T]
    return stamps, [imu for block in blocks for imu in block.imu_TC.tolist()]


def read(spec: str | Path, **options: Any) -> tuple[list[SampleBlock], dict[str, Any]]:
    source = open_source(str(spec), **options)
    with source:
        return list(source), source.report()


def windows_of(
    spec: str | Path, format: ImuFormat | None = None
) -> tuple[list[StreamWindow], WindowMaker]:
    maker = WindowMaker(format)
    windows: list[StreamWindow] = []
    with open_source(str(spec), format=format) as source:
        for block in source:
            windows += maker.push(block)
    return windows + maker.close(), maker


def test_a_file_loses_nothing(write: Write) -> None:
    path = write([HEADER, *map(row, range(20_000))])
    blocks, report = read(path)
    stamps, imu = joined(blocks)
    assert stamps == pytest.approx([i / 50 for i in range(20_000)])
    assert imu[7] == pytest.approx([float(x) for x in row(7).split(",")[1:]])
    assert (report["rows"], report["dropped"], report["bad_rows"]) == (20_000, 0, 0)


@pytest.mark.parametrize("end", ["\r", "\r\n", "\r\r\n"])
def test_lines_may_end_as_on_any_system(end: str, tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_bytes(end.join([HEADER, *map(row, range(2000)), ""]).encode())
    blocks, report = read(path)
    assert len(joined(blocks)[0]) == 2000
    assert (report["rows"], report["bad_rows"], report["truncated"]) == (2000, 0, 0)


def test_a_slow_loop_makes_the_file_wait(write: Write) -> None:
    path = write([HEADER, *map(row, range(12_000))])
    count = 0
    with open_source(str(path)) as source:
        until_s = time.monotonic() + 10
        while source.report()["rows"] < 8192 and time.monotonic() < until_s:
            time.sleep(0.01)  # nothing is taken until more was read than the queue holds
        for block in source:
            count += len(block)
    assert count == 12_000
    assert source.report()["dropped"] == 0


def test_json_lines_with_labels_and_milliseconds(write: Write) -> None:
    lines = []
    for i in range(100):
        cells = dict(zip(HEADER.split(","), map(float, row(i).split(",")), strict=True))
        cells["t"] *= 1000
        lines.append(json.dumps({**cells, "label": "walk" if i < 50 else "sit"}))
    blocks, report = read(write(lines, "walk.jsonl"))
    stamps, _ = joined(blocks)
    assert stamps == pytest.approx([i / 50 for i in range(100)])
    assert report["stamp_unit"] == "ms"
    names = [b.labels[i] for b in blocks if b.label_T is not None for i in b.label_T]
    assert names == ["walk"] * 50 + ["sit"] * 50


def test_stop_early_leaves_no_thread_behind(write: Write) -> None:
    path = write([HEADER, *map(row, range(20_000))])
    with open_source(str(path)) as source:
        next(iter(source))
    assert not [t for t in threading.enumerate() if t.name == f"source {path}"]


def test_real_time_keeps_the_pace_and_the_arrivals(write: Write) -> None:
    path = write([HEADER, *map(row, range(20))])
    blocks, report = read(path, realtime=True)
    arrival_s = np.concatenate([block.arrival_ns_T for block in blocks]) / 1e9
    # A busy machine is late, and nothing comes before it is due.
    assert arrival_s[-1] - arrival_s[0] > 0.38 - 0.02
    assert (np.diff(arrival_s) >= 0).all()
    assert report["dropped"] == 0


def test_real_time_skips_a_pause_of_hours(write: Write) -> None:
    late = [f"{36_000 + i / 50:.3f},{row(i).split(',', 1)[1]}" for i in range(10)]
    path = write([HEADER, *map(row, range(10)), *late])
    blocks, _ = ended(lambda: read(path, realtime=True))
    assert sum(map(len, blocks)) == 20


def test_sources_are_sources(write: Write) -> None:
    source = open_source(str(write([HEADER, row(0)])))
    assert isinstance(source, Playable)
    assert (source.live, open_source("simulated").live) == (False, False)
    with pytest.raises(UsageError, match="iterate inside `with source:`"):
        next(iter(source))
    source.feed.close()


# ---- what is wrong with a file ----


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"walk\.csv is empty; give a CSV file with a header"),
        (b"  \n\n", r"walk\.csv is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), r"walk\.csv is not text"),
        (b"\xff\xfet\0,\0a\0", r"walk\.csv: no columns"),  # UTF-16 is read
        (b"t,a\0\x01", r"walk\.csv is not text"),
        (b"t,ax,ay,az,gx,gz\n1,2,3,4,5,6\n", r"no column gy; found t, ax, ay, az, gx, gz"),
        (b"t,accl_x,ay,az,gx,gy,gz\n", r"no column ax; found .*rename accl_x -> ax\?"),
        (b"0.00,0,0,1,0,0,0\n0.02,0,0,1,0,0,0\n", r"has no header row: its first line"),
        (b'{"t": 1, "x": 3}\n', r"no columns ax, ay, az, gx, gy, gz; found t, x"),
    ],
)
def test_a_wrong_file_is_refused_when_it_is_opened(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "walk.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        open_source(str(path))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: no such file; give the path of a \.csv"):
        open_source(str(tmp_path / "none.csv"))
    with pytest.raises(
        DataError, match=r"no such file.*or -, udp://HOST:PORT, mqtt://HOST/TOPIC or sim"
    ):
        open_source("simulatd")
    with pytest.raises(DataError, match=r"no file of the accelerometer with .* found no \.csv"):
        open_source(str(tmp_path))


@pytest.mark.parametrize(
    "spec", ["mqtt://host", "udp://", "udp://:port", "udp://h:70000", "udp://:²"]
)
def test_words_that_name_no_source(spec: str) -> None:
    with pytest.raises(UsageError):
        open_source(spec)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([HEADER], r"holds no readable row; it is empty"),
        (
            [HEADER, "a,b,c,d,e,f,g"],
            r"1 dropped: line 2: 'a' in column t is not a time: give seconds",
        ),
    ],
)
def test_a_file_without_one_good_row(write: Write, lines: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(write(lines))


def test_text_in_a_number_is_dropped_and_told(write: Write) -> None:
    lines = [HEADER, *map(row, range(300))]
    lines[101] = lines[101].replace(",", ",oops", 1)
    blocks, report = read(write(lines))
    assert sum(map(len, blocks)) == 299
    assert report["bad_rows"] == 1
    assert report["first_bad"][0].startswith("line 102: 'oops")


def test_a_truncated_last_line_is_counted_as_such(write: Write) -> None:
    lines = [HEADER, *map(row, range(300))]
    lines[-1] = lines[-1][:20]
    blocks, report = read(write(lines, end=""))
    assert sum(map(len, blocks)) == 299
    assert (report["truncated"], report["bad_rows"], report["first_bad"]) == (1, 0, [])


def test_a_last_line_without_its_end_is_read(write: Write) -> None:
    blocks, report = read(write([HEADER, *map(row, range(300))], end=""))
    assert sum(map(len, blocks)) == 300
    assert report["truncated"] == 0


def test_binary_after_a_good_beginning_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    good = "\n".join([HEADER, *map(row, range(2000))]).encode()
    path.write_bytes(good + b"\n" + b"\xff" * 300_000)
    with pytest.raises(DataError, match=r"is not text.*one of its lines is over"):
        read(path)


def test_files_that_are_joined_need_their_stamps(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--rate-hz is for rows without stamps"):
        open_source(str(tmp_path), format=ImuFormat(rate_hz=50.0))


# ---- from a file to windows ----


def test_nan_and_late_rows_are_dropped_and_counted(write: Write) -> None:
    lines = [row(i) for i in range(600)]
    lines[200], lines[201] = lines[201], lines[200]
    lines[300] = "6.0,nan,0,1,0,0,0"
    lines[301] = "6.02,0,inf,1,0,0,0"
    lines[400] = lines[399]
    windows, maker = windows_of(write([HEADER, *lines]))
    report = maker.report
    found = (report.rows, report.not_finite, report.out_of_order, report.duplicate, report.gaps)
    assert found == (600, 2, 1, 1, 0)
    assert len(windows) == 1 + (600 - 128) // 32


def test_a_gap_of_two_seconds_breaks_the_windows(write: Write) -> None:
    lines = [row(i) for i in range(300) if not 150 <= i < 250]
    windows, maker = windows_of(write([HEADER, *lines]))
    assert [round(window.t_s * 50) for window in windows] == [127]
    assert maker.report.gaps == 1


def test_twenty_five_hertz(write: Write) -> None:
    windows, maker = windows_of(write([HEADER, *(row(i, 25.0) for i in range(300))]))
    assert len(windows) == 1 + (599 - 128) // 32
    assert any("25.0 rows per second, interpolated" in note for note in maker.report.notes)


def test_five_hertz_is_refused(write: Write) -> None:
    with pytest.raises(DataError, match=r"5 rows per second; it needs at least 10"):
        windows_of(write([HEADER, *(row(i, 5.0) for i in range(100))]))


def test_ms2_is_told_and_as_g_refused(write: Write) -> None:
    path = write([HEADER, *(row(i, gravity=9.81) for i in range(300))])
    windows, maker = windows_of(path)
    assert maker.report.accel_unit == "ms2"
    norm_T = np.linalg.norm(windows[0].window.imu_TC[:, :3], axis=1)
    assert norm_T.mean() == pytest.approx(1, abs=0.01)
    with pytest.raises(DataError, match=r"declared in g, but its median norm is 9\.81"):
        windows_of(path, ImuFormat(accel_unit="g"))


@pytest.mark.parametrize("value", ["0,0,1,0.1,0.2,0.3", "0,0,0,0,0,0"])
def test_a_constant_sensor_is_not_used(write: Write, value: str) -> None:
    windows, maker = windows_of(write([HEADER, *(f"{i / 50},{value}" for i in range(300))]))
    assert len(windows) == 6
    assert {(window.usable, window.reason) for window in windows} == {(False, "frozen")}
    assert maker.report.frozen == 250


def test_nanoseconds_of_the_clock(write: Write) -> None:
    lines = [
        f"{1_700_000_000_000_000_000 + 20_000_000 * i},{row(i).split(',', 1)[1]}"
        for i in range(300)
    ]
    windows, _ = windows_of(write([HEADER, *lines]))
    assert len(windows) == 6
    assert windows[0].t_s == pytest.approx(2.54, abs=1e-3)


# ---- standard input ----


def test_dash_is_standard_input() -> None:
    code = (
        "from edgehuman.runtime.imu.source import open_source\n"
        "with open_source('-') as s:\n    print(sum(map(len, s)), s.name)"
    )
    text = "\n".join([HEADER, *map(row, range(50))])
    done = leaving.run(
        [sys.executable, "-c", code], input=text, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "50 standard input"


# ---- the simulator ----


def test_the_simulator_says_that_it_is_one() -> None:
    blocks, report = read("simulated:wrist", minutes=0.5, seed=3)
    assert sum(map(len, blocks)) == report["rows"] == 1500
    assert report["simulated"]
    assert report["source"] == "simulated:wrist"
    first = next(block for block in blocks if len(block))  # empty ones say that it waits
    assert first.label_T is not None
    assert "walking" in first.labels
    with pytest.raises(UsageError, match="no simulated sensor at 'nose': choose one of waist"):
        open_source("simulated:nose")


def test_the_simulator_never_ends_and_can_be_left() -> None:
    with open_source("simulated") as source:
        blocks = iter(source)
        assert sum(len(next(blocks)) for _ in range(40)) > 1000
