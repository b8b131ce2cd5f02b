"""The rows of networks of persons: each measures the network it names."""

from __future__ import annotations

import pytest

from edgehuman.bench.targets import ratios
from edgehuman.bench.targets.rows.photos import PHOTOS
from edgehuman.bench.targets.targets import TargetsConfig


def test_a_row_beside_eager_torch_measures_the_network_of_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def measure(arch: str) -> float:
        asked.append(arch)
        return 2.0

    monkeypatch.setattr(ratios, "onnxruntime_over_torch", measure)
    rows = [each for each in PHOTOS if each.what.startswith("torch eager")]
    assert [each.measure(TargetsConfig()) for each in rows] == [2.0] * 3
    assert asked == [each.name for each in rows] == ["tinyvit_5m", "starnet_s3", "vit_tiny"]
