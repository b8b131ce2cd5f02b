"""The demo's promise on its fixed seeds, and the page that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.bench.pages.imu.seeds import SHOWN, SeedsConfig, judged, measure, totals
from edgehuman.errors import UsageError
from edgehuman.runtime.model import load


def test_on_its_fixed_seeds_the_demo_is_never_wrong_for_over_three_seconds() -> None:
    model = load("zoo:activity")
    rows = [judged(model, 90.0, seed) for seed in range(SHOWN)]
    for seed, row in enumerate(rows):
        for who in ("network", "smoothed"):
            assert (row[who]["longest_wrong_s"] or 0.0) <= 3.0, (seed, who, row[who])
    every = totals(rows)
    assert every["smoothed"]["online_accuracy"] > every["network"]["online_accuracy"]
    assert every["smoothed"]["flicker_per_minute"] < every["network"]["flicker_per_minute"]


def test_the_gain_is_paired_by_hand() -> None:
    def row(alone: float, smooth: float, wrong_s: float) -> dict[str, dict[str, float | None]]:
        return {
            name: {"online_accuracy": value, "longest_wrong_s": wrong_s, "flicker_per_minute": 6.0}
            for name, value in (("network", alone), ("smoothed", smooth))
        }

    every = totals([row(0.8, 0.9, 1.0), row(0.9, 0.9, 4.0)])
    low, gain, high = every["gain"]
    assert gain == pytest.approx(0.05)
    assert 0.0 <= low <= gain <= high <= 0.1 + 1e-9
    assert every["network"]["over_3_s"] == 0.5
    assert every["smoothed"]["longest_wrong_s"] == 4.0


def test_the_page_has_a_row_per_seed_and_says_simulated(tmp_path: Path) -> None:
    page = tmp_path / "seeds.md"
    outcome = measure(SeedsConfig(seeds=2, seconds=50.0, out=page))
    text = page.read_text()
    assert outcome.text == text
    assert [line[:4] for line in text.splitlines()[2:4]] == ["| 0 ", "| 1 "]
    assert "SIMULATED" in text


def test_one_seed_gives_no_interval() -> None:
    with pytest.raises(UsageError, match="seeds is 1"):
        SeedsConfig(seeds=1)
