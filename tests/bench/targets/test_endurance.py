"""Hours of stream in a process of its own: counted, and never silent about its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgehuman.bench.contestants import FailedRun
from edgehuman.bench.targets.endurance import EnduranceConfig, endure_elsewhere
from edgehuman.errors import UsageError

MakeModel = Callable[..., Path]


@pytest.mark.slow
def test_the_endurance_run_counts_its_hours_and_its_memory(make_model: MakeModel) -> None:
    found = endure_elsewhere(str(make_model()), hours=0.25)
    assert found.stream_s == pytest.approx(900, abs=5)
    assert found.results == pytest.approx((900 + 300) / 0.64, rel=0.02)
    assert -5 < found.growth_mb < 50


def test_an_endurance_run_that_fails_says_why() -> None:
    with pytest.raises(FailedRun, match="no such file"):
        endure_elsewhere("nowhere.onnx", hours=0.01)


@pytest.mark.parametrize("hours", [0, -1.0, float("nan")])
def test_hours_are_over_zero(hours: float) -> None:
    with pytest.raises(UsageError, match=f"--hours is {hours}; it must be over 0"):
        EnduranceConfig(hours=hours)
