"""A recording in memory as a source."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

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


def test_the_pace_is_the_asked_one(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s, slept_s = 100.0, list[float]()

    def sleep(seconds: float) -> None:
        nonlocal now_s
        now_s += seconds
        slept_s.append(seconds)

    clock = SimpleNamespace(monotonic=lambda: now_s, monotonic_ns=lambda: 0, sleep=sleep)
    monkeypatch.setattr("edgehuman.runtime.imu.replay.time", clock)
    # 4 samples a block, the last one of 2; ten seconds of the stream in one of the clock.
    assert len(list(ReplaySource(recording(1.0), speed=10.0))) == 13
    assert slept_s == pytest.approx([0.008] * 12 + [0.004])
