"""Rows of the model card for the windows that the model was trained on."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from edgehuman import catalogue
from edgehuman.card import Role, TrainingData
from edgehuman.records import WindowSet


def data_rows(sets: Iterable[WindowSet], role: Role) -> tuple[TrainingData, ...]:
    """One row per set, with the licence from the catalogue; simulated data is marked as such."""
    rows = []
    for windows in sets:
        name = " + ".join(windows.dataset)
        entry = catalogue.DATASETS.get(name)
        rows.append(
            TrainingData(
                dataset=name,
                role=role,
                licence=entry.licence if entry else "Apache-2.0 (edgehuman's own simulator)",
                url=entry.url if entry else "",
                windows=len(windows),
                subjects=len(np.unique(windows.subject_N)),
                simulated=entry is None,
            )
        )
    return tuple(rows)
