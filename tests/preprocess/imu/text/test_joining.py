"""Two sensors with their own stamps become rows, and nothing is invented."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.preprocess.imu.text.joining import MAX_HELD, SensorJoiner, interpolated


def line(t: float, slope: float) -> tuple[float, float, float, float]:
    return t, slope * t, slope * t + 1, slope * t + 2


def test_the_other_sensor_is_put_between() -> None:
    """Straight lines are met exactly, at 100 and at 83 Hz, from where both are there."""
    joiner, rows = SensorJoiner(("a", "g")), []
    events = [("a", line(k / 100, 2.0)) for k in range(300)]
    events += [("g", line(0.005 + k / 83, -3.0)) for k in range(249)]
    for sensor, sample in sorted(events, key=lambda event: event[1][0]):
        rows += joiner.push(sensor, sample)
    row_T7 = np.array(rows)
    assert row_T7[0, 0] == 0.01
    assert len(row_T7) == 299
    assert joiner.unjoined == 1
    expected = [[*line(t, 2.0), *line(t, -3.0)[1:]] for t in row_T7[:, 0]]
    np.testing.assert_allclose(row_T7, expected, atol=1e-12)


def test_the_same_as_of_whole_recordings() -> None:
    rng = np.random.default_rng(0)
    t_T, other_t_T = np.sort(rng.uniform(0, 5, 400)), np.sort(rng.uniform(-0.1, 5.1, 400))
    other_TC = rng.normal(size=(400, 3)).astype(np.float32)
    joiner, rows = SensorJoiner(("a", "g")), []
    for n in range(400):
        rows += joiner.push("a", (float(t_T[n]), 0.0, 0.0, 0.0))
    for n in range(400):
        x, y, z = other_TC[n].tolist()
        rows += joiner.push("g", (float(other_t_T[n]), x, y, z))
    row_T7 = np.array(rows)
    np.testing.assert_array_equal(row_T7[:, 0], t_T)
    np.testing.assert_allclose(row_T7[:, 4:], interpolated(t_T, other_t_T, other_TC), atol=1e-5)


def test_a_pause_of_one_sensor_leaves_the_rows_out() -> None:
    joiner, rows = SensorJoiner(("a", "g")), []
    for k in range(200):
        rows += joiner.push("a", line(k / 50, 1.0))
        if not 50 <= k < 100:
            rows += joiner.push("g", line(k / 50, 1.0))
    stamps = np.array(rows)[:, 0]
    assert joiner.unjoined == 50
    assert not ((stamps > 0.99) & (stamps < 1.99)).any()
    assert len(stamps) == 150


@pytest.mark.parametrize("back_s", [3600.0, 3.0])
def test_a_clock_that_starts_anew(back_s: float) -> None:
    joiner, rows = SensorJoiner(("a", "g")), []
    for k in range(100):
        t = 5000 + k / 50 - back_s * (k >= 50)
        rows += joiner.push("a", line(t, 1.0)) + joiner.push("g", line(t, 1.0))
    assert len(rows) == 100
    assert rows[99][0] == pytest.approx(5000 + 1.98 - back_s)


def test_late_samples_and_repeated_ones_are_counted() -> None:
    joiner = SensorJoiner(("a", "g"))
    for t in (1.0, 1.02, 1.01, 1.02, 1.04):
        joiner.push("a", line(t, 1.0))
    assert joiner.late == 2
    assert joiner.push("m", line(2.0, 1.0)) == []
    assert [row[0] for row in joiner.push("g", line(1.0, 1.0)) + joiner.push("g", line(1.04, 1.0))]


def test_one_sensor_alone_is_held_in_bounded_memory() -> None:
    joiner = SensorJoiner(("a", "g"))
    for k in range(3 * MAX_HELD):
        assert joiner.push("a", line(k / 50, 1.0)) == []
    assert joiner.unjoined == 2 * MAX_HELD
    assert len(joiner.push("g", line(1e5, 1.0))) == 0
