"""What a person's own recording brings: people whose numbers can be told beforehand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.pages.imu.adapt import AdaptPageConfig, joined, measure, totals
from edgehuman.errors import UsageError
from edgehuman.records import ImuRecording


def test_the_page_has_a_row_of_simulated_people(tmp_path: Path) -> None:
    page = tmp_path / "adapt.md"
    outcome = measure(AdaptPageConfig(people=2, minutes=1.0, out=page))
    assert page.read_text() == outcome.text
    assert "| 2 of simulated |" in outcome.text


def test_the_gain_is_paired_by_hand() -> None:
    rows = [
        {"before": 0.5, "after": 0.9, "changed": True, "windows": 10},
        {"before": 0.9, "after": 0.8, "changed": True, "windows": 20},
        {"before": 0.7, "after": 0.7, "changed": False, "windows": 30},
    ]
    every = totals(rows)
    assert every["gain"][1] == pytest.approx(0.1)
    assert (every["better"], every["worse"], every["unchanged"]) == (1, 1, 1)
    assert every["worst"] == pytest.approx(-0.1)


def trial(activity: int, number: int) -> ImuRecording:
    imu_TC = np.full((2, 6), activity, np.float32)
    label_T = np.full(2, activity, np.int16)
    source = f"usc_had Subject1 a{activity}t{number} hip"
    return ImuRecording(imu_TC, 50.0, "usc_had:1", label_T, ("walk", "sit"), source)


def test_the_trials_of_a_number_become_one_recording_walking_first() -> None:
    one = joined([trial(1, 2), trial(0, 1), trial(0, 2)], 2)
    assert one.label_T.tolist() == [0, 0, 1, 1]
    assert one.imu_TC[:, 0].tolist() == [0, 0, 1, 1]


def test_one_person_gives_no_interval() -> None:
    with pytest.raises(UsageError, match="people is 1"):
        AdaptPageConfig(people=1)
