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
