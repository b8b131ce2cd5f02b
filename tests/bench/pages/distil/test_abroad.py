"""The wearable pair on other sets, by networks that can be counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.pages.distil import abroad
from edgehuman.bench.pages.distil.abroad import AbroadConfig, build_table, mean_of, render
from edgehuman.errors import DataError
from edgehuman.records import Float32, WindowSet


def window_set(count: int) -> WindowSet:
    """Windows of two people who walk and sit in turn, at the waist."""
    return WindowSet(
        np.zeros((count, 2, 6), np.float32),
        np.arange(count) % 2,
        np.array([f"toy:{i % 2}" for i in range(count)]),
        np.zeros(count, np.bool_),
        ("walking", "sitting"),
        ("toy",),
        placement_N=np.full(count, "waist"),
    )


def test_the_teacher_is_the_mean_of_probabilities() -> None:
    first = np.log(np.array([[0.9, 0.1], [0.5, 0.5]], np.float32))
    second = np.log(np.array([[0.1, 0.9], [0.5, 0.5]], np.float32)) + 3  # logits have any offset
    answer = mean_of([lambda windows: first, lambda windows: second])
    found = np.exp(answer(window_set(2)))
    np.testing.assert_allclose(found, [[0.5, 0.5], [0.5, 0.5]], atol=1e-6)


def test_every_set_that_is_there_is_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def right(windows: WindowSet) -> Float32:
        return np.eye(len(windows.labels), dtype=np.float32)[windows.label_N]

    (tmp_path / "wearable").mkdir()
    (tmp_path / "usc_had.npz").write_bytes(b"")
    made = window_set(40)
    monkeypatch.setattr(abroad, "load_windows", lambda path: made)
    labels = made.labels
    wrong = (labels, lambda windows: np.roll(right(windows), 1, axis=1))
    groups = {"teacher": [(labels, right)], "student alone": [(labels, right), wrong]}
    monkeypatch.setattr(abroad, "networks_of", lambda folder, threads: groups)
    outcome = build_table(AbroadConfig(tmp_path, tmp_path))
    assert isinstance(outcome.data, dict)
    (row,) = outcome.data["rows"]
    assert row["set"] == "usc_had, waist"
    assert row["found"]["teacher"][0]["any_walking"] == 1.0
    assert row["found"]["student alone"][1]["any_walking"] < 0.5
    assert (tmp_path / "wearable" / "abroad.md").read_text() == outcome.text
    assert "100.0" in render(outcome.data["rows"]).splitlines()[2]


def test_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"lacks finished networks .*--pair wearable"):
        build_table(AbroadConfig(tmp_path, tmp_path))
    monkeypatch.setattr(abroad, "networks_of", lambda folder, threads: {})
    with pytest.raises(DataError, match="holds none of the sets"):
        build_table(AbroadConfig(tmp_path, tmp_path))
