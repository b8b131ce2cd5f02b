"""The rows of what is exported: which networks they measure, and what noise they allow."""

from __future__ import annotations

import pytest

from edgehuman.bench.targets import ratios
from edgehuman.bench.targets.rows.files import CLOCK_NOISE, FILES
from edgehuman.bench.targets.targets import TargetsConfig

ROWS = {each.name: each for each in FILES}


def test_int8_is_timed_at_its_size_wider_and_deeper(monkeypatch: pytest.MonkeyPatch) -> None:
    int8 = ROWS["int8"]
    monkeypatch.setattr(ratios, "int8_over_fp32", lambda archs: float(len(archs)))
    assert (int8.measure(TargetsConfig()), int8.measure(TargetsConfig(quick=True))) == (3.0, 1.0)


def test_auto_may_be_slower_by_the_noise_of_the_clock_alone() -> None:
    precision = pytest.importorskip("edgehuman.export.proof.precision")
    auto = ROWS["auto"]
    assert precision.FASTER == 1 - CLOCK_NOISE
    assert auto.met_by(1.0 + CLOCK_NOISE)
    assert not auto.met_by(1.04)
