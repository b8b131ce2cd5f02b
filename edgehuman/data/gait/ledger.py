"""Rows of the model card for the walks that the model was trained on."""

from __future__ import annotations

import numpy as np

from edgehuman.card import Role, TrainingData
from edgehuman.data.gait.walks import WalkSet


def walks_row(walks: WalkSet, role: Role) -> TrainingData:
    """Card row of one set of walks."""
    return TrainingData(
        dataset=walks.name,
        role=role,
        licence=walks.licence,
        url=walks.url,
        windows=len(walks),
        subjects=len(np.unique(walks.person_N)),
        simulated=walks.simulated,
    )
