"""Windows that calibrate and judge: the training people's, with the labels that the card knows."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.card import IMU_INPUT, Card, OutputSpec
from edgehuman.data.imu import samples
from edgehuman.data.imu.samples import read_samples
from edgehuman.data.imu.subjects import UCI_LABELS
from edgehuman.records import WindowSet

CARD = Card("toy", "activity", "toy", 1, 1, IMU_INPUT, OutputSpec("classes", UCI_LABELS))
PEOPLE = ("made:0", "made:1")


def windows(labels: tuple[str, ...], tested: tuple[str, ...]) -> WindowSet:
    """Six windows of two people each, one of every class; the number of a window fills it."""
    number_N = np.arange(12)
    imu_NTC = np.broadcast_to(number_N[:, None, None], (12, 128, 6)).astype(np.float32)
    person_N = np.array(PEOPLE)[number_N // 6]
    return WindowSet(
        imu_NTC, number_N % 6, person_N, np.isin(person_N, tested), labels, ("made", "other")
    )


def test_labels_are_matched_by_name_and_test_people_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = windows(("jogging", *UCI_LABELS[1:]), ("made:0",))
    monkeypatch.setattr(samples, "load_windows", lambda path: given)
    found = read_samples(CARD, "x.npz")
    assert set(found.person_N) == {"made:1"}
    assert found.label_N.tolist() == [-1, 1, 2, 3, 4, 5]
    assert found.array[:, 0, 0].tolist() == [6, 7, 8, 9, 10, 11]
    assert found.source == "windows of made, other"


def test_a_set_of_test_people_alone_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "load_windows", lambda path: windows(UCI_LABELS, PEOPLE))
    assert len(read_samples(CARD, "x.npz")) == 12
    few = read_samples(CARD, "x.npz", most=4)
    assert few.array[:, 0, 0].tolist() == [0, 3, 7, 11]
    assert read_samples(CARD, "simulated").source == "simulated windows"
