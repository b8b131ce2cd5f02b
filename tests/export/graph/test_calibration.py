from __future__ import annotations

import numpy as np
import onnx
import pytest

from edgehuman.data.samples import Samples
from edgehuman.errors import DataError
from edgehuman.export.graph.calibration import Histogram, collect, split
from edgehuman.records import WindowSet


def samples_of(labels: list[int], people: list[str]) -> Samples:
    array = np.arange(len(labels) * 6, dtype=np.float32).reshape(-1, 1, 6)
    return Samples(array, np.array(labels), np.array(people), "made")


def test_nobody_calibrates_and_judges(samples: Samples) -> None:
    calibrating, judging = split(samples, 30, 30, seed=0)
    assert not set(calibrating.person_N) & set(judging.person_N)
    assert len(calibrating) == len(judging) == 30
    assert calibrating.sha256() != judging.sha256()
    assert calibrating.sha256() == split(samples, 30, 30, seed=0)[0].sha256()


def test_one_person_cannot_do_both() -> None:
    with pytest.raises(DataError, match="found 1 person"):
        split(samples_of([0, 1], ["a", "a"]), 1, 1, seed=0)


def histogram_of(values: list[float]) -> Histogram:
    """In two parts, as two batches would come."""
    histogram = Histogram()
    histogram.add(np.array(values[:2], np.float32))
    if values[2:]:
        histogram.add(np.array(values[2:], np.float32))
    return histogram


def test_the_bound_doubles_and_no_count_is_lost() -> None:
    histogram = histogram_of([0.001, -0.001, 3.0, -100.0, 100.0])
    assert histogram.bound == 128.0
    assert histogram.count_B.sum() == 5
    assert (histogram.low, histogram.high) == (-100.0, 100.0)
    places = np.flatnonzero(histogram.count_B) * 128.0 / 2048 - 128.0
    np.testing.assert_allclose(places, [-100, -0.0625, 0, 3, 100], atol=0.07)


def test_minmax_holds_everything_and_zero() -> None:
    assert histogram_of([-2.0, 0.5, 3.0]).range("minmax") == (-2.0, 3.0)
    assert histogram_of([1.0, 2.0, 3.0]).range("minmax") == (0.0, 3.0)


def test_percentile_and_entropy_cut_a_lone_outlier() -> None:
    body = np.random.default_rng(0).normal(size=100_000)
    histogram = histogram_of([*body.tolist(), 1000.0])
    for method in ("percentile", "entropy"):
        low, high = histogram.range(method)
        assert -10 < low < -2
        assert 2 < high < 200


def test_ranges_of_tensors_are_those_of_the_samples(
    model: onnx.ModelProto, windows: WindowSet
) -> None:
    found = collect(model, ["record", "logits"], windows.imu_NTC)
    assert found["record"].range("minmax") == pytest.approx(
        (windows.imu_NTC.min(), windows.imu_NTC.max())
    )
    assert found["record"].count_B.sum() == windows.imu_NTC.size
    assert found["logits"].count_B.sum() == 6 * len(windows)
