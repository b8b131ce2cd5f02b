"""What every stream says and adds up to, against the same numbers computed from all of it."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.runtime.loop.results import LatencyHistogram, LiveResult, Tally, to_row


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


def test_what_every_stream_counts() -> None:
    tally = Tally(0.5)
    for k, reason in enumerate(("", "frozen", "")):
        tally.count(LiveResult(0.5 * k, "a", 1.0, 2.0, "a", 0, delay_s=0.1 * k, reason=reason))
    assert (tally.windows, tally.reasons) == (3, {"frozen": 1})
    assert tally.beginning()["latency_ms"] == pytest.approx(
        {"p50": 2, "p95": 2, "max": 2}, rel=0.01
    )
    assert tally.beginning()["delay_s_mean"] == pytest.approx(0.1)
    nothing = Tally(0.5).beginning()
    assert nothing["latency_ms"] == {"p50": None, "p95": None, "max": None}
    assert nothing["delay_s_mean"] is None


def test_a_row_holds_the_reason_where_there_is_one() -> None:
    common = ["t_s", "label", "score", "latency_ms", "raw_label", "delay_s", "source"]
    assert list(to_row(LiveResult(1.0, "a", 1.0, 2.0, "a", 0))) == common
    without = to_row(LiveResult(1.0, "a", 1.0, 2.0, "a", 0, reason="frozen"))
    assert list(without) == [*common, "reason"]
