"""Wearable windows to calibrate and evaluate an export."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.data.imu.load import load_windows
from edgehuman.data.samples import Samples


def read_samples(card: Card, data: Path | str, most: int | None = None) -> Samples:
    """Read the windows of a set's training people (of its test people if there are no others),
    labelled with the card's classes.

    Args:
        most: keep at most so many, evenly spread; None keeps all.

    Raises:
        DataError: see `load_windows`.
    """
    windows = load_windows(data)
    if not np.all(windows.is_test_N):
        windows = windows.select(~windows.is_test_N)
    if most is not None and most < len(windows.label_N):
        windows = windows.select(np.linspace(0, len(windows.label_N) - 1, most).astype(np.int64))
    own = {label: i for i, label in enumerate(card.output.labels)}
    to_own = np.array([*(own.get(label, -1) for label in windows.labels), -1], np.int64)
    of_set = "windows of " + ", ".join(windows.dataset)
    source = "simulated windows" if str(data) == SIMULATED else of_set
    return Samples(windows.imu_NTC, to_own[windows.label_N], windows.subject_N, source)
