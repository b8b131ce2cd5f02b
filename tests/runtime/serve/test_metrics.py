"""The counts in a file: whole, renewed, and no end of the run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.serve import metrics
from edgehuman.runtime.serve.meter import Meter
from edgehuman.runtime.serve.metrics import MetricsFile


def test_the_file_is_written_at_once_again_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "EVERY_S", 0.05)
    path, meter, said = tmp_path / "edgehuman.prom", Meter("frames", "s", "m"), list[str]()
    file = MetricsFile(path, meter, said.append)
    file.start()
    meter.answered(0.01, 0.01)
    until_s = time.monotonic() + 5
    while not path.exists() or 'source="s"} 1\n' not in path.read_text():
        assert time.monotonic() < until_s
        time.sleep(0.01)
    meter.answered(0.01, 0.01)
    file.stop()
    assert 'edgehuman_frames_total{source="s"} 2\n' in path.read_text()
    assert (said, [each.name for each in tmp_path.iterdir()]) == ([], ["edgehuman.prom"])


def test_a_folder_that_goes_is_said_once_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "EVERY_S", 0.01)

    def fail(*given: object, **named: object) -> None:
        raise UsageError("no space")

    monkeypatch.setattr(metrics, "write_whole", fail)
    said: list[str] = []
    file = MetricsFile(tmp_path / "m.prom", Meter("frames", "s", "m"), said.append)
    file.start()
    time.sleep(0.1)
    file.stop()
    assert said == ["--metrics: no space"]
    with pytest.raises(UsageError, match="--metrics"):
        MetricsFile(tmp_path, Meter("frames", "s", "m"), said.append)
