"""Records refuse arrays that break their contract, naming what was found and the rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.records import (
    Frame,
    ImuRecording,
    ImuWindow,
    PersonCrop,
    SilhouetteSequence,
    SkeletonSequence,
    WindowSet,
)


def window_set(count: int = 4, **changes: Any) -> WindowSet:
    parts: dict[str, Any] = {
        "imu_NTC": np.arange(count * 12, dtype=np.float32).reshape(count, 2, 6),
        "label_N": np.arange(count) % 2,
        "subject_N": np.array([f"toy:{i}" for i in range(count)]),
        "is_test_N": np.arange(count) >= 3,
        "labels": ("walking", "sitting"),
        "dataset": ("toy",),
    }
    return WindowSet(**{**parts, **changes})


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: ImuWindow(np.zeros((128, 3), np.float32), 0), r"\(128, 3\).*\(T, 6\)"),
        (lambda: ImuWindow(np.zeros(6, np.float32), 0), r"\(6,\).*\(T, 6\)"),
        (lambda: SkeletonSequence(np.zeros((5, 17, 3), np.float32), 0), r"\(5, 17, 3\).*18"),
        (lambda: SilhouetteSequence(np.zeros((5, 64, 44), np.uint8), 0), r"64, 44.*64, 64"),
        (lambda: Frame(np.zeros((4, 4), np.uint8), 0), r"\(4, 4\).*\(H, W, 3\)"),
        (lambda: PersonCrop(np.zeros((4, 4, 3), np.int16), 0), r"int16.*uint8"),
        (lambda: ImuRecording(np.zeros((9, 5), np.float32), 50.0, "toy:1"), r"\(9, 5\)"),
        (
            lambda: ImuRecording(
                np.zeros((9, 6), np.float32), 50.0, "toy:1", np.zeros(8, np.int16)
            ),
            r"\(8,\).*here 9",
        ),
        (lambda: window_set(imu_NTC=np.zeros((4, 2, 7), np.float32)), r"\(4, 2, 7\)"),
        (lambda: window_set(label_N=np.zeros(3, np.int64)), "label_N.*here 4"),
        (lambda: window_set(subject_N=np.array(["toy:1"])), "subject_N.*here 4"),
        (lambda: window_set(is_test_N=np.zeros((4, 1), bool)), "is_test_N.*here 4"),
    ],
)
def test_a_wrong_array_is_refused(make: Callable[[], object], rule: str) -> None:
    with pytest.raises(DataError, match=rule):
        make()


def test_a_silhouette_of_floats_is_refused() -> None:
    with pytest.raises(DataError, match="float32"):
        SilhouetteSequence(np.zeros((5, 64, 64), np.float32), 0)


def test_a_recording_knows_its_length() -> None:
    assert ImuRecording(np.zeros((125, 6), np.float32), 50.0, "toy:1").duration_s == 2.5


def test_windows_are_chosen_by_mask_or_by_index_with_all_that_is_known_of_them() -> None:
    windows = window_set()
    assert len(windows) == 4
    test = windows.select(windows.is_test_N)
    assert test.subject_N.tolist() == ["toy:3"]
    assert test.imu_NTC[0, 0, 0] == 36.0
    backwards = windows.select(np.array([2, 0]))
    assert backwards.subject_N.tolist() == ["toy:2", "toy:0"]
    assert backwards.label_N.tolist() == [0, 0]
    assert backwards.labels == windows.labels


def test_windows_that_are_not_finite_are_counted_and_named() -> None:
    imu_NTC = np.zeros((4, 8, 6), np.float32)
    names = np.array(["a"] * 4)
    given = (np.zeros(4, np.int64), names, np.zeros(4, bool), ("walking",), ("own",))
    windows = WindowSet(imu_NTC, *given)
    assert windows.require_finite("x.npz") is windows
    imu_NTC[1, 0, 0], imu_NTC[3, :2, 5] = np.nan, np.inf
    said = r"x\.npz: 2 of 4 windows hold 3 values that are NaN or infinite, first window 1"
    with pytest.raises(DataError, match=said):
        windows.require_finite("x.npz")
