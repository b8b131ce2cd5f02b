"""How old labels are: measured of a camera and a wearable at sizes that a test can afford."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench import live
from edgehuman.bench.contestants import FailedRun
from edgehuman.bench.live import Ages, ages_of, last_over_first, serving, steady_wearable
from edgehuman.bench.targets.targets import choose

MakeModel = Callable[..., Path]


def ages(*age_ms: float, passed_over: int = 1) -> Ages:
    """One frame a second from the tenth on, when what is counted begins."""
    t_s_N = np.arange(len(age_ms), dtype=np.float64) + 10
    return Ages(t_s_N, np.array(age_ms, np.float64), 5.0, passed_over)


def test_medians_of_a_time_and_the_slowest_hundredth() -> None:
    found = ages(10, 20, 30, 40)
    assert found.median_ms(10, 13) == 20
    assert found.median_ms(12, 99) == 35
    assert np.isnan(found.median_ms(0, 10))
    assert ages(*[10] * 98, 50, 50).p99_over_p50() == 5


def test_the_last_tenth_is_held_against_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a minute: frames of 10 ms until the last six seconds, in which they are 40 ms old."""
    t_s_N = np.arange(60, dtype=np.float64)
    age_ms_N = np.full(60, 10, np.float64)
    grown = Ages(t_s_N, np.append(age_ms_N[:54], age_ms_N[54:] * 4), 5.0, 1)
    monkeypatch.setattr(live, "ages_of", lambda speed, seconds: grown)
    assert last_over_first(1.0) == 4
    idle = Ages(t_s_N, age_ms_N, 5.0, 0)
    monkeypatch.setattr(live, "ages_of", lambda speed, seconds: idle)
    with pytest.raises(FailedRun, match="no faster than the machine"):
        last_over_first(1.0)


@pytest.mark.slow
def test_a_camera_that_is_too_fast_is_passed_over_and_not_lagged_behind() -> None:
    found = ages_of(2.0, 4.0)
    assert found.passed_over > 0
    assert len(found.age_ms_N) > 5
    assert found.age_ms_N.min() > 0
    assert found.age_ms_N.max() < 3000


@pytest.mark.slow
def test_a_wearables_slowest_labels_are_measured(make_model: MakeModel) -> None:
    assert 1 <= steady_wearable(str(make_model()), minutes=1.0) < 100


def test_the_camera_leaves_with_its_block() -> None:
    import urllib.request

    with serving(50.0) as url, urllib.request.urlopen(url, timeout=5) as answer:
        assert answer.read(9) == b"--frame\r\n"
    with pytest.raises(OSError):
        urllib.request.urlopen(url, timeout=5)


def test_they_are_targets() -> None:
    names = {"memory", "day-wearable", "day-frames", "fast-source", "steady-frames"}
    assert {target.name for target in choose(sorted(names))} == names
