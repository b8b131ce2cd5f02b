"""What a wearable's stream adds up to, against the same numbers computed from all of it."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.metrics.stream import flicker_per_minute, online_accuracy
from edgehuman.runtime.imu.results import ImuResult, ImuTally, summary_text

LABELS = ("walking", "sitting")


def test_the_tally_agrees_with_the_metrics() -> None:
    rng = np.random.default_rng(1)
    label, raw, true = (rng.choice([*LABELS, other], 60) for other in ("unknown", "x", "turning"))
    tally = ImuTally(0.5, classes=LABELS)
    for k in range(60):
        tally.add(
            ImuResult(0.5 * k, label[k], 0.5, 2.0, raw[k], 0, true_label=true[k], delay_s=0.25)
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
    summary = ImuTally(0.64, classes=LABELS).summary()
    assert summary["latency_ms"] == {"p50": None, "p95": None, "max": None}
    assert summary["flicker_per_minute"] is None
    assert "p50 – ms" in summary_text(summary)
