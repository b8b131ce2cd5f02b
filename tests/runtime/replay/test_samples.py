"""Samples that are kept and replayed: the same lines again, apart from wall times."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.errors import DataError
from edgehuman.runtime.imu.replay import ReplaySource
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.replay.diff import TIMES
from edgehuman.runtime.replay.samples import RecordedSamples, SamplesKeeper
from edgehuman.simulate.imu.recording import simulate_recording
from tests.runtime.conftest import MakeModel, tiny_card


def lines(capsys: Any, *words: object) -> list[str]:
    assert main(["run", *map(str, words), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [json.dumps({k: v for k, v in row.items() if k not in TIMES}) for row in rows]


@pytest.mark.parametrize("smoothing", ["none", "fixed_lag"])
def test_a_replay_gives_the_same_lines(tmp_path: Path, capsys: Any, smoothing: str) -> None:
    day = tmp_path / "day"
    words = ["zoo:activity", "--seed", 3, "--smoothing", smoothing]
    cut = ["--seconds", 60]  # in the middle of a block
    first = lines(capsys, *words, *cut, "--source", "simulated:wrist", "--record", day)
    assert len(first) > 80
    assert '"source": "simulated:wrist"' in first[0]
    assert lines(capsys, *words, "--source", day) == first
    again = tmp_path / "again"
    assert lines(capsys, *words, "--source", day, "--record", again) == first
    assert lines(capsys, *words, "--source", again) == first


@pytest.mark.slow
def test_a_live_sensor_that_pauses_and_sends_garbage_is_replayed_with_its_pauses(
    make_model: MakeModel, tmp_path: Path, capsys: Any
) -> None:
    """A late answer is given while the sensor is silent: the replay has to know of the silence."""
    model, day = make_model(tiny_card()), tmp_path / "day"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    recording = simulate_recording(0, minutes=0.2)

    def send() -> None:
        time.sleep(0.7)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for k, row in enumerate(recording.imu_TC[:230]):
                if k == 200:
                    time.sleep(1.4)
                    sender.sendto(b"garbage", ("127.0.0.1", port))
                text = ",".join([f"{k / 50:.3f}", *map(str, row.tolist())])
                sender.sendto(text.encode(), ("127.0.0.1", port))
                if k % 8 == 0:
                    time.sleep(0.002)

    thread = threading.Thread(target=send)
    thread.start()
    words = [model, "--smoothing", "fixed_lag", "--delay-s", 0.7, "--gyro-unit", "rads"]
    live = ["--source", f"udp://127.0.0.1:{port}", "--seconds", 4.5]
    first = lines(capsys, *words, *live, "--record", day)
    thread.join()
    delays = [json.loads(line)["delay_s"] for line in first]
    assert 0.0 in delays[:-1], "one answer came while the sensor was silent"
    blocks = list(RecordedSamples(day))
    assert any(not len(block) for block in blocks)
    assert lines(capsys, *words, "--source", day) == first


def test_samples_come_back_bit_by_bit_with_stamps_labels_and_what_is_no_number(
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(0)
    imu_TC = rng.normal(size=(50, 6)).astype(np.float32)
    imu_TC[3, 2] = np.nan
    stamps = rng.normal(size=50) * 1e9
    arrival = np.arange(50) * 7 + 10**15
    label_T = rng.integers(-1, 2, 50).astype(np.int16)
    blocks = [
        SampleBlock(stamps, imu_TC, arrival, label_T, ("é", "b"), True),
        SampleBlock(stamps[:1], imu_TC[:1], arrival[:1], None, ("é", "b")),
        SampleBlock(stamps[:0], imu_TC[:0], arrival[:0]),
        SampleBlock(stamps[:2], imu_TC[:2], arrival[:2], label_T[:2], ("é", "b", "c")),
    ]
    source = ReplaySource(simulate_recording(0, minutes=0.1))
    keeper = SamplesKeeper(tmp_path / "day", source, 10)
    keeper.write([(block, 123) for block in blocks])
    keeper.close()
    replay = RecordedSamples(tmp_path / "day")
    for block, kept in zip(blocks, replay, strict=True):
        for name in ("stamp_s_T", "imu_TC", "arrival_ns_T"):
            given, found = getattr(block, name), getattr(kept, name)
            assert given.dtype == found.dtype
            assert np.array_equal(given, found, equal_nan=name == "imu_TC")
        assert (block.label_T is None) == (kept.label_T is None)
        assert np.array_equal(block.label_T, kept.label_T) or block.label_T is None  # type: ignore[arg-type]
        assert block.gyro_stated == kept.gyro_stated
    assert kept.labels == ("é", "b", "c")
    assert replay.report()["rows"] == 53


@pytest.mark.parametrize(
    "line",
    ['{"t": [1], "imu": [[1,2,3,4,5,6]]}', '{"at_ns": 1, "t": [1], "imu": [[1,2,3]]}',
     '{"at_ns": 1, "t": 5, "imu": []}', '{"at_ns": 1, "t": ["1"], "imu": [[1,2,3,4,5,6]]}',
     '{"at_ns": 1, "t": [1], "imu": [[1,2,3,4,5,true]]}', '{"at_ns": "x"}',
     '{"at_ns": 1, "t": [1], "imu": [[1,2,3,4,5,6]], "label": [0]}',
     '{"at_ns": 1, "t": [1], "imu": [[1,2,3,4,5,6]], "arrived_ns": [1e300]}',
     '{"at_ns": 1, "labels": [5]}', '{"at_ns": 1, "t": [1], "imu": [7]}'],
)  # fmt: skip
def test_a_line_that_is_no_block_is_said(tmp_path: Path, line: str) -> None:
    source = ReplaySource(simulate_recording(0, minutes=0.1))
    keeper = SamplesKeeper(tmp_path / "day", source, 10)
    keeper.recorder.add({"at_ns": 1})
    keeper.close()
    with (tmp_path / "day" / "000000" / "lines.jsonl").open("a") as stream:
        stream.write(line + "\n")
    with pytest.raises(DataError, match="no block of samples"):
        list(RecordedSamples(tmp_path / "day"))


def test_a_recording_of_frames_is_not_one_of_samples(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "recording.json").write_text('{"format": 1, "kind": "frames", "source": "x"}')
    assert main(["run", "zoo:activity", "--source", str(tmp_path)]) == 1
    assert "is a recording of frames, and the model reads samples" in capsys.readouterr().err
