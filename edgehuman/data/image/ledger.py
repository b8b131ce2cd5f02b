"""Rows of the model card for the person images that the model was trained on."""

from __future__ import annotations

import numpy as np

from edgehuman.card import Role, TrainingData
from edgehuman.data.image.set import PersonSet
from edgehuman.records import Index


def people_row(persons: PersonSet, index_K: Index, role: Role) -> TrainingData:
    """Card row for some people of a set; unidentified people are not counted."""
    known = np.unique(persons.person_N[index_K])
    return TrainingData(
        dataset=persons.dataset,
        role=role,
        licence=persons.licence,
        url=persons.url,
        windows=len(index_K),
        subjects=int(np.count_nonzero(known >= 0)),
        simulated=persons.simulated,
    )
