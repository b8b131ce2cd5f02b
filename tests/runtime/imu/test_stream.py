"""`edgehuman.stream` of a wearable: results in Python, as `edgehuman run` gives them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edgehuman
from edgehuman.errors import ArtefactError, DataError, UsageError
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


@pytest.mark.parametrize(("words", "answered"), [({}, False), ({"missing_share": 0.6}, True)])
def test_the_share_of_rows_that_may_be_missing_is_the_caller_s(
    words: dict[str, float], answered: bool, tiny: Path
) -> None:
    rng = np.random.default_rng(0)
    samples = [
        (i / 50, *rng.normal((0, 1, 0, 0, 0, 0), 0.01).tolist())
        for i in range(1000)
        if i < 300 or i % 2
    ]
    results = list(edgehuman.stream(tiny, samples, **words))  # type: ignore[call-overload]
    late = {result.reason for result in results if result.t_s > 9}
    assert late == ({""} if answered else {"missing rows"})
    with pytest.raises(UsageError, match=r"--missing-share is 2\.0; give a share from 0 to 1"):
        edgehuman.stream(tiny, samples, missing_share=2.0)
