"""The page on other mountings: its scores on small numbers, and its words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.pages.imu.travel import TravelConfig, rejected, render, scored
from edgehuman.errors import UsageError
from edgehuman.records import WindowSet

LABELS = ("walking", "walking_upstairs", "sitting", "standing", "other")
TRUE = ("walking_forward", "stairs", "sitting", "standing", "elevator_up")


def test_walking_and_postures_are_scored_apart_from_what_the_model_does_not_know() -> None:
    label_N = np.array([0, 0, 1, 2, 2, 3, 4, 4])
    said = [0, 1, 1, 2, 3, 3, 4, 0]  # a false walking in the lift, a seat taken for standing
    logits_NK = np.eye(5, dtype=np.float32)[said] * 9
    who_N = np.array(["a", "b"] * 4)
    windows = WindowSet(
        np.zeros((8, 4, 6), np.float32), label_N, who_N, np.zeros(8, bool), TRUE, ("made",)
    )
    found = scored(LABELS, logits_NK, windows)
    assert found["any_walking"]["value"] == pytest.approx(2 * 3 / (3 + 4))
    assert found["five"]["value"] == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    # Stairs, of either way, are no class of the model's own.
    assert set(found["own"]["classes"]) == {"walking", "sitting", "standing"}
    assert found["own"]["value"] == pytest.approx((2 / 3 + 2 / 3 + 2 / 3) / 3)
    # Always walking: 3 of the 8 windows.
    assert found["any_walking"]["commonest"] == pytest.approx(2 * 3 / (3 + 8))
    low, high = found["five"]["interval"]
    assert low <= found["five"]["value"] <= high


def test_the_table_says_what_was_never_seen() -> None:
    score = {"value": 0.9, "commonest": 0.1, "interval": [0.8, 1.0], "classes": {}}
    plain = {**score, "interval": None}
    shares = {
        "known": 0.1, "foreign": None, "known_as_other": 0.05, "foreign_without_energy": None
    }  # fmt: skip
    both = {"any_walking": plain, "five": score, "own": score, "rejected": shares}
    row = {
        "dataset": "usc_had", "placement": "waist", "people": 14, "windows": 9, "seen": "never",
        "worn": both, "learnt": both,
    }  # fmt: skip
    line = next(line for line in render([row]).splitlines() if "usc_had" in line)
    assert line.startswith("| usc_had, waist | 14 | never | 0.900 → 0.900 | 0.900 (0.80 to 1.00)")
    assert line.endswith("| 0.05 → 0.10 | - |")


@pytest.mark.parametrize("word", ["dsads", "mars=x.onnx", "dsads="])
def test_a_wrong_without_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match=r"is not DATASET=PATH; datasets: usc_had"):
        TravelConfig(data=Path("x"), without=(word,))


def test_what_is_known_and_rejected_and_what_is_foreign_and_accepted() -> None:
    said = [0, 4, 2, 3, 0, 4, 1, 0]
    sure_N = np.array([9, 9, 1, 9, 9, 9, 1, 9], np.float32)
    logits_NK = np.eye(5, dtype=np.float32)[said] * sure_N[:, None]  # energy 1.9 where it is 1
    true = ("walking_forward", "sitting", "jumping", "rowing", "elevator_up", "unlabelled")
    label_N = np.array([0, 0, 1, 1, 2, 2, 3, 4])
    windows = WindowSet(
        np.zeros((8, 4, 6), np.float32), label_N, np.array(["a"] * 8), np.zeros(8, bool), true,
        ("made",),
    )  # fmt: skip
    assert rejected(LABELS, 2.0, logits_NK, windows) == {
        "known": 2 / 4,  # one called other, one of low energy
        "known_as_other": 1 / 4,
        "foreign": 1 / 3,  # jumping called walking; rowing had too low an energy
        "foreign_without_energy": 2 / 3,
    }
    assert rejected(LABELS, None, logits_NK, windows)["known"] == 1 / 4
