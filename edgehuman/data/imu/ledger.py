"""Rows of the model card for the windows that the model was trained on."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from edgehuman import catalogue
from edgehuman.card import Role, TrainingData
from edgehuman.data.imu.recordings import DATASET
from edgehuman.records import WindowSet

_OURS = "Apache-2.0 (edgehuman's own simulator)"


def data_rows(sets: Iterable[WindowSet], role: Role) -> tuple[TrainingData, ...]:
    """One row per set, with the licence from the catalogue, if it is known there; simulated data is
    marked as such.
    """
    rows = []
    for windows in sets:
        name = " + ".join(windows.dataset)
        simulated = catalogue.SIMULATED in windows.dataset
        entry = catalogue.DATASETS.get(name)
        rows.append(
            TrainingData(
                dataset=name,
                role=role,
                licence=entry.licence if entry else _OURS if simulated else _licence(name),
                url=entry.url if entry else "",
                windows=len(windows),
                subjects=len(np.unique(windows.subject_N)),
                simulated=simulated,
            )
        )
    return tuple(rows)


def _licence(name: str) -> str:
    return "own recordings" if name == DATASET else "not stated"
