"""Hours of stream in a process of its own: counted, and never silent about its end."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from edgehuman.bench.contestants import FailedRun
from edgehuman.bench.targets.endurance import EnduranceConfig, Growth, endure_elsewhere
from edgehuman.errors import UsageError

MakeModel = Callable[..., Path]


@pytest.mark.slow
def test_the_endurance_run_counts_its_hours_and_its_memory(make_model: MakeModel) -> None:
    found = endure_elsewhere(str(make_model()), hours=0.25)
    assert found.stream_s == pytest.approx(900, abs=5)
    assert found.results == pytest.approx((900 + 300) / 0.64, rel=0.02)
    assert -5 < found.growth_mb < 50
    assert (found.threads, found.descriptors, found.tracks) == (0, 0, 0)


@pytest.mark.slow
def test_hours_of_frames_follow_who_comes_and_goes() -> None:
    """One person every three seconds: 100 in the five minutes before, and 20 in the minute."""
    found = endure_elsewhere("zoo:person-detector-int8", hours=1 / 60)
    assert found.results == 720
    assert found.stream_s == pytest.approx(60, abs=1)
    assert 110 < found.tracks < 135
    assert (found.threads, found.descriptors) == (0, 0)


def test_what_is_opened_and_started_is_seen() -> None:
    """Ten minutes after the beginning, and at the end."""
    grown = Growth()
    grown.at(0.0)
    grown.at(300.0)
    reading, writing = os.pipe()
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    grown.at(899.0)  # nobody looks yet
    found = grown.end(1000.0, 7)
    done.set()
    thread.join()
    assert (found.threads, found.descriptors, found.results) == (1, 2, 7)
    grown.at(900.0)
    for descriptor in (reading, writing):
        os.close(descriptor)
    found = grown.end(1000.0, 7)
    assert (found.threads, found.descriptors) == (0, 2)
    assert found.stream_s == 700.0


def test_an_endurance_run_that_fails_says_why() -> None:
    with pytest.raises(FailedRun, match="no such file"):
        endure_elsewhere("nowhere.onnx", hours=0.01)


@pytest.mark.parametrize("hours", [0, -1.0, float("nan")])
def test_hours_are_over_zero(hours: float) -> None:
    with pytest.raises(UsageError, match=f"--hours is {hours}; it must be over 0"):
        EnduranceConfig(hours=hours)
