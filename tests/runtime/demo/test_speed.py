"""Two files of a network, timed in turn."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.runtime.demo import speed
from edgehuman.runtime.demo.speed import made_up, pair_of, timed
from edgehuman.runtime.model import load


def test_fp32_and_int8_are_timed_equally_often() -> None:
    fp32, int8 = timed(pair_of("zoo:activity"))
    assert (fp32.precision, int8.precision) == ("fp32", "int8")
    assert fp32.calls == int8.calls >= 5
    assert 0 < fp32.p50_ms <= fp32.p95_ms
    assert int8.size_mb < fp32.size_mb
    assert int8.card.precision.name == "int8"


def test_a_model_without_int8_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pair_of("own.onnx") == ("own.onnx",)
    assert pair_of("zoo:activity-int8") == ("zoo:activity-int8",)
    monkeypatch.setattr(speed, "zoo_names", lambda: ["zoo:activity"])
    assert pair_of("zoo:activity") == ("zoo:activity",)


def test_a_made_up_record_is_of_the_models_type() -> None:
    assert made_up(load("zoo:activity"), 0).dtype == np.float32
    assert made_up(load("zoo:person-garments-int8"), 0).dtype == np.uint8
