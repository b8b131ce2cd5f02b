"""The demo's day, and its score by hand."""

from __future__ import annotations

import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.demo.day import compare, day_schedule, simulated_day
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.simulate.body.activities import SIX


def test_the_day_has_every_activity_and_the_asked_length() -> None:
    day = simulated_day(60.0, seed=3)
    assert day.duration_s == pytest.approx(60.0, abs=1.0)
    assert set(SIX) <= {day.labels[k] for k in set(day.label_T.tolist())}


def test_posture_never_changes_without_a_transition() -> None:
    names = [bout.activity for bout in day_schedule(90.0, seed=1)]
    assert names[names.index("sitting") - 1] == "stand_to_sit"
    assert names[names.index("laying") - 1] == "sit_to_lie"
    assert names[-2:] == ["lie_to_stand", "standing"]


@pytest.mark.parametrize("seconds", [10.0, float("inf"), float("nan"), 1e9])
def test_a_day_too_short_or_endless_is_refused(seconds: float) -> None:
    with pytest.raises(UsageError, match="at least 45"):
        day_schedule(seconds, seed=3)


def test_the_comparison_is_against_the_true_labels() -> None:
    said = [("up", "up"), ("up", "walk"), ("walk", "up"), ("walk", "walk")]
    hops = [
        ImuResult(float(k), smooth, 0.9, 1.0, raw, 0, true_label=true, delay_s=0.5)
        for k, ((smooth, raw), true) in enumerate(
            zip(said, ["up", "up", "turn", "walk"], strict=True)
        )
    ]
    rows = compare(hops, ["up", "walk"], hop_s=1.0)
    assert rows["network"]["online_accuracy"] == pytest.approx(2 / 3, abs=1e-4)
    assert rows["network"]["longest_wrong_s"] == 1.0
    assert rows["smoothed"]["online_accuracy"] == 1.0
    assert rows["smoothed"]["longest_wrong_s"] == 0.0
    assert rows["network"]["flicker_per_minute"] == pytest.approx(3 * 15)
    assert rows["smoothed"]["onset_delay_s_median"] == 0.5
    assert rows["true"]["flicker_per_minute"] == pytest.approx(2 * 15)
    with pytest.raises(DataError, match="no results"):
        compare([], ["up"], hop_s=1.0)
