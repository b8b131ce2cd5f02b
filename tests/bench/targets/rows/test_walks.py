"""The rows of gait: rows made in a loop measure each its own network."""

from __future__ import annotations

import pytest

from edgehuman.bench.targets import silhouettes
from edgehuman.bench.targets.rows.walks import WALKS
from edgehuman.bench.targets.targets import TargetsConfig


def test_each_silhouette_network_is_measured_by_its_own_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def measure(arch: str) -> float:
        asked.append(arch)
        return 2.0

    for name in ("onnxruntime_over_torch", "by_frame_over_whole"):
        monkeypatch.setattr(silhouettes, name, measure)
    rows = {each.name: each for each in WALKS}
    for name in ("by-frame-base", "by-frame-gl", "gaitset", "gaitbase"):
        assert rows[name].measure(TargetsConfig()) == 2.0
    assert asked == ["gaitbase", "gaitgl", "gaitset", "gaitbase"]
