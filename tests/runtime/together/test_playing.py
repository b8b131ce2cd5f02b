"""The loop of a camera and its sensors: lines, files, recording and replay."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from edgehuman import cli
from edgehuman.runtime.together.playing import summary_text
from tests import leaving
from tests.runtime.together.test_opening import video, walk

__all__ = ["video", "walk"]
MODELS = ("zoo:person-detector-int8", "--worn-model", "zoo:activity-int8")


def rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def without_times(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ("latency_ms", "age_ms")}


def test_lines_files_and_replay_say_the_same(
    video: str, walk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*MODELS, "--json", "--source"]
    day, seen = tmp_path / "day", tmp_path / "seen"
    given = ["--worn", f"anna={walk}", "--record", str(day), "--save", str(seen)]
    assert cli.main(["run", *words, video, *given]) == 0
    first = rows(capsys.readouterr().out)
    assert [row["t_s"] for row in first] == sorted(row["t_s"] for row in first)
    assert {row["source"] for row in first} == {video, "anna"}
    window = next(row for row in first if "label" in row)
    assert window["wearer"] == "nobody in view"
    assert {row["event"] for row in first if "event" in row} == {"ended"}
    saved = rows((seen / "results.jsonl").read_text())
    assert saved == first
    assert len(rows((seen / "frames.jsonl").read_text())) == 6
    assert cli.main(["run", *words, str(day)]) == 0
    again = rows(capsys.readouterr().out)
    assert list(map(without_times, again)) == list(map(without_times, first))


def test_a_recording_has_its_sensors_and_a_file_is_not_written_over(
    video: str, walk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = str(tmp_path / "day")
    given = ["--source", video, "--worn", walk, "--json"]
    assert cli.main(["run", *MODELS, *given, "--record", day]) == 0
    capsys.readouterr()
    assert cli.main(["run", *MODELS, "--source", day, "--worn", walk]) == 2
    assert "is a recording of a camera and its sensors; leave --worn out" in capsys.readouterr().err
    assert cli.main(["run", *MODELS, *given, "--record", day]) == 2
    assert "contains other files" in capsys.readouterr().err
    assert cli.main(["run", *MODELS, *given, "--save", walk]) != 0


def test_a_sensor_without_gravity_has_no_wearer_and_the_frames_go_on(
    video: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"{n / 50},0.01,0,0,{0.1 * (n % 7)},0,0" for n in range(400)]
    path = tmp_path / "free.csv"
    path.write_text("\n".join(["t,ax,ay,az,gx,gy,gz", *lines]))
    flags = ["--worn", str(path), "--worn-accel-unit", "g", "--json"]
    cli.main(["run", *MODELS, "--source", video, *flags])
    found = rows(capsys.readouterr().out)
    assert sum("frame" in row for row in found) == 6
    windows = [row for row in found if "label" in row]
    assert all(row["reason"] for row in windows)
    assert not any(row["wearer"].startswith("track") for row in windows)


@pytest.mark.slow
def test_a_live_sensor_beside_a_video_until_somebody_stops_it(video: str, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    given = ["--source", video, "--worn", f"anna=udp://127.0.0.1:{port}", "--json", "--record"]
    command = [sys.executable, "-m", "edgehuman", "run", *MODELS, *given, str(tmp_path / "day")]
    lines: list[str] = []
    with (
        leaving.start(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()))
        reader.start()
        for number in range(3000):
            row = f"{7200 + number / 50},1,0.0{number % 3},0,0.1,0,0.{number % 7}"
            sender.sendto(row.encode(), ("127.0.0.1", port))
            if sum('"label"' in line for line in lines) > 1:
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        reader.join(5)
    first = rows("".join(lines))
    times = [row["t_s"] for row in first]
    assert min(times) >= 0
    windows = [row["t_s"] for row in first if "label" in row]
    assert windows[0] < 60  # of the run's clock, and not of stamps two hours ahead
    assert {row["event"] for row in first if "event" in row} <= {"ended", "lost", "back"}
    # A replay says the same.
    command = [sys.executable, "-m", "edgehuman", "run", *MODELS, "--json", "--source"]
    done = leaving.run(
        [*command, str(tmp_path / "day")], capture_output=True, text=True, check=True
    )
    again = list(map(without_times, rows(done.stdout)))
    assert again == list(map(without_times, first))


def test_the_summary_has_a_line_for_each_side() -> None:
    camera = {"frames": 9, "unreadable": 1, "people": 20, "most_people": 3}
    anna = {"windows": 4, "seconds_per_label": {"walking": 2.56}}
    counts = {
        "sides": {"camera": camera, "anna": anna},
        "wearers": {"anna": {"track": "7", "confidence": 0.98}},
        "late": 2,
        "save": "seen",
    }
    assert summary_text(counts).splitlines() == [
        "camera: 9 frames, 1 of them unreadable; 20 people in all, at most 3 at once",
        "anna: 4 windows (walking 2.56 s); worn by track 7",
        "2 results came after later ones of another side",
        "saved: seen",
    ]
