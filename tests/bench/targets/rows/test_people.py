"""The rows of people in frames: each measures the head, the source or the record it names."""

from __future__ import annotations

import pytest

from edgehuman.bench.targets import people
from edgehuman.bench.targets.people import Speeds
from edgehuman.bench.targets.rows.people import PEOPLE
from edgehuman.bench.targets.targets import TargetsConfig


def test_each_head_is_measured_by_its_own_row(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = {"detector": 20.0, "pose": 30.0, "silhouette": 40.0}
    monkeypatch.setattr(people, "speeds", lambda head: Speeds(10.0, 5.0, taken[head]))
    rows = {each.name: each for each in PEOPLE}
    found = [rows[f"people-{head}"].measure(TargetsConfig()) for head in taken]
    assert found == [2.0, 3.0, 4.0]
    assert [rows[f"people-int8-{head}"].measure(TargetsConfig()) for head in taken] == [2.0] * 3
