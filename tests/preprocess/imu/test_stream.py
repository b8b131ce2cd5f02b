"""The live stream gives what the recording gives, block by block, and tells units as it goes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.recording import ImuFormat, Segment, StreamResampler, prepare
from edgehuman.records import Float32, Float64, Index
from tests import leaving

Swing = Callable[[Float64], Float32]
TO_MS2_DEGS = np.array([9.80665] * 3 + [180 / np.pi] * 3, np.float32)


def joined(segments: Sequence[Segment]) -> list[tuple[float, Float32, Index]]:
    """Segments that go on where the one before ended, put together."""
    out: list[tuple[float, Float32, Index]] = []
    for segment in segments:
        if segment.fresh:
            out.append((segment.start_s, segment.imu_TC, segment.tag_TK))
        else:
            start_s, imu_TC, tag_TK = out[-1]
            assert segment.start_s == pytest.approx(start_s + len(imu_TC) / 50, abs=1e-6)
            together = np.concatenate([imu_TC, segment.imu_TC])
            out[-1] = (start_s, together, np.concatenate([tag_TK, segment.tag_TK]))
    return out


def rough_stream(rate_hz: float, swing: Swing) -> tuple[Float64, Float32]:
    """Twelve seconds with jitter, a repeated, a late and a NaN row, and a gap of two seconds."""
    rng = np.random.default_rng(1)
    stamp_s_T = 5 + np.arange(round(12 * rate_hz)) / rate_hz
    stamp_s_T[1:] += rng.uniform(-0.2, 0.2, stamp_s_T.size - 1) / rate_hz
    imu_TC = swing(stamp_s_T) + rng.normal(0, 0.02, (stamp_s_T.size, 6)).astype(np.float32)
    middle = stamp_s_T.size // 2
    stamp_s_T[middle:] += 2.0
    stamp_s_T[20] = stamp_s_T[19]
    stamp_s_T[40] = stamp_s_T[37]
    imu_TC[60, 4] = np.nan
    return stamp_s_T, imu_TC


@pytest.mark.parametrize("rate_hz", [25.0, 40.0, 50.0, 100.0, 200.0])
@pytest.mark.parametrize("size", [1, 5, 64, 10_000])
def test_equal_to_the_recording(rate_hz: float, size: int, swing: Swing) -> None:
    stamp_s_T, imu_TC = rough_stream(rate_hz, swing)
    tag_TK = np.arange(stamp_s_T.size)[:, None]
    whole, whole_report = prepare(stamp_s_T, imu_TC * TO_MS2_DEGS, tag_TK=tag_TK)
    stream, segments = StreamResampler(), []
    for start in range(0, stamp_s_T.size, size):
        rows = slice(start, start + size)
        segments += stream.push_block(stamp_s_T[rows], imu_TC[rows] * TO_MS2_DEGS, tag_TK[rows])
    segments += stream.close()
    live = joined(segments)
    assert len(live) == len(whole) == 2
    for (start_s, live_TC, live_tag_TK), segment in zip(live, whole, strict=True):
        assert start_s == segment.start_s
        np.testing.assert_allclose(live_TC, segment.imu_TC, rtol=1e-4, atol=2e-5)
        np.testing.assert_array_equal(live_tag_TK, segment.tag_TK)
    counts = ("rows", "used", "not_finite", "duplicate", "out_of_order", "gaps", "frozen")
    for name in counts:
        assert getattr(stream.report, name) == getattr(whole_report, name), name
    assert (whole_report.accel_unit, whole_report.gyro_unit) == ("ms2", "degs")


@pytest.mark.parametrize(("rate_hz", "delay_s"), [(50.0, 0.04), (40.0, 0.05), (100.0, 0.1)])
def test_the_delay_is_the_stated_one(rate_hz: float, delay_s: float, swing: Swing) -> None:
    stamp_s_T = np.arange(round(6 * rate_hz)) / rate_hz
    if rate_hz == 50:
        stamp_s_T[1:] += 0.005
    stream, imu_TC, given = StreamResampler(), swing(stamp_s_T), 0
    for i in range(stamp_s_T.size):
        given += sum(len(s.imu_TC) for s in stream.push(float(stamp_s_T[i]), imu_TC[i]))
        if stamp_s_T[i] < 2.6:
            continue
        newest_s = (given - 1) / 50
        assert stamp_s_T[i] - newest_s < stream.delay_s + 0.02 + 1e-9
    assert stream.delay_s == pytest.approx(delay_s)


def test_a_stream_on_the_grid_has_no_delay(swing: Swing) -> None:
    stamp_s_T = np.arange(200) / 50
    stream, imu_TC, given = StreamResampler(), swing(stamp_s_T), 0
    for i in range(200):
        given += sum(len(s.imu_TC) for s in stream.push(float(stamp_s_T[i]), imu_TC[i]))
        assert given == (0 if i < 125 else i + 1)


def test_degrees_that_show_later_are_reported_once(swing: Swing) -> None:
    rng = np.random.default_rng(0)
    stamp_s_T = np.arange(3000) / 50
    still_TC = np.tile(np.array([0, 0, 1, 0, 0, 0], np.float32), (500, 1))
    still_TC += rng.normal(0, 2e-3, still_TC.shape).astype(np.float32)
    moving_TC = swing(stamp_s_T[500:]) * np.array([1] * 3 + [180 / np.pi] * 3, np.float32)
    stream = StreamResampler()
    first = stream.push_block(stamp_s_T[:500], still_TC)
    assert any("too still to detect" in note for note in stream.report.notes)
    told = [stream.report.gyro_unit]
    late = []
    for start in range(500, 3000, 25):
        late += stream.push_block(stamp_s_T[start : start + 25], moving_TC[start - 500 :][:25])
    assert [*told, stream.report.gyro_unit] == ["rads", "degs"]
    assert sum("read as deg/s" in note for note in stream.report.notes) == 1
    assert sum(len(s.imu_TC) for s in [*first, *late]) == 3000
    end_TC = np.concatenate([segment.imu_TC for segment in late])[-25:]
    np.testing.assert_allclose(end_TC, swing(stamp_s_T[-25:]), atol=1e-5)


def test_an_accelerometer_that_changes_its_unit_is_followed_and_reported_once(swing: Swing) -> None:
    stamp_s_T = np.arange(4000) / 50
    imu_TC = swing(stamp_s_T)
    imu_TC[1000:, :3] *= np.float32(9.80665)
    stream, last = StreamResampler(), []
    for start in range(0, 4000, 50):
        last = stream.push_block(stamp_s_T[start : start + 50], imu_TC[start : start + 50])
    end_TC = np.concatenate([segment.imu_TC for segment in last])
    np.testing.assert_allclose(end_TC, swing(stamp_s_T[-50:]), atol=1e-5)
    assert sum("now looks like m/s²" in note for note in stream.report.notes) == 1


def test_declared_g_that_is_ms2_is_an_error(swing: Swing) -> None:
    stamp_s_T = np.arange(200) / 50
    stream = StreamResampler(ImuFormat(accel_unit="g"))
    with pytest.raises(DataError, match=r"declared in g, but its median norm is"):
        stream.push_block(stamp_s_T, swing(stamp_s_T) * TO_MS2_DEGS)


@pytest.mark.parametrize("rate_hz", [5.0, 9.0])
def test_under_ten_hertz_is_refused(rate_hz: float, swing: Swing) -> None:
    stream = StreamResampler()
    stamp_s_T = np.arange(60) / rate_hz
    with pytest.raises(DataError, match=rf"{rate_hz:.0f} rows per second; it needs at least 10"):
        stream.push_block(stamp_s_T, swing(stamp_s_T))


def test_twenty_five_hertz_is_accepted_with_a_remark(swing: Swing) -> None:
    stamp_s_T = np.arange(100) / 25
    stream = StreamResampler()
    segments = stream.push_block(stamp_s_T, swing(stamp_s_T)) + stream.close()
    assert sum(len(s.imu_TC) for s in segments) == 199
    assert any("25.0 rows per second, interpolated to 50 Hz" in n for n in stream.report.notes)


def test_a_short_stream_comes_out_at_the_end(swing: Swing) -> None:
    stamp_s_T = np.arange(10) / 50
    stream = StreamResampler()
    assert stream.push_block(stamp_s_T, swing(stamp_s_T)) == []
    assert sum(len(s.imu_TC) for s in stream.close()) == 10
    assert StreamResampler().close() == []


def test_memory_does_not_grow_before_the_decision() -> None:
    stream = StreamResampler()
    stamp_s_T = np.repeat([0.0, 0.02], 10_000)
    stream.push_block(stamp_s_T, np.ones((20_000, 6), np.float32))
    assert stream.report.duplicate == 19_998


@pytest.mark.slow
def test_a_wearable_takes_neither_opencv_nor_scipy_nor_another_record() -> None:
    """What a wearable's stream, its simulator and its windows load, where both are missing."""
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('cv2', 'scipy')))\n"
        "import edgehuman.preprocess.imu.screen, edgehuman.preprocess.imu.stream\n"
        "from edgehuman.data.imu.load import load_windows\n"
        "load_windows('simulated', hop=4096)\n"
        "others = ('skeleton', 'silhouette', 'image', 'gait')\n"
        "own = [name for name in sys.modules if name.startswith('edgehuman.')]\n"
        "print([name for name in own if set(name.split('.')) & set(others)])\n"
    )
    done = leaving.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
