"""`edgehuman.stream` of a wearable: results in Python, as `edgehuman run` gives them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edgehuman
from edgehuman.errors import ArtefactError, DataError
from edgehuman.records import ImuRecording
from tests.runtime.conftest import LABELS


def test_the_python_twin_takes_a_recording_and_ends_early(tiny: Path) -> None:
    imu_TC = np.random.default_rng(0).normal(0.0, 0.01, (1000, 6)).astype(np.float32)
    imu_TC[:, 1] += 1.0
    label_T = np.ones(1000, np.int16)
    recording = ImuRecording(imu_TC, 50.0, "somebody", label_T, LABELS, "made by hand")
    results = list(edgehuman.stream(edgehuman.load(tiny), recording, seconds=6.0, hop_s=1.28))
    assert [(result.label, result.source) for result in results] == [
        ("sitting", "made by hand")
    ] * len(results)
    assert 2 <= len(results) <= 4


def test_the_python_twin_fails_at_the_call(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="no such file"):
        edgehuman.stream(tmp_path / "absent.onnx", "walk.csv")
    with pytest.raises(DataError, match="no such file"):
        edgehuman.stream(tiny, tmp_path / "absent.csv")
