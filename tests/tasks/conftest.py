"""People who move in three plainly different ways, and people whose pictures are plainly different:
enough for a task to learn in seconds.
"""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman import catalogue
from edgehuman.data.image.load import PersonSet
from edgehuman.records import WindowSet
from edgehuman.tasks.image import train as person_training
from edgehuman.tasks.imu import splits as labelled
from tests.nets import tiny_encoder
from tests.tasks.people import made_people

LABELS = ("slow", "fast", "still")


def made_windows(people: int = 6, each: int = 8, dataset: str = "made") -> WindowSet:
    """`each` windows per label and person; the last two people are test people."""
    rng = np.random.default_rng(0)
    time_T = np.arange(128) / 50
    imu, label, subject = [], [], []
    for person in range(people):
        for number, hertz in enumerate((1.0, 3.0, 0.0)):
            for _ in range(each):
                wave_T = np.sin(2 * np.pi * (hertz * time_T + rng.random()))
                imu_TC = wave_T[:, None] * np.array([0.5, 0.3, 0.2, 1.0, 0.5, 0.3])
                imu_TC[:, 0] += 1.0
                imu.append(imu_TC + 0.02 * rng.standard_normal((128, 6)))
                label.append(number)
                subject.append(f"made:{person}")
    subject_N = np.array(subject)
    return WindowSet(
        np.array(imu, np.float32),
        np.array(label),
        subject_N,
        np.isin(subject_N, [f"made:{people - 2}", f"made:{people - 1}"]),
        LABELS,
        (dataset,),
    )


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> WindowSet:
    """Replace loading: every path yields this dataset."""
    windows = made_windows()
    monkeypatch.setattr(labelled, "load_windows", lambda path, hop, format: windows)
    return windows


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> PersonSet:
    """Replace loading: every path yields these people; `tiny_encoder` is in the catalogue."""
    persons = made_people()
    monkeypatch.setitem(catalogue.NETWORKS, tiny_encoder.NAME, tiny_encoder.ROW)
    monkeypatch.setattr(person_training, "load_persons", lambda path, task, shape: persons)
    return persons
