"""One sensor's rows, and those of two that take turns, with one clock and with two."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.interleaved import require_one_sensor, takes_turns
from edgehuman.preprocess.imu.recording import prepare
from edgehuman.preprocess.imu.stream import StreamResampler
from edgehuman.records import Float32


def still(up: int, count: int = 200, noise: float = 0.02) -> Float32:
    imu_TC = np.random.default_rng(up).normal(0, noise, (count, 6))
    imu_TC[:, up] += 1
    return np.asarray(imu_TC, np.float32)


def both() -> Float32:
    return np.stack([still(0), still(2)], axis=1).reshape(-1, 6)


@pytest.mark.parametrize("scale", [1.0, 9.81, 1000.0])
def test_two_sensors_that_take_turns_are_told_in_any_unit(scale: float) -> None:
    assert takes_turns(both() * np.float32(scale))
    assert not takes_turns(both()[:12])


@pytest.mark.parametrize("hz", [0.5, 2.0, 5.0])
def test_one_that_rests_shakes_or_walks_is_one(hz: float) -> None:
    walks_TC = still(0)
    walks_TC[:, 0] += np.sin(2 * np.pi * hz * np.arange(200) / 20).astype(np.float32)
    for imu_TC in (still(0), still(0, noise=1.0), walks_TC, np.ones((200, 6), np.float32)):
        assert not takes_turns(imu_TC)
        require_one_sensor(imu_TC)


@pytest.mark.parametrize("other_s", [0.0, 0.007, 86_400.0])
def test_a_stream_and_a_recording_of_two_are_refused_whatever_their_clocks(other_s: float) -> None:
    stamp_s_T = np.arange(200) / 50
    stamp_s_T = np.stack([stamp_s_T, stamp_s_T + other_s], axis=1).reshape(-1)
    with pytest.raises(DataError, match=r"two sensors take turns.*--sender"):
        prepare(stamp_s_T, both())
    with pytest.raises(DataError, match=r"two sensors take turns.*split the file"):
        StreamResampler().push_block(stamp_s_T, both())


@pytest.mark.parametrize("sensors", [2, 3, 4])
def test_several_sensors_on_one_who_walks_are_counted(sensors: int) -> None:
    t_T = np.arange(100) / 50
    parts = [still(at % 3) for at in range(sensors)]
    for at, part_TC in enumerate(parts):
        part_TC[:100, at % 3] += 0.3 * np.sin(2 * np.pi * 2 * t_T).astype(np.float32)
        part_TC *= (-1) ** (at // 3)
    imu_TC = np.stack([part_TC[:100] for part_TC in parts], axis=1).reshape(-1, 6)
    assert takes_turns(imu_TC[:64]) == sensors
    word = {2: "two", 3: "three", 4: "four"}[sensors]
    with pytest.raises(DataError, match=f"the rows of {word} sensors take turns"):
        require_one_sensor(imu_TC)


@pytest.mark.parametrize("rate_hz", [10.0, 12.5, 20.0])
@pytest.mark.parametrize("steps_hz", [1.7, 2.5, 2.9, 3.1, 3.3, 10 / 3, 12.5 / 4])
def test_who_runs_at_a_slow_rate_wears_one_sensor(rate_hz: float, steps_hz: float) -> None:
    phase_T = 2 * np.pi * steps_hz * np.arange(256) / rate_hz
    runs_TC = still(0, 256, noise=0.1)
    runs_TC[:, 0] += (1.2 * np.sin(phase_T) + 0.5 * np.sin(2 * phase_T)).astype(np.float32)
    runs_TC[:, 2] += (0.6 * np.sin(phase_T / 2)).astype(np.float32)
    require_one_sensor(runs_TC)
