"""What a stream adds up to, against the same numbers computed from all of it."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.metrics.stream import flicker_per_minute, online_accuracy
from edgehuman.runtime.loop.results import LatencyHistogram, LiveResult, Tally, summary_text

LABELS = ("walking", "sitting")


def test_percentiles_are_right_to_one_percent() -> None:
    latency_ms = np.random.default_rng(0).lognormal(1.0, 1.5, 5000)
    histogram = LatencyHistogram()
    for value in latency_ms:
        histogram.add(float(value))
    for percent in (1, 50, 95, 99):
        exact = np.percentile(latency_ms, percent, method="inverted_cdf")
        assert histogram.percentile_ms(percent) == pytest.approx(exact, rel=0.011)
    assert histogram.max_ms == latency_ms.max()


def test_extreme_latencies_stay_in_the_histogram() -> None:
    histogram = LatencyHistogram()
    for value in (0.0, 1e9):
        histogram.add(value)
    assert histogram.percentile_ms(50) == 0.001 * 10 ** (0.5 / 232)
    assert histogram.percentile_ms(100) == pytest.approx(1e6, rel=0.02)
    assert np.isnan(LatencyHistogram().percentile_ms(50))


def test_the_tally_agrees_with_the_metrics() -> None:
    rng = np.random.default_rng(1)
    label, raw, true = (rng.choice([*LABELS, other], 60) for other in ("unknown", "x", "turning"))
    tally = Tally(0.5, LABELS)
    for k in range(60):
        tally.add(
            LiveResult(0.5 * k, label[k], 0.5, 2.0, raw[k], 0, true_label=true[k], delay_s=0.25)
        )
    summary = tally.summary()
    names = [list(map(str, column)) for column in (label, raw, true)]
    expected = {
        "flicker_per_minute": flicker_per_minute(names[0], 0.5),
        "flicker_per_minute_raw": flicker_per_minute(names[1], 0.5),
        "online_accuracy": online_accuracy(names[2], names[0], LABELS),
        "online_accuracy_raw": online_accuracy(names[2], names[1], LABELS),
        "delay_s_mean": 0.25,
    }
    for key, value in expected.items():
        assert summary[key] == pytest.approx(value, abs=1e-4)
    assert sum(summary["seconds_per_label"].values()) == pytest.approx(30.0)


def test_nothing_measured_is_nothing_said() -> None:
    summary = Tally(0.64, LABELS).summary()
    assert summary["latency_ms"] == {"p50": None, "p95": None, "max": None}
    assert summary["flicker_per_minute"] is None
    assert "p50 – ms" in summary_text(summary)
