"""The learning-rate transfer: its arithmetic, its page, and trainings that are done once."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.pages.skeleton import mup as mup_transfer
from edgehuman.bench.pages.skeleton.mup import TransferConfig, best_rates, drift, measure, transfer
from edgehuman.errors import TrainingError, UsageError

RATES = (0.001, 0.002, 0.004, 0.008)


def test_the_best_rate_is_the_vertex_of_a_parabola() -> None:
    log_L = np.log2(RATES)
    inside = (log_L - np.log2(0.003)) ** 2
    falling = -log_L
    broken = np.array([1.0, 0.5, np.inf, np.inf])
    best = best_rates(RATES, np.stack([inside, falling, broken]))
    np.testing.assert_allclose(best, [0.003, 0.008, 0.002], rtol=1e-6)


def test_the_drift_is_in_powers_of_two_per_doubling() -> None:
    assert drift((1.0, 2.0, 4.0), np.array([0.004, 0.002, 0.001])) == pytest.approx(-1)
    assert drift((0.5, 1.0, 2.0), np.array([0.002, 0.002, 0.002])) == pytest.approx(0)


def small(tmp_path: Path, **changes: Any) -> TransferConfig:
    values: dict[str, Any] = {
        "out": tmp_path / "runs",
        "factors": (0.5, 1.0),
        "rates": (0.001, 0.004, 0.016),
        "depth": 1,
        "steps": 2,
        "batch": 4,
        "frames": 4,
        "people": 4,
        "page": tmp_path / "docs" / "mup.md",
        "picture": tmp_path / "docs" / "pictures" / "plot.png",
    }
    return TransferConfig(**{**values, **changes})


def test_trainings_are_done_once_and_breakdowns_count_as_infinite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgehuman.pretrain.contrastive import contrastive

    done: list[str] = []
    real = contrastive.fit

    def fit(config: Any, *rest: Any) -> Any:
        done.append(config.out.name)
        if config.lr == 0.016 and not config.mup:
            raise TrainingError("made")
        return real(config, *rest)

    monkeypatch.setattr(contrastive, "fit", fit)
    losses = measure(small(tmp_path))
    assert len(done) == 12
    assert done[0] == "mup-32-0.001-0"
    assert np.isfinite(losses["muP"]).all()
    assert losses["without muP"][:, 2].tolist() == [math.inf, math.inf]
    # At the base width the two sides are one and the same training.
    assert losses["muP"][1, :2].tolist() == losses["without muP"][1, :2].tolist()
    again = measure(small(tmp_path))
    assert len(done) == 12
    np.testing.assert_array_equal(again["muP"], losses["muP"])
    measure(small(tmp_path, steps=1))
    assert len(done) == 24


def test_the_page_shows_the_table_and_names_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {
        "muP": np.array([[3.0, 1.0, 2.0], [2.0, 0.5, 1.0]]),
        "without muP": np.array([[3.0, 2.0, 1.5], [1.0, 2.0, np.inf]]),
    }
    monkeypatch.setattr(mup_transfer, "measure", lambda config: made)
    outcome = transfer(small(tmp_path))
    page = (tmp_path / "docs" / "mup.md").read_text()
    assert "![loss over learning rate](pictures/plot.png)" in page
    assert "| 32 | 3.000 | **1.000** | 2.000 | 0.0" in page
    assert "| 64 | **1.000** | 2.000 | inf | 0.0010 |" in page
    assert (tmp_path / "docs" / "pictures" / "plot.png").stat().st_size > 5000
    assert "2^-4.00 without muP" in outcome.text


def test_wrong_words_are_refused() -> None:
    with pytest.raises(UsageError, match="give at least two widths and three learning rates"):
        TransferConfig(rates=(0.1,))
    with pytest.raises(UsageError, match="--steps is 0; it must be above 0"):
        TransferConfig(steps=0)
    with pytest.raises(UsageError, match="--frames is 97; it must be from 2 to 96"):
        TransferConfig(frames=97)
