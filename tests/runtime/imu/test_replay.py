"""A recording in memory as a source."""

from __future__ import annotations

import time

import numpy as np

from edgehuman.records import ImuRecording
from edgehuman.runtime.imu.replay import ReplaySource
from edgehuman.runtime.loop.play import Playable


def recording(seconds: float) -> ImuRecording:
    imu_TC = np.arange(round(seconds * 50) * 6, dtype=np.float32).reshape(-1, 6)
    return ImuRecording(imu_TC, 50.0, "somebody", np.zeros(len(imu_TC), np.int16), ("walking",))


def test_every_sample_comes_once_with_its_stamp_and_label() -> None:
    source = ReplaySource(recording(3.0))
    blocks = list(source)
    assert isinstance(source, Playable)
    np.testing.assert_array_equal(np.concatenate([b.imu_TC for b in blocks]), recording(3.0).imu_TC)
    stamps = np.concatenate([b.stamp_s_T for b in blocks])
    np.testing.assert_allclose(stamps, np.arange(150) / 50)
    assert all(b.label_T is not None and b.labels == ("walking",) for b in blocks)
    assert source.report() == {"rows": 150, "dropped": 0}


def test_a_recording_without_labels_gives_none() -> None:
    plain = ImuRecording(np.zeros((10, 6), np.float32), 50.0, "somebody")
    assert next(iter(ReplaySource(plain))).label_T is None


def test_the_pace_is_the_asked_one() -> None:
    begin_s = time.monotonic()
    assert len(list(ReplaySource(recording(1.0), speed=10.0))) == 13  # 4 samples a block
    assert 0.1 <= time.monotonic() - begin_s < 1.0
