"""What the card of a model says of the walks that it learned from."""

from __future__ import annotations

import numpy as np

from edgehuman.card import Role, TrainingData
from edgehuman.data.gait.walks import SkeletonSet


def walks_row(walks: SkeletonSet, role: Role) -> TrainingData:
    """The row of one set of walks."""
    return TrainingData(
        dataset=walks.name,
        role=role,
        licence=walks.licence,
        url=walks.url,
        windows=len(walks),
        subjects=len(np.unique(walks.person_N)),
        simulated=walks.simulated,
    )
