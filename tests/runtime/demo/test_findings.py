"""What the demo says of its smoothing follows from the numbers."""

from __future__ import annotations

import pytest

from edgehuman.card import Decision
from edgehuman.runtime.demo.findings import Findings


def findings(alone: float | None, smooth: float | None, smoothing: str = "fixed_lag") -> Findings:
    """A demo with these two accuracies and nothing else."""
    compared = {"network": {"online_accuracy": alone}, "smoothed": {"online_accuracy": smooth}}
    summary = {"delay_s_mean": 0.64, "comparison": compared}
    decision = Decision(smoothing=smoothing)  # type: ignore[arg-type]
    return Findings("m", 0, 90.0, decision, summary, None, None, None, {}, (), {}, "here")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (findings(0.80, 0.85), "added 5.0 points"),
        (findings(0.85, 0.80), "cost 5.0 points of accuracy on this day; --smoothing none"),
        (findings(0.85, 0.85), "neither added nor cost"),
        (findings(None, None), "Nothing is labelled"),
        (findings(0.80, 0.80, "none"), "Smoothing is off"),
    ],
)
def test_the_verdict_is_that_of_the_numbers(made: Findings, words: str) -> None:
    assert words in made.smoothing_verdict


def test_the_delay_is_in_milliseconds_and_the_summary_says_simulated() -> None:
    made = findings(0.8, 0.9)
    assert made.look_ahead_ms == pytest.approx(640.0)
    assert made.as_dict()["simulated"] is True
    assert made.as_dict()["door"] is None
    assert made.as_dict()["camera"] is None
